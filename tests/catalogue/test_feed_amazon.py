"""Amazon's three generations, record by record: their oddities end in rows or in counted rejections."""

import json

import pytest

from imgrec.catalogue.departments import DEPARTMENTS, department_named
from imgrec.catalogue.feed import FeedRow, Reason, Rejection, Relation

PHOTO = "http://ecx.images-amazon.com/images/I/51abc.jpg"


def literal(**fields: object) -> str:
    """A record of 2014 with its usual fields, as a Python literal."""
    usual = {"asin": "B000000001", "title": "A puzzle", "imUrl": PHOTO, "categories": [["Toys & Games", "Puzzles"]]}
    return repr({name: value for name, value in (usual | fields).items() if value is not ...}) + "\n"


def of_2018(**fields: object) -> str:
    usual = {
        "asin": "B000000002", "title": "A puzzle", "main_cat": "Toys & Games", "imageURLHighRes": [PHOTO],
        "imageURL": [PHOTO.replace(".jpg", "._SS40_.jpg")], "also_buy": [], "also_view": [], "price": "",
    }  # fmt: skip
    return json.dumps({name: value for name, value in (usual | fields).items() if value is not ...}) + "\n"


def of_2023(**fields: object) -> str:
    usual = {
        "parent_asin": "B000000003", "title": "A puzzle", "main_category": "Toys & Games", "store": "Acme",
        "images": [{"hi_res": PHOTO, "large": "http://x.example/large.jpg", "variant": "MAIN"}], "price": None,
        "categories": [], "details": {}, "bought_together": None,
    }  # fmt: skip
    return json.dumps({name: value for name, value in (usual | fields).items() if value is not ...}) + "\n"


def test_a_full_record_of_2014(one):
    record = literal(
        title="Chef Paul's \"Magic\" Seasoning &amp; Blends", price=14.95, brand="Magic",
        salesRank={"Toys & Games": 19905},
        related={"also_bought": ["B1", "B2", "B1"], "also_viewed": [], "bought_together": ["B3"],
                 "buy_after_viewing": ["4"]},
    )  # fmt: skip
    assert one(record) == FeedRow(
        "B000000001", 'Chef Paul\'s "Magic" Seasoning & Blends', "Toys", PHOTO, "14.95", "USD", "Magic", None, 19905,
        kind="Puzzles",
        related={
            Relation.ALSO_BOUGHT: ("B1", "B2"), Relation.BOUGHT_TOGETHER: ("B3",), Relation.BUY_AFTER_VIEWING: ("4",),
        },
    )  # fmt: skip


def test_strict_json_of_2014_reads_as_the_literals_do(one):
    record = {"asin": "B1", "title": 'Pok\u00e9mon "1"', "imUrl": PHOTO, "categories": [["Books"]], "price": 0.99}
    row = one(json.dumps(record))
    assert row == one(repr(record), "amazon2014")
    assert (row.title, row.price, row.kind) == ('Pokémon "1"', "0.99", None)


def test_text_that_python_2_wrote_byte_by_byte_is_put_together_again(one):
    assert one(literal(title="X").replace("'X'", r"'Pok\xc3\xa9mon'")).title == "Pokémon"
    assert one(literal(title="X").replace("'X'", r"'caf\xe9'")).title == "café"


def test_where_paths_lead_to_several_departments_the_sales_rank_decides(one):
    paths = [["Sports & Outdoors", "Dance"], ["Clothing, Shoes & Jewelry", "Girls", "Skirts"]]
    assert one(literal(categories=paths)).category == "Sports"
    assert one(literal(categories=paths, salesRank={"Toys &amp; Games": 3})).category == "Sports"
    row = one(literal(categories=paths, salesRank={"Clothing": 3}))
    assert (row.category, row.kind) == ("Clothing", "Skirts")
    assert one(literal(categories=[], salesRank={"Clothing": 3})).category == "Clothing"
    assert one(literal(categories=[["Musical Instruments"], ["Electronics"]])).category == "Electronics"
    assert one(literal(categories=["Books", "Novels"])).kind == "Novels"


