"""Building a generation: each photo is looked at once, nothing is lost, and a reader never meets half of it."""

import contextlib
import csv
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from csv_rows import read_rows
from tiny_shop import CATEGORIES, PRODUCTS_A_CATEGORY, Shop, sells_otherwise, write_feed

from imgrec.catalogue.store import Catalogue
from imgrec.commands.index_screen import _photos
from imgrec.config import Config, load_config
from imgrec.errors import CatalogueError, SearchIndexError
from imgrec.features import fill
from imgrec.features.looking import BATCH
from imgrec.features.store import FeatureStore
from imgrec.generations import current
from imgrec.progress import Advance, Silent
from imgrec.search import build
from imgrec.search.build import build_index
from imgrec.search.search_index import open_index
from imgrec.search.serving import Serving
from imgrec.vision.eye import Eye

PHOTOS = 3 * PRODUCTS_A_CATEGORY


class Counting(Eye):
    """The shop's eye, which counts the photos it is shown."""

    def __init__(self, eye: Eye) -> None:
        super().__init__(eye.model)
        self.one_at_a_time = threading.Lock()
        self.seen = 0

    def look_at_pixels(self, pixels):
        with self.one_at_a_time:  # it is called by several threads
            self.seen += len(pixels)
        return super().look_at_pixels(pixels)


class Interrupted(Silent):
    """Ctrl-C as soon as the first photos were looked at."""

    @contextlib.contextmanager
    def stage(self, title: str, total: int | None) -> Iterator[Advance]:
        def advance(done: int, note: str) -> None:
            if title == "Looking at photos":
                raise KeyboardInterrupt

        yield advance


@pytest.fixture
def counting(eye: Eye) -> Counting:
    return Counting(eye)


def test_an_index_that_is_up_to_date_is_left_alone(own_config: Config, counting: Counting):
    before = current(own_config.index.path)
    report = build_index(own_config, counting, False, Silent())
    assert (report.changed, report.photos, counting.seen) == (False, PHOTOS, 0)
    assert current(own_config.index.path) == before
    report = build_index(own_config, counting, True, Silent())
    assert (report.changed, report.computed, counting.seen) == (
        True,
        PHOTOS,
        3 * PHOTOS,
    )  # and by telephone, and in pieces


def test_a_later_build_looks_only_at_what_is_new(own_shop: Shop, own_config: Config, counting: Counting):
    write_feed(own_shop.folder, PRODUCTS_A_CATEGORY + 2)
    own_shop.bring_in()
    report = build_index(own_config, counting, False, Silent())
    assert (report.photos, report.computed, report.reused) == (PHOTOS + 6, 6, PHOTOS)
    assert counting.seen == 18


def test_copies_of_a_photo_are_looked_at_once_and_counted_as_copies(
    own_shop: Shop, own_config: Config, counting: Counting
):
    photos = own_shop.folder / "photos"
    shutil.copy(photos / "bal-000.jpg", photos / "bal-001.jpg")
    own_shop.bring_in()
    report = build_index(own_config, counting, True, Silent())
    assert (report.photos, report.computed, report.reused, report.copies) == (PHOTOS, PHOTOS - 1, 0, 1)
    assert _photos(report) == f"{PHOTOS}: {PHOTOS - 1} looked at, 0 known before, 1 copy of one of these"
    report = build_index(own_config, counting, False, Silent())
    assert (report.photos, report.computed, report.reused, report.copies) == (PHOTOS, 0, PHOTOS - 1, 1)


def test_an_interrupted_build_leaves_the_old_index_and_goes_on_where_it_stopped(own_config: Config, eye: Eye):
    shutil.rmtree(own_config.index.path)
    shutil.rmtree(own_config.features_path)
    with pytest.raises(KeyboardInterrupt):
        build_index(own_config, eye, False, Interrupted())
    assert current(own_config.index.path) is None
    kept = len(FeatureStore(own_config.features_path, eye).held("shop"))
    assert kept == BATCH < PHOTOS
    again = Counting(eye)
    report = build_index(own_config, again, False, Silent())
    assert (report.photos, report.computed, again.seen) == (PHOTOS, PHOTOS - kept, 3 * PHOTOS - kept)


def test_a_shard_that_a_crash_cut_short_is_looked_at_again(
    own_config: Config, eye: Eye, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fill, "_PHOTOS_A_SHARD", 32)
    shutil.rmtree(own_config.features_path)
    build_index(own_config, eye, True, Silent())
    first, second, *_ = sorted(own_config.features_path.glob("*/shop/*.npz"))
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:-100])
    report = build_index(own_config, eye, False, Silent())
    assert (report.photos, report.computed, report.changed) == (PHOTOS, 64, False)


def test_a_reader_keeps_its_generation_while_another_is_swapped_in(
    own_config: Config, own_catalogue: Catalogue, eye: Eye
):
    path = own_config.index.path
    reader = open_index(path)
    query = reader.vectors(np.array([0]))[0]
    before = reader.search(query, None, 20)
    own_catalogue.connection.execute("UPDATE products SET retired_utc = 'now' WHERE id % 2 = 0")
    for rank in range(4):  # enough for the reader's generation to be removed
        own_catalogue.connection.execute("UPDATE products SET sales_rank = ? WHERE id = 1", (rank + 100,))
        build_index(own_config, eye, False, Silent())
    assert not reader.folder.exists()
    assert reader.search(query, None, 20) == before
    newest = open_index(path)
    assert newest.generation > reader.generation
    assert newest.record.photos == PHOTOS / 2
    found = newest.search(newest.vectors(np.array([0]))[0], None, PHOTOS)
    assert all(hit.product_id % 2 for hit in found)


