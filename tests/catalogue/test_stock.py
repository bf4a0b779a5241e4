"""What can be had, and in which sizes and colours, from feeds to answers."""

import json

import pytest

from imgrec.catalogue.formats.stock import is_in_stock, options_in, together

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


def test_sizes_and_colours_are_listed_once_in_order():
    assert options_in(["S, M", "L", "M", " ", "XL|XXL"]) == ("S", "M", "L", "XL", "XXL")
    assert options_in(["Red/White", "<b>Gr&uuml;n</b>&amp;Blau", None]) == ("Red/White", "Grün&Blau")


def test_googles_availability_size_and_color(one):
    row = one(f"id\ttitle\timage_link\tavailability\tsize\tcolor\n1\tTee\t{PHOTO}\tout_of_stock\tM\tRed/White\n")
    assert (row.in_stock, row.sizes, row.colours) == (False, ("M",), ("Red/White",))
    item = f"<g:id>1</g:id><g:title>Tee</g:title><g:image_link>{PHOTO}</g:image_link><g:color>Red/White</g:color>"
    xml = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item>{item}</item></channel></rss>'
    assert one(xml).colours == ("Red/White",)


def test_our_own_columns_and_others(one):
    assert one("id,title,image,availability,sizes\n1,Tee,1.jpg,in stock,S|M\n").sizes == ("S", "M")
    assert one("Artikelnummer;Bezeichnung;Bild;Lagerbestand;Größe\n1;Tee;1.jpg;0;M\n").in_stock is False
    assert one("id,title,image\n1,Tee,1.jpg\n").in_stock is None
    for column in ("colours", "Colour", "color", "Colour name", "FARBE", "Couleur", "Kleur", "Цвет"):
        assert one(f"id,title,image,{column}\n1,Tee,1.jpg,Red|Dark Blue\n").colours == ("Red", "Dark Blue")
    assert one("id,title,image\n1,Red tee,1.jpg\n").colours == ()


def test_amazon_says_of_2023_which_colour_it_is(one):
    record = {"parent_asin": "B1", "main_category": "Toys & Games", "title": "Tee", "images": [{"large": PHOTO}]}
    assert one(json.dumps({**record, "details": {"Color": "Midnight Blue"}})).colours == ("Midnight Blue",)
    assert one(json.dumps({**record, "details": {"Color": None}})).colours == ()


def test_shopify_counts_variants_where_somebody_counts(read):
    header = "Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,"
    header += "Variant Inventory Policy,Variant Price,Image Src\n"
    tee = f"tee,Tee,Size,S,shopify,0,deny,9,{PHOTO}\ntee,,,M,shopify,3,deny,9,\ntee,,,L,shopify,0,continue,9,\n"
    gone = f"mug,Mug,Title,Default Title,shopify,0,deny,9,{PHOTO}\n"
    uncounted = f"cup,Cup,Title,Default Title,,0,deny,9,{PHOTO}\n"
    rows = {row.id: row for row in read(header + tee + gone + uncounted) if hasattr(row, "in_stock")}
    assert (rows["tee"].in_stock, rows["tee"].sizes) == (True, ("M", "L"))
    assert (rows["mug"].in_stock, rows["cup"].in_stock) == (False, None)


def test_shopifys_products_are_of_the_colours_that_their_own_variants_have(read):
    header = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant Inventory Tracker,"
    header += "Variant Inventory Qty,Variant Price,Image Src,Variant Image\n"
    rows = read(
        f"{header}tee,Tee,Size,S,Colour,Red,shopify,1,9,{PHOTO},\ntee,,,M,,Pink,shopify,0,9,,\n"
        f"tee,,,S,,Blue,shopify,1,9,,https://shop.example/blue.jpg\n"
    )
    assert [row.colours for row in rows if hasattr(row, "colours")] == [("Red",), ("Blue",)]


def test_woocommerces_products_are_of_the_colours_that_their_own_variations_have(read):
    header = "ID,Type,Name,Published,Regular price,Images,Parent,In stock?,Attribute 1 name,Attribute 1 value(s),"
    header += "Attribute 2 name,Attribute 2 value(s)\n"
    rows = read(
        f'{header}1,variable,Tee,1,,{PHOTO},,1,Color,"Red, Pink, Blue",Size,"S, M"\n'
        "2,variation,Tee,1,9,,id:1,1,Color,Red,Size,S\n3,variation,Tee,1,9,,id:1,0,Color,Pink,Size,M\n"
        "4,variation,Tee,1,9,https://shop.example/blue.jpg,id:1,1,Color,Blue,Size,M\n"
        f'5,variable,Mug,1,,{PHOTO},,1,Color,White,Size,"S, M"\n6,variation,Mug,1,9,,id:5,1,Size,S,,\n'
    )
    products = {row.id: (row.colours, row.sizes) for row in rows if hasattr(row, "colours")}
    assert products == {"1": (("Red",), ("S", "M")), "4": (("Blue",), ("M",)), "5": (("White",), ("S",))}


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
    def said(id_: str) -> tuple[object, ...]:
        product = market.product(id_)
        return product.in_stock, product.sizes, product.colours

    market.bring_in({"id": "1", "availability": "out of stock", "sizes": "S|M", "colours": "Rot, Grün"}, "2")
    assert (said("1"), said("2")) == ((False, ("S", "M"), ("Rot", "Grün")), (None, (), ()))
    assert market.product("1").as_json()["colours"] == ["Rot", "Grün"]
    report = market.bring_in({"id": "1", "availability": "7"}, "2")
    assert (report.imported, report.unchanged) == (1, 1)
    assert said("1") == (True, (), ())
