"""Products looked up, added, changed, retired and put back by hand; a feed has the last word on its own."""

import pytest

from imgrec.catalogue.by_hand import add_product, change_product, set_retired
from imgrec.catalogue.finding import describe, find_products, product_named
from imgrec.catalogue.sources import list_sources
from imgrec.errors import CatalogueError


@pytest.fixture
def stocked(market):
    market.bring_in(
        {"id": "1", "title": "Blue BÄLL", "brand": "Acme"}, {"id": "2", "title": "Red ball", "category": "Boxes"},
        {"id": "a/3", "title": "Tent", "image": "https://shop.example/3.jpg"},
    )  # fmt: skip
    return market


def found(market, *words: str, **narrowed: object) -> list[str]:
    return [product.id for product in find_products(market.catalogue, words, **narrowed).products]


def test_every_word_has_to_occur_in_title_id_or_brand_whatever_its_capitals(stocked):
    assert found(stocked, "bäll") == ["1"]
    assert found(stocked, "ACME", "blue") == ["1"]
    assert found(stocked, "acme", "red") == []
    assert found(stocked, "A/3") == ["a/3"]
    assert found(stocked) == ["1", "2", "a/3"]
    assert found(stocked, category="boxes") == ["2"]
    assert found(stocked, "%") == []
    set_retired(stocked.catalogue, ["market/1"], retired=True)
    assert found(stocked, source="market") == ["2", "a/3", "1"]
    assert find_products(stocked.catalogue, [], most=1).total == 3


def test_a_category_or_source_that_is_not_there_is_named_with_the_nearest(stocked):
    with pytest.raises(CatalogueError, match=r"no category 'Bals'\. Nearest: Balls"):
        find_products(stocked.catalogue, [], category="Bals")
    with pytest.raises(CatalogueError, match="no source 'x'"):
        find_products(stocked.catalogue, [], source="x")


def test_a_product_is_named_by_source_and_id_or_by_either_id_where_one_alone_is_meant(stocked):
    number = product_named(stocked.catalogue, "market/a/3").product_id
    assert product_named(stocked.catalogue, "a/3").product_id == number == 3
    assert product_named(stocked.catalogue, "3").product_id == number
    stocked.bring_in({"id": "3"}, source="other")
    with pytest.raises(CatalogueError, match=r"may be several products: .*other/3 .*market/a/3 "):
        product_named(stocked.catalogue, "3")
    with pytest.raises(CatalogueError, match=r"There is no product 'tent-1'\. Look for it with: imgrec products find"):
        product_named(stocked.catalogue, "tent-1")
    with pytest.raises(CatalogueError, match="no product"):
        product_named(stocked.catalogue, "9" * 30)


def test_all_that_is_known_of_a_product_is_shown_with_what_became_of_its_photos(stocked):
    shown = describe(stocked.catalogue, product_named(stocked.catalogue, "1"))
    assert (shown["title"], shown["category"], shown["retired_utc"]) == ("Blue BÄLL", "Balls", None)
    [photo] = shown["photos"]
    assert (photo["status"], photo["origin"], photo["size_px"]) == ("stored", "1.jpg", [24, 24])
    [photo] = describe(stocked.catalogue, product_named(stocked.catalogue, "a/3"))["photos"]
    assert (photo["status"], photo["file"]) == ("pending", None)


def test_a_product_added_by_hand_has_its_photo_and_no_import_touches_it(stocked):
    image = stocked.photo("elsewhere/jug.jpg")
    fields = {"title": " Blue\tjug", "category": "Home", "price": "24,50", "currency": "EUR", "image": str(image)}
    product = add_product(stocked.catalogue, fields)
    assert (product.source, product.id, product.title, product.price) == ("by-hand", "hand-1", "Blue jug", "24.50")
    assert product.photo is not None
    assert product.photo.is_file()
    stocked.bring_in("1")
    assert "hand-1" in stocked.on_sale()
    assert add_product(stocked.catalogue, {"title": "Jug", "image": str(image)}).id == "hand-2"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"image": "absent.jpg"}, r"no file .*absent\.jpg \(photo_not_found\)\. What to do: put the photo there"),
        ({"image": ""}, r"the column image is blank \(missing_image\)"),
        ({"price": "cheap"}, r"'cheap' is no price\. Write it like 19\.99"),
        ({"price": "5", "currency": "shells"}, "'shells' is no currency"),
        ({"id": "taken"}, "There is a product by-hand/taken already"),
        ({"image": "conftest.py"}, r"\(photo_unreadable\)\. What to do: replace the file"),
    ],
)
def test_what_a_feed_could_not_bring_in_is_refused_with_what_to_do(stocked, fields, complaint, monkeypatch):
    image = stocked.photo("jug.jpg")
    add_product(stocked.catalogue, {"title": "Jug", "image": str(image), "id": "taken"})
    (stocked.folder / "conftest.py").write_text("no image")
    monkeypatch.chdir(stocked.folder)
    before = stocked.on_sale()
    with pytest.raises(CatalogueError, match=complaint):
        add_product(stocked.catalogue, {"title": "Jug", "image": str(image), **fields})
    assert stocked.on_sale() == before


