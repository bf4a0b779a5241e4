"""What shoppers come back to: products they saved, and what they asked before."""

import sqlite3
from collections.abc import Callable

import pytest
from bot_helpers import ANNA, BEN, BotProcess, hear_reply, notice_of, product
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from bot.callback_data import Save
from bot.composing.saved import Listed, below_saved, compose_product, compose_saved, listed
from bot.language import Language, Languages
from bot.shop import Kept, by_itself
from sandbox import Sandbox
from sandbox.client import Json, UserClient

Rows = Callable[..., list[sqlite3.Row]]
GROUP = -1001


@pytest.fixture
def say() -> Language:
    return Languages.load().of("en")


def test_the_buttons_of_a_list_tell_all_that_is_needed_to_write_it_anew(say: Language) -> None:
    shown = Listed(((7, 70), (9, 90)), 12)
    for removing in (False, True):
        keyboard = below_saved(say, shown, removing=removing)
        assert keyboard is not None
        assert listed(keyboard) == shown
    assert below_saved(say, Listed((), None), removing=True) is None


def test_what_is_no_longer_sold_is_said_to_be_so_and_has_no_picture(say: Language, tmp_path) -> None:
    sold = product(product_id=5, title="Red <ball>", price="4.50", currency="EUR", photo=tmp_path / "a.jpg")
    gone = product(product_id=6, title="Old & gone", retired=True)
    nameless = product(product_id=8, title=None, category="Shoes", retired=True)
    kept = [Kept(1, 5, sold), Kept(2, 6, gone), Kept(3, 7, None), Kept(4, 8, nameless)]
    pictures, text = compose_saved(say, kept, 12, 4, reply_to=1)
    assert len(pictures.items) == 1
    assert text.html.splitlines() == [
        "1–4 of the 12 products you saved:", "",
        "1. Red &lt;ball&gt;\N{NO-BREAK SPACE}·\N{NO-BREAK SPACE}<b>€4.50</b>",
        "2. <s>Old &amp; gone</s> · no longer sold", "3. <s>…</s> · no longer sold",
        "4. <s>Shoes</s> · no longer sold",
    ]  # fmt: skip


def test_a_product_by_itself_says_nothing_of_likeness(say: Language) -> None:
    card = compose_product(say, Save(3, 0, 5), by_itself(product(title="Red ball")), 1, is_saved=True)
    assert card.html == "Red ball"
    assert "♥ Saved" in str(card.keyboard)


def button(message: Json, words: str) -> str:
    buttons = [one for row in message["reply_markup"]["inline_keyboard"] for one in row]
    return next(str(one["callback_data"]) for one in buttons if words in one["text"])


async def test_products_are_saved_listed_and_removed_and_queries_are_asked_again(
    bot: BotProcess, anna: UserClient, own_shop: Shop, sandbox: Sandbox, rows: Rows
) -> None:
    assert "not asked anything" in (await said(anna, "/history"))["text"]
    assert "saved nothing yet" in (await said(anna, "/saved"))["text"]
    await said(anna, "/threshold 0")
    [sent] = await anna.photo(jpeg(draw_product(CATEGORIES[0], "red", 900, side_px=300)))
    reply = await hear_reply(anna)
    for number in "123":
        await anna.tap(reply.below, reply.button(number))
        [card] = await anna.hear(1)
        assert "/saved" in await notice_of(anna, card, button(card, "♡ Save"))
    edited = (await anna.next_event("edited"))["message"]
    assert "No longer saved" in await notice_of(anna, edited, button(edited, "♥ Saved"))
    assert [tuple(row) for row in rows("SELECT rank, action FROM actions WHERE action != 'opened'")] == [
        (1, "saved"), (2, "saved"), (3, "saved"), (3, "unsaved"),
    ]  # fmt: skip

    [first, second] = [row[0] for row in rows("SELECT product_id FROM saved ORDER BY id DESC", file="bot.db")]
    await said(anna, "/results 1")
    await anna.text("/saved")
    page = await hear_reply(anna)
    assert len(page.products) == 1
    assert page.below["text"].startswith("1 of the 2 products you saved:")
    await anna.tap(page.below, page.button("More"))
    assert (await hear_reply(anna)).below["text"].splitlines()[2].startswith("2. ")
    own_shop.imgrec("products", "retire", str(second))
    await said(anna, "/results 5")
    await anna.text("/saved")
    page = await hear_reply(anna)
    assert "no longer sold" in page.below["text"]
    assert "no longer sold" in await notice_of(anna, page.below, page.button("2"))
    await notice_of(anna, page.below, page.button("Remove"))
    await notice_of(anna, page.below, f"1:X:2:{second}", force=True)
    assert [row[0] for row in rows("SELECT product_id FROM saved", file="bot.db")] == [first]
    assert rows("SELECT rank, action FROM actions ORDER BY id DESC")[0]["action"] == "unsaved"

    history = await said(anna, "/history")
    assert "1. Balls" in history["text"]
    assert len(history["reply_markup"]["inline_keyboard"]) == 1
    await anna.tap(history, button(history, "1"))
    again = await hear_reply(anna)
    assert again.below["reply_to_message"]["message_id"] == sent["message_id"]
    query = rows("SELECT * FROM queries ORDER BY id DESC")[0]
    assert (query["kind_of_query"], query["parent_id"], query["outcome"]) == ("history", 1, "answered")
    assert "2." not in (await said(anna, "/history"))["text"], "asked again, it is the same query"

    await in_a_group_what_is_anna_s_is_not_ben_s(sandbox, rows)
    question = await said(anna, "/forget")
    await notice_of(anna, question, button(question, "Delete"))
    assert len(rows("SELECT * FROM saved", file="bot.db")) == 1, "Ben's stays"


async def in_a_group_what_is_anna_s_is_not_ben_s(sandbox: Sandbox, rows: Rows) -> None:
    name = next(iter(sandbox.state.bots.values())).user.username
    async with (
        UserClient(sandbox.url, ANNA, chat_id=GROUP) as anna,
        UserClient(sandbox.url, BEN, chat_id=GROUP) as ben,
    ):
        mine = await said(anna, f"/saved@{name}")
        if "photo" in mine:
            [mine] = await anna.hear(1)
        assert "somebody else" in await notice_of(ben, mine, button(mine, "Remove"))
        await ben.tap(mine, button(mine, "1"))
        [card] = await ben.hear(1)
        assert "♡ Save" in str(card["reply_markup"])
        before = len(rows("SELECT * FROM saved", file="bot.db"))
        assert "Saved" in await notice_of(ben, card, button(card, "♡ Save"))
        assert len(rows("SELECT * FROM saved", file="bot.db")) == before + 1
        assert "not asked anything" in (await said(ben, f"/history@{name}"))["text"]


async def said(user: UserClient, text: str) -> Json:
    await user.text(text)
    return (await user.hear(1))[0]
