"""The catalogue as search, training and the bot read it."""

import sqlite3
from contextlib import closing

import pytest

from imgrec.catalogue.schema import MIGRATIONS
from imgrec.catalogue.store import Catalogue
from imgrec.config import CatalogueSection
from imgrec.database import connect
from imgrec.errors import CatalogueError, ImgrecError


def test_a_product_is_read_back_as_the_feed_had_it(market):
    row = {"id": "ä 1", "title": "Fish & <b>Chips</b>", "price": "2.50", "currency": "EUR", "brand": "Acme"}
    row |= {"url": "https://shop.example/?a=1&b=2", "kind": "red", "group": "g", "image": market.photo("x.jpg").name}
    market.bring_in(row)
    product = market.product("ä 1")
    assert market.catalogue.products([product.product_id, product.product_id, 999]) == {product.product_id: product}
    assert (product.title, product.price, product.currency, product.brand) == (
        "Fish & <b>Chips</b>", "2.50", "EUR", "Acme",
    )  # fmt: skip
    assert (product.url, product.kind, product.group) == ("https://shop.example/?a=1&b=2", "red", "g")
    assert product.photo is not None
    assert product.photo.is_absolute()


def test_more_products_are_looked_up_than_one_statement_has_room_for(market):
    market.photo("p.jpg")
    market.bring_in(*({"id": str(number), "image": "p.jpg"} for number in range(1, 1003)))
    assert len(market.catalogue.products(range(2000))) == 1002


def test_retired_products_are_still_found_but_no_longer_on_sale(market):
    market.bring_in("1", {"id": "2", "category": "Boxes"})
    market.bring_in("1")
    retired = market.product("2")
    assert retired.retired
    assert market.catalogue.products([retired.product_id])[retired.product_id] == retired
    assert [photo.category for photo in market.catalogue.on_sale()] == ["Balls"]
    assert list(market.catalogue.categories()) == ["Balls"]
    numbers = market.catalogue.counts()
    assert (numbers.products, numbers.with_photo, numbers.retired, numbers.categories) == (1, 1, 1, {"Balls": 1})


def test_a_product_without_a_category_is_on_sale_and_no_category_is_made_of_it(market):
    market.bring_in("1", {"id": "2", "category": " "}, {"id": "3", "category": ""})
    assert [market.product(id_).category for id_ in "123"] == ["Balls", None, None]
    assert [photo.category for photo in market.catalogue.on_sale()] == ["Balls", None, None]
    assert list(market.catalogue.categories()) == ["Balls"]
    numbers = market.catalogue.counts()
    assert (numbers.products, numbers.categories, numbers.uncategorised) == (3, {"Balls": 1}, 2)
    report = market.bring_in("1", {"id": "2", "category": ""}, {"id": "3", "category": "Boxes"})
    assert (report.unchanged, report.imported) == (2, 1)
    assert [market.product(id_).category for id_ in "123"] == ["Balls", None, "Boxes"]
    assert list(market.catalogue.categories()) == ["Balls", "Boxes"]


def test_a_feed_without_the_column_category_makes_a_catalogue_without_categories(market):
    feed = market.folder / "plain.csv"
    feed.write_text(f"id,title,image\n1,Ball,{market.photo('1.jpg').name}\n")
    assert market.take(feed).imported == 1
    assert market.catalogue.categories() == {}
    numbers = market.catalogue.counts()
    assert (numbers.products, numbers.with_photo, numbers.categories, numbers.uncategorised) == (1, 1, {}, 1)


def test_a_split_of_the_feed_wins_over_the_one_training_chose_and_groups_default_to_the_product(market):
    market.bring_in({"id": "1", "split": "test", "group": "twins"}, "2")
    first, second = (market.product(id_).product_id for id_ in "12")
    market.catalogue.assign_splits({first: "train", second: "validation"})
    photos = {photo.product_id: photo for photo in market.catalogue.on_sale()}
    assert (photos[first].split, photos[first].group) == ("test", "twins")
    assert (photos[second].split, photos[second].group) == ("validation", f"product {second}")
    market.bring_in({"id": "1", "split": "test", "group": "twins"}, {"id": "2", "price": "4"})
    assert [photo.split for photo in market.catalogue.on_sale()] == ["test", "validation"]


