"""A CSV feed row by row: what is usable is cleaned, what is not has a named reason."""

import re

import pytest

from imgrec.catalogue.feed import FeedRow, Reason, Rejection, Relation, is_url
from imgrec.catalogue.formats import plain_csv
from imgrec.catalogue.formats.feed_file import HEAD_BYTES, FeedFile
from imgrec.errors import FeedError

HEADER = b"id,title,category,image,price,currency,brand,url,sales_rank,split,group,kind,depth\n"


def one_field(read, column: str, value: str) -> FeedRow | Rejection:
    columns = ["id", "title", "category", "image", *([column] if column not in "id,title,category,image" else [])]
    fields = {"id": "1", "title": "Ball", "category": "Balls", "image": "1.jpg"} | {column: value}
    [row] = read(f"{','.join(columns)}\n{','.join(fields[name] for name in columns)}\n".encode())
    return row


def test_a_full_row_keeps_every_field_and_ignores_further_columns(read):
    [row] = read(
        HEADER + b' 7 ,"A ""big"", red ball",Balls,img/7.jpg,12.50,EUR,Acme,https://a.example,3,test,g1,red,x\n'
    )
    assert row == FeedRow(
        "7", 'A "big", red ball', "Balls", "img/7.jpg", "12.50", "EUR", "Acme", "https://a.example", 3, "test", "g1",
        "red",
    )  # fmt: skip


def test_a_row_of_the_three_required_columns_is_enough_and_title_and_category_may_be_blank(read):
    assert read(b"image,title,id\n1.jpg,,1\n") == [FeedRow("1", None, None, "1.jpg")]
    rows = read(b"image,category,title,id\n1.jpg,Balls,,1\n2.jpg, ,Box,2\n")
    assert rows == [FeedRow("1", None, "Balls", "1.jpg"), FeedRow("2", "Box", None, "2.jpg")]


@pytest.mark.parametrize(
    ("category", "kept", "kind"),
    [
        ("Fashion > Shoes > Sneakers", "Fashion", "Sneakers"),
        ("Fashion›Shoes", "Fashion", "Shoes"),
        ("Shoes", "Shoes", None),
        ("Shoes > Shoes", "Shoes", None),
        (">40 cm", ">40 cm", None),
    ],
)
def test_of_a_path_of_categories_the_head_is_the_category_and_the_end_the_kind(read, category, kept, kind):
    row = one_field(read, "category", category)
    assert (row.category, row.kind) == (kept, kind)


@pytest.mark.parametrize(
    ("categories", "kept", "kind"),
    [
        ("Default Category/Gear,Default Category/Gear/Bags,Default Category/New/This Week/Gear", "Gear", "Bags"),
        ("Default Category,Default Category/Caps, Hats,Default Category/Caps, Hats/Wool", "Caps, Hats", "Wool"),
        ("Default Category/Gear", "Gear", None),
        ("Gear", "Gear", None),
    ],
)
def test_of_magentos_paths_the_longest_below_the_head_of_the_first_counts(read, categories, kept, kind):
    [row] = read(f'sku,name,categories,product_online,base_image\n1,Bag,"{categories}",1,1.jpg\n')
    assert (row.category, row.kind) == (kept, kind)


def test_a_kind_that_has_a_column_is_not_taken_from_the_path(read):
    [row] = read(b"id,title,category,kind,image\n1,Shoe,Fashion > Shoes,Sneakers,1.jpg\n")
    assert (row.category, row.kind) == ("Fashion", "Sneakers")


def test_the_gross_price_and_the_quantity_of_a_shop_systems_list_are_read(read):
    [row] = read(
        '"ID";"Bild";"Name";"Preis (exkl. MwSt.)";"Preis (inkl. MwSt.)";"Menge"\n'
        '"1";"1.jpg";"Lampe";"1.012,50 €";"1.204,88 €";"0"\n'.encode()
    )
    assert (row.price, row.currency, row.in_stock) == ("1204.88", "EUR", False)


SHOPWARE = (
    "id;parent_id;product_number;active;stock;name;price_net;price_gross;cover_media_url;manufacturer_name;categories"
)
PRESTASHOP = "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax included;Reference #;Image URLs (x,y,z...)"
LIST_ES = "Product ID;Imagen;Nombre;Referencia;Categoría;Precio (imp. excl.);Precio (imp. incl.);Cantidad;Estado"
TABLE_ES = "ID;Activo (0/1);Nombre*;Categorías (x,y,z...);Precio con IVA;Referencia nº;URL's de las imágenes (x,y,z...)"
MAGENTO = "sku;product_type;categories;name;product_online;visibility;price;base_image;qty"


