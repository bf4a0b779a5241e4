"""No row of any feed is lost: it is imported, unchanged, or rejected under a reason; and what it says is kept."""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from csv_rows import read_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_shop import run_command, write_config

from imgrec.catalogue.feed import Reason
from imgrec.catalogue.formats.feed_file import Reading
from imgrec.catalogue.importing import ImportOptions, import_feed
from imgrec.catalogue.store import Catalogue
from imgrec.config import CatalogueSection
from imgrec.errors import FeedError

PHOTO = "https://shop.example/1.jpg"
LINES = {
    "amazon2014": [f"{{'asin': '@', 'title': 'It', 'imUrl': '{PHOTO}', 'categories': [['Books']]}}", "{'asin': '@'}"],
    "amazon2018": [json.dumps({"asin": "@", "main_cat": "Books", "imageURLHighRes": [PHOTO], "price": "$@"})],
    "amazon2023": [json.dumps({"parent_asin": "@", "main_category": "Books", "images": [{"large": PHOTO}]}), "{}"],
    "csv": [f'@,"a, ""b""",Balls,{PHOTO}', f"@,Ball,,{PHOTO}", '@,"a', "@,b", ",,,"],
    "google-tsv": [f"@\tTea\t{PHOTO}\tTea", f'@\t"Tea\t{PHOTO}\tTea', "@", f"\t\t{PHOTO}\tTea"],
    "shopify": [f"@,Tea,Tea,{PHOTO},", f"@,,,,{PHOTO}2", ",,,,", '@,"Tea'],
    "woocommerce": [f"@,simple,s@,Tea,Tea,{PHOTO},", f"@,variable,s@,Tea,Tea,{PHOTO},", f"@,variation,,x,,{PHOTO}@,s1"],
}  # fmt: skip
HEADERS = {
    "csv": "id,title,category,image", "google-tsv": "id\ttitle\timage_link\tproduct_type",
    "shopify": "Handle,Title,Type,Image Src,Variant Image", "woocommerce": "ID,Type,SKU,Name,Categories,Images,Parent",
}  # fmt: skip
RUBBISH = [
    "",
    "   ",
    "\x00\x01",
    "\udcff\udcfe",
    '"',
    "'",
    "{",
    "}{",
    "[]",
    "null",
    "\t\t\t\t\t\t\t\t",
    "é🎈\u2028",
    "@" * 50,
]


def rows_of(name: str, text: str) -> int:
    """How many rows a feed has, counted in another way than the reader does: every line that is not blank is one."""
    lines = text.encode("utf-8", "surrogateescape").split(b"\n")[name in HEADERS :]
    return sum(bool(line.strip()) for line in lines)


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(LINES)), seed=st.integers(0, 10**6), packed=st.booleans())
def test_of_a_messy_feed_every_row_is_accounted_for(tmp_path: Path, name: str, seed: int, packed: bool) -> None:
    rng = random.Random(seed)  # noqa: S311
    lines = [HEADERS[name]] if name in HEADERS else []
    lines += [
        rng.choice(LINES[name] * 3 + RUBBISH).replace("@", str(rng.randrange(12))) for _ in range(rng.randrange(1, 40))
    ]
    content = "\n".join(lines).encode("utf-8", "surrogateescape")
    feed = tmp_path / "feed"
    feed.write_bytes(gzip.compress(content) if packed else content)
    section = CatalogueSection(path=tmp_path / f"{name}-{seed}-{packed}.db", photos=tmp_path / "photos")
    with Catalogue.open(section) as catalogue:
        try:
            report = import_feed(catalogue, feed, "x", tmp_path / "rejects.csv", None, ImportOptions(format=name))
        except FeedError as error:
            if not re.search(r"no usable row|no rows|within the quotes", str(error)):
                raise
            return
        on_sale = catalogue.counts().products
    assert report.read == report.imported + report.unchanged + report.rejected.total()
    assert report.imported == on_sale
    assert set(report.rejected) <= set(Reason)
    if name.startswith("amazon"):
        assert report.read == rows_of(name, content.decode("utf-8", "surrogateescape"))
    faults = sum(count for name, count in report.rejected.items() if Reason(name).is_a_fault)
    if faults:
        assert len(read_rows(tmp_path / "rejects.csv")) == faults


def amazon(number: int, **fields: object) -> str:
    record = {
        "asin": f"B{number}",
        "title": f"Ball {number}",
        "imUrl": PHOTO,
        "categories": [["Toys & Games"]],
    } | fields
    return repr(record) + "\n"


