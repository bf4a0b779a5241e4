"""Tables as spreadsheets, exporters and people write them; and feeds as they come packed and encoded."""

import gzip
import io
import zipfile
from collections.abc import Mapping

import pytest

from imgrec.catalogue.feed import FeedRow, Reason
from imgrec.catalogue.formats.detect import detect_format
from imgrec.catalogue.formats.feed_file import FeedFile, Reading
from imgrec.errors import FeedError

URL = "https://shop.example/{}.jpg"
ROWS = [["id", "title", "image", "price"], ["1", "Mug, big", URL.format(1), "12,50"], ["2", "Cup", URL.format(2), "3"]]


def joined(delimiter: str, rows: list[list[str]] = ROWS, end: str = "\r\n") -> str:
    def quoted(field: str) -> str:
        return f'"{field}"' if delimiter in field or '"' in field else field

    return "".join(delimiter.join(map(quoted, row)) + end for row in rows)


@pytest.fixture
def look(tmp_path):
    """Read a feed as its owner says, and return what became of its rows and what was odd about it."""

    def look_at(content: bytes | str, encoding: str | None = None, columns: Mapping[str, str] | None = None):
        file = tmp_path / "feed"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with FeedFile(file, Reading(encoding, columns or {})) as feed:
            rows = [row for _, row in detect_format(feed).read(feed)]
            return rows, feed.warnings

    return look_at