@pytest.mark.parametrize(
    ("header", "fields", "row"),
    [
        (SHOPWARE, f"0a;;SW1;1;0;Vase;10;11.9;1.jpg;Acme;{'0a' * 16}|{'0b' * 16}",
         FeedRow("0a", "Vase", None, "1.jpg", "11.9", None, "Acme", in_stock=False)),
        ("productNumber;translations.DEFAULT.name;price.DEFAULT.gross;cover.media.url", "SW1;Vase;11,9;1.jpg",
         FeedRow("SW1", "Vase", None, "1.jpg", "11.9")),
        (PRESTASHOP, "7;1;Vase;Home;12.10;V-7;1.jpg,2.jpg",
         FeedRow("7", "Vase", "Home", "1.jpg", "12.10", further_images=("2.jpg",))),
        (LIST_ES, "7;1.jpg;Vaso;V-7;Hogar;10,00 €;12,10 €;3;1",
         FeedRow("7", "Vaso", "Hogar", "1.jpg", "12.10", "EUR", in_stock=True)),
        (TABLE_ES, "7;1;Vaso;Hogar;12,10;V-7;1.jpg", FeedRow("7", "Vaso", "Hogar", "1.jpg", "12.10")),
        (MAGENTO, "V-7;simple;Home;Vase;1;Catalog, Search;12.10;/v/a/vase.jpg;0",
         FeedRow("V-7", "Vase", "Home", "/v/a/vase.jpg", "12.10", in_stock=False)),
    ],
)  # fmt: skip
def test_the_tables_of_shop_systems_are_known_as_they_are(read, header, fields, row):
    assert read(f"{header}\n{fields}\n") == [row]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id;title;image;UVP", r"no column that was taken for prices\..*--map price=COLUMN\): id, title, image, UVP"),
        ("id;title;image;price_net", "prices without taxes only, 'price_net'"),
        ("id;title;image;price", None),
    ],
)
def test_a_table_whose_prices_are_not_found_or_lack_taxes_says_so(tmp_path, header, said):
    (tmp_path / "feed").write_text(f"{header}\n1;Vase;1.jpg;5\n", encoding="utf-8")
    with FeedFile(tmp_path / "feed") as feed:
        list(plain_csv.read(feed))
        assert len(feed.warnings) == (said is not None)
        assert said is None or re.search(said, feed.warnings[0])


@pytest.mark.parametrize(
    ("column", "on", "off"),
    [
        ("Status", "1", "0"),
        ("Active (0/1)", "1", "0"),
        ("Aktiv", "ja", "nein"),
        ("active", "1", "'0"),
        ("Estado", "Activo", "Inactivo"),
        ("product_online", "1", "2"),
        ("status", "Enabled", "Disabled"),
        ("visibility", "Catalog, Search", "Not Visible Individually"),
        ("Visibility", "both", "none"),
        ("published", "", "draft"),
    ],
)
def test_what_a_shop_systems_table_calls_inactive_is_left_out(read, column, on, off):
    rows = read(f'id,title,image,{column}\n1,Ball,1.jpg,"{on}"\n2,Box,2.jpg,"{off}"\n3,Cup,3.jpg,\n4,Jug,4.jpg, \n')
    assert [getattr(row, "reason", row.id) for row in rows] == ["1", Reason.NOT_PUBLISHED, "3", "4"]


@pytest.mark.parametrize(
    ("column", "others"),
    [("status", ["pending", "shipped"]), ("published", ["0", "1999"]), ("active", ["no", "no perfume"]),
     ("status", ["1", "2"]), ("order status", ["draft", "deleted"]), ("published", [*["0"] * 30, "1999"])],
)  # fmt: skip
def test_a_column_of_other_things_takes_nothing_off_sale_whatever_it_is_called(read, column, others):
    lines = [f"{number},Ball,{number}.jpg,{said}" for number, said in enumerate(others)]
    rows = read("\n".join([f"id,title,image,{column}", *lines]))
    assert [row.id for row in rows] == [str(number) for number in range(len(others))]


def test_a_rare_word_that_is_not_known_puts_nothing_that_is_inactive_on_sale(read):
    said = ["active"] * 8 + ["inactive", "sold"]
    rows = read("id,title,image,status\n" + "".join(f"{n},Ball,{n}.jpg,{word}\n" for n, word in enumerate(said)))
    assert [n for n, row in enumerate(rows) if isinstance(row, Rejection)] == [8]


def test_how_to_insist_on_such_a_column_is_said_as_a_shell_wants_it(tmp_path):
    (tmp_path / "feed").write_text("id,title,image,price,Active (0/1)\n1,Ball,1.jpg,5,0\n2,Box,2.jpg,5,sold\n")
    with FeedFile(tmp_path / "feed") as feed:
        list(plain_csv.read(feed))
        assert feed.warnings[0].endswith("--map 'published=Active (0/1)'")


