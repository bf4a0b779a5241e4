"""A CSV feed row by row: what is usable is cleaned, what is not has a named reason."""

import pytest

from imgrec.catalogue.feed import FeedRow, Reason, Rejection, read_csv_feed
from imgrec.errors import FeedError

HEADER = b"id,title,category,image,price,currency,brand,url,sales_rank,split,group,kind,colour\n"


@pytest.fixture
def read(tmp_path):
    def read_feed(content: bytes) -> list[FeedRow | Rejection]:
        (tmp_path / "feed.csv").write_bytes(content)
        return [row for _, row in read_csv_feed(tmp_path / "feed.csv")]

    return read_feed


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


def test_a_row_of_the_four_required_columns_is_enough_and_the_title_may_be_blank(read):
    assert read(b"image,category,title,id\n1.jpg,Balls,,1\n") == [FeedRow("1", None, "Balls", "1.jpg")]


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_do_no_harm(read):
    rows = read(b"\xef\xbb\xbfid,title,category,image\r\n\r\n1,Ball,Balls,1.jpg\r\n\r\n")
    assert rows == [FeedRow("1", "Ball", "Balls", "1.jpg")]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    file = tmp_path / "feed.csv"
    file.write_text('id,title,category,image\n1,"two\nlines",Balls,1.jpg\n\n2,,Balls,\n')
    assert [(line, type(row)) for line, row in read_csv_feed(file)] == [(3, FeedRow), (5, Rejection)]


@pytest.mark.parametrize(
    ("price", "kept"),
    [("12.99", "12.99"), ("12.90", "12.90"), ("0", "0"), (".5", "0.5"), ("5.", "5"), ("007", "7"), ("", None),
     ("12345678901234567890.123", "12345678901234567890.123")],
)  # fmt: skip
def test_a_price_is_kept_as_the_decimal_it_is(read, price, kept):
    assert one_field(read, "price", price).price == kept


@pytest.mark.parametrize("price", ["-1", "1e5", "1e999999999", "NaN", "inf", "12 EUR", "€5", "1_000", "１２", ".", "x"])
def test_a_price_that_is_no_plain_decimal_is_rejected(read, price):
    rejection = one_field(read, "price", price)
    assert (rejection.reason, rejection.id) == (Reason.BAD_PRICE, "1")
    assert price in rejection.detail


@pytest.mark.parametrize("rank", ["1.5", "-1", "first", "１２", "9" * 19, "9" * 5000])
def test_a_sales_rank_that_is_no_whole_number_of_sensible_size_is_rejected(read, rank):
    assert one_field(read, "sales_rank", rank).reason == Reason.BAD_SALES_RANK


def test_control_characters_and_surplus_spaces_are_taken_out_of_shown_text(read):
    row = one_field(read, "title", " ünï\x07cödé \t 🎈\x1b[31m  red\u202eball ")
    assert row.title == "ünï cödé 🎈 [31m red ball"


def test_the_name_of_a_photo_keeps_its_spaces(read):
    assert one_field(read, "image", " Photo  1\u202fPM.jpg ").image == "Photo  1\u202fPM.jpg"


def test_an_image_is_a_url_whatever_its_capitals(read):
    assert one_field(read, "image", "HTTPS://shop.example/1.jpg").image_is_url
    assert not one_field(read, "image", "http/1.jpg").image_is_url


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
        (b"", r"lacks the columns id, title, category, image.*found: nothing"),
        (b"id;title;category;image\n1;a;b;c\n", r"lacks the columns .*found: id;title;category;image"),
        (b"id,title,image\n1,a,c\n", "lacks the column category;"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x1b[2J" * 500, "lacks the columns"),
        (HEADER + b'1,"never closed,Balls,1.jpg\n2,Ball,Balls,2.jpg\n', "field that begins at line 2"),
    ],
)
def test_a_file_that_is_no_such_feed_is_refused_in_one_readable_line(read, content, complaint):
    with pytest.raises(FeedError, match=complaint) as caught:
        read(content)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_a_feed_that_is_not_there_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(FeedError, match="cannot be read"):
            list(read_csv_feed(path))


def test_a_fingerprint_changes_with_any_field():
    row = FeedRow("1", "Ball", "Balls", "1.jpg")
    others = [FeedRow("1", "Ball", "Balls", "1.jpg", **{name: "test"}) for name in ("price", "kind", "group", "split")]
    prints = {each.fingerprint() for each in (row, *others)}
    assert len(prints) == 5
    assert row.fingerprint() == FeedRow("1", "Ball", "Balls", "1.jpg").fingerprint()
