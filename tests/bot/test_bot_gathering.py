"""What is gathered, and what is read of it: albums as one through crashes, links and words in what people write."""

from collections.abc import AsyncIterator
from decimal import Decimal
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from bot_helpers import of_bot
from test_bot_outbox import ANNA, USEFUL_S, message, open_store, photo, take, turn

from bot.answering.words import words_of
from bot.language import SOURCE, Language, Languages
from bot.messages import Text
from bot.reaction import Reaction, commit, together
from bot.receiving.updates import Message
from bot.store.outbox import State
from bot.store.store import Store
from bot.texts.lexicon import lexicon
from bot.texts.narrowing import only, unused
from imgrec.catalogue.filters import Filters
from imgrec.database import utc_now
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import QueryRecord
from imgrec.search.colour_words import COLOUR_WORDS
from imgrec.search.lexicon import Lexicon

SAY = Languages.load().of(SOURCE)
GIF = {"file_id": "f", "file_unique_id": "u", "mime_type": "video/mp4", "file_name": "cat.gif"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


def written(**fields: Any) -> Message:
    read = message(1, **fields).message
    assert read
    return read


def answered(query_id: int, *messages: Text) -> Reaction:
    record = QueryRecord(id=query_id, asked_utc=utc_now(), kind=KindOfQuery.PHOTO, outcome=Outcome.ANSWERED)
    return Reaction(messages, record=record)


# ------------------------------------------------------------------------------------------------------------ albums


async def test_an_album_is_done_at_once_with_all_its_answers_or_not_at_all(store: Store) -> None:
    await store.inbox.add([photo(number, media_group_id="a") for number in (1, 2, 3)])
    album = await take(store)
    first, second = [await store.outbox.begin(part, ANNA, ANNA, "en") for part in album.parts[:2]]
    reaction = together([answered(first, Text(html="one")), answered(second, Text(html="two"))])

    def fail(_: object) -> None:
        raise OSError("the power fails")

    with pytest.raises(OSError, match="power"):
        await store.database.write(commit(album, together([reaction, Reaction(writes=[fail])]), USEFUL_S))
    assert await store.outbox.next_step(ANNA) is None
    again = await take(store)
    assert [part.seq for part in again.parts] == [part.seq for part in album.parts]
    assert [await store.outbox.begin(part, ANNA, ANNA, "en") for part in again.parts[:2]] == [first, second]

    await store.database.write(commit(again, reaction, USEFUL_S))
    assert await turn(store) == []
    rows = await store.database.rows("SELECT id, record IS NOT NULL FROM requests ORDER BY id")
    assert [tuple(row) for row in rows] == [(first, 1), (second, 1)]


async def test_an_album_begun_as_several_answers_may_end_as_one(store: Store) -> None:
    await store.inbox.add([photo(number, media_group_id="a") for number in (1, 2)])
    album = await take(store)
    first, _ = [await store.outbox.begin(part, ANNA, ANNA, "en") for part in album.parts]  # and then the bot was killed
    await store.database.write(commit(await take(store), answered(first, Text(html="both")), USEFUL_S))
    assert [row["id"] for row in await store.database.rows("SELECT id FROM requests")] == [first]


async def test_an_album_counts_each_photo_that_waits_and_a_link_counts_as_one(store: Store) -> None:
    clip = {"file_id": "v", "file_unique_id": "v", "mime_type": "video/mp4", "file_name": "a.mp4"}
    await store.inbox.add([
        photo(1, media_group_id="a"), photo(2, media_group_id="a"), message(3, document=clip, media_group_id="a"),
        message(4, text="https://shop.example/a.jpg"), message(5, text="hello"),
    ])  # fmt: skip
    load = await store.inbox.load("7", ANNA)
    assert (load.of_lane, load.turns_of_lane, load.bytes_in_all) == (3, 2, 20)
    assert len((await take(store)).parts) == 3


async def test_photos_that_are_being_looked_at_are_not_turned_away(store: Store) -> None:
    await store.inbox.add([photo(1), photo(2)])
    await take(store)
    assert [one.update.update_id for one in await store.inbox.newest_photos("7", 5)] == [2]


async def test_an_answer_is_found_by_each_of_its_messages_for_as_long_as_its_buttons_live(store: Store) -> None:
    await store.inbox.add([photo(1)])
    waiting = await take(store)
    query_id = await store.outbox.begin(waiting, ANNA, ANNA, "en")
    await store.database.write(commit(waiting, answered(query_id, Text(html="one")), USEFUL_S))
    step = await store.outbox.next_step(ANNA)
    assert step
    await store.outbox.over(step, State.SENT, (501, 502))
    await store.outbox.tidy()
    assert [await store.outbox.answered_by(one, ANNA) for one in (501, 502, 503)] == [query_id, query_id, None]
    assert await store.outbox.answered_by(501, ANNA + 1) is None


# ------------------------------------------------------------------------------------------------------- what is read


def test_an_animation_is_a_video_although_it_is_called_an_image() -> None:
    assert written(animation=GIF, document=GIF).image is None


def test_a_sticker_is_looked_at_where_it_stands_still() -> None:
    sticker = {"file_id": "f", "file_unique_id": "u", "width": 512, "height": 512}
    assert written(sticker={**sticker, "is_animated": False, "is_video": False}).image
    assert written(sticker={**sticker, "is_animated": True, "is_video": False}).image is None
    assert written(sticker={**sticker, "is_animated": False, "is_video": True}).image is None


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://shop.example/a.jpg", "https://shop.example/a.jpg"),
        ("like HTTP://Shop.example/a.jpg, please", "HTTP://Shop.example/a.jpg"),
        ("(see https://shop.example/a_(1).jpg)", "https://shop.example/a_(1).jpg"),
        ("«https://shop.example/ä.jpg»", "https://shop.example/ä.jpg"),
        ("http://one.example http://two.example", "http://one.example"),
        ("ftp://shop.example/a.jpg", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://" + "x" * 5000, ""),
        ("shoes", ""),
    ],
)
def test_the_first_link_of_a_text_is_read_without_the_sentence_around_it(text: str, link: str) -> None:
    assert written(text=text).link == link


