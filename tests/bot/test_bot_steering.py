"""What a chat can choose, and how: by commands, by buttons, and all of it in one message."""

import gettext
import io
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from bot_helpers import ANNA, BotProcess, add_fault, hear_reply, notice_of, of_bot
from PIL import Image
from telegram import InlineKeyboardMarkup
from tiny_shop import CATEGORIES, draw_product, jpeg

from bot.answering.help_picture import Example, drawn
from bot.answering.words import all_said, number_in, rank_in
from bot.callback_data import (
    MOST_RESULTS,
    TAPS,
    CategoryPage,
    ChooseCategory,
    ChooseLanguage,
    ChooseResults,
    encode,
    parse,
)
from bot.composing.choosing import (
    category_buttons,
    language_buttons,
    language_of,
    near_category_buttons,
    number_of,
    page_with,
)
from bot.composing.settings import PHOTOS, SETTINGS, Standing, has_way_back, opened, overview
from bot.handlers.taps import ON_TAP
from bot.handlers.thresholds import parse_likeness
from bot.language import Language, Languages
from bot.store.chats import ChatSettings
from bot.texts import choices
from imgrec.errors import PhotoError
from sandbox import Sandbox
from sandbox.client import Json, UserClient

Rows = Callable[..., list[sqlite3.Row]]
LONG = {f"Home & Kitchen > Kitchen & Dining > Cookware and bakeware > Pans {n:03d}": n for n in range(1, 301)}


class Shouted(gettext.NullTranslations):
    """A language in which everything is as in English, but loud."""

    def gettext(self, message: str) -> str:
        return message.upper()


@pytest.fixture
def say() -> Language:
    return Languages.load().of("en")


@pytest.fixture
def languages() -> Languages:
    return Languages({"en": gettext.NullTranslations(), "de": Shouted(), "hi": Shouted()})


def labels(keyboard: InlineKeyboardMarkup | None) -> list[list[str]]:
    return [[button.text for button in row] for row in keyboard.inline_keyboard] if keyboard else []


def standing(say: Language, languages: Languages, **chosen: object) -> Standing:
    return Standing(say, of_bot(), replace(ChatSettings(), **chosen), languages, "de", {1: 1200, 2: 3, 3: 0})  # type: ignore[arg-type]


def test_every_button_has_a_letter_of_its_own_and_somebody_who_answers_it() -> None:
    assert len({tap.letter for tap in TAPS}) == len(TAPS)
    assert set(ON_TAP) == set(TAPS)


def test_categories_stand_two_in_a_row_with_how_many_products_each_has_and_the_choice_marked(say: Language) -> None:
    keyboard = category_buttons(say, {"Home": 1, "Music": 2, "Toys": 3}, {1: 1200, 2: 3}, "Music", 0)
    assert labels(keyboard) == [["Auto"], ["Home · 1,200", "✓ Music · 3"], ["Toys · 0"]]
    assert category_buttons(say, {}, {}, None, 0) is None


def test_hundreds_of_categories_with_long_names_are_turned_page_by_page(say: Language) -> None:
    first, last = (category_buttons(say, LONG, {}, None, page) for page in (0, 10_000))
    assert labels(first)[-1] == ["2/30 ›"]
    assert labels(last)[-1] == ["‹ 29/30"]
    middle = category_buttons(say, LONG, {}, None, page_with(LONG, 155))
    assert labels(middle)[-1] == ["‹ 15/30", "17/30 ›"]
    assert len(labels(middle)) == 12
    names = [row[0] for row in labels(middle)[1:-1]]
    assert all(name.startswith("Home & Kitchen") and name.endswith(" · 0") for name in names)
    assert len(set(names)) == 10, "names that begin alike are told apart by their ends"
    assert parse(middle.inline_keyboard[-1][0].callback_data) == CategoryPage(14)  # type: ignore[union-attr]
    near = near_category_buttons(say, list(LONG), LONG, {}, None)
    assert len(labels(near)) == 11
    assert labels(near)[-1] == ["All categories"]


def test_a_language_keeps_its_number_when_others_are_added(languages: Languages, say: Language) -> None:
    assert language_of(number_of("de"), languages) == "de"
    assert language_of(number_of("fr"), languages) is None
    keyboard = language_buttons(say, languages, "hi")
    assert labels(keyboard) == [["As my Telegram is set"], ["Deutsch", "English"], ["✓ हिन्दी"]]