@pytest.mark.parametrize("above", ["", "sep={}\r\n", '"sep={}"\r\n', "\r\n{}{}{}\r\n", "\ufeffsep={}\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_stands_between_columns_is_found_by_looking(read, delimiter, above):
    rows = read(above.replace("{}", delimiter) + joined(delimiter))
    assert [(row.id, row.title, row.price) for row in rows] == [("1", "Mug, big", "12.50"), ("2", "Cup", "3")]


@pytest.mark.parametrize("price", ["1.299", "1.299,00", "1299,00"])
def test_beside_semicolons_decimals_stand_behind_commas(one, price):
    rows = [ROWS[0], ["1", "Mug", URL.format(1), price]]
    assert one(joined(";", rows)).price in {"1299", "1299.00"}
    assert one("id;title;image;price\n1;Mug;1.jpg;12.50\n2;Cup;2.jpg;3.99\n").price == "3.99"  # unless they show it


def test_blank_rows_are_none_and_do_not_keep_products_from_being_retired(market):
    market.bring_in("1", "2", "3")
    feed = market.feed("1", "2")
    feed.write_text(feed.read_text() + ",,,,,,,,,,,\n" * 3 + "\n \n" + " , ,,,,,,,,,,\n")
    report = market.take(feed)
    assert (report.read, report.retired, report.rejected) == (2, 1, {})


def test_between_tabs_a_quote_is_a_character_and_no_row_swallows_another(read):
    lines = ["id\ttitle\timage\tcategory", *(f'{n}\t{title}\t{n}.jpg\tPans' for n, title in enumerate(
        ['"Best" pan', "Pan", '24" pan', '"', 'a "quoted" word', '"whole"', 'ends with"'], 1))]  # fmt: skip
    rows = read("\n".join(lines))
    assert [row.title for row in rows] == [
        '"Best" pan', "Pan", '24" pan', '"', 'a "quoted" word', "whole", 'ends with"',
    ]  # fmt: skip


def test_a_text_that_goes_on_in_the_next_line_costs_only_itself(read):
    rows = read('id\ttitle\timage\n1\tMug\t1.jpg\n2\t"a text\nbroken\tapart\n3\tCup\t3.jpg\n')
    fates = [getattr(row, "reason", row.id) for row in rows]
    assert (fates[0], fates[-1]) == ("1", "3")
    assert set(fates[1:-1]) <= {Reason.BAD_ROW, Reason.MISSING_IMAGE}


def test_php_writes_a_quote_behind_a_backslash(read):
    rows = read('id,title,image\n1,"A \\"big\\" mug, blue",1.jpg\n2,"C:\\\\",2.jpg\n3,"Cup",3.jpg\n')
    assert [(row.id, row.title) for row in rows] == [("1", 'A "big" mug, blue'), ("2", "C:\\\\"), ("3", "Cup")]


@pytest.mark.parametrize(
    "header",
    [
        "Artikelnummer;Bezeichnung;Bild;Preis",
        "Art.-Nr.;Artikelbezeichnung;Bilddatei;Preis in €",
        "SKU;Name;Bild-URL;Preis in EUR",
        "référence;Nom du produit;Photo;Prix TTC",
        "Código;Nombre;Imagen;Precio",
        "Codice;Titolo;Immagine;Prezzo",
        "Productnummer;Naam;Afbeelding;Prijs",
        "Referência;Título;Imagem;Preço",
        "Kod produktu;Nazwa;Zdjęcie;Cena",
        "Product ID;Product_Name;IMAGE_URL;Regular Price",
    ],
)
def test_columns_are_known_by_the_names_that_people_give_them(one, header):
    assert one(f"{header}\nA-1;Tasse;tasse.jpg;12,50\n") == FeedRow("A-1", "Tasse", None, "tasse.jpg", "12.50")


def test_what_the_owner_says_of_columns_goes_before_their_names(look):
    [row], _ = look(b"id,title,Foto vorne,image\n1,Mug,front.jpg,back.jpg\n", columns={"image": "foto VORNE"})
    assert row.image == "front.jpg"
    with pytest.raises(FeedError, match=r"no column 'Picture', which --map image= names; its columns are: id, title"):
        look(b"id,title,image\n1,Mug,1.jpg\n", columns={"image": "Picture"})
    with pytest.raises(FeedError, match=r"--map names the field 'colour'"):
        look(b"id,title,image\n1,Mug,1.jpg\n", columns={"colour": "title"})


def test_what_is_missing_is_named_with_the_way_out(look):
    with pytest.raises(FeedError, match=r"lacks the column image; .*--map image=COLUMN"):
        look(b"id,title,category,front\n1,Mug,Mugs,1.jpg\n")


@pytest.mark.parametrize(
    ("encoding", "title", "is_odd"),
    [
        ("utf-8", "Käse", False), ("utf-8-sig", "Käse", False), ("utf-16", "Käse", False), ("utf-16-le", "Käse", False),
        ("utf-32", "Käse", False), ("cp1252", "Käse – “fein”", True), ("latin-1", "Café", True),
    ],
)  # fmt: skip
def test_an_encoding_is_found_by_looking_and_told_once_where_it_may_be_wrong(look, encoding, title, is_odd):
    rows, warnings = look(f"id,title,image,price\n1,{title},1.jpg,1\n2,{title},2.jpg,2\n".encode(encoding))
    assert [row.title for row in rows] == [title] * 2
    assert len(warnings) == is_odd
    assert not is_odd or "--encoding" in warnings[0]


@pytest.mark.parametrize(
    ("encoding", "title"), [("cp1250", "Žluťoučký kůň"), ("cp1251", "Чашка"), ("shift_jis", "花瓶")]
)
def test_an_encoding_that_cannot_be_told_is_asked_for(look, encoding, title):
    content = f"id,title,image,price\n1,{title},1.jpg,1\n2,Cup,2.jpg,2\n".encode(encoding)
    rows, warnings = look(content)
    assert getattr(rows[0], "title", None) != title
    assert "--encoding" in warnings[0]
    rows, warnings = look(content, encoding)
    assert (rows[0].title, warnings) == (title, [])


def packed_zip(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


PLAIN = joined(",").encode()


@pytest.mark.parametrize(
    ("content", "is_odd"),
    [
        (gzip.compress(PLAIN), False),
        (gzip.compress(PLAIN[:40]) + gzip.compress(PLAIN[40:]), False),
        (gzip.compress(gzip.compress(PLAIN)), False),
        (gzip.compress(PLAIN) + b"\n", False),
        (gzip.compress(PLAIN) + b"\0" * 700, False),
        (gzip.compress(PLAIN) + b"rubbish", True),
        (packed_zip(**{"feed.csv": PLAIN}), False),
        (packed_zip(**{"shop__feed.csv": PLAIN, "__MACOSX__._feed.csv": b"x", ".DS_Store": b"x"}), False),
    ],
)
def test_a_feed_may_come_packed_with_something_behind_it(look, content, is_odd):
    rows, warnings = look(content)
    assert [row.id for row in rows] == ["1", "2"]
    assert len(warnings) == is_odd


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (packed_zip(**{"a.csv": PLAIN, "b.csv": PLAIN}), "must hold one feed, and holds 2"),
        (packed_zip(readme__=b""), "holds 0"),
        (
            packed_zip(**{"[Content_Types].xml": b"<x/>", "xl__workbook.xml": b"<x/>"}),
            "is a spreadsheet",
        ),
        (packed_zip(**{"feed.csv": PLAIN})[:-30], "zip archive"),
    ],
)
def test_an_archive_that_is_no_feed_says_what_to_do(look, content, complaint):
    with pytest.raises(FeedError, match=complaint):
        look(content)
