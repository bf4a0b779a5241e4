"""A feed into the catalogue: new, changed, unchanged, rejected, retired; interrupted and resumed."""

import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from csv_rows import read_rows
from PIL import Image
from tiny_shop import draw_product
from watched import Watched

from imgrec.catalogue.feed import Reason
from imgrec.catalogue.importing import FeedPart, ImportOptions, import_feed, import_feeds
from imgrec.catalogue.sources import list_sources
from imgrec.catalogue.store import Catalogue
from imgrec.errors import FeedError
from imgrec.folders import LocalFolder
from imgrec.lock import writing


def counts(report) -> tuple[int, int, int, int, int]:
    assert report.read == report.imported + report.unchanged + sum(report.rejected.values())
    return report.read, report.imported, report.unchanged, report.rejected.total(), report.retired


def test_new_changed_unchanged_and_gone_products_are_told_apart(market):
    assert counts(market.bring_in("1", "2", "3")) == (3, 3, 0, 0, 0)
    ids = {id_: market.product(id_).product_id for id_ in "123"}
    assert counts(market.bring_in("1", "2", "3")) == (3, 0, 3, 0, 0)
    assert counts(market.bring_in({"id": "1", "price": "5.00"}, "2", "4")) == (3, 2, 1, 0, 1)
    assert market.product("1").price == "5.00"
    assert market.on_sale() == {"1", "2", "4"}
    assert market.product("3").retired
    assert {id_: market.product(id_).product_id for id_ in "123"} == ids


def test_a_retired_product_that_comes_back_counts_as_changed_and_keeps_its_identity(market):
    market.bring_in("1", "2")
    before = market.product("2")
    market.bring_in("1")
    assert market.product("2").retired
    assert counts(market.bring_in("1", "2")) == (2, 1, 1, 0, 0)
    assert market.product("2") == before


def test_a_product_stays_retired_once_and_its_date_does_not_move(market):
    market.bring_in("1", "2")
    assert counts(market.bring_in("1"))[-1] == 1
    dated = market.catalogue.connection.execute("SELECT external_id, retired_utc FROM products").fetchall()
    assert counts(market.bring_in("1"))[-1] == 0
    assert market.catalogue.connection.execute("SELECT external_id, retired_utc FROM products").fetchall() == dated


def test_sources_do_not_touch_each_other_even_with_equal_ids(market):
    market.bring_in("1", "2")
    market.bring_in({"id": "1", "title": "Another ball", "category": "Boxes"}, source="elsewhere")
    ours, theirs = market.catalogue.products_by_feed_id("1")
    assert (ours.source, ours.title, theirs.source, theirs.title) == ("market", "Ball 1", "elsewhere", "Another ball")
    assert ours.product_id != theirs.product_id
    assert market.on_sale() == {"1", "2"}