def test_a_build_that_fails_while_writing_leaves_the_old_index_current(
    own_config: Config, eye: Eye, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = current(own_config.index.path)
    sells_otherwise(own_config)
    with monkeypatch.context() as fault:
        fault.setattr(build, "write_record", full)
        with pytest.raises(OSError, match="No space left"):
            build_index(own_config, eye, False, Silent())
    assert current(own_config.index.path) == before
    open_index(own_config.index.path)
    assert list(own_config.index.path.glob("generation-*")) == [before]  # half a generation is none
    mended = build_index(own_config, eye, False, Silent()).generation
    assert sorted(path.name for path in own_config.index.path.iterdir() if path.is_dir()) == [before.name, mended]


def test_prices_can_be_imported_while_photos_are_looked_at(own_shop: Shop, own_config: Config, eye: Eye):
    class Meanwhile(Counting):
        def look_at_pixels(self, pixels):
            with self.one_at_a_time:
                if not self.seen:
                    rows = read_rows(own_shop.feed)
                    rows[0]["price"] = "77.70"
                    with own_shop.feed.open("w", encoding="utf-8", newline="") as stream:
                        writer = csv.DictWriter(stream, rows[0])
                        writer.writeheader()
                        writer.writerows(rows)
                    own_shop.imgrec("import", own_shop.feed)
                    self.seen += 1
            return super().look_at_pixels(pixels)

    build_index(own_config, Meanwhile(eye), True, Silent())
    with Serving.open(own_config) as serving:
        assert "77.70" in {product.price for product in serving.catalogue.products(range(1, PHOTOS + 1)).values()}


def test_a_stored_photo_that_no_longer_decodes_is_counted_and_left_out(
    own_config: Config, own_catalogue: Catalogue, eye: Eye
):
    photos = list(own_catalogue.on_sale())
    own_catalogue.photos.path(photos[0].sha256).write_bytes(b"gone bad")
    own_catalogue.photos.path(photos[1].sha256).unlink()
    report = build_index(own_config, eye, True, Silent())
    assert (report.photos, report.computed, report.unreadable) == (PHOTOS - 2, PHOTOS - 2, 2)
    again = build_index(own_config, eye, False, Silent())
    assert (again.changed, again.photos, again.unreadable) == (False, PHOTOS - 2, 2)


def test_a_new_category_just_works_and_so_does_one_that_is_gone(own_config: Config, own_catalogue: Catalogue, eye: Eye):
    own_catalogue.connection.execute("INSERT INTO categories (id, name) VALUES (99, 'Kites')")
    own_catalogue.connection.execute("UPDATE products SET category_id = 99 WHERE kind = 'red' AND category_id = 1")
    own_catalogue.connection.execute("UPDATE products SET retired_utc = 'now' WHERE category_id = 2")
    report = build_index(own_config, eye, False, Silent())
    assert (report.computed, report.changed) == (0, True)
    with Serving.open(own_config) as serving:
        gone = next(name for name, number in load_ids(own_catalogue).items() if number == 2)
        assert set(serving.categories) == {"Kites", *CATEGORIES} - {gone}
        assert set(serving.knowledge.labels) == set(serving.categories)


def test_a_catalogue_without_categories_is_searched_whole(own_config: Config, own_catalogue: Catalogue, eye: Eye):
    own_catalogue.connection.execute("INSERT INTO categories (id, name) VALUES (99, '')")
    own_catalogue.connection.execute("UPDATE products SET category_id = 99")
    build_index(own_config, eye, False, Silent())
    with Serving.open(own_config) as serving:
        seen = serving.see_pixels(
            np.zeros((1, serving.preprocessing.side_px, serving.preprocessing.side_px, 3), np.uint8)
        )
        answer = serving.answer(seen[0], threshold=-1, top=1000)
        assert (answer.category, answer.candidates, answer.scope) == (None, (), ())
        assert len(answer.matches) == PHOTOS
        assert answer.as_json()["category"] is None
        with pytest.raises(CatalogueError, match="no categories"):
            serving.category_named("Balls")


def load_ids(catalogue: Catalogue) -> dict[str, int]:
    return {row["name"]: row["id"] for row in catalogue.connection.execute("SELECT name, id FROM categories")}


def test_an_index_of_an_older_imgrec_and_none_at_all_say_how_to_build_one(tmp_path: Path):
    with pytest.raises(SearchIndexError, match="Build one with: imgrec index"):
        open_index(tmp_path)
    (tmp_path / "generation-000001").mkdir()
    (tmp_path / "generation-000001" / "index.json").write_text('{\n  "format": 1,\n  "precision": "int8"\n}')
    (tmp_path / "CURRENT").write_text("generation-000001")
    with pytest.raises(SearchIndexError, match=r"older imgrec.* imgrec index"):
        open_index(tmp_path)


def test_features_of_what_is_gone_are_pruned_and_the_rest_is_kept(
    own_shop: Shop, own_config: Config, own_catalogue: Catalogue, eye: Eye
):
    own_catalogue.connection.execute("UPDATE products SET retired_utc = 'now' WHERE id % 2 = 0")
    stranger = own_config.features_path / "f"
    stranger.mkdir()
    removed = own_shop.json("features", "--prune")
    assert (removed["models"], removed["photos"]) == (1, 3 * PHOTOS // 2)  # half of the photos, in three views
    assert not stranger.exists()
    counting = Counting(eye)
    assert build_index(load_config(own_shop.config, {}), counting, False, Silent()).computed == 0
    assert counting.seen == 0