def test_the_whole_beginning_of_a_table_is_looked_at_but_not_the_line_that_is_cut(read):
    content = "id,title,image,visibility\n" + '1,"a ""big""\nlamp shade",1.jpg,not visible individually\n' * 9_000
    assert content[:HEAD_BYTES].endswith(",not vis")
    assert {row.reason for row in read(content)} == {Reason.NOT_PUBLISHED}


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_do_no_harm(read):
    rows = read(b"\xef\xbb\xbfid,title,category,image\r\n\r\n1,Ball,Balls,1.jpg\r\n\r\n")
    assert rows == [FeedRow("1", "Ball", "Balls", "1.jpg")]


def test_lines_are_counted_as_an_editor_counts_them(read):
    rows = read.numbered('id,title,category,image\n1,"two\nlines",Balls,1.jpg\n\n2,,Balls,\n')
    assert [(line, type(row)) for line, row in rows] == [(3, FeedRow), (5, Rejection)]


@pytest.mark.parametrize(
    ("price", "kept"),
    [("12.99", "12.99"), ("12.90", "12.90"), ("0", "0"), (".5", "0.5"), ("5.", "5"), ("007", "7"), ("", None),
     ("123456789012345678.123", "123456789012345678.123")],
)  # fmt: skip
def test_a_price_is_kept_as_the_decimal_it_is(read, price, kept):
    assert one_field(read, "price", price).price == kept


@pytest.mark.parametrize("price", ["-1", "1e5", "1e999999999", "inf", "1_000", "１２", ".", "x"])
def test_a_price_that_cannot_be_understood_costs_the_product_its_price_only(read, price):
    row = one_field(read, "price", price)
    assert (row.id, row.price, row.unreadable_price) == ("1", None, price)


