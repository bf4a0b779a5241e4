"""What can be had, and in which sizes, from feeds to answers."""

import pytest

from imgrec.catalogue.formats.stock import is_in_stock, sizes_in, together

PHOTO = "https://shop.example/1.jpg"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("in stock", True), ("in_stock", True), ("In Stock", True), ("preorder", True), ("12", True), ("1,5", True),
        ("https://schema.org/InStock", True), ("Auf Lager", True), ("Vorbestellung", True), ("TRUE", True),
        ("out of stock", False), ("out_of_stock", False), ("0", False), ("'-1", False), ("-3", False),
        ("https://schema.org/OutOfStock", False), ("Ausverkauft", False), ("épuisé", False), ("não", False),
        ("", None), (None, None), ("ask us", None), ("in 3 days", None),
    ],
)  # fmt: skip
def test_words_and_numbers_of_stock(said, meant):
    assert is_in_stock(said) is meant


def test_a_product_is_there_where_one_of_its_variants_is():
    assert together([False, True, None]) is True
    assert together([False, None]) is False
    assert together([None]) is together([]) is None


def test_sizes_are_listed_once_in_order():
    assert sizes_in(["S, M", "L", "M", " ", "XL|XXL"]) == ("S", "M", "L", "XL", "XXL")


def test_googles_availability_and_size(one):
    row = one(f"id\ttitle\timage_link\tavailability\tsize\n1\tTee\t{PHOTO}\tout_of_stock\tM\n")
    assert (row.in_stock, row.sizes) == (False, ("M",))


def test_our_own_columns_and_others(one):
    assert one("id,title,image,availability,sizes\n1,Tee,1.jpg,in stock,S|M\n").sizes == ("S", "M")
    assert one("Artikelnummer;Bezeichnung;Bild;Lagerbestand;Größe\n1;Tee;1.jpg;0;M\n").in_stock is False
    assert one("id,title,image\n1,Tee,1.jpg\n").in_stock is None


def test_shopify_counts_variants_where_somebody_counts(read):
    header = "Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,"
    header += "Variant Inventory Policy,Variant Price,Image Src\n"
    tee = f"tee,Tee,Size,S,shopify,0,deny,9,{PHOTO}\ntee,,,M,shopify,3,deny,9,\ntee,,,L,shopify,0,continue,9,\n"
    gone = f"mug,Mug,Title,Default Title,shopify,0,deny,9,{PHOTO}\n"
    uncounted = f"cup,Cup,Title,Default Title,,0,deny,9,{PHOTO}\n"
    rows = {row.id: row for row in read(header + tee + gone + uncounted) if hasattr(row, "in_stock")}
    assert (rows["tee"].in_stock, rows["tee"].sizes) == (True, ("M", "L"))
    assert (rows["mug"].in_stock, rows["cup"].in_stock) == (False, None)


def test_woocommerce_says_so_of_variations(read):
    header = "ID,Type,Name,Published,Regular price,Images,Parent,In stock?,Attribute 1 name,Attribute 1 value(s)\n"
    rows = read(
        header + f'1,variable,Tee,1,,{PHOTO},,1,Size,"S, M"\n2,variation,Tee S,1,9,,id:1,0,Size,S\n'
        f"3,variation,Tee M,1,9,,id:1,1,Size,M\n4,simple,Mug,1,5,{PHOTO},,0,,\n"
    )
    products = {row.id: row for row in rows if hasattr(row, "in_stock")}
    assert (products["1"].in_stock, products["1"].sizes) == (True, ("M",))
    assert products["4"].in_stock is False


def test_what_is_said_comes_into_the_catalogue_and_changes_there(market):
    market.bring_in({"id": "1", "availability": "out of stock", "sizes": "S|M"}, "2")
    assert (market.product("1").in_stock, market.product("1").sizes) == (False, ("S", "M"))
    assert (market.product("2").in_stock, market.product("2").sizes) == (None, ())
    report = market.bring_in({"id": "1", "availability": "7"}, "2")
    assert (report.imported, report.unchanged) == (1, 1)
    assert (market.product("1").in_stock, market.product("1").sizes) == (True, ())
