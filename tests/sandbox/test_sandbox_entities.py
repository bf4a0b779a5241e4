"""Telegram's HTML becomes text and entities, or is refused in Telegram's words."""

import pytest

from sandbox.entities import checked_link, detect_entities, format_text
from sandbox.errors import ApiError


def spans(html: str) -> tuple[str, list[tuple[str, int, int]]]:
    formatted = format_text(html, "HTML")
    return formatted.text, [(e["type"], e["offset"], e["length"]) for e in formatted.entities]


def test_tags_become_entities_in_the_order_of_their_offsets():
    assert spans("a <b>bold <i>both</i></b> <code>c</code>") == (
        "a bold both c",
        [("bold", 2, 9), ("italic", 7, 4), ("code", 12, 1)],
    )


def test_offsets_count_utf16_units():
    assert spans("🙂 <b>🙂</b>") == ("🙂 🙂", [("bold", 3, 2)])


def test_references_are_decoded_and_unknown_ones_stay():
    assert spans("&lt;b&gt; &amp; &quot;x&quot; &#8364; &#x20AC; &nbsp;")[0] == '<b> & "x" € € &nbsp;'


def test_a_link_has_its_address_with_a_path():
    [entity] = format_text('<a href="http://shop.example?a=1&amp;b=2">Shoe</a>', "html").entities
    assert (entity["type"], entity["url"]) == ("text_link", "http://shop.example?a=1&b=2")
    assert checked_link("shop.example") == "http://shop.example/"
    assert spans('<a href="nowhere">Shoe</a>') == ("Shoe", [])


def test_a_language_of_code_inside_pre_belongs_to_the_pre():
    [entity] = format_text('<pre><code class="language-python">x</code></pre>', "HTML").entities
    assert (entity["type"], entity["language"]) == ("pre", "python")


def test_a_blockquote_may_be_expandable_and_a_span_a_spoiler():
    html = '<blockquote expandable>q</blockquote><span class="tg-spoiler">s</span>'
    assert spans(html)[1] == [("expandable_blockquote", 0, 1), ("spoiler", 1, 1)]


def test_white_space_at_both_ends_is_cut_and_entities_move_along():
    assert spans("\n <b> x </b> ") == ("x", [("bold", 0, 1)])
    assert spans("<b> </b>") == ("", [])


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("é 3 < 4", 'Unsupported start tag "" at byte offset 5'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_broken_html_is_refused_with_the_place(html, reason):
    with pytest.raises(ApiError) as refused:
        format_text(html, "HTML")
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


def test_other_parse_modes_are_refused():
    with pytest.raises(ApiError, match="MarkdownV2 is not imitated"):
        format_text("*x*", "MarkdownV2")
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        format_text("x", "bbcode")


def test_given_entities_are_kept_and_checked():
    entity = {"type": "bold", "offset": 0, "length": 1}
    assert format_text("x", entities=[entity]).entities == (entity,)
    with pytest.raises(ApiError, match="Unsupported type"):
        format_text("x", entities=[{**entity, "type": "loud"}])


def test_commands_mentions_and_links_are_found_in_what_users_type():
    found = detect_entities("/help@sandbox1_bot of @anna, see https://a.example/b. and/or").entities
    assert [(e["type"], e["length"]) for e in found] == [("bot_command", 18), ("mention", 5), ("url", 19)]
