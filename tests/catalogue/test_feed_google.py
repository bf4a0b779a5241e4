"""Google Merchant feeds as text and as XML, and what a hostile XML file comes to."""

from datetime import UTC, datetime

import pytest

from imgrec.catalogue.feed import FeedRow, Reason
from imgrec.catalogue.formats import google
from imgrec.errors import FeedError

NAMESPACE = 'xmlns:g="http://base.google.com/ns/1.0"'
COLUMNS = "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\tsale_price\tbrand\titem_group_id"
PHOTO = "https://shop.example/1.jpg"


def rss(*items: str) -> str:
    inside = "".join(f"\n<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?>\n<rss version="2.0" {NAMESPACE}><channel><title>Shop</title>{inside}</channel></rss>'


ITEM = f"<g:id>1</g:id><g:image_link>{PHOTO}</g:image_link><g:product_type>Tea</g:product_type>"


def test_a_text_feed_maps_its_attributes(one):
    row = one(
        COLUMNS + "\tgoogle_product_category\n"
        f"A1\tTea &amp; Cups\tLong text\thttps://shop.example/a\t{PHOTO}\thttps://shop.example/2.jpg,https://shop.example/3.jpg\t"
        "15.00 USD\t12.00 USD\tAcme\tG1\tHome & Garden > Kitchen & Dining > Tea Sets\n"
    )
    assert row == FeedRow(
        "A1", "Tea & Cups", "Home & Garden", PHOTO, "12.00", "USD", "Acme", "https://shop.example/a", group="G1",
        kind="Tea Sets", further_images=("https://shop.example/2.jpg", "https://shop.example/3.jpg"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "header", ["id\ttitle\timage link\tproduct type", "ID\tTitle\tImage Link\tProduct Type",
               "id,title,image_link,product_type", "g:id\tg:title\tg:image_link\tg:product_type"],
)  # fmt: skip
def test_attributes_may_be_spelled_as_exporters_do(one, header):
    mark = "," if "," in header else "\t"
    assert one(header + "\n" + mark.join(["1", "Tea", PHOTO, "Tea"])) == FeedRow("1", "Tea", "Tea", PHOTO)


def test_a_text_feed_loses_no_line_to_quotes_missing_fields_or_repeated_columns(read):
    rows = read(
        "id\ttitle\timage_link\tproduct_type\tadditional_image_link\tadditional_image_link\n"
        f'1\t24" screen\t{PHOTO}\tTV\ta.jpg\tb.jpg\n2\t"Best" of\t{PHOTO}\tTV\t\t\n3\t"Quoted\ttab"\t{PHOTO}\tTV\n'
        f"4\tshort\n\t\t{PHOTO}\tTV\n5\tlong\t{PHOTO}\tTV\t\t\t\tmore\n"
    )
    assert [getattr(row, "reason", row.id) for row in rows] == [
        "1", Reason.BAD_ROW, "3", Reason.MISSING_CATEGORY, Reason.MISSING_ID, Reason.BAD_ROW,
    ]  # fmt: skip
    assert rows[0].title == '24" screen'
    assert rows[0].further_images == ("a.jpg", "b.jpg")
    assert rows[2].title == "Quoted tab"


@pytest.mark.parametrize(
    ("standard", "own", "category", "kind"),
    [
        ("Toys & Games > Puzzles", "Fun > Jigsaws", "Toys & Games", "Puzzles"),
        ("Toys & Games", "Fun > Jigsaws", "Toys & Games", "Jigsaws"),
        ("Toys &amp; Games &gt; Puzzles", "", "Toys & Games", "Puzzles"),
        ("", "Fun > Jigsaws", "Fun", "Jigsaws"),
        ("", "Fun", "Fun", None),
        ("1239", "Fun > Jigsaws", "Toys & Games", "Jigsaws"),  # the number of a top category is known,
        ("2271", "Women > Dresses", "Women", "Dresses"),  # of one below it the shop's own path says more
        ("2271", "", "Google category 2271", None),
    ],
)
def test_the_category_is_the_head_of_a_path_and_the_kind_its_end(one, standard, own, category, kind):
    row = one(f"id\ttitle\timage_link\tgoogle_product_category\tproduct_type\n1\tTea\t{PHOTO}\t{standard}\t{own}\n")
    assert (row.category, row.kind) == (category, kind)


def test_a_sale_price_counts_while_the_sale_is_on():
    attributes = {"id": ["1"], "image_link": [PHOTO], "product_type": ["Tea"], "price": ["15.00 USD"]}
    sale = {"sale_price": ["12"], "sale_price_effective_date": ["2026-02-24T11:07+0100/2026-03-05T23:59+0100"]}
    for day, amount in ((1, "15.00"), (25, "12")):
        row = google.to_row(attributes | sale, datetime(2026, 2, day, tzinfo=UTC))
        assert (row.price, row.currency) == (amount, "USD")
    assert google.to_row(attributes | {"sale_price": ["cheap"]}).price == "15.00"


def test_an_rss_feed_maps_its_attributes_wherever_they_stand(read):
    rows = read.numbered(
        rss(
            f"<g:id>A1</g:id><title>Tea &amp;amp; Cups</title><link>https://shop.example/a</link>"
            f"<g:image_link>\n {PHOTO}\n </g:image_link>"
            "<g:additional_image_link>https://shop.example/2.jpg</g:additional_image_link>"
            "<g:additional_image_link>https://shop.example/3.jpg</g:additional_image_link><g:price>15.00 USD</g:price>"
            "<g:shipping><g:country>TR</g:country><g:price>0.00 TRY</g:price><g:id>no</g:id></g:shipping>"
            "<g:brand>Acme</g:brand>"
            "<g:item_group_id>G1</g:item_group_id><description><![CDATA[<b>x</b>]]></description>"
            "<g:google_product_category>Home &amp; Garden &gt; Tea Sets</g:google_product_category>",
            "<title>plain</title><g:title>Google's own</g:title>" + ITEM,
        )
    )
    assert rows == [
        (3, FeedRow(
            "A1", "Tea & Cups", "Home & Garden", PHOTO, "15.00", "USD", "Acme", "https://shop.example/a", group="G1",
            kind="Tea Sets", further_images=("https://shop.example/2.jpg", "https://shop.example/3.jpg"),
        )),
        (6, FeedRow("1", "Google's own", "Tea", PHOTO)),
    ]  # fmt: skip


def test_an_atom_feed_takes_googles_id_and_the_link_to_the_product(one):
    row = one(
        f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACE}><title>Shop</title><id>tag:shop</id><entry>'
        '<id>tag:shop,1</id><title type="text">Tea</title><link rel="self" href="https://shop.example/feed"/>'
        f'<link href="https://shop.example/1"/><g:id>1</g:id><g:image_link>{PHOTO}</g:image_link>'
        "<g:product_type>Tea</g:product_type></entry></feed>"
    )
    assert row == FeedRow("1", "Tea", "Tea", PHOTO, url="https://shop.example/1")


def test_items_that_cannot_be_used_are_rejected_alone(read):
    rows = read(rss(ITEM, ITEM.replace("<g:id>1</g:id>", ""), f"<g:id>3</g:id>{'x' * 9}", ITEM.replace(PHOTO, " "),
                    ITEM + f"<g:mpn>{'x' * 1_000_001}</g:mpn>", ITEM.replace(">1<", ">6<")))  # fmt: skip
    assert [getattr(row, "reason", row.id) for row in rows] == [
        "1", Reason.MISSING_ID, Reason.MISSING_CATEGORY, Reason.MISSING_IMAGE, Reason.BAD_ROW, "6",
    ]  # fmt: skip


def test_other_encodings_are_read_as_the_file_declares_them(one):
    text = rss(ITEM + "<title>Töpfe</title>").replace("?>", ' encoding="{}"?>', 1)
    for encoding in ("iso-8859-1", "windows-1252", "utf-16", "utf-8"):
        assert one(text.format(encoding).encode(encoding), "google-xml").title == "Töpfe"


LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(20)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (LAUGHS + rss("&t;").partition("?>")[2], "document type"),
        ('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item>&x;</item></channel></rss>',
         "document type"),
        ('<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd"><rss/>', "document type"),
        ('<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><rss/>', "document type"),
        ("<rss>" + "<a>" * 5000, "more than 100 deep"),
        ('<rss a="' + "x" * 3_000_000, "longer than"),
        (rss(ITEM)[:-30], "not well-formed"),
        (rss("&nbsp;"), "undefined entity"),
        (rss(ITEM).replace(NAMESPACE, ""), "xmlns:g="),
        ("<rss></rss><rss/>", "not well-formed"),
    ],
    ids=range(10),
)  # fmt: skip
def test_an_attack_or_a_broken_file_ends_in_one_clear_line(read, content, complaint):
    with pytest.raises(FeedError, match=complaint) as caught:
        read(content, "google-xml")
    assert str(caught.value).isprintable()
    assert "nothing was retired" in str(caught.value).lower()
    assert "root:" not in str(caught.value)


def test_items_before_a_broken_tag_are_not_lost(market):
    items = [ITEM.replace(">1<", f">{number}<") for number in range(450)]
    feed = market.folder / "feed.xml"
    feed.write_text(rss(*items).replace("<g:id>440</g:id>", "<g:id>440</g>"))
    with pytest.raises(FeedError, match=r"line 443: not well-formed .* The 440 products before that are in"):
        market.take(feed)
    assert len(market.on_sale()) == 440
