"""A wish that stands: who wished for it is told of what comes in, once, for as long as it is wished."""

import asyncio
import csv
import sqlite3
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from bot_helpers import ANNA, MODELS, add_fault, configure, hear_reply, notice_of, start_bot
from telegram import Bot
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from bot.actions import Actions
from bot.admins import Admins
from bot.answering.help_picture import HelpPicture
from bot.answering.links import Links
from bot.answering.looking import Looking
from bot.clock import now_s
from bot.language import Languages
from bot.owner.troubles import Troubles
from bot.services import Services
from bot.speaking import Speaking
from bot.store.store import Store
from bot.store.wishes import note_on_sale
from bot.wishing import Wishing
from imgrec.config import PhotosSection, PrivacySection, load_config
from imgrec.log.writer import LogWriter
from imgrec.search.serving import Serving, pointer
from sandbox import Sandbox
from sandbox.client import UserClient

Rows = Callable[..., list[sqlite3.Row]]

DAY_S = 24 * 3600
NEW = "A ball that has just come in"


@pytest.fixture(scope="session")
def shop(small_shop: Shop) -> Shop:
    return small_shop


def new_balls(shop: Shop, *seeds: int) -> None:
    """Red balls come in, and a tent that looks like none."""

    with shop.feed.open("a", encoding="utf-8", newline="") as stream:
        feed = csv.writer(stream)
        for seed in seeds:
            for category, colour in ((CATEGORIES[0], "red"), (CATEGORIES[2], "green")):
                name = f"new-{category[:1]}-{seed}"
                (shop.folder / "photos" / f"{name}.jpg").write_bytes(
                    jpeg(draw_product(category, colour, 901, 300 + 10 * seed), quality=95)
                )
                title = f"{NEW} {seed}" if category == CATEGORIES[0] else f"A tent {seed}"
                feed.writerow([name, title, category, f"photos/{name}.jpg", "", "", "", "", "", ""])
    shop.bring_in()
    shop.index()


@pytest.fixture
def photo() -> bytes:
    return jpeg(draw_product(CATEGORIES[0], "red", 901, side_px=300), quality=95)


async def wish(user: UserClient, photo: bytes) -> str:
    """Send a photo and tap the bell; returns the notice."""
    await user.photo(photo)
    reply = await hear_reply(user)
    return await notice_of(user, reply.below, reply.button("🔔"))


async def test_what_comes_in_is_told_once_and_can_be_stopped_at_a_tap(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, photo: bytes, rows: Rows
) -> None:
    bot = await start_bot(own_shop, sandbox)
    notice = await wish(anna, photo)
    assert not notice or "90 days" in notice  # a bot that is slow to handle a tap answers it without one
    await anna.text("/wishes")
    [listed] = await anna.hear(1)
    assert "Balls" in listed["text"]
    assert "looks like this photo. The number stops it:" in listed["text"]

    await asyncio.to_thread(new_balls, own_shop, 1, 2)
    told = await hear_reply(anna, within_s=60)
    assert told.below["text"].startswith("🔔 2 products came in")
    assert told.below["text"].count(NEW) == len(told.products) == 2
    assert "tent" not in told.below["text"]
    await anna.tap(told.below, told.button("1"))  # it is an answer like any other
    [card] = await anna.hear(1)
    assert NEW in card["caption"]
    notice = await notice_of(anna, told.below, told.button("🔕"))
    assert not notice or "stop" in notice
    await anna.text("/wishes")
    [listed] = await anna.hear(1)
    assert "no wishes" in listed["text"]

    asked, wished = await asyncio.to_thread(rows, "SELECT * FROM queries ORDER BY id")
    assert (wished["kind_of_query"], wished["parent_id"], wished["n_matches"]) == ("wish", asked["id"], 2)
    done = await asyncio.to_thread(rows, "SELECT query_id, action FROM actions ORDER BY done_utc")
    assert [tuple(row) for row in done] == [
        (asked["id"], "wished"), (asked["id"], "told"), (wished["id"], "opened"), (asked["id"], "wish_stopped"),
    ]  # fmt: skip
    assert await bot.stop() == 0
    assert not rows("SELECT * FROM wishes", file="bot.db")