@pytest.mark.parametrize(
    ("line", "reason", "id_"),
    [
        (literal(asin=...), Reason.MISSING_ID, ""),
        (literal(asin=None), Reason.MISSING_ID, ""),
        (literal(imUrl=...), Reason.MISSING_IMAGE, "B000000001"),
        (literal(imUrl="no photo"), Reason.MISSING_IMAGE, "B000000001"),
        (literal(imUrl="http://g-ecx.images-amazon.com/images/G/01/x-site/icons/no-img-sm._CB192198896_.gif"),
         Reason.MISSING_IMAGE, "B000000001"),
        (literal(categories=...), Reason.MISSING_CATEGORY, "B000000001"),
        (literal(categories=[[], None, [None]]), Reason.MISSING_CATEGORY, "B000000001"),
        (literal(categories=[["Musical Instruments"]]), Reason.UNKNOWN_DEPARTMENT, "B000000001"),
        ("[1, 2]\n", Reason.BAD_ROW, ""),
        ("null\n", Reason.BAD_ROW, ""),
        (literal()[:-10] + "\n", Reason.BAD_ROW, "B000000001"),
        ("{'asin': 'B7', 'x': __import__('os')}\n", Reason.BAD_ROW, "B7"),
        ("{'asin': 'B7', 'x': " + "[" * 100_000 + "\n", Reason.BAD_ROW, "B7"),
        ('{"asin": "B7", "x": ' + "[" * 100_000 + "\n", Reason.BAD_ROW, "B7"),
        ("{'asin': 'B7', 'x': '" + "x" * 4_000_000 + "'}\n", Reason.BAD_ROW, ""),
        ("{'asin': 'B7', 'rank': " + "9" * 5000 + "}\n", Reason.BAD_ROW, "B7"),
        ('{"asin": "B7\\ud800", "imUrl": "http://x.example/1.jpg"}\n', Reason.BAD_ENCODING, "B7\\ud800"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_rejected_alone(read, line, reason, id_):
    rows = read.numbered(literal() + line + "\n\n" + literal(asin="B000000009"), "amazon2014")
    assert [number for number, _ in rows] == [1, 2, 5]
    bad = rows[1][1]
    assert isinstance(bad, Rejection)
    assert (bad.reason, bad.id, bad.line) == (reason, id_, 2)
    assert bad.detail
    assert len(bad.detail) < 400
    assert rows[2][1].id == "B000000009"


def test_a_line_that_is_not_utf8_is_rejected_alone(read):
    rows = read(literal().encode() + b"{'asin': 'B7', 'title': '\xff'}\n" + literal(asin="B8").encode())
    assert [getattr(row, "reason", None) for row in rows] == [None, Reason.BAD_ENCODING, None]
    assert rows[1].id == "B7"


def test_a_full_record_of_2018(one):
    record = of_2018(
        title="Tea &amp; Cups", price="$5.00 - $9.00", brand="Acme", rank=[">#29,137 in Toys & Games (See Top 100)"],
        category=["Toys & Games", "Puzzles", "Imported"], also_buy=["B1"], also_view=["B2", "B3"],
        imageURLHighRes=[PHOTO, "https://x.example/2.jpg", PHOTO],
    )  # fmt: skip
    assert one(record) == FeedRow(
        "B000000002", "Tea & Cups", "Toys", PHOTO, "5.00", "USD", "Acme", None, 29137,
        further_images=("https://x.example/2.jpg",),
        related={Relation.ALSO_BOUGHT: ("B1",), Relation.ALSO_VIEWED: ("B2", "B3")},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"price": ".a-box-inner{background-color:#fff}"}, {"price": None}),
        ({"price": ""}, {"price": None, "unreadable_price": None}),
        ({"price": "$1,299.00"}, {"price": "1299.00"}),
        ({"title": "var aPageStart = (new Date()).getTime();"}, {"title": None}),
        ({"title": '<span class="a-size-medium">x</span>'}, {"title": None}),
        ({"imageURLHighRes": ..., }, {"image": PHOTO}),  # a thumbnail's address leads to the photo it was made from
        ({"rank": "866,012 in Movies & TV ("}, {"sales_rank": 866012}),
        ({"rank": "5,796,878inClothing,ShoesJewelry("}, {"sales_rank": 5796878}),
        ({"rank": []}, {"sales_rank": None}),
        ({"main_cat": '<img src="x.png" class="nav-categ-image" alt="AMAZON FASHION"/>'}, {"category": "Clothing"}),
        ({"main_cat": "Amazon Home"}, {"category": "Home"}),
        ({"main_cat": "", "category": ["Cell Phones &amp; Accessories", "Cases"]}, {"category": "Cell Phones"}),
    ],
)  # fmt: skip
def test_the_oddities_of_2018(one, fields, expected):
    row = one(of_2018(**fields), "amazon2018")
    assert {name: getattr(row, name) for name in expected} == expected