def test_every_named_reason_rejects_its_row_and_the_sum_holds(market):
    market.photo("broken.jpg", b"not an image")
    market.photo("cut.jpg", market.photo("whole.jpg").read_bytes()[:-200])
    buffer = market.folder / "vast.png"
    Image.new("1", (30_000, 10_000)).save(buffer)
    feed = market.feed(
        "good",
        {"id": "good", "title": "the same id again, é"},
        {"id": "", "title": "no id", "image": "whole.jpg"},
        {"id": "b", "image": ""},
        {"id": "d", "sales_rank": "first"},
        {"id": "e", "split": "training"},
        {"id": "f", "image": "absent.jpg"},
        {"id": "g", "image": "broken.jpg"},
        {"id": "h", "image": "cut.jpg"},
        {"id": "i", "image": "vast.png"},
        {"id": "j", "title": "caf\udce9"},
        {"id": "k", "image": "nul\0.jpg"},
        {"id": "l", "image": "../outside.jpg"},
        "also good",
    )
    with feed.open("a") as stream:
        stream.write("too,few\n")
    report = import_feed(market.catalogue, feed, "market", market.rejects)
    assert counts(report) == (15, 2, 0, 13, 0)
    assert report.rejected == {
        Reason.DUPLICATE_ID: 1, Reason.MISSING_ID: 1, Reason.MISSING_IMAGE: 1, Reason.BAD_SALES_RANK: 1,
        Reason.BAD_SPLIT: 1, Reason.PHOTO_NOT_FOUND: 2, Reason.PHOTO_OUTSIDE_FEED: 1,
        Reason.PHOTO_UNREADABLE: 2, Reason.PHOTO_TOO_LARGE: 1, Reason.BAD_ENCODING: 1, Reason.BAD_ROW: 1,
    }  # fmt: skip
    in_other_formats = {
        Reason.MISSING_CATEGORY, Reason.UNKNOWN_DEPARTMENT, Reason.NOT_PUBLISHED, Reason.PART_OF_PRODUCT,
        Reason.NOT_SAMPLED,
    }  # fmt: skip
    assert set(report.rejected) == set(Reason) - in_other_formats
    assert market.on_sale() == {"good", "also good"}
    listed = read_rows(market.rejects)
    assert (listed[0]["line"], listed[0]["id"], listed[0]["reason"]) == ("3", "good", "duplicate_id")
    assert [row["id"] for row in listed if row["reason"] == "photo_not_found"] == ["f", "k"]
    assert len(listed) == 13
    assert all(row["detail"] for row in listed)
    assert market.product("good").title == "Ball good"


def test_a_feed_without_rejects_removes_the_list_of_an_earlier_one(market):
    report = market.bring_in("1", {"id": "2", "image": ""})
    assert report.rejects_file == market.rejects
    assert str(market.rejects) in report.in_words()
    assert market.rejects.exists()
    assert market.bring_in("1").rejects_file is None
    assert not market.rejects.exists()


def test_a_product_whose_row_has_become_unusable_stays_as_it_was(market):
    market.bring_in("1", {"id": "2", "price": "3.00"})
    assert counts(market.bring_in("1", {"id": "2", "sales_rank": "first"})) == (2, 0, 1, 1, 0)
    assert (market.product("2").price, market.product("2").retired) == ("3.00", False)


@pytest.mark.parametrize(
    ("rows", "has"),
    [((), "no rows"), (({"id": "1", "image": ""}, {"id": "", "image": "1.jpg"}), "no usable row among 2")],
)
def test_a_feed_without_a_usable_row_changes_nothing_and_leaves_no_source(market, rows, has):
    market.bring_in("1", "2")
    before = list_sources(market.catalogue)
    for source in ("market", "new"):
        with pytest.raises(FeedError, match=f"has {has}; nothing of '{source}' was changed"):
            market.bring_in(*rows, source=source)
    assert market.on_sale() == {"1", "2"}
    assert list_sources(market.catalogue) == before


@pytest.mark.parametrize("options", [ImportOptions(), ImportOptions(per_category=5)], ids=["whole", "sampled"])
@pytest.mark.parametrize("mishap", [FeedError, KeyboardInterrupt, OSError])
def test_however_an_import_ends_that_has_written_nothing_it_leaves_no_source(market, mishap, options):
    def stop(done: int, note: str) -> None:
        raise mishap

    feeds = [market.feed({"id": "1", "image": ""}, name="1.csv"), market.feed("2", name="2.csv")]
    parts = [FeedPart(feed, feed.stem, market.rejects) for feed in feeds]
    with pytest.raises(mishap):
        import_feeds(market.catalogue, parts, Watched(stop), options)
    assert list_sources(market.catalogue) == []