@pytest.mark.parametrize(("version", "way_out"), [(99, "Upgrade imgrec"), (0, r"imgrec import FEED\.csv")])
def test_a_catalogue_of_another_version_is_refused_with_the_way_out(market, version, way_out):
    with closing(sqlite3.connect(market.section.path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(CatalogueError, match=rf"schema version {version}; this imgrec reads \d+\. .*{way_out}"):
        Catalogue.read(market.section)


@pytest.mark.parametrize("version", [1, 2])
def test_a_catalogue_of_an_older_version_keeps_its_photos_and_they_get_a_status(tmp_path, version):
    section = CatalogueSection(path=tmp_path / "catalogue.db", photos=tmp_path / "photos")
    with closing(connect(section.path, MIGRATIONS[:version])) as connection:
        connection.executescript(
            """
            INSERT INTO sources VALUES (1, 's');
            INSERT INTO categories VALUES (1, 'Balls');
            INSERT INTO products (id, source_id, external_id, category_id, fingerprint, added_utc, changed_utc)
            VALUES (1, 1, 'a', 1, '', '', ''), (2, 1, 'b', 1, '', '', '');
            INSERT INTO photos (product_id, position, origin, sha256)
            VALUES (1, 0, 'a.jpg', 'abc'), (2, 0, 'https://shop.example/b.jpg', NULL);
            """
        )
    with Catalogue.read(section) as catalogue:  # as a bot does that starts after an upgrade
        assert catalogue.counts().photos == {"pending": 1, "stored": 1}
        assert [photo.sha256 for photo in catalogue.on_sale()] == ["abc"]


def test_a_catalogue_of_before_pages_were_looked_up_keeps_all_it_has_and_counts_what_is_on_sale(tmp_path):
    section = CatalogueSection(path=tmp_path / "catalogue.db", photos=tmp_path / "photos")
    with closing(connect(section.path, MIGRATIONS[:6])) as connection:
        connection.executescript(
            """
            INSERT INTO sources VALUES (1, 's');
            INSERT INTO categories VALUES (1, 'Balls');
            INSERT INTO products (id, source_id, external_id, category_id, brand, price, currency, sizes, url,
                                  retired_utc, fingerprint, added_utc, changed_utc)
            VALUES (1, 1, 'a', 1, 'Acme', '5', 'EUR', '["S"]', 'https://shop.example/a', NULL, '', '', ''),
                   (2, 1, 'b', 1, 'Acme', '6', NULL, NULL, NULL, NULL, '', '', ''),
                   (3, 1, 'c', 1, 'Gone', '7', 'USD', '["M"]', 'https://shop.example/c', '2026-01-01', '', '', '');
            """
        )
        before = [tuple(row) for row in connection.execute("SELECT * FROM products ORDER BY id")]
    with Catalogue.open(section) as catalogue:
        now = catalogue.connection.execute("SELECT * FROM products ORDER BY id")
        assert [tuple(row)[: len(before[0])] for row in now] == before
        assert [catalogue.product_at(f"https://shop.example/{page}") for page in "ac"] == [1, None]
        words = catalogue.vocabulary()
        assert (words.brands, words.sizes, words.currencies) == ({("acme",): "Acme"}, {"s"}, ("EUR",))
        assert (catalogue.counts().products, catalogue.counts().retired) == (2, 1)


def test_a_catalogue_of_before_colours_were_kept_has_them_once_its_feed_is_imported_again(market):
    market.bring_in("1", "2")
    market.catalogue.connection.executescript("ALTER TABLE products DROP COLUMN colours; PRAGMA user_version = 7")
    with Catalogue.open(market.section) as catalogue:
        assert {product.colours for product in catalogue.products([1, 2]).values()} == {()}
        assert list(catalogue.by_colours()) == []
    report = market.bring_in({"id": "1", "colours": "Red"}, "2")
    assert (report.imported, report.unchanged) == (1, 1)
    assert (market.product("1").colours, market.product("2").colours) == (("Red",), ())


def test_a_page_is_looked_up_and_not_searched_for(market):
    page = "https://shop.example/1"
    market.bring_in({"id": "1", "url": page}, {"id": "2", "url": page}, {"id": "3", "url": "https://shop.example/3"})
    asked: list[str] = []
    market.catalogue.connection.set_trace_callback(asked.append)
    assert market.catalogue.product_at(page) == market.product("1").product_id
    market.catalogue.connection.set_trace_callback(None)
    [plan] = market.catalogue.connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}").fetchall()
    assert "SEARCH products USING INDEX products_url (url=?)" in plan["detail"]
    market.bring_in({"id": "2", "url": page}, {"id": "3", "url": "https://shop.example/3"})
    assert market.catalogue.product_at(page) == market.product("2").product_id
    assert market.catalogue.product_at("https://shop.example/") is None


def test_no_catalogue_and_a_broken_one_are_refused(tmp_path):
    section = CatalogueSection(path=tmp_path / "catalogue.db")
    with pytest.raises(CatalogueError, match=r"no catalogue at .* imgrec import FEED\.csv"):
        Catalogue.read(section)
    assert not section.path.exists()
    section.path.write_bytes(b"no database" * 100)
    with pytest.raises(ImgrecError, match="not a database"):
        Catalogue.read(section)
