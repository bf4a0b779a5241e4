"""A link to a product, printed as a QR code on its shelf, opens the bot with it and what is like it."""

import sqlite3
from collections.abc import Callable

import pytest
from bot_helpers import BotProcess, hear_reply
from PIL import Image
from tiny_shop import Shop, run_command

from imgrec.catalogue.linking import is_username, link_to, product_of
from sandbox import Sandbox
from sandbox.client import UserClient

Rows = Callable[..., list[sqlite3.Row]]


def test_what_a_link_names_is_found_in_what_follows_start() -> None:
    assert product_of(link_to(17, "my_shop_bot").partition("start=")[2]) == 17


@pytest.mark.parametrize(
    "payload", ["", "17", "p_", "p_0", "p_017", "p_-1", "p_١٧", "p_1 OR 1=1", "p_1\n", "P_1", f"p_{10**18}",
                "p_" + "9" * 10_000]
)  # fmt: skip
def test_anything_else_names_none(payload: str) -> None:
    assert product_of(payload) is None


def test_a_username_is_what_telegram_takes_for_one() -> None:
    assert is_username("my_shop_bot")
    assert not any(map(is_username, ("", "ab", "1bot", "a b", "x" * 33, "böt", "bot&start=x")))


async def test_a_link_shows_the_product_and_what_is_like_it(
    bot: BotProcess, anna: UserClient, own_shop: Shop, sandbox: Sandbox, rows: Rows
) -> None:
    qr = own_shop.folder / "shelf.png"
    made = own_shop.json("link", "bal-007", "--bot", "@my_shop_bot", "--qr", qr)
    assert made["link"] == f"https://t.me/my_shop_bot?start=p_{made['product_id']}"
    with Image.open(qr) as code:
        assert min(code.size) > 300

    start = made["link"].partition("start=")[2]
    await anna.text("/threshold 0")
    await anna.hear(1)
    await anna.text(f"/start {start}")
    [card] = await anna.hear(1)
    assert "yellow Balls 7" in card["caption"]
    assert "♡ Save" in str(card["reply_markup"])
    reply = await hear_reply(anna)
    assert "Similar to yellow Balls 7:" in reply.below["text"]
    assert not any("yellow Balls 7\n" in caption for caption in reply.captions), "it is not like itself"
    [query] = rows("SELECT * FROM queries")
    assert (query["kind_of_query"], query["outcome"], query["category"]) == ("product", "answered", "Balls")
    await anna.tap(card, card["reply_markup"]["inline_keyboard"][0][0]["callback_data"])
    await anna.next_event("callback_answered")
    assert [tuple(row) for row in rows("SELECT query_id, rank, action FROM actions")] == [(query["id"], 0, "saved")]

    own_shop.imgrec("products", "retire", "bal-007")
    username = next(iter(sandbox.state.bots.values())).user.username
    for text, answer in (
        (f"/start@{username} {start}", "no longer sold"),
        ("/start p_999999", "don’t find the product"),
        ("/start p_1; DROP TABLE products", "Send me a photo"),
    ):
        await anna.text(text)
        assert answer in (await anna.hear(1))[0]["text"]


def test_the_bot_is_asked_for_its_name_where_none_is_given(own_shop: Shop) -> None:
    unnamed = own_shop.imgrec("link", "bal-007", ok=False)
    assert unnamed.returncode == 1
    assert "--bot NAME" in unnamed.stderr
    unanswered = run_command(
        "imgrec", "link", "bal-007", config=own_shop.config,
        TELEGRAM_BOT_TOKEN="1:secret", TELEGRAM_API_URL="http://127.0.0.1:9",
    )  # fmt: skip
    assert unanswered.returncode == 1
    assert "does not answer" in unanswered.stderr
    assert "secret" not in unanswered.stderr
    assert own_shop.imgrec("link", "bal-007", "--bot", "x", ok=False).returncode == 1
    assert "has to end in" in own_shop.imgrec("link", "bal-007", "--bot", "my_bot", "--qr", "a.gif", ok=False).stderr