def test_a_product_that_is_refused_leaves_no_source(market):
    with pytest.raises(CatalogueError, match="photo_not_found"):
        add_product(market.catalogue, {"title": "Jug", "image": "absent.jpg"})
    assert list_sources(market.catalogue) == []


def test_a_change_stands_until_the_feed_is_imported_which_has_the_last_word(stocked):
    rows = [{"id": "1", "title": "Blue BÄLL", "price": "5.00"}, "2"]
    stocked.bring_in(*rows)
    photo = stocked.product("1").photo
    changed = change_product(stocked.catalogue, "1", {"price": "4.00", "title": "Ball", "category": "New", "brand": ""})
    assert (changed.price, changed.title, changed.category, changed.brand) == ("4.00", "Ball", "New", None)
    assert changed.photo == photo
    assert describe(stocked.catalogue, changed)["changed_by_hand"] is True
    assert stocked.bring_in(*rows).imported == 1
    assert (stocked.product("1").price, stocked.product("1").title) == ("5.00", "Blue BÄLL")
    assert describe(stocked.catalogue, stocked.product("1"))["changed_by_hand"] is False


def test_a_category_that_looks_like_a_path_stays_while_others_change(stocked):
    stocked.bring_in({"id": "1", "category": ""}, category="Shoes > Sneakers")
    assert change_product(stocked.catalogue, "1", {"price": "4.00"}).category == "Shoes > Sneakers"
    assert change_product(stocked.catalogue, "1", {"category": ""}).category is None


@pytest.mark.parametrize(
    ("said", "in_stock"), [("out of stock", False), ("ausverkauft", False), ("0", False), ("12", True), ("", None)]
)
def test_whether_it_can_be_had_is_said_as_feeds_say_it_and_stands_while_others_change(stocked, said, in_stock):
    image = str(stocked.photo("jug.jpg"))
    assert add_product(stocked.catalogue, {"title": "Jug", "image": image, "availability": said}).in_stock is in_stock
    stocked.bring_in({"id": "1", "availability": "in stock"})
    assert change_product(stocked.catalogue, "1", {"availability": said}).in_stock is in_stock
    assert change_product(stocked.catalogue, "1", {"price": "4.00"}).in_stock is in_stock
    stocked.bring_in({"id": "1", "availability": "in stock"})
    assert stocked.product("1").in_stock is True


def test_words_that_do_not_say_whether_it_can_be_had_change_nothing(stocked):
    with pytest.raises(CatalogueError, match=r"'perhaps' does not say whether it can be had\. Write in stock, out of"):
        change_product(stocked.catalogue, "1", {"availability": "perhaps", "title": "x"})
    assert stocked.product("1").title == "Blue BÄLL"


def test_a_price_that_is_none_changes_nothing(stocked):
    with pytest.raises(CatalogueError, match="no price"):
        change_product(stocked.catalogue, "1", {"price": "5 apples", "title": "x"})
    assert stocked.product("1").title == "Blue BÄLL"


def test_products_are_retired_and_put_back_all_or_none(stocked):
    with pytest.raises(CatalogueError, match="no product 'nine'"):
        set_retired(stocked.catalogue, ["1", "nine"], retired=True)
    assert stocked.on_sale() == {"1", "2", "a/3"}
    assert [product.id for product in set_retired(stocked.catalogue, ["market/1", "market/2"], retired=True)] == [
        "1",
        "2",
    ]
    assert set_retired(stocked.catalogue, ["market/1"], retired=True) == []
    assert stocked.on_sale() == {"a/3"}
    assert [product.id for product in set_retired(stocked.catalogue, ["market/1"], retired=False)] == ["1"]
    assert stocked.on_sale() == {"1", "a/3"}