def test_the_currency_column_is_that_of_the_price(read):
    header = b"id,title,category,image,price,currency\n"
    rows = read(
        header + b"1,,B,1.jpg,5,eur\n2,,B,1.jpg,$5,CAD\n3,,B,1.jpg,5 GBP,EUR\n4,,B,1.jpg,5,shells\n5,,B,1.jpg,,EUR\n"
    )
    assert [(row.price, row.currency) for row in rows] == [
        ("5", "EUR"), ("5", "CAD"), ("5", "GBP"), ("5", None), (None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("rank", ["1.5", "-1", "first", "１２", "9" * 19, "9" * 5000])
def test_a_sales_rank_that_is_no_whole_number_of_sensible_size_is_rejected(read, rank):
    assert one_field(read, "sales_rank", rank).reason == Reason.BAD_SALES_RANK


def test_control_characters_and_surplus_spaces_are_taken_out_of_shown_text(read):
    row = one_field(read, "title", " ünï\x07cödé \t 🎈\x1b[31m  red\u202eball ")
    assert row.title == "ünï cödé 🎈 [31m red ball"


def test_the_name_of_a_photo_keeps_its_spaces(read):
    assert one_field(read, "image", " Photo  1\u202fPM.jpg ").image == "Photo  1\u202fPM.jpg"


def test_an_image_is_a_url_whatever_its_capitals(read):
    assert is_url(one_field(read, "image", "HTTPS://shop.example/1.jpg").image)
    assert not is_url(one_field(read, "image", "http/1.jpg").image)


def test_a_row_that_is_not_utf8_is_rejected_alone(read):
    rows = read(b"id,title,category,image\n1,caf\xe9,Balls,1.jpg\n\xe9,Ball,Balls,1.jpg\n2,caf\xc3\xa9,Balls,2.jpg\n")
    assert [getattr(row, "reason", None) for row in rows] == [Reason.BAD_ENCODING, Reason.BAD_ENCODING, None]
    assert rows[1].id.isascii()
    assert rows[2].title == "café"


def test_a_row_with_a_bad_quote_is_rejected_alone(read):
    rows = read(b'id,title,category,image\n1,"closed" early,Balls,1.jpg\n2,Ball,Balls,2.jpg\n')
    assert [getattr(row, "reason", None) for row in rows] == [Reason.BAD_ROW, None]
    assert rows[0].line == 2
    assert rows[1].id == "2"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", r"lacks the columns id, title, image.*found: nothing"),
        (b"sku;shade\n1;a\n", r"lacks the columns .*found: sku, shade"),
        (b"id,title,category\n1,a,c\n", "lacks the column image;"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x1b[2J" * 500, "lacks the columns"),
        (HEADER + b'1,"never closed,Balls,1.jpg\n2,Ball,Balls,2.jpg\n', "field that begins at line 2"),
    ],
)
def test_a_file_that_is_no_such_feed_is_refused_in_one_readable_line(read, content, complaint):
    with pytest.raises(FeedError, match=complaint) as caught:
        read(content, "csv")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_a_stray_quote_costs_only_its_own_line_even_where_another_is_found_far_below(read):
    lines = [f"{number},Ball,Balls,{number}.jpg" for number in range(20)]
    lines[3] = '3,"Ball,Balls,3.jpg'
    lines[15] = '15,"Ball, ""red""",Balls,15.jpg'
    rows = read.numbered("\n".join(["id,title,category,image", *lines]))
    bad = [(line, row.reason) for line, row in rows if isinstance(row, Rejection)]
    assert bad == [(5, Reason.BAD_ROW)]
    assert [row.id for _, row in rows if isinstance(row, FeedRow)] == [str(n) for n in range(20) if n != 3]


ROW = "1,Vase,Home,https://shop.example/1.jpg"
SHORT = "id,title,category,image"


@pytest.mark.parametrize(
    "content",
    [
        f"sep=\\t\n{SHORT}\n{ROW}\n".replace(",", "\t"),
        f"sep=;;;\n{SHORT}\n{ROW}\n".replace(",", ";"),
        f"{SHORT}\n{SHORT}\n{ROW}\n",
        f"Products of 2026,,,\n\n{SHORT}\n{ROW}\n",
        f"# Our shop, exported today\n#all\n{SHORT}\n{ROW}\n",
        f"{SHORT}\n{ROW}\n\0\0\0\n\x1a",
        f'{SHORT}\n1, "Vase", Home ,https://shop.example/1.jpg\n',
        f"{SHORT}\n{ROW}\n".replace(",", "^"),
        'id\ttitle\tcategory\timage\tnote\n1\tVase\tHome\thttps://shop.example/1.jpg\t"two\nlines"\n',
    ],
)
def test_a_table_is_found_and_read_as_people_leave_it(read, content):
    assert read(content) == [FeedRow("1", "Vase", "Home", "https://shop.example/1.jpg")]


@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
def test_text_that_was_encoded_twice_is_put_right(read, wrong):
    twice = "Käse für große Öfen".encode().decode(wrong, "ignore" if wrong == "cp1252" else "strict")
    assert read(f"{SHORT}\n1,{twice},Home,1.jpg\n")[0].title == "Käse für große Öfen"
    assert read(f"{SHORT}\n1,Ä”Â,Home,1.jpg\n")[0].title == "Ä”Â"


@pytest.mark.parametrize(("text", "encoding"), [("Käse Müller", "mac_roman"), ("Żółta łódź", "cp1250")])
def test_what_windows_1252_makes_no_words_of_is_not_read_so(read, text, encoding):
    rows = read(f"{SHORT}\n1,{text},Home,1.jpg\n2,Vase,Home,2.jpg\n".encode(encoding))
    assert [getattr(row, "reason", row.id) for row in rows] == [Reason.BAD_ENCODING, "2"]


def test_a_field_without_end_is_a_bad_row_and_reading_goes_on(read):
    rows = read("id,title,category,image\n1," + "x" * 1_000_001 + ",Balls,1.jpg\n2,Ball,Balls,2.jpg\n")
    assert [getattr(row, "reason", row.id) for row in rows] == [Reason.BAD_ROW, "2"]


def test_capitals_in_the_header_make_no_difference_and_a_table_may_be_in_utf_16(read):
    assert read("ID,Title,Category, image \n1,Bäll,Balls,1.jpg\n".encode("utf-16")) == [
        FeedRow("1", "Bäll", "Balls", "1.jpg")
    ]


def test_a_fingerprint_changes_with_any_field_but_not_with_what_is_not_kept():
    row = FeedRow("1", "Ball", "Balls", "1.jpg")
    others = [FeedRow("1", "Ball", "Balls", "1.jpg", **{name: "test"}) for name in ("price", "kind", "group", "split")]
    others.append(FeedRow("1", "Ball", "Balls", "1.jpg", further_images=("2.jpg",)))
    others += [FeedRow("1", "Ball", "Balls", "1.jpg", related={relation: ("2",)}) for relation in Relation]
    others.append(FeedRow("1", "Ball", "Balls", "1.jpg", colours=("Red",)))
    prints = {each.fingerprint() for each in (row, *others)}
    assert len(prints) == 11
    assert row.fingerprint() == FeedRow("1", "Ball", "Balls", "1.jpg", unreadable_price="x").fingerprint()


def test_the_fingerprint_of_a_row_as_it_always_was_has_not_changed():
    row = FeedRow("1", "Ball", "Balls", "1.jpg", "1.50", "EUR", "Acme", None, 3, "test", "g", "red")
    assert row.fingerprint() == "db4cc9171f4fc479343c17bfb2847df4898f4ab33634a08d0cc0fd62f88637f0"