def test_all_settings_are_one_message_from_which_each_is_opened_and_left_again(
    say: Language, languages: Languages
) -> None:
    now = standing(say, languages, category_id=2, likeness=0.65, results=4, language="en")
    html, keyboard = overview(now)
    assert html.splitlines()[2:] == [
        "🗂 Category: <b>Music</b>", "🎯 Likeness: <b>similar · 65%</b>", "🔢 Results: <b>4</b>",
        "🌐 Language: <b>English</b>",
    ]  # fmt: skip
    assert not has_way_back(keyboard)
    assert opened(PHOTOS.number, now) is None
    keeping = replace(now, photos_can_be_kept=True, chosen=replace(now.chosen, keeps_photos=1))
    assert overview(keeping).html.splitlines()[-1] == "📷 Keeping photos: <b>Yes, keep them</b>"
    for setting in SETTINGS:
        page = opened(setting.number, keeping)
        assert page is not None
        assert has_way_back(page.keyboard)
        assert "✓" in str(page.keyboard)
        assert not has_way_back(setting.page(now).keyboard)
    assert opened(99, now) is None
    assert "Your Telegram is set to Deutsch." in SETTINGS[3].page(now).html


def test_a_likeness_may_be_a_word_of_the_language_that_is_spoken(languages: Languages, say: Language) -> None:
    loud = languages.of("de")
    assert parse_likeness("very  similar", say) == parse_likeness("VERY SIMILAR", loud) == 0.85
    assert [parse_likeness(text, loud) for text in ("0,6", "60 %", "६०", "1.5", "120%", "")] == [
        0.6, 0.6, 0.6, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "results"), [("1", 1), ("10", 10), ("٣", 3), ("0", None), ("11", None), ("-1", None), ("²", None),
                          ("", None), ("3 please", None), ("9" * 5000, None)],
)  # fmt: skip
def test_results_are_a_number_from_one_to_ten(text: str, results: int | None) -> None:
    assert number_in(text, MOST_RESULTS) == results


@pytest.mark.parametrize(
    ("code", "text", "said", "rank"),
    [("en", "show me the first one", "first", 1), ("en", "Number 2, please!", "2", 2), ("en", "the 3rd", "third", 3),
     ("en", "#4", "4", 4), ("en", "the last one", "last", 5), ("en", "the sixth", "sixth", None),
     ("en", "number one", "first", 1), ("en", "9", "9", None), ("en", "501", None, None),
     ("en", "show more", "more", None),
     ("en", "cheaper ones please", "cheaper", None), ("en", "no. 3", "3", 3), ("de", "Zeig mir das erste", "first", 1),
     ("de", "mehr", "more", None), ("de", "etwas Günstigeres", "cheaper", None), ("de", "the second", "second", 2),
     ("es", "el último, por favor", "last", 5), ("es", "muéstrame más", "more", None),
     ("es", "algo más barato", "cheaper", None), ("ru", "покажи второй", "second", 2), ("ru", "ещё", "more", None),
     ("ru", "дешевле", "cheaper", None), ("hi", "पहला वाला दिखाओ", "first", 1), ("hi", "और दिखाओ", "more", None),
     ("hi", "सस्ता", "cheaper", None), ("hi", "२", "२", 2)]
    + [("en", text, None, None) for text in ("", "please", "2 €", "size 2", "2-3", "first aid", "more red ones", "red",
                                             "the first and the second", "cheaper than 20", "no more")],
)  # fmt: skip
def test_words_that_say_no_more_than_a_button_are_known_in_each_language(
    code: str, text: str, said: str | None, rank: int | None
) -> None:
    assert all_said(Languages.load().of(code), text) == said
    assert rank_in(said, shown=5) == rank


def test_the_last_of_nothing_is_none() -> None:
    assert rank_in("last", shown=0) is None


def test_no_button_sets_what_no_command_could() -> None:
    for data in ("1:r:11", "1:r:-1", "1:K:-1", "1:y:-1", "1:j:1:-1:5", "1:g:x", f"1:Y:{2**63}", "1:J:1:1"):
        assert parse(data) is None, data
    assert parse(encode(ChooseResults(10))) == ChooseResults(10)


def test_the_words_of_help_fit_below_a_picture_in_every_language() -> None:
    languages = Languages.load()
    for code in languages.codes:
        for in_group in (False, True):
            html = choices.how_to_use(languages.of(code), of_bot(), in_group=in_group)
            assert len(html.encode("utf-16-le")) // 2 <= 1024, code


def test_the_picture_of_help_is_drawn_of_any_photos_and_is_the_same_each_time(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(5)]
    for number, file in enumerate(files):
        photo = draw_product(CATEGORIES[0], "red", number, side_px=90).resize((60 + 300 * (number % 2), 90))
        photo.save(file)
    content = drawn(Example(files[0], tuple(files[1:])))
    assert content == drawn(Example(files[0], tuple(files[1:])))
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 640))
    files[3].write_bytes(b"no photo")
    with pytest.raises(PhotoError):
        drawn(Example(files[0], tuple(files[1:])))


