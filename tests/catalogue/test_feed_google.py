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
        f'1\t24" screen\t{PHOTO}\tTV\ta.jpg\tb.jpg\n2\t"Best" of\t{PHOTO}\tTV\t\t\n3\t"Quoted\ttab"\t{PHOTO}\tTV\t\t\n'
        f"4\tshort\n\t\t{PHOTO}\tTV\n5\tlong\t{PHOTO}\tTV\t\t\t\tmore\n"
    )
    assert [getattr(row, "reason", row.id) for row in rows] == [
        "1", "2", "3", Reason.MISSING_IMAGE, Reason.MISSING_ID, Reason.BAD_ROW,
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


def test_small_cents_and_a_lone_date_are_not_taken_for_a_price_and_a_sale(one):
    assert one(rss(ITEM + "<g:price>12<sup>99</sup> EUR</g:price>")).price != "1299"
    sale = {"price": ["20 EUR"], "sale_price": ["15 EUR"], "id": ["1"], "image_link": ["a.jpg"]}
    assert google.to_row(sale).price == "15"
    assert google.to_row(sale | {"sale_price_effective_date": ["2020-01-01"]}).price == "20"


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
        "1", Reason.MISSING_ID, Reason.MISSING_IMAGE, Reason.MISSING_IMAGE, Reason.BAD_ROW, "6",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Salt & pepper", "Salt & pepper"), ("Tea &amp; cups", "Tea & cups"), ("A&B", "A&B"),
        ("Big&nbsp;vase", "Big vase"), ("Caf&eacute;", "Café"), ("&#233;t&#xe9;", "été"), ("Big\x0bvase", "Big vase"),
        ("&unknown; vase", "&unknown; vase"), ("AT&T; vase", "AT&T; vase"), ("&#0; vase", "vase"),
        ("New <b>vase</b><br/>blue", "New vase blue"), ("&lt;b&gt;Big&lt;/b&gt; vase", "Big vase"),
        ("<![CDATA[<p>Big</p><p>vase</p>]]>", "Big vase"), ("a < b", "a < b"), ("I <3 it", "I <3 it"),
        ("&lt;![CDATA[Vase]]&gt;", "Vase"), ("a <b c", None),
    ],
)  # fmt: skip
def test_what_is_no_xml_costs_at_most_its_item(read, title, shown):
    items = [ITEM.replace(">1<", f">{number}<") for number in (1, 2, 3)]
    items[1] += f"<g:title>{title}</g:title>"
    rows = read(rss(*items))
    assert [getattr(row, "reason", row.id) for row in rows] == ["1", "2" if shown else Reason.BAD_ROW, "3"]
    assert not shown or rows[1].title == shown


@pytest.mark.parametrize("before", ["\n", "  \r\n\t", "\ufeff", "\ufeff\n", "Notice: no such index in feed.php\n"])
def test_what_stands_before_the_declaration_does_no_harm(one, before):
    assert one(before + rss(ITEM)).id == "1"


@pytest.mark.parametrize(
    "behind", ["<script>track()</script>", "<!-- 0.3 s -->\n", "done", "<br>", "\0" * 9, "<rss></rss>", "</channel>"]
)
def test_what_stands_behind_the_end_is_no_part_of_the_feed(read, behind):
    assert [row.id for row in read(rss(ITEM, ITEM.replace(">1<", ">2<")) + behind)] == ["1", "2"]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf8", "utf-8"), ("UTF_8", "utf-8"), ("windows1252", "cp1252"), ("win-1252", "cp1252"),
        ("ISO-8859-15", "iso-8859-15"), ("latin 1", "latin-1"), ("utf-16", "utf-8"), ("iso-8859-1", "utf-8"),
        ("windows-1251", "utf-8"), ("UTF8 ", "utf-8"), ("unicode", "utf-8"), ("ISO8859-1", "latin-1"),
    ],
)  # fmt: skip
def test_misspelt_and_wrong_declarations_are_seen_through(one, declared, encoding):
    text = rss(ITEM + "<title>Väse</title>").replace("?>", f' encoding="{declared}"?>', 1)
    assert one(text.encode(encoding), "google-xml").title == "Väse"


@pytest.mark.parametrize("encoding", ["Shift_JIS", "EUC-JP", "GB2312", "Big5"])
def test_letters_of_several_bytes_are_decoded_as_declared(one, encoding):
    text = rss(ITEM + "<title>花瓶</title>").replace("?>", f' encoding="{encoding}"?>', 1)
    assert one(text.encode(encoding), "google-xml").title == "花瓶"


def test_products_without_a_category_go_in_without(one):
    row = one(f"id,title,image_link,availability\n1,Vase,{PHOTO},in stock\n")
    assert (row.category, row.kind) == (None, None)


@pytest.mark.parametrize(
    ("column", "value"), [("status", "archived"), ("visibility", "hidden"), ("visibility", "staging")]
)
def test_what_meta_does_not_show_stays_out(read, column, value):
    [row] = read(f"id,title,image_link,{column}\n1,Vase,{PHOTO},{value}\n", "google-tsv")
    assert row.reason is Reason.NOT_PUBLISHED


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
        (rss(ITEM).replace(NAMESPACE, ""), "xmlns:g="),
    ],
    ids=range(8),
)  # fmt: skip
def test_an_attack_or_a_broken_file_ends_in_one_clear_line(read, content, complaint):
    with pytest.raises(FeedError, match=complaint) as caught:
        read(content, "google-xml")
    assert str(caught.value).isprintable()
    assert "nothing was retired" in str(caught.value).lower()
    assert "root:" not in str(caught.value)


def test_a_broken_tag_costs_its_item_alone(market):
    items = [ITEM.replace(">1<", f">{number}<") for number in range(450)]
    feed = market.folder / "feed.xml"
    feed.write_text(rss(*items).replace("<g:id>440</g:id>", "<g:id>440</g>"))
    report = market.take(feed)
    assert report.rejected == {Reason.BAD_ROW: 1}
    assert len(market.on_sale()) == 449
