"""Formats are told from the content, gzip from its first bytes, and what is none of ours is told what it looks like."""

import gzip
import json
import os
import random
import threading
import zlib

import pytest

from imgrec.catalogue.formats.detect import FORMATS, detect_format
from imgrec.catalogue.formats.feed_file import HEAD_BYTES, FeedFile
from imgrec.catalogue.importing import source_name
from imgrec.errors import FeedError

PHOTO = "https://shop.example/1.jpg"
FEEDS = {
    "csv": f"id,title,category,image\n1,Tea,Tea,{PHOTO}\n",
    "amazon2014": f"{{'asin': '1', 'imUrl': '{PHOTO}', 'categories': [['Books']]}}\n",
    "amazon2018": json.dumps({"asin": "1", "main_cat": "Books", "imageURLHighRes": [PHOTO], "also_buy": []}) + "\n",
    "amazon2023": json.dumps({"parent_asin": "1", "main_category": "Books", "images": [{"large": PHOTO}]}) + "\n",
    "google-tsv": f"id\ttitle\timage_link\tproduct_type\n1\tTea\t{PHOTO}\tTea\n",
    "google-xml": '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>1</g:id><g:image_link>'
    f"{PHOTO}</g:image_link><g:product_type>Tea</g:product_type></item></channel></rss>\n",
    "shopify": f"Handle,Title,Type,Image Src\n1,Tea,Tea,{PHOTO}\n",
    "woocommerce": f"ID,Type,SKU,Name,Categories,Images\n1,simple,,Tea,Tea,{PHOTO}\n",
}


def detected(path):
    with FeedFile(path) as feed:
        return detect_format(feed).name


def test_there_is_a_feed_of_every_format():
    assert FEEDS.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_format_is_told_from_its_content_whatever_the_file_is_called(read, tmp_path, name, wrapped):
    content = FEEDS[name].encode()
    for number, variant in enumerate((content, b"\xef\xbb\xbf" + content, content.replace(b"\n", b"\r\n"))):
        file = tmp_path / f"{number}.xml.csv.json"
        file.write_bytes(gzip.compress(variant) if wrapped else variant)
        assert detected(file) == name
        with FeedFile(file) as feed:
            [(_, row)] = FORMATS[name].read(feed)
            assert row.id == "1", row


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("id,title,image", "csv"),
        ("id,title,image,price", "csv"),
        ("id,title,image,image_link", "google-tsv"),
        ("id,title,image,image link,product type", "google-tsv"),
        ("id,title,category,image,image_link", "csv"),
    ],
)
def test_a_table_that_may_be_ours_or_googles_is_ours_where_it_has_our_category(tmp_path, header, name):
    file = tmp_path / "feed"
    file.write_text(f"{header}\n")
    assert detected(file) == name


