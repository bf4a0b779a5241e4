"""More like this, not like this; a part of the photo; why: what they ask, what they say, and what the log has of it."""

import io
import json
import re
from dataclasses import replace

import pytest
from bot_helpers import ENGLISH, answer, match, notice_of, product, result, start_bot
from PIL import Image
from shared_bot import SharedBot, drawn, everything, hear_all, shared, user
from tiny_shop import CATEGORIES, draw_product, jpeg

from bot.answering.drawing import Parts
from bot.callback_data import AskPart, LessLike, MoreLike, ShowParts, Tap, Why, encode, parse
from bot.composing import keyboards
from bot.composing.answers import compose_card, compose_parts, compose_why
from bot.found import found
from bot.messages import Pictures
from bot.receiving.files import File
from bot.request import Ask, Result
from bot.texts import answers
from imgrec.search.answer import Rank
from imgrec.vision.boxes import Box
from sandbox.client import Json, UserClient

__all__ = ["everything", "shared", "user"]

end_to_end = pytest.mark.asyncio(loop_scope="module")

BALLS, BOXES, TENTS = CATEGORIES
PHOTO = File(file_id="f", file_unique_id="u")
WHOLE = Ask(reply_to=1, photos=(PHOTO,))


def buttons(message: Json) -> dict[str, str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


async def card_of(client: UserClient, below: Json, number: int) -> Json:
    await client.tap(below, buttons(below)[str(number)])
    [card] = await client.hear(1)
    return card


async def picture_of(client: UserClient, message: Json) -> Image.Image:
    return Image.open(io.BytesIO(await client.file(message["photo"][-1]["file_id"])))


def listed(text: str) -> list[str]:
    """The titles of the products in an answer."""
    return re.findall(r"^\d+\. (.+?)(?:\s·\s|$)", text, re.MULTILINE)


def two_things() -> bytes:
    """A photo of a red ball on the left and a blue tent on the right."""
    picture = Image.new("RGB", (600, 300), "white")
    picture.paste(draw_product(BALLS, "red", 900, side_px=300), (0, 0))
    picture.paste(draw_product(TENTS, "blue", 900, side_px=300), (300, 0))
    return jpeg(picture, quality=95)


# ----------------------------------------------------------------------------------------- what is asked, said, offered


def asking(ask: Ask, **fields: object) -> Result:
    plain = result(answer(matches=(match(0.9, title="Ball"),)))
    return replace(plain, request=replace(plain.request, ask=ask), **fields)


def texts_of(markup: keyboards.Keyboard | None) -> list[list[str]]:
    return [[button.text for button in row] for row in markup.inline_keyboard] if markup else []


def test_of_what_is_said_of_a_product_the_last_counts() -> None:
    ask = WHOLE.liking(1).liking(2).disliking(3).disliking(1).liking(3).liking(2)
    assert (ask.liked, ask.disliked) == ((3, 2), (1,))


def test_products_pointed_at_are_kept_up_to_a_number() -> None:
    ask = WHOLE
    for product_id in range(1, 100):
        ask = ask.liking(product_id)
    assert len(ask.liked) == 20
    assert ask.liked[-1] == 99


def test_a_part_is_asked_by_itself_and_keeps_what_narrows() -> None:
    ask = WHOLE.liking(1).disliking(2).model_copy(update={"category_id": 3, "refines": 4})
    part = Ask.model_validate_json(ask.of_part(Box(0, 0.25, 0.5, 1)).model_dump_json())
    assert part.photos[0].part == Box(0, 0.25, 0.5, 1)
    assert (part.liked, part.disliked, part.category_id, part.refines) == ((), (), None, None)
    assert part.filters == ask.filters


@pytest.mark.parametrize(
    ("ask", "refinement"),
    [
        (WHOLE, None),
        (WHOLE.liking(5).disliking(7), {"liked": [5], "disliked": [7]}),
        (WHOLE.of_part(Box(0, 0, 0.5, 1)), {"part": [0, 0, 0.5, 1]}),
        (Ask(reply_to=1, photos=(PHOTO, PHOTO)).liking(5), {"photos": 2, "liked": [5]}),
    ],
)
def test_the_log_has_what_an_answer_was_refined_by(ask: Ask, refinement: object) -> None:
    logged = found(asking(ask)).answer.refinement
    assert (json.loads(logged) if logged else None) == refinement


def test_an_answer_says_what_it_goes_by() -> None:
    red, green, long = product(title="Red <ball>"), product(title="Green ball"), product(title="x" * 90)
    assert "<b>" not in answers.answered(ENGLISH, asking(WHOLE)).partition("\n\n")[0]
    liked = answers.answered(ENGLISH, asking(WHOLE.liking(1), liked=(green, red)))
    assert "More like <b>Red &lt;ball&gt;</b> and <b>Green ball</b>." in liked
    both = answers.answered(ENGLISH, asking(WHOLE, liked=(green,), disliked=(red,)))
    assert "More like <b>Green ball</b>, not like <b>Red &lt;ball&gt;</b>." in both
    many = answers.answered(ENGLISH, asking(WHOLE, disliked=(red, red, green, long)))
    assert f"Not like <b>{'x' * 71}…</b>, <b>Green ball</b>, <b>Red &lt;ball&gt;</b>, and others." in many
    assert "I looked at that part" in answers.answered(ENGLISH, asking(WHOLE.of_part(Box(0, 0, 1, 0.5))))


def test_a_part_is_offered_below_an_answer_to_one_whole_photo() -> None:
    def last_row(ask: Ask) -> list[str]:
        of = asking(ask)
        return texts_of(keyboards.below_answer(ENGLISH, 7, of, found(of)))[-1]

    assert last_row(WHOLE) == last_row(WHOLE.liking(1)) == ["🔔 Notify me", "✂️ Part of it"]
    for other in (WHOLE.of_part(Box(0, 0, 1, 0.5)), Ask(reply_to=1, photos=(PHOTO, PHOTO)), Ask(reply_to=1, link="x")):
        assert "✂️ Part of it" not in last_row(other)


def test_a_card_explains_itself_where_there_are_two_photos_to_compare(tmp_path) -> None:
    pictured = match(0.9, title="Ball", photo=tmp_path / "a.jpg")
    card = compose_card(ENGLISH, 7, 2, pictured, WHOLE, 5, is_saved=False)
    assert isinstance(card, Pictures)
    assert card.keyboard is not None
    rows = [[button["text"] for button in row] for row in card.keyboard["inline_keyboard"]]
    assert rows == [["♡ Save", "💡 Why?"], ["More like this", "Not like this"], ["👍", "👎"]]
    for item, ask in ((match(0.9, title="Ball"), WHOLE), (pictured, Ask(reply_to=1, link="https://shop.example/"))):
        assert "Why" not in str(compose_card(ENGLISH, 7, 2, item, ask, 5, is_saved=False).keyboard)


def test_parts_are_numbers_the_middle_and_quarters() -> None:
    left, right = Box(0, 0.1234, 0.4567, 1), Box(0.5, 0, 1, 1)
    drawing = compose_parts(ENGLISH, 7, Parts(b"jpeg", (left, right), left), 5)
    assert "its number" in drawing.caption
    rows = drawing.keyboard["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [["1", "2"], ["◎ Middle"], ["◰", "◳", "◱", "◲"]]
    assert parse(rows[0][0]["callback_data"]) == AskPart(7, 0, 123, 457, 1000)
    assert parse(rows[2][1]["callback_data"]) == AskPart(7, 500, 0, 1000, 500)
    alone = compose_parts(ENGLISH, 7, Parts(b"jpeg", (), left), 5)
    assert len(alone.keyboard["inline_keyboard"]) == 2
    assert "number" not in alone.caption


def test_why_tells_the_likeness_only_where_it_is_of_the_two_photos() -> None:
    rank = Rank(1, 0.9, 0.91, "very similar")
    assert "91% alike" in compose_why(ENGLISH, WHOLE, rank, b"", 5).caption
    for ask in (WHOLE.liking(2), WHOLE.disliking(2), Ask(reply_to=1, photos=(PHOTO, PHOTO))):
        caption = compose_why(ENGLISH, ask, rank, b"", 5).caption
        assert "%" not in caption
        assert "also goes by" in caption


@pytest.mark.parametrize(
    "tap", [MoreLike(2**62, 100), LessLike(1, 1), ShowParts(3), AskPart(2**62, 0, 0, 1000, 1000), Why(3, 1)]
)
def test_buttons_read_back_what_they_carry(tap: Tap) -> None:
    assert parse(encode(tap)) == tap
    assert len(encode(tap)) <= 64


@pytest.mark.parametrize(
    "data", ["1:a:1:0", "1:n:1:-1", "1:z:1:0", "1:B:1:0:0:0:9", "1:B:1:0:0:9:1001", "1:B:1:-1:0:9:9"]
)
def test_no_button_of_ours_carries_this(data: str) -> None:
    assert parse(data) is None


# ----------------------------------------------------------------------------------------------------------- end to end


@end_to_end
async def test_more_like_this_and_not_like_this_add_up(shared: SharedBot, everything: UserClient) -> None:
    [asked] = await everything.photo(drawn(BALLS, "red"))
    first = await hear_all(everything)
    titles, first_query = listed(first.text), shared.last_query()
    card = await card_of(everything, first.texts[0], 4)
    await everything.tap(card, buttons(card)["More like this"])
    more = await hear_all(everything)
    assert f"More like {titles[3]}." in more.text
    assert titles[3] not in listed(more.text)
    assert more.texts[0]["reply_to_message"]["message_id"] == asked["message_id"]
    query = shared.last_query()
    assert (query["kind_of_query"], query["parent_id"]) == ("more_like", first_query["id"])
    [liked] = json.loads(query["refinement"])["liked"]

    assert "Already" in await notice_of(everything, card, buttons(card)["More like this"])  # once more: nothing new

    other = await card_of(everything, first.texts[0], 2)  # of the first answer, whose card 4 was liked
    await everything.tap(other, buttons(other)["Not like this"])
    less = await hear_all(everything)
    assert f"More like {titles[3]}, not like {titles[1]}." in less.text
    assert not {titles[1], titles[3]} & set(listed(less.text))
    refinement = json.loads(shared.last_query()["refinement"])
    assert refinement["liked"] == [liked]
    assert len(refinement["disliked"]) == 1

    await everything.tap(card, buttons(card)["Not like this"])  # after all: the last counts
    neither = await hear_all(everything)
    assert "More like" not in neither.text
    assert not {titles[1], titles[3]} & set(listed(neither.text))
    last = shared.last_query()
    assert last["kind_of_query"] == "less_like"
    assert json.loads(last["refinement"]) == {"disliked": [*refinement["disliked"], liked]}


@end_to_end
async def test_a_refinement_outlives_a_restart(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(TENTS, "blue"))
    first = await hear_all(everything)
    card = await card_of(everything, first.texts[0], 3)
    await everything.tap(card, buttons(card)["More like this"])
    before = await hear_all(everything)
    assert await shared.process.stop() == 0
    shared.process = await start_bot(shared.shop, shared.sandbox)
    other = await card_of(everything, before.texts[0], 2)
    await everything.tap(other, buttons(other)["Not like this"])
    after = await hear_all(everything)
    assert f"More like {listed(first.text)[2]}, not like {listed(before.text)[1]}." in after.text


@end_to_end
async def test_a_part_of_the_photo_is_asked_by_a_tap(shared: SharedBot, everything: UserClient) -> None:
    [asked] = await everything.photo(two_things())
    whole = await hear_all(everything)
    whole_query = shared.last_query()
    await everything.tap(whole.texts[0], buttons(whole.texts[0])["✂️ Part of it"])
    [drawing] = await everything.hear(1)
    assert (await picture_of(everything, drawing)).size == (600, 300)
    assert drawing["reply_to_message"]["message_id"] == asked["message_id"]
    assert {"1", "2", "◎ Middle", "◰", "◳", "◱", "◲"} == set(buttons(drawing))

    for number, category in (("1", BALLS), ("2", TENTS)):
        await everything.tap(drawing, buttons(drawing)[number])
        heard = await hear_all(everything)
        assert f"This looks like {category}" in heard.text
        assert "I looked at that part of the photo." in heard.text
        query = shared.last_query()
        assert (query["kind_of_query"], query["parent_id"]) == ("part", whole_query["id"])
    left, _, right, _ = json.loads(query["refinement"])["part"]
    assert 0.5 <= left < right <= 1

    card = await card_of(everything, heard.texts[0], 2)
    await everything.tap(card, buttons(card)["More like this"])
    more = await hear_all(everything)
    assert "I looked at that part of the photo. More like" in more.text
    assert set(json.loads(shared.last_query()["refinement"])) == {"part", "liked"}


@end_to_end
async def test_of_one_thing_the_middle_and_quarters_are_offered(everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"))
    heard = await hear_all(everything)
    await everything.tap(heard.texts[0], buttons(heard.texts[0])["✂️ Part of it"])
    [drawing] = await everything.hear(1)
    assert set(buttons(drawing)) == {"◎ Middle", "◰", "◳", "◱", "◲"}
    await everything.tap(drawing, buttons(drawing)["◎ Middle"])
    assert "Balls" in (await hear_all(everything)).text


@end_to_end
async def test_why_shows_one_picture_of_both_photos(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"))
    heard = await hear_all(everything)
    query = shared.last_query()
    card = await card_of(everything, heard.texts[0], 1)
    await everything.tap(card, buttons(card)["💡 Why?"])
    [drawing] = await everything.hear(1)
    picture = await picture_of(everything, drawing)
    assert picture.width > 1.9 * picture.height > 1000
    assert "these two agree most" in drawing["caption"]
    assert drawing["reply_to_message"]["message_id"] == card["message_id"]
    done = shared.rows("SELECT rank, action FROM actions WHERE query_id = ? ORDER BY id", query["id"])
    assert [tuple(row) for row in done] == [(1, "opened"), (1, "asked_why")]


@end_to_end
@pytest.mark.parametrize(
    "tap", [MoreLike(10**9, 1), LessLike(10**9, 1), ShowParts(10**9), AskPart(10**9, 0, 0, 500, 500), Why(10**9, 1)]
)
async def test_a_button_of_nobodys_answer_is_too_old(everything: UserClient, tap: Tap) -> None:
    await everything.photo(drawn(BALLS, "red"))
    heard = await hear_all(everything)
    assert "too old" in await notice_of(everything, heard.texts[0], encode(tap), force=True)


@end_to_end
async def test_another_chats_answer_cannot_be_refined(shared: SharedBot, everything: UserClient) -> None:
    await everything.photo(drawn(BALLS, "red"))
    heard = await hear_all(everything)
    query_id = shared.last_query()["id"]
    async with UserClient(shared.sandbox.url, 5002) as stranger:
        await stranger.photo(drawn(BALLS, "red"))
        own = await hear_all(stranger)
        for tap in (MoreLike(query_id, 1), ShowParts(query_id), AskPart(query_id, 0, 0, 500, 500), Why(query_id, 1)):
            assert "too old" in await notice_of(stranger, own.texts[0], encode(tap), force=True)
    assert heard.pictures