class World:
    """The parts of a bot that wishes need, in this process: a clock that can be set, and faults."""

    def __init__(self, store: Store, looking: Looking, bot: Bot) -> None:
        self.store = store
        self.later_s = 0.0
        speaking = Speaking(Languages.load(), store.chats)
        links = Links(PhotosSection(), are_followed=False)
        picture = HelpPicture(looking, store.database.path.with_name("pictures"))
        services = Services(
            looking, store, Actions(bot), speaking, Admins(bot), links, "bot", 900, PrivacySection(), (), Troubles(),
            picture, 90,
        )  # fmt: skip
        self.wishing = Wishing(bot, services, lambda chat: None, lambda: now_s() + self.later_s)

    async def told(self) -> list[str]:
        """What is to be sent below the pictures, and is not sent."""
        rows = await self.store.database.rows("SELECT json_extract(content, '$.html') AS html FROM steps ORDER BY id")
        return [row["html"] for row in rows if row["html"]]


@pytest.fixture
async def world(own_shop: Shop, sandbox: Sandbox, anna: UserClient, photo: bytes) -> AsyncIterator[World]:
    """A wish was made, and its bot stopped."""
    bot = await start_bot(own_shop, sandbox)
    await wish(anna, photo)
    assert await bot.stop() == 0
    config = load_config(own_shop.config, {})
    store = await Store.open(config.bot_database, await LogWriter.open(config.log.path), 1, config.privacy.photos)
    await store.database.write(lambda connection: connection.execute("DELETE FROM steps"))
    looking = Looking(Serving.open(config), lambda: Serving.open(config), lambda: pointer(config), pointer(config), 8)
    looking.start()
    async with Bot(sandbox.token, f"{sandbox.url}/bot", f"{sandbox.url}/file/bot") as speaking:
        yield World(store, looking, speaking)
    await looking.close()
    await store.close()


async def taken_up(shop: Shop, change: Callable[..., None], *values: int) -> None:
    await asyncio.to_thread(change, shop, *values)
    await asyncio.sleep(2.1)


async def test_a_wish_is_told_once_whatever_fails_at_most_once_a_day_and_not_after_its_time(
    world: World, own_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.wishing.look()
    assert not await world.told()  # nothing has come in
    await taken_up(own_shop, new_balls, 1)
    with monkeypatch.context() as dying:

        def die(*values: object) -> None:
            raise sqlite3.ProgrammingError("killed before the transaction ends")

        dying.setattr("bot.wishing.add_steps", die)
        with pytest.raises(sqlite3.ProgrammingError):
            await world.wishing.look()
    assert not await world.told()
    for _ in range(2):
        await world.wishing.look()
        [told] = await world.told()
        assert f"{NEW} 1" in told

    await taken_up(own_shop, new_balls, 2)
    for later_s in (0, 91 * DAY_S):  # on the same day; when it is over
        world.later_s = later_s
        await world.wishing.look()
        assert len(await world.told()) == 1
    world.later_s = DAY_S
    await world.wishing.look()
    _, told = await world.told()
    assert f"{NEW} 2" in told
    assert f"{NEW} 1" not in told
    [last] = await world.store.database.rows("SELECT until_s FROM steps ORDER BY id DESC LIMIT 1")
    assert last["until_s"] > now_s() + 1.9 * DAY_S  # told a day from now, and of use for another


async def test_after_a_change_of_model_the_photo_is_seen_anew_and_ends_the_wish_where_it_is_gone(
    world: World, own_shop: Shop, sandbox: Sandbox
) -> None:
    configure(own_shop, "model", path=str(MODELS / "sample"))
    await taken_up(own_shop, new_balls, 1)
    await world.wishing.look()
    [told] = await world.told()
    assert f"{NEW} 1" in told
    [wished] = await world.store.wishes.of(ANNA)
    assert wished.model == load_serving(own_shop)

    await world.store.database.write(of_another_model)
    await add_fault(sandbox, drop_file_ids=True)
    for hours in range(1, 6):  # Telegram says the same of what it does not have just now
        assert await world.store.wishes.of(ANNA)
        assert len(world.wishing.put_off) == (hours > 1)
        world.later_s = hours * 3600
        await world.wishing.look()
    await world.wishing.look()
    assert not world.wishing.put_off
    assert "no longer has a photo" in (await world.told())[-1]
    assert not await world.store.wishes.of(ANNA)


def of_another_model(connection: sqlite3.Connection) -> None:
    """The wish is as a model of before left it, when the shop was empty."""
    note_on_sale(connection, "before", np.array([], np.int64))
    connection.execute("UPDATE wishes SET model = 'of before', generation = 'before', told_s = NULL, told = '[]'")


def load_serving(shop: Shop) -> str:
    with Serving.open(load_config(shop.config, {})) as serving:
        return serving.id.model_sha256