def test_a_full_record_of_2023(one):
    record = of_2023(
        price=12.5, categories=["Toys & Games", "Puzzles", "Jigsaws"], bought_together=["B1"],
        details={"Best Sellers Rank": {"Toys & Games": 77, "Jigsaws": 3}},
        images=[{"large": "https://x.example/2.jpg", "hi_res": None, "variant": "PT01"},
                {"thumb": "https://m.media-amazon.com/images/I/41._SS40_.jpg", "variant": "PT02"},
                {"hi_res": PHOTO, "large": "https://x.example/1.jpg", "variant": "MAIN"}, {"variant": "PT03"}, None],
    )  # fmt: skip
    assert one(record) == FeedRow(
        "B000000003", "A puzzle", "Toys", PHOTO, "12.5", "USD", "Acme", None, 77, kind="Jigsaws",
        further_images=("https://x.example/2.jpg", "https://m.media-amazon.com/images/I/41.jpg"),
        related={Relation.BOUGHT_TOGETHER: ("B1",)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"price": "from 14.99"}, {"price": "14.99"}),
        ({"price": "—"}, {"price": None, "unreadable_price": None}),
        ({"price": "None"}, {"price": None, "unreadable_price": None}),
        ({"main_category": None, "categories": ["Pet Supplies", "Dogs"]}, {"category": "Pet Supplies", "kind": "Dogs"}),
        ({"main_category": "All Beauty"}, {"category": "Beauty", "kind": None}),
        ({"store": None, "details": {"Brand": "Acme & Sons"}}, {"brand": "Acme & Sons"}),
        ({"details": "no object", "title": None}, {"sales_rank": None, "title": None}),
        *[
            ({"images": images}, {"images": (PHOTO, "https://x.example/2.jpg")})
            for images in (
                '[{"large": "https://x.example/2.jpg"}, {"hi_res": "PHOTO", "variant": "MAIN"}]'.replace(
                    "PHOTO", PHOTO
                ),
                "{'large': ['https://x.example/2.jpg', None], 'hi_res': [0, 'PHOTO'], 'variant': ['', 'MAIN']}".replace(
                    "PHOTO", PHOTO
                ),
                [PHOTO, "https://x.example/2.jpg"],
            )
        ],
    ],
)
def test_the_oddities_of_2023(one, fields, expected):
    row = one(of_2023(**fields))
    assert {name: getattr(row, name) for name in expected} == expected


def test_a_record_of_2023_without_images_or_of_no_department_is_rejected(read):
    rows = read(of_2023() + of_2023(images=[]) + of_2023(images=None) + of_2023(main_category="Software"))
    assert [getattr(row, "reason", None) for row in rows] == [
        None, Reason.MISSING_IMAGE, Reason.MISSING_IMAGE, Reason.UNKNOWN_DEPARTMENT,
    ]  # fmt: skip


def test_a_product_has_at_most_ten_photos(one):
    images = [{"large": f"https://x.example/{number}.jpg"} for number in range(30)]
    assert len(one(of_2023(images=images)).images) == 10


def test_the_twenty_departments_are_found_by_every_generations_names():
    assert len(DEPARTMENTS) == 20
    names = [name for names in DEPARTMENTS.values() for name in names]
    assert len(set(names)) == len(names)
    for department, names_of_it in DEPARTMENTS.items():
        for name in names_of_it:
            for written in (
                name,
                name.upper(),
                name.replace("&", "&amp;"),
                name.replace(" & ", " and ").replace(" ", "_"),
            ):
                assert department_named(written) == department, written


@pytest.mark.parametrize(
    ("file", "department"),
    [("Cell_Phones_and_Accessories", "Cell Phones"), ("Apps_for_Android", "Apps"), ("CDs_and_Vinyl", "Music"),
     ("Patio_Lawn_and_Garden", "Lawn & Garden"), ("Amazon_Instant_Video", "Movies & TV"), ("Luxury_Beauty", "Beauty"),
     ("Health_and_Household", "Health"), ("AMAZON_FASHION", "Clothing"), ("Baby_Products", "Baby"),
     ("Musical_Instruments", None), ("Gift_Cards", None), ("Arts_Crafts_and_Sewing", None), ("", None),
     ("<img>", None)],
)  # fmt: skip
def test_departments_are_known_by_the_names_of_amazons_files(file, department):
    assert department_named(file) == department