def write(folder: Path, text: str, name: str = "feed") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def links(catalogue: Catalogue) -> list[tuple[str, str, int, str]]:
    rows = catalogue.connection.execute(
        "SELECT products.external_id, relation, position, related_products.external_id FROM related_products "
        "JOIN products ON products.id = product_id ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in rows]


def test_related_products_are_kept_in_order_and_replaced_when_they_change(market):
    first = amazon(1, related={"also_bought": ["B9", "B2"], "bought_together": ["B3"]}) + amazon(2)
    market.take(write(market.folder, first))
    assert links(market.catalogue) == [
        ("B1", "also_bought", 0, "B9"), ("B1", "also_bought", 1, "B2"), ("B1", "bought_together", 0, "B3"),
    ]  # fmt: skip
    assert market.take(write(market.folder, first)).unchanged == 2
    changed = amazon(1, related={"also_bought": ["B2"]}) + amazon(2, related={"buy_after_viewing": ["B1"]})
    assert market.take(write(market.folder, changed)).imported == 2
    assert links(market.catalogue) == [("B1", "also_bought", 0, "B2"), ("B2", "buy_after_viewing", 0, "B1")]
    market.take(write(market.folder, amazon(1) + amazon(2)))
    assert links(market.catalogue) == []


def photos(market, id_: str) -> list[tuple[int, str]]:
    rows = market.catalogue.connection.execute(
        "SELECT position, origin FROM photos JOIN products ON products.id = product_id "
        "WHERE external_id = ? ORDER BY position", (id_,),
    )  # fmt: skip
    return [tuple(row) for row in rows]


def google(*links: str) -> str:
    return (
        f"id\ttitle\timage_link\tadditional_image_link\tproduct_type\n1\tTea\t{links[0]}\t{','.join(links[1:])}\tTea\n"
    )


def test_several_photos_of_a_product_keep_their_places_and_those_no_longer_named_go(market):
    a, b, c = (f"https://shop.example/{name}.jpg" for name in "abc")
    market.take(write(market.folder, google(a, b, c)))
    assert photos(market, "1") == [(0, a), (1, b), (2, c)]
    stored = "UPDATE photos SET sha256 = 'abc', width_px = 1, height_px = 1"  # as fetching them would
    market.catalogue.connection.execute(stored)
    assert market.take(write(market.folder, google(a, b, c))).unchanged == 1
    assert market.take(write(market.folder, google(a, c))).imported == 1
    assert photos(market, "1") == [(0, a), (1, c)]
    kept = market.catalogue.connection.execute("SELECT origin, sha256 FROM photos ORDER BY position").fetchall()
    assert [tuple(row) for row in kept] == [(a, "abc"), (c, None)]


def test_a_local_photo_further_down_that_is_missing_costs_the_product_nothing_else(market):
    market.photo("a.jpg")
    market.photo("c.jpg")
    assert market.take(write(market.folder, google("a.jpg", "b.jpg", "c.jpg"))).imported == 1
    assert photos(market, "1") == [(0, "a.jpg"), (1, "c.jpg")]
    assert market.take(write(market.folder, google("a.jpg", "b.jpg", "c.jpg"))).unchanged == 1
    assert len(list(market.catalogue.on_sale())) == 2


def test_prices_that_could_not_be_understood_are_counted_and_shown_once(market):
    report = market.bring_in(
        {"id": "1", "price": "ask us"}, {"id": "2", "price": "1,299.00"}, {"id": "3", "price": "?"}
    )
    assert (report.imported, report.unreadable_prices) == (3, 2)
    assert "2 without a price because it could not be understood (the first: 'ask us')" in report.in_words()
    assert [market.product(id_).price for id_ in "123"] == [None, "1299.00", None]


def test_a_currency_given_is_that_of_prices_whose_feed_names_none(market):
    feed = market.feed({"id": "1", "price": "5"}, {"id": "2", "price": "5", "currency": "USD"}, {"id": "3"})
    assert "1 price without a currency (name it: --currency EUR)" in market.take(feed).in_words()
    assert "currency" not in market.take(feed, currency="EUR").in_words()
    assert [market.product(id_).currency for id_ in "123"] == ["EUR", "USD", None]


def test_what_is_taken_out_of_the_shop_is_retired_and_what_has_become_faulty_stays(market):
    shopify = "Handle,Title,Type,Image Src,Status\n"
    rows = [f"{name},Tea,Tea,{PHOTO},active\n" for name in "abc"]
    market.take(write(market.folder, shopify + "".join(rows)))
    changed = [rows[0], rows[1].replace("active", "draft"), rows[2].replace(PHOTO, "")]
    report = market.take(write(market.folder, shopify + "".join(changed)))
    assert report.rejected == {Reason.NOT_PUBLISHED: 1, Reason.MISSING_IMAGE: 1}
    assert market.on_sale() == {"a", "c"}


def test_a_shopify_product_is_linked_to_where_its_shop_is_said_to_be_and_without_that_no_link_is_said(market):
    feed = write(
        market.folder,
        f"Handle,Title,Variant SKU,Image Src,Variant Image\nred tea,Tea,A,{PHOTO},\nred tea,,B,,{PHOTO}2\n",
    )
    market.take(feed)
    assert market.product("red tea").url is None
    assert sum("--site https://SHOP" in line for line in market.said) == 1
    market.take(feed, reading=Reading(site="https://shop.example/de"))
    assert not any("--site" in line for line in market.said)
    assert {market.product(id_).url for id_ in ("red tea", "red tea:B")} == {
        "https://shop.example/de/products/red%20tea"
    }


def test_an_address_of_the_shop_that_a_format_has_no_use_for_is_said_to_be_of_none(market):
    market.bring_in("1", reading=Reading(site="https://shop.example"))
    assert any("of which --site makes no links" in line for line in market.said)


def test_a_row_that_says_it_is_inactive_is_left_out_and_counted_and_a_column_that_may_not_say_so_is_told(market):
    table = "id,title,image,Status\n" + "".join(f"{n},Tea,{PHOTO},{{{n}}}\n" for n in range(3))
    market.take(write(market.folder, table.format(1, 1, 1)))
    report = market.take(write(market.folder, table.format(1, 0, "")))
    assert (report.read, report.unchanged, report.rejected) == (3, 2, {Reason.NOT_PUBLISHED: 1})
    assert market.on_sale() == {"0", "2"}
    assert "1 left out (1 not_published)" in report.in_words()
    market.take(write(market.folder, table.format("shipped", "pending", "")))
    assert any("a column 'Status' that says 'pending', but also 'shipped'" in line for line in market.said)
    assert market.on_sale() == {"0", "1", "2"}
    reading = Reading(columns={"published": "Status"})
    market.take(write(market.folder, table.format("shipped", "pending", "")), reading=reading)
    assert market.on_sale() == {"0", "2"}
    with pytest.raises(FeedError, match=r"no usable row among 3; .* Left out on purpose: 3 not_published"):
        market.take(write(market.folder, table.format(0, 0, 0)))


def test_the_list_of_rejects_names_the_feed_of_each_row_and_ends_somewhere(market, monkeypatch):
    for module in ("rejects", "import_report"):
        monkeypatch.setattr(f"imgrec.catalogue.{module}.MOST_LISTED", 3)
    report = market.take(write(market.folder, amazon(1) + "{}\n" * 5, "meta.json"))
    listed = read_rows(market.rejects)
    assert [row["feed"] for row in listed] == ["meta.json"] * 3
    assert "the first 3 listed in" in report.in_words()
    assert report.rejected == {Reason.MISSING_ID: 5}


def test_progress_tells_rows_and_rate_and_how_much_of_the_file_is_read(market):
    market.take(write(market.folder, "".join(map(amazon, range(500)))))
    assert len(market.notes) == 3
    assert re.fullmatch(r"· 500 rows · [0-9,]+ a second", market.notes[-1])


def test_ctrl_c_leaves_the_catalogue_whole_and_the_next_run_completes_it(tmp_path):
    config = write_config(tmp_path)
    feed = tmp_path / "meta_Toys.json.gz"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lines = "".join(amazon(number, description="x" * 600) for number in range(3000)).encode()
    feed.write_bytes(gzip.compress(lines))
    environment = os.environ | {"IMGREC_CONFIG": str(config)}
    process = subprocess.Popen(
        [sys.executable, "-m", "imgrec", "import", pipe, "--source", "meta_Toys"],
        env=environment,
        stderr=subprocess.PIPE,
    )
    with pipe.open("wb", buffering=0) as stream:  # it gets a part of the feed, and waits for more
        stream.write(lines[: len(lines) * 2 // 3])
        section = CatalogueSection(path=tmp_path / "catalogue.db", photos=tmp_path / "photos")
        try:
            waits_for(lambda: section.path.exists() and count(section) >= 200)
            process.send_signal(signal.SIGINT)
        finally:
            errors = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130, errors
    assert "The same command" in errors
    before = count(section)
    assert before % 200 == 0
    assert f"Interrupted: {before:,} products of 'meta_Toys' are in, new or changed; none was retired." in errors
    assert "cut short: 20" in run_command("imgrec", "sources", config=config).stdout
    shown = json.loads(run_command("imgrec", "import", feed, "--json", config=config).stdout)
    assert shown == {"read": 3000, "imported": 3000 - before, "unchanged": before, "rejected": {}}


def count(section: CatalogueSection) -> int:
    try:
        with Catalogue.read(section) as catalogue:
            return catalogue.counts().products
    except Exception:
        return 0


def waits_for(condition) -> None:
    for _ in range(600):
        if condition():
            return
        signal.sigtimedwait([], 0.05)
    raise AssertionError("it never came true")


@pytest.fixture(scope="module")
def metadata() -> Path:
    folder = Path(os.environ.get("IMGREC_REAL_PHOTOS") or "/nonexistent") / "metadata"
    if not folder.is_dir():
        pytest.skip("IMGREC_REAL_PHOTOS names no folder with metadata/ of real Amazon records")
    return folder


def test_of_real_records_every_line_is_imported_or_has_a_named_reason(metadata, market):
    files = sorted(file for file in metadata.iterdir() if file.is_file())
    assert files
    for file in files:
        report = market.take(file, source=file.stem)
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        assert report.read == sum(bool(line.strip()) for line in content.split(b"\n"))
        assert report.read == report.imported + report.rejected.total()
        assert report.imported > 0
        assert set(report.rejected) <= {Reason.UNKNOWN_DEPARTMENT, Reason.MISSING_IMAGE, Reason.MISSING_CATEGORY}
        assert report.unreadable_prices == 0
        assert market.take(file, source=file.stem).unchanged == report.imported
