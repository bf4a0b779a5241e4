"""The sources of products: counted, renamed, and taken off sale whole."""

import pytest

from imgrec.catalogue.sources import list_sources, remove_source, rename_source
from imgrec.errors import CatalogueError


def test_each_source_is_counted_with_its_photos_and_its_last_import(market):
    market.bring_in("1", "2", {"id": "3", "image": "https://shop.example/3.jpg"})
    market.bring_in("1", {"id": "3", "image": "https://shop.example/3.jpg"})
    market.bring_in("9", source="elsewhere")
    market.catalogue.connection.execute("UPDATE imports SET began_utc = 'then' WHERE source_id = 2")
    elsewhere, ours = list_sources(market.catalogue)
    assert (ours.name, ours.on_sale, ours.retired, ours.photos, ours.photos_stored) == ("market", 2, 1, 2, 1)
    assert ours.imported_utc is not None
    assert (elsewhere.name, elsewhere.on_sale, elsewhere.unfinished_utc) == ("elsewhere", 1, "then")


def test_a_renamed_source_keeps_its_products_and_takes_its_feed(market):
    market.bring_in("1", "2")
    before = market.product("1").product_id
    rename_source(market.catalogue, "market", " the\nshop ")
    assert market.product("1").source == "the shop"
    assert market.bring_in("1", "2", source="the shop").unchanged == 2
    assert market.product("1").product_id == before


def test_two_sources_are_not_made_one_but_the_name_of_an_empty_one_is_free(market):
    market.bring_in("1")
    market.bring_in("2", source="other")
    with pytest.raises(CatalogueError, match="There is a source 'other' already"):
        rename_source(market.catalogue, "market", "other")
    market.catalogue.connection.execute("INSERT INTO sources (name) VALUES ('empty')")
    rename_source(market.catalogue, "market", "empty")
    assert [source.name for source in list_sources(market.catalogue)] == ["empty", "other"]
    with pytest.raises(CatalogueError, match="is no name"):
        rename_source(market.catalogue, "empty", " \t")


def test_what_is_removed_is_retired_and_an_import_brings_it_back(market):
    market.bring_in("1", "2")
    market.bring_in("2", source="other")
    assert remove_source(market.catalogue, "market") == 2
    assert market.on_sale() == {"2"}
    assert market.catalogue.products_by_feed_id("1")[0].retired
    assert market.bring_in("1", "2").imported == 2


def test_a_source_that_never_had_a_product_is_gone_when_it_is_removed(market):
    market.catalogue.connection.execute("INSERT INTO sources (name) VALUES ('typo')")
    assert remove_source(market.catalogue, "typo") == 0
    assert list_sources(market.catalogue) == []


def test_an_unknown_source_is_an_error_that_names_the_nearest_first(market):
    for name in ("autumn", "market", "winter"):
        market.bring_in("1", source=name)
    known = r"no source 'markt'\. Known: market, autumn, winter"
    with pytest.raises(CatalogueError, match=known):
        rename_source(market.catalogue, "markt", "x")
    with pytest.raises(CatalogueError, match=known):
        remove_source(market.catalogue, "markt")
