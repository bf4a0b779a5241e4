"""Words beside a photo and in replies, limits of price by a tap, photos that refine: the answer says what counted."""

import contextlib
import json
import re
import sqlite3

import pytest
from bot_helpers import notice_of
from shared_bot import SharedBot, drawn, everything, hear_all, photo_server, shared, user
from tiny_shop import CATEGORIES

from bot.callback_data import UnderPrice, WithoutWords, encode
from sandbox.client import Json, UserClient

__all__ = ["everything", "photo_server", "shared", "user"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

BALLS, BOXES, TENTS = CATEGORIES
HOSTILE = ("<b>red</b> & <script>under 9</script> " * 25)[:1000]


def buttons(message: Json) -> dict[str, str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def prices(text: str) -> list[float]:
    return [float(price) for price in re.findall(r"€(\d+\.\d\d)", text)]


async def test_words_below_a_photo_narrow_its_answer_which_says_so(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"), caption="under 10, by Acme & Sons, size 42, please")
    heard = await hear_all(everything)
    assert "Only: up to €10, by Acme & Sons." in heard.text
    assert "I could not use: “size 42”." in heard.text
    listed = heard.text.partition("\n\n")[2]
    assert prices(listed)
    assert max(prices(listed)) <= 10
    query = shared.last_query()
    assert query["kind_of_query"] == "photo"
    assert json.loads(query["filters"]) == {"most_price": "10", "brand": "Acme & Sons"}


async def test_colours_are_those_of_the_products_photos(everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"), caption="blue")
    heard = await hear_all(everything)
    assert "Only: blue." in heard.text
    titles = re.findall(r"^\d+\. (\w+) ", heard.text, re.MULTILINE)
    assert set(titles) & {"blue"}
    assert not set(titles) & {"red", "green", "yellow"}


async def test_a_reply_with_words_narrows_that_answer_and_the_next_reply_adds_to_it(
    shared: SharedBot, everything: UserClient
) -> None:
    [asked] = await everything.photo(drawn(BALLS, "red"))
    first = await hear_all(everything)
    first_query = shared.last_query()
    reply = await everything.text("under 10", reply_to_message_id=first.texts[0]["message_id"])
    second = await hear_all(everything)
    assert "Only: up to €10." in second.text
    assert second.texts[0]["reply_to_message"]["message_id"] == reply["message_id"]
    query = shared.last_query()
    assert (query["kind_of_query"], query["parent_id"]) == ("narrowed", first_query["id"])

    await everything.text("by acme", reply_to_message_id=second.pictures[0]["message_id"])
    third = await hear_all(everything)
    assert "Only: up to €10, by Acme & Sons." in third.text

    await everything.text("under 5", reply_to_message_id=asked["message_id"])
    of_the_photo = await hear_all(everything)
    assert "Only: up to €5." in of_the_photo.text
    assert shared.last_query()["parent_id"] == first_query["id"]


async def test_words_soon_after_an_answer_need_no_reply_and_a_number_opens_that_product(
    shared: SharedBot, everything: UserClient
) -> None:
    await everything.photo(drawn(BALLS, "red"))
    first = await hear_all(everything)
    first_query, written = shared.last_query(), await everything.text("under 10")
    second = await hear_all(everything)
    assert "Only: up to €10." in second.text
    assert second.texts[0]["reply_to_message"]["message_id"] == written["message_id"]
    assert shared.last_query()["parent_id"] == first_query["id"]

    await everything.text("2")
    [opened] = await everything.hear(1)
    assert re.findall(r"^2\. (\w+ \w+)", second.text, re.MULTILINE)[0] in opened["caption"]
    await everything.text("3", reply_to_message_id=first.texts[0]["message_id"])
    [opened] = await everything.hear(1)
    assert re.findall(r"^3\. (\w+ \w+)", first.text, re.MULTILINE)[0] in opened["caption"]

    await everything.text("thank you")
    assert "Send me a photo" in (await hear_all(everything)).text
    with contextlib.closing(sqlite3.connect(shared.shop.folder / "bot.db", isolation_level=None)) as connection:
        connection.execute("UPDATE requests SET asked_s = asked_s - 3601 WHERE chat_id = ?", (everything.user_id,))
    await everything.text("under 5")
    assert "Send me a photo" in (await hear_all(everything)).text


async def test_cheaper_is_below_the_middle_of_what_is_shown_or_below_the_product_replied_to(
    shared: SharedBot, everything: UserClient
) -> None:
    await everything.photo(drawn(BALLS, "red"))
    first = await hear_all(everything)
    listed = sorted(prices(first.text))
    middle = listed[(len(listed) - 1) // 2]
    await everything.text("something cheaper, please")
    cheaper = await hear_all(everything)
    assert f"Only: up to €{middle - 0.01:.2f}." in cheaper.text
    assert prices(cheaper.text.partition("\n\n")[2])

    await everything.text("4", reply_to_message_id=first.texts[0]["message_id"])
    [card] = await everything.hear(1)
    [price] = prices(card["caption"])
    await everything.text("cheaper than this", reply_to_message_id=card["message_id"])
    assert f"Only: up to €{price - 0.01:.2f}." in (await hear_all(everything)).text

    unpriced = next(line for line in first.text.splitlines() if re.match(r"\d+\. ", line) and "€" not in line)
    await everything.text(unpriced.partition(".")[0], reply_to_message_id=first.texts[0]["message_id"])
    [card] = await everything.hear(1)
    await everything.text("too expensive", reply_to_message_id=card["message_id"])
    assert "I can’t tell what would be cheaper" in (await hear_all(everything)).text

    await everything.text("under 1")
    [cheapest] = prices((await hear_all(everything)).text.partition("\n\n")[2])
    await everything.text("cheaper")
    nothing = await hear_all(everything)
    assert f"Only: up to €{cheapest - 0.01:.2f}. There is nothing like that." in nothing.text.replace("\n", " ")
    await everything.text("cheaper")
    assert "I can’t tell what would be cheaper" in (await hear_all(everything)).text


async def test_words_that_say_no_more_than_a_button_are_a_tap_on_it(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"))
    first = await hear_all(everything)
    await everything.text("show me more")
    second = await hear_all(everything)
    assert "7–12 of" in second.text
    assert shared.last_query()["kind_of_query"] == "more"
    await everything.text("the last one")
    [opened] = await everything.hear(1)
    assert re.findall(r"^12\. (\w+ \w+)", second.text, re.MULTILINE)[0] in opened["caption"]
    await everything.text("more please")
    assert "13–18 of" in (await hear_all(everything)).text
    await everything.text("the second one please", reply_to_message_id=first.texts[0]["message_id"])
    [opened] = await everything.hear(1)
    second_title = re.findall(r"^2\. (\w+ \w+)", first.text, re.MULTILINE)[0]
    assert second_title in opened["caption"]
    await everything.text("more like this", reply_to_message_id=opened["message_id"])
    assert f"More like {second_title}" in (await hear_all(everything)).text
    assert shared.last_query()["kind_of_query"] == "more_like"

    await everything.text("only by acme, under 10, red")
    narrowed = await hear_all(everything)
    assert "More" not in buttons(narrowed.texts[0])
    await everything.text("more")
    assert (await hear_all(everything)).text == "That was all."
    await everything.text("number 40")
    assert "I could not use: “number 40”." in (await hear_all(everything)).text
    await everything.text("31")  # a word of a title
    assert "I could not use: “31”." in (await hear_all(everything)).text
    await everything.text("the sixth")
    assert "I could not use: “the sixth”." in (await hear_all(everything)).text


async def test_numbers_lead_to_what_they_stand_beside_where_a_product_is_gone(
    shared: SharedBot, everything: UserClient
) -> None:
    await everything.photo(drawn(BALLS, "red"))
    first = (await hear_all(everything)).texts[0]["message_id"]
    await everything.text("more", reply_to_message_id=first)
    titles = re.findall(r"^\d+\. (\w+ \w+ \d+)", (await hear_all(everything)).text, re.MULTILINE)
    with contextlib.closing(sqlite3.connect(shared.shop.folder / "catalogue.db", isolation_level=None)) as catalogue:
        catalogue.execute("UPDATE products SET retired_utc = '2026-01-01T00:00:00Z' WHERE title = ?", titles[1:2])
        await everything.text("more", reply_to_message_id=first)
        assert f"8. {titles[2]}" in (await hear_all(everything)).text
        await everything.text("8")
        [card] = await everything.hear(1)
        await everything.text("more")
        following = (await hear_all(everything)).text
        catalogue.execute("UPDATE products SET retired_utc = NULL WHERE title = ?", titles[1:2])
    assert titles[2] in card["caption"]
    assert "12–17 of" in following
    assert titles[-1] not in following


async def test_the_number_of_a_thing_is_none_of_a_product(everything: UserClient) -> None:
    await everything.photo(*(drawn(category, colour) for category in CATEGORIES for colour in ("red", "blue")))
    overview = await hear_all(everything)
    assert len([text for text in buttons(overview.texts[0]) if text.isdecimal()]) > 3
    await everything.text("2")
    assert "I could not use: “2”." in (await hear_all(everything)).text


async def test_a_reply_that_says_nothing_is_told_what_would(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"))
    heard = await hear_all(everything)
    before = len(shared.rows("SELECT 1 FROM queries"))
    await everything.text("xyzzy", reply_to_message_id=heard.texts[0]["message_id"])
    told = await hear_all(everything)
    assert "I could not use: “xyzzy”." in told.text
    assert "a colour, a price, a brand" in told.text
    assert len(shared.rows("SELECT 1 FROM queries")) == before


async def test_where_words_leave_nothing_there_is_a_way_back(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"), caption="under 1 by acme, blue, over 30")
    heard = await hear_all(everything)
    assert not heard.pictures
    assert "There is nothing like that." in heard.text
    assert shared.last_query()["outcome"] == "nothing_similar"
    await everything.tap(heard.texts[0], buttons(heard.texts[0])["Without these words"])
    again = await hear_all(everything)
    assert again.pictures
    assert "Only" not in again.text
    assert (shared.last_query()["kind_of_query"], shared.last_query()["filters"]) == ("narrowed", None)


async def test_a_limit_of_price_is_one_tap_away(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"))
    heard = await hear_all(everything)
    under = {text: data for text, data in buttons(heard.texts[0]).items() if text.startswith("Under ")}
    assert 1 <= len(under) <= 2
    [text, data] = next(iter(under.items()))
    limit = float(text.removeprefix("Under €"))
    await everything.tap(heard.texts[0], data)
    narrowed = await hear_all(everything)
    assert f"Only: up to {text.removeprefix('Under ')}." in narrowed.text
    listed = prices(narrowed.text.partition("\n\n")[2])
    assert listed
    assert max(listed) <= limit
    assert json.loads(shared.last_query()["filters"]) == {"most_price": text.removeprefix("Under €"), "currency": "EUR"}


@pytest.mark.parametrize("tap", [UnderPrice(10**9, 5000), WithoutWords(10**9)])
async def test_a_button_of_nobodys_answer_is_too_old(everything: UserClient, tap: UnderPrice | WithoutWords) -> None:
    await everything.photo(drawn(BALLS, "red"))
    heard = await hear_all(everything)
    assert "too old" in await notice_of(everything, heard.texts[0], encode(tap), force=True)


async def test_another_photo_as_a_reply_refines(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"), caption="under 20")
    first = await hear_all(everything)
    first_query = shared.last_query()
    await everything.photo(
        drawn(TENTS, "blue"), caption="by acme", reply_to_message_id=str(first.texts[0]["message_id"])
    )
    heard = await hear_all(everything)
    assert "Only: up to €20, by Acme & Sons." in heard.text
    query = shared.last_query()
    assert (query["kind_of_query"], query["parent_id"]) == ("refined", first_query["id"])
    assert query["refinement"] == '{"photos": 2}'


async def test_a_caption_of_an_album_counts_for_all_its_photos(everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"), drawn(TENTS, "blue"), caption="under 10")
    heard = await hear_all(everything, texts=2)
    assert all("Only: up to €10." in message["text"] for message in heard.texts)


async def test_hostile_words_do_no_harm(everything: UserClient) -> None:
    right_to_left = "\u202e\u05e9\u05dc\u05d5\u05dd " * 60
    for words in (HOSTILE, "🎈" * 500, right_to_left, "%s %(x)s {0} {name} {}", "' OR 1=1 -- *"):
        await everything.photo(drawn(BALLS, "red"), caption=words)
        heard = await hear_all(everything, quiet_s=0.1)
        assert "Balls" in heard.text
        assert len(heard.text) <= 4096


async def test_in_a_group_a_reply_to_an_answer_narrows_it_and_chatter_is_left_alone(shared: SharedBot) -> None:
    async with UserClient(shared.sandbox.url, 5001, chat_id=-501) as carl:
        [bot] = shared.sandbox.state.bots.values()
        await carl.photo(drawn(BALLS, "red"), caption=f"@{bot.user.username} under 20")
        heard = await hear_all(carl)
        assert "Only: up to €20." in heard.text
        await carl.text("haha", reply_to_message_id=heard.texts[0]["message_id"])
        await carl.text("only by acme then", reply_to_message_id=heard.texts[0]["message_id"])
        await carl.text("more", reply_to_message_id=heard.texts[0]["message_id"])
        narrowed = await hear_all(carl)
        assert "Only: up to €20, by Acme & Sons." in narrowed.text

        await carl.text(f"@{bot.user.username} more", reply_to_message_id=heard.texts[0]["message_id"])
        page = await hear_all(carl)
        last = re.findall(r"^(\d+)\. ", page.text, re.MULTILINE)[-1]
        assert int(last) >= 4  # so that it is a word of titles, too
        await carl.text(last, reply_to_message_id=page.texts[0]["message_id"])
        await carl.text("red", reply_to_message_id=page.texts[0]["message_id"])
        assert "Only: red, up to €20." in (await hear_all(carl)).text