def test_a_link_may_stand_behind_words() -> None:
    entities = [{"type": "bold", "offset": 0, "length": 1}, {"type": "text_link", "url": "https://shop.example/b.png"}]
    assert written(text="like this", entities=entities).link == "https://shop.example/b.png"
    assert written(text="like this", entities=[{"type": "text_link", "url": "tg://user?id=1"}, 5]).link == ""
    assert written(text="like this", entities="odd").link == ""


def test_nothing_of_what_another_wrote_is_kept_be_it_a_link() -> None:
    of_ben = {"message_id": 3, "date": 1, "chat": {"id": ANNA, "type": "private"}, "text": "https://a.example",
              "entities": [{"type": "text_link", "url": "https://b.example"}]}  # fmt: skip
    assert "example" not in written(text="hi", reply_to_message=of_ben).model_dump_json()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"caption": "@Shop_bot  red,\nunder 20"}, "red, under 20"),
        ({"caption": "/similar@shop_bot red"}, "red"),
        ({"text": "like https://shop.example/a.jpg but blue"}, "like but blue"),
        ({"caption": "@shop_bot_2 red"}, "@shop_bot_2 red"),
        ({"caption": "@shop_bot"}, ""),
        ({}, ""),
    ],
)
def test_words_are_what_is_left_without_names_commands_and_links(fields: dict[str, str], words: str) -> None:
    assert words_of(written(**fields), "shop_bot") == words


# -------------------------------------------------------------------------------------------------- what is said of it


def test_what_narrowed_an_answer_is_said_in_the_shops_money_and_escaped() -> None:
    filters = Filters(
        least_price=Decimal("9.5"), most_price=Decimal(1200), brand="<Acme> & Sons", colours=("red",), sizes=("xl",),
        words=("leather",), without_words=("strap",), without_colours=("blue",),
    )  # fmt: skip
    assert only(SAY, filters, of_bot(currency="USD")) == (
        "Only: red, not blue, from $9.50 on, up to $1,200, by &lt;Acme&gt; &amp; Sons, size XL."
    )
    assert only(SAY, Filters(words=("leather",), without_words=("strap",)), of_bot()) == (
        "Only: “leather”, without “strap”."
    )
    assert only(SAY, Filters(), of_bot()) == ""


def test_of_many_words_without_use_only_the_first_are_named_and_none_is_html() -> None:
    said = unused(SAY, ("<b>x</b>" * 50, *(f"word{number}" for number in range(100))))
    assert len(said) < 700
    assert "<b>" not in said
    assert said.endswith("others.")


class German(NullTranslations):
    def gettext(self, message: str) -> str:
        return {"lexicon: not": "kein | keine", "lexicon: not, behind what is not wanted": "-"}.get(message, message)


def test_a_language_has_words_of_its_own_and_english_beside_them() -> None:
    assert lexicon(SAY) == Lexicon.from_strings(COLOUR_WORDS["en"])
    assert lexicon(Language("de", Locale("de"), German())) == Lexicon.from_strings(
        {**COLOUR_WORDS["de"], "not": "kein | keine"}
    )