def button(message: Json, words: str) -> str:
    buttons = [one for row in message["reply_markup"]["inline_keyboard"] for one in row]
    return next(str(one["callback_data"]) for one in buttons if words in one["text"])


async def test_a_shopper_steers_the_bot_by_commands_and_by_one_message_of_settings(
    bot: BotProcess, anna: UserClient, sandbox: Sandbox, rows: Rows
) -> None:
    async def said(text: str) -> Json:
        await anna.text(text)
        return (await anna.hear(1))[0]

    async def tapped(message: Json, data: str) -> Json:
        await anna.tap(message, data)
        edited: Json = (await anna.next_event("edited"))["message"]
        assert edited["message_id"] == message["message_id"]
        return edited

    near = await said("/category tents and the like")
    assert "I look in Tents & Co" in near["text"], "one that is near is simply taken"
    assert "Balls · 32" in str((await said("/category"))["reply_markup"])
    several = await said("/category bal box")
    assert "I don’t know the category “bal box”. Did you mean one of these?" in several["text"]
    foreign = await said("/category spielzeug")
    assert "I don’t know the category “spielzeug”. The shop’s own names are:" in foreign["text"]
    assert "✓ Tents & Co · 32" in str(foreign["reply_markup"])

    settings = await said("/settings")
    assert "Tents & Co" in settings["text"]
    page = await tapped(settings, button(settings, "Category"))
    page = await tapped(page, button(page, "Auto"))
    page = await tapped(page, button(page, "Back"))
    assert "Tents & Co" not in page["text"]
    page = await tapped(page, button(page, "Likeness"))
    page = await tapped(page, button(page, "very similar"))
    page = await tapped(page, button(page, "Back"))
    page = await tapped(page, button(page, "Results"))
    page = await tapped(page, button(page, "4"))
    page = await tapped(page, button(page, "Back"))
    assert "Results: 4" in page["text"]
    page = await tapped(page, button(page, "Language"))
    page = await tapped(page, button(page, "English"))
    assert "✓ English" in str(page["reply_markup"])
    assert "too old" in await notice_of(anna, page, encode(ChooseLanguage(number_of("xx"))), force=True)
    assert "too old" in await notice_of(anna, page, encode(ChooseCategory(99)), force=True)

    assert "threshold" in (await said("/threshold rather a lot"))["text"]
    await said("/threshold 42%")
    beyond = await said("/threshold 150")
    assert "“150” is not a threshold" in beyond["text"]
    assert "✓ somewhat similar · 42%" in str(beyond["reply_markup"]), "what holds is marked, whatever was written"
    await said("/threshold 0")
    await anna.photo(jpeg(draw_product(CATEGORIES[0], "red", 900, side_px=300)))
    reply = await hear_reply(anna)
    assert len(reply.products) == 4
    await anna.tap(reply.below, reply.button("More"))
    more = await hear_reply(anna)
    assert len(more.products) == 4
    assert "5–8 of" in more.below["text"]
    assert "3 products" in (await said("/results 3"))["text"]
    assert "1 to 10" in (await said("/results 11"))["text"]

    assert "Ich spreche hier Deutsch" in (await said("/language german"))["text"]
    assert "I speak English here" in (await said("/language auto"))["text"]
    assert "I speak English here" in (await said("/language klingon"))["text"], "one that is not there changes nothing"
    assert "I speak English here" in (await said("/language english"))["text"]

    help_ = await said("/help")
    assert help_["photo"]
    assert help_["caption"].startswith("Send me a photo")
    again = await said("/help")
    assert again["photo"][-1]["file_id"] == help_["photo"][-1]["file_id"]
    await add_fault(sandbox, drop_file_ids=True)
    again = await said("/help")
    assert again["photo"], "a picture that Telegram has lost is uploaded again"
    await anna.tap(again, button(again, "Settings"))
    assert "Results: 3" in (await anna.hear(1))[0]["text"], "a picture cannot become a text: it is a message of its own"

    [chat] = rows("SELECT * FROM chats", file="bot.db")
    assert (chat["category_id"], chat["likeness"], chat["results"], chat["language"]) == (None, 0, 3, "en")
    menu = await menu_of(sandbox, ANNA)
    assert {"settings", "saved", "history"} <= {command["command"] for command in menu}


async def menu_of(sandbox: Sandbox, chat: int) -> list[Json]:
    """The commands that were set for one chat."""
    scope = json.dumps({"type": "chat", "chat_id": chat})
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{sandbox.url}/bot{sandbox.token}/getMyCommands", data={"scope": scope})
    menu: list[Json] = answer.json()["result"]
    return menu