def test_the_formats_of_objects_are_told_by_most_lines_and_not_by_the_first(tmp_path):
    file = tmp_path / "feed"
    file.write_text("{broken\n" + FEEDS["amazon2014"] + FEEDS["amazon2018"] * 3)
    assert detected(file) == "amazon2018"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"\n\n", "looks like none of the formats"),
        (b"id,title,category\n1,Tea,Tea\n", "For csv it lacks the column image"),
        (b'[{"asin": "1"}]', "one object a line"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
        (b"PK\x03\x04\x14\x00", "a zip archive that"),
        (b"BZh91AY&SY", "is bzip2"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is a spreadsheet"),
        (b'{"reviewerID": "A1", "asin": "1", "reviewText": "good"}\n', "holds reviews, not products.*meta_"),
        (b'{"rating": 5, "user_id": "A1", "asin": "1", "parent_asin": "1"}\n', "holds reviews, not products"),
        (b'{"name": "Tea"}\n', "looks like none of the formats"),
        (b'{"image\';": "x", "sku": "1", "name": "Tea", "images": ["1.jpg"]}\n',
         r"Of JSON only Amazon's .*\(echo id,title,image; jq -r '\[\.sku, \.name, \.images\[0\]\] \| @csv' \S+\) >"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x1b[2J" * 500, "looks like none of the formats.*it is not text"),
        (random.Random(0).randbytes(5000), "looks like none of the formats.*it is not text"),  # noqa: S311
    ],
)  # fmt: skip
def test_what_is_no_feed_is_told_what_it_looks_like(tmp_path, content, complaint):
    for variant in (content, gzip.compress(content)):
        file = tmp_path / "feed"
        file.write_bytes(variant)
        with pytest.raises(FeedError, match=complaint) as caught:
            detected(file)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 800


AMAZON = {"amazon2014", "amazon2018", "amazon2023"}  # which do read each other's records, as far as they go
OURS_TOO = {("google-tsv", "csv"), ("woocommerce", "csv")}  # whose columns are called as ours may be


@pytest.mark.parametrize(
    ("name", "insisted"),
    [(a, b) for a in FEEDS for b in FORMATS if a != b and not {a, b} <= AMAZON and (a, b) not in OURS_TOO],
)
def test_a_format_that_is_insisted_on_and_wrong_is_an_error_or_rejects_every_row(market, name, insisted):
    market.bring_in("kept")
    feed = market.folder / "feed"
    feed.write_text(FEEDS[name])
    with pytest.raises(FeedError, match=r"lacks the column|no usable row|not well-formed|not a valid header"):
        market.take(feed, format=insisted)
    assert market.on_sale() == {"kept"}


def test_a_gzip_file_cut_off_at_once_is_told_so(tmp_path):
    file = tmp_path / "feed"
    file.write_bytes(gzip.compress(FEEDS["amazon2014"].encode())[:40])
    with pytest.raises(FeedError, match="is cut off"):
        detected(file)


def rows_in(market, count):
    return [{"id": str(number), "image": f"https://shop.example/{number}.jpg"} for number in range(count)]


def test_a_gzipped_feed_that_is_cut_off_keeps_what_could_be_read_and_says_what_to_do(market):
    market.bring_in("old")
    packed = gzip.compress(market.feed(*rows_in(market, 3000)).read_bytes())
    feed = market.folder / "feed.csv.gz"
    feed.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FeedError, match=r"cut off.*Fetch it again.*nothing was retired.*products before that are in"):
        market.take(feed)
    kept = market.on_sale()
    assert "old" in kept
    assert len(kept) > 500
    feed.write_bytes(packed)
    report = market.take(feed)
    assert report.unchanged == len(kept) - 1
    assert (report.read, report.retired) == (3000, 1)


@pytest.mark.parametrize("where", ["begin", "middle", "end"])
def test_a_damaged_gzip_file_is_an_error_of_one_line(market, where):
    packed = bytearray(gzip.compress(market.feed(*rows_in(market, 3000)).read_bytes()))
    packed[{"begin": 2, "middle": len(packed) // 2, "end": len(packed) - 6}[where]] ^= 0xFF
    feed = market.folder / "feed.csv.gz"
    feed.write_bytes(packed)
    with pytest.raises(FeedError, match=r"is damaged|is cut off") as caught:
        market.take(feed)
    assert "\n" not in str(caught.value)


def test_gzip_files_one_behind_the_other_are_one_feed(market):
    head, rest = FEEDS["csv"].encode(), b"2,Cup,Tea,https://shop.example/2.jpg\n"
    feed = market.folder / "feed.gz"
    feed.write_bytes(gzip.compress(head) + gzip.compress(rest))
    assert market.take(feed).imported == 2


def test_a_feed_much_longer_than_its_head_is_read_once_and_in_order(market):
    count = 4000
    feed = market.feed(*rows_in(market, count))
    feed.write_text(feed.read_text().replace("Ball ", "A very long name of a ball and number " * 4))
    assert feed.stat().st_size > 2 * HEAD_BYTES
    with FeedFile(feed) as opened:
        rows = [row.id for _, row in detect_format(opened).read(opened)]
        assert rows == [str(number) for number in range(count)]
        assert opened.position == opened.size == feed.stat().st_size


def test_a_feed_may_come_through_a_pipe(market):
    pipe = market.folder / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=lambda: pipe.write_text(FEEDS["csv"]))
    writing.start()
    with FeedFile(pipe) as feed:
        assert feed.size is None
        assert [row.id for _, row in detect_format(feed).read(feed)] == ["1"]
    writing.join()


def test_a_little_gzip_file_that_unpacks_to_one_endless_line_is_a_bad_row(market):
    feed = market.folder / "bomb.gz"
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(FEEDS["amazon2014"].encode() + b"{'asin': '")
    bomb += b"".join(packer.compress(b"x" * 1_000_000) for _ in range(30)) + packer.flush()
    feed.write_bytes(bomb)
    assert len(bomb) < 100_000
    report = market.take(feed)
    assert (report.read, report.imported, dict(report.rejected)) == (2, 1, {"bad_row": 1})


@pytest.mark.parametrize(
    ("file", "source"),
    [("products.csv", "products"), ("meta_Toys.json.gz", "meta_Toys"), ("meta_All_Beauty.jsonl.gz", "meta_All_Beauty"),
     ("merchant.v2.XML", "merchant.v2"), ("feed", "feed"), (".csv", ".csv"), ("a.csv.txt.gz", "a")],
)  # fmt: skip
def test_a_source_is_called_as_its_file_without_what_tells_the_format(tmp_path, file, source):
    assert source_name(tmp_path / file) == source