def test_a_source_without_a_usable_row_beside_one_that_is_sampled_is_none(market):
    feeds = [market.feed("1", name="good.csv"), market.feed({"id": "2", "image": ""}, name="bad.csv")]
    parts = [FeedPart(feed, feed.stem, market.rejects) for feed in feeds]
    import_feeds(market.catalogue, parts, None, ImportOptions(per_category=5))
    [source] = list_sources(market.catalogue)
    assert (source.name, source.unfinished_utc) == ("good", None)


def test_a_feed_that_breaks_off_in_the_middle_retires_nothing(market):
    market.bring_in("1", "2", "3")
    feed = market.feed("1", "4")
    with feed.open("a") as stream:
        stream.write('5,"never closed')
    with pytest.raises(FeedError, match="begins at line 4"):
        import_feed(market.catalogue, feed, "market", market.rejects)
    assert market.on_sale() >= {"1", "2", "3"}


def test_a_photo_file_that_changed_is_read_again_and_one_only_touched_is_not_new(market):
    market.bring_in("1", "2")
    first = market.product("1").photo
    assert first is not None
    assert first.is_absolute()
    market.photo("1.jpg", draw_product("Boxes", "blue", 1, side_px=30))
    os.utime(market.folder / "2.jpg", (1, 1))
    assert counts(market.bring_in("1", "2")) == (2, 1, 1, 0, 0)
    second = market.product("1").photo
    assert second is not None
    assert second != first
    with Image.open(second) as image:
        assert image.size == (30, 30)
    assert counts(market.bring_in("1", "2")) == (2, 0, 2, 0, 0)


def test_a_stored_photo_that_was_lost_is_stored_again(market):
    market.bring_in("1")
    photo = market.product("1").photo
    photo.unlink()
    market.bring_in("1")
    assert photo.exists()


def test_a_product_whose_image_is_a_url_goes_in_without_a_photo(market):
    url = "https://shop.example/1.jpg"
    assert counts(market.bring_in({"id": "1", "image": url}, "2")) == (2, 2, 0, 0, 0)
    assert market.product("1").photo is None
    numbers = market.catalogue.counts()
    assert (numbers.products, numbers.with_photo) == (2, 1)
    assert [photo.product_id for photo in market.catalogue.on_sale()] == [market.product("2").product_id]
    assert counts(market.bring_in({"id": "1", "image": url}, "2")) == (2, 0, 2, 0, 0)
    assert counts(market.bring_in("1", "2")) == (2, 1, 1, 0, 0)
    assert market.product("1").photo is not None


@pytest.mark.parametrize("inside", ["below/../1.jpg", "./1.jpg", "{folder}/1.jpg", "link/1.jpg"])
def test_a_local_photo_lies_in_the_feeds_folder_or_behind_a_link_there(market, inside, monkeypatch):
    elsewhere = market.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (market.folder / "link").symlink_to(elsewhere)
    (elsewhere / "1.jpg").write_bytes(market.photo("1.jpg").read_bytes())
    row = {"id": "1", "image": inside.format(folder=market.folder)}
    assert market.bring_in(row).imported == 1
    monkeypatch.chdir(market.folder)
    feed = Path(market.feed(row).name)
    assert import_feed(market.catalogue, feed, "market", market.rejects).unchanged == 1


@pytest.mark.parametrize("outside", ["../secret.jpg", "{folder}-secret/1.jpg", "/etc/passwd", "a/../../secret.jpg"])
def test_a_feed_does_not_reach_files_outside_its_folder(market, outside, monkeypatch):
    market.photo("../secret.jpg")
    market.photo(f"{market.folder}-secret/1.jpg")
    row = {"id": "1", "image": outside.format(folder=market.folder)}
    assert market.bring_in(row, "2").rejected == {Reason.PHOTO_OUTSIDE_FEED: 1}
    monkeypatch.chdir(market.folder)
    feed = Path(market.feed(row, "2").name)
    assert import_feed(market.catalogue, feed, "market", market.rejects).rejected == {Reason.PHOTO_OUTSIDE_FEED: 1}


def test_products_may_share_one_picture(market):
    content = market.photo("shared.jpg").read_bytes()
    for number in range(60):
        market.photo(f"{number}.jpg", content)
    assert counts(market.bring_in(*map(str, range(60)))) == (60, 60, 0, 0, 0)
    assert len({photo.sha256 for photo in market.catalogue.on_sale()}) == 1
    assert len(list(market.section.photos.rglob("*.jpg"))) == 1


def test_a_product_that_moves_to_another_category_is_found_there(market):
    market.bring_in({"id": "1", "category": "Balls"}, {"id": "2", "category": "Boxes"})
    market.bring_in({"id": "1", "category": "Boxes"}, {"id": "2", "category": "Boxes"})
    assert market.product("1").category == "Boxes"
    assert list(market.catalogue.categories()) == ["Boxes"]
    assert market.catalogue.counts().categories == {"Boxes": 2}


def test_an_import_stopped_by_an_error_keeps_whole_transactions_and_retires_nothing(market):
    market.photo("p.jpg")
    rows = [{"id": str(number), "image": "p.jpg"} for number in range(450)]
    market.bring_in({"id": "old", "image": "p.jpg"}, rows[0])

    def stop(done: int, note: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_feed(market.catalogue, market.feed(*rows), "market", market.rejects, Watched(stop))
    assert len(market.on_sale()) == 201
    assert counts(market.bring_in(*rows)) == (450, 250, 200, 0, 1)
    assert [re.search(r"[0-9]+ rows", note)[0] for note in market.notes[-3:]] == ["200 rows", "400 rows", "450 rows"]


KILLED = """
import os, signal, sys
from pathlib import Path
from watched import Watched
from imgrec.catalogue.importing import import_feed
from imgrec.lock import writing
from imgrec.catalogue.store import Catalogue
from imgrec.config import CatalogueSection

path, photos, feed, rejects = map(Path, sys.argv[1:])
with writing(path, "imgrec import"), Catalogue.open(CatalogueSection(path=path, photos=photos)) as catalogue:
    killed = Watched(lambda done, note: os.kill(os.getpid(), signal.SIGKILL))
    import_feed(catalogue, feed, "market", rejects, killed)
"""


def test_an_import_killed_in_the_middle_is_resumed_by_running_it_again(market):
    market.photo("p.jpg")
    rows = [{"id": str(number), "image": "p.jpg"} for number in range(450)]
    feed = market.feed(*rows)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, market.section.path, market.section.photos, feed, market.rejects],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    with Catalogue.read(market.section) as reader:
        assert reader.counts().products == 200
    with writing(market.section.path, "imgrec import"):
        assert counts(market.bring_in(*rows)) == (450, 250, 200, 0, 0)
    assert "was cut short; this one goes on" in market.said[0]
    assert counts(market.bring_in(*rows)) == (450, 0, 450, 0, 0)


def test_readers_see_whole_transactions_while_an_import_runs(market):
    market.photo("p.jpg")
    seen = []

    def look(done: int, note: str) -> None:
        with ThreadPoolExecutor(1) as pool, Catalogue.read(market.section) as reader:
            seen.append(pool.submit(reader.counts).result().products)

    feed = market.feed(*({"id": str(number), "image": "p.jpg"} for number in range(450)))
    import_feed(market.catalogue, feed, "market", market.rejects, Watched(look))
    assert seen == [200, 400, 450]


def test_more_photos_wait_for_the_disk_at_once_than_there_are_processors(market, monkeypatch):
    several = (os.cpu_count() or 1) + 1
    together, write = threading.Barrier(several, timeout=60), LocalFolder.write

    def wait_for_the_others(folder: LocalFolder, name: str, content: bytes) -> None:
        together.wait()
        write(folder, name, content)

    monkeypatch.setattr(LocalFolder, "write", wait_for_the_others)
    assert market.bring_in(*map(str, range(several))).imported == several
