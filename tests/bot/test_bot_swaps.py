"""A new index is taken up while the bot runs: nobody waits, nothing is lost, and no two generations are mixed."""

import asyncio
import csv
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing

import numpy as np
import pytest
from bot_helpers import BotProcess, configure, hear_reply, start_bot
from narrow_vgg import make_narrow
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg, write_config, write_feed
from waiting import until

from bot.answering.looking import Looking
from bot.callback_data import OtherCategory, encode
from bot.language import Languages
from bot.request import Ask, Request, Result
from imgrec.config import load_config
from imgrec.errors import OtherServingError, UnreadablePhotoError
from imgrec.generations import current, point_to
from imgrec.log.schema import KindOfQuery
from imgrec.search.generation import IndexRecord, read_record
from imgrec.search.serving import Serving, pointer
from imgrec.sums import seal
from sandbox import Sandbox
from sandbox.client import UserClient

Rows = Callable[..., list[sqlite3.Row]]

_LONGER_THAN_BETWEEN_LOOKS_S = 2.1
REQUEST = Request(KindOfQuery.PHOTO, 7, 7, Ask(reply_to=1), Languages.load().of())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop with an eye that sees little, quickly: it is looked at anew again and again."""
    folder = tmp_path_factory.mktemp("swaps") / "shop"
    made = Shop(folder, write_feed(folder, 10), write_config(folder, model={"path": "models/narrow"}))
    make_narrow(folder / "models" / "narrow")
    made.bring_in()
    made.index()
    return made


def picture(category: str = CATEGORIES[0], colour: str = "red", seed: int = 900) -> bytes:
    return jpeg(draw_product(category, colour, seed, side_px=300), quality=95)


def with_another_model(shop: Shop) -> None:
    make_narrow(shop.folder / "models" / "other", seed=1)
    configure(shop, "model", path="models/other")
    shop.index()


def with_a_new_category(shop: Shop) -> None:
    def lamps(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        new = [{**row, "id": f"lamp-{row['id']}", "category": "Lamps"} for row in rows if row["category"] == "Boxes"]
        for number, row in enumerate(new):
            row["image"] = f"photos/{row['id']}.jpg"
            photo = draw_product(CATEGORIES[2], row["kind"], 500 + number).rotate(180, fillcolor="white")
            (shop.folder / row["image"]).write_bytes(jpeg(photo))
        return [*rows, *new]

    change_feed(shop, lamps)


def with_a_category_removed(shop: Shop) -> None:
    change_feed(shop, lambda rows: [row for row in rows if row["category"] != "Boxes"])


def without_categories(shop: Shop) -> None:
    change_feed(shop, lambda rows: [{**row, "category": ""} for row in rows])


def change_feed(shop: Shop, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Change the shop's feed, import it and build the index."""
    with shop.feed.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with shop.feed.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(change(rows))
    shop.bring_in(retire=True)
    shop.index()


def has_answered(shop: Shop, generation: str) -> bool:
    with closing(sqlite3.connect(shop.folder / "log.db")) as log:
        return bool(log.execute("SELECT 1 FROM queries WHERE index_generation = ?", (generation,)).fetchone())


def record(shop: Shop, generation: str) -> IndexRecord:
    return read_record(shop.folder / "index" / generation)


@pytest.mark.parametrize("swap", [with_another_model, with_a_new_category, with_a_category_removed, without_categories])
async def test_two_shoppers_who_send_photos_during_a_swap_are_all_answered_from_one_generation_each(
    own_shop: Shop, sandbox: Sandbox, rows: Rows, swap: Callable[[Shop], None]
) -> None:
    bot = await start_bot(own_shop, sandbox)
    over = asyncio.Event()

    async def keep_asking(user: int) -> int:
        asked = 0
        async with UserClient(sandbox.url, user) as client:
            while not over.is_set():
                [sent] = await client.photo(picture(CATEGORIES[asked % 3], seed=user * 1000 + asked))
                reply = await hear_reply(client, within_s=30)
                assert "went wrong" not in reply.below["text"]
                assert reply.below["reply_to_message"]["message_id"] == sent["message_id"]
                asked += 1
                await asyncio.sleep(0.2)  # there are but two cores, and the index is to be built as well
        return asked

    shoppers = [asyncio.create_task(keep_asking(user)) for user in (100, 101)]
    await until(lambda: has_answered(own_shop, "generation-000001"), within_s=30)
    await asyncio.to_thread(swap, own_shop)
    await until(lambda: has_answered(own_shop, "generation-000002"), within_s=30)
    over.set()
    asked = sum(await asyncio.gather(*shoppers))
    assert await bot.stop() == 0

    queries = rows("SELECT * FROM queries ORDER BY id")
    assert len(queries) == asked
    assert {query["outcome"] for query in queries} <= {"answered", "nothing_similar"}
    assert sorted({query["index_generation"] for query in queries}) == ["generation-000001", "generation-000002"]
    held = {
        name: set(np.load(own_shop.folder / "index" / name / "product.npy").tolist())
        for name in ("generation-000001", "generation-000002")
    }
    for query in queries:
        knows = record(own_shop, query["index_generation"])
        assert query["model"] == knows.model_sha256
        assert set(json.loads(query["scope"])) <= set(knows.categories)
        assert query["predicted_category"] in (knows.knowledge.labels or [None])
        shown = {row[0] for row in rows("SELECT product_id FROM matches WHERE query_id = ?", query["id"])}
        assert shown <= held[query["index_generation"]]


async def test_the_first_tap_after_a_swap_looks_at_the_photo_anew_and_a_chats_likeness_stays(
    bot: BotProcess, anna: UserClient, own_shop: Shop, rows: Rows
) -> None:
    await anna.text("/threshold 65%")
    await anna.hear(1)
    await anna.photo(picture())
    reply = await hear_reply(anna)
    await asyncio.to_thread(with_another_model, own_shop)
    await asyncio.sleep(_LONGER_THAN_BETWEEN_LOOKS_S)
    await anna.tap(reply.below, encode(OtherCategory(1, 1)), force=True)
    again = await hear_reply(anna)
    assert again.products
    assert again.below["reply_to_message"]["message_id"] == reply.below["reply_to_message"]["message_id"]
    await anna.photo(picture())
    await hear_reply(anna)

    first, tapped, last = rows("SELECT * FROM queries ORDER BY id")
    assert (tapped["parent_id"], tapped["kind_of_query"], tapped["outcome"]) == (1, "other_category", "answered")
    generations = [query["index_generation"] for query in (first, tapped, last)]
    assert generations == ["generation-000001", "generation-000002", "generation-000002"]
    assert first["likeness"] == last["likeness"] == 0.65
    for query in (first, last):
        likeness = record(own_shop, query["index_generation"]).knowledge.likeness
        assert query["threshold"] == pytest.approx(likeness.similarity_of(0.65))


@pytest.fixture
async def looking(own_shop: Shop) -> AsyncIterator[Looking]:
    """The queue before the eye by itself, on real generations."""
    config = load_config(own_shop.config, {})
    opened_at = pointer(config)
    made = Looking(Serving.open(config), lambda: Serving.open(config), lambda: pointer(config), opened_at, 8)
    made.start()
    yield made
    await made.close()


async def ask_together(looking: Looking, *photos: object) -> Sequence[Result | BaseException]:
    """Ask them as one batch."""
    return await asyncio.gather(*(looking.ask(photo, REQUEST) for photo in photos), return_exceptions=True)  # type: ignore[arg-type]


async def test_what_another_model_saw_fails_alone_and_those_beside_it_are_answered(
    own_shop: Shop, looking: Looking
) -> None:
    before = await looking.ask(picture(), REQUEST)
    assert before.shop is looking.shop
    await asyncio.to_thread(with_another_model, own_shop)
    await asyncio.sleep(_LONGER_THAN_BETWEEN_LOOKS_S)
    old, broken, new = await ask_together(looking, before.seen, b"no photo", picture())
    assert isinstance(old, OtherServingError)
    assert isinstance(broken, UnreadablePhotoError)
    assert isinstance(new, Result)
    assert new.answer.serving.generation == looking.shop.serving.generation == "generation-000002"
    assert new.answer.serving.model_sha256 != before.answer.serving.model_sha256
    assert new.answer.matches


async def test_an_index_that_cannot_be_opened_leaves_the_old_one_serving_until_one_can(
    own_shop: Shop, looking: Looking
) -> None:
    index = own_shop.folder / "index"
    (index / "generation-000002").mkdir()
    point_to(index, "generation-000002")
    await asyncio.sleep(_LONGER_THAN_BETWEEN_LOOKS_S)
    [found] = await ask_together(looking, picture())
    assert isinstance(found, Result)
    assert found.answer.serving.generation == "generation-000001"
    own_shop.index()
    mended = current(index)
    assert mended
    await asyncio.sleep(_LONGER_THAN_BETWEEN_LOOKS_S)
    old, new = await ask_together(looking, found.seen, picture())
    assert isinstance(old, OtherServingError)
    assert isinstance(new, Result)
    assert new.answer.serving.generation == mended.name


async def test_where_looking_at_a_batch_fails_each_photo_is_looked_at_by_itself(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    see = Serving.see_pixels

    def see_one(serving: Serving, pixels: np.ndarray, **named: bool) -> object:
        if len(pixels) > 1:
            raise MemoryError("too many at once")
        return see(serving, pixels, **named)

    monkeypatch.setattr(Serving, "see_pixels", see_one)
    found = await ask_together(looking, picture(), picture(CATEGORIES[1], "blue"))
    assert [one.answer.category.name for one in found if isinstance(one, Result) and one.answer.category] == [
        "Balls", "Boxes",
    ]  # fmt: skip


async def test_without_categories_the_bot_searches_everything_and_says_so(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows: Rows
) -> None:
    without_categories(own_shop)
    bot = await start_bot(own_shop, sandbox)
    for text in ("/category", "/category balls"):
        await anna.text(text)
        [message] = await anna.hear(1)
        assert "no categories" in message["text"]
        assert "reply_markup" not in message
    await anna.photo(picture())
    reply = await hear_reply(anna)
    assert reply.products
    assert "whole shop" in reply.below["text"]
    assert not [
        button for row in reply.below["reply_markup"]["inline_keyboard"] for button in row if "🔎" in button["text"]
    ]
    [query] = rows("SELECT * FROM queries")
    assert (query["predicted_category"], query["probability"], query["category_source"]) == (None, None, None)
    assert await bot.stop() == 0


async def test_less_than_half_sure_the_bot_asks_and_offers_what_it_may_be(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows: Rows
) -> None:
    file = own_shop.folder / "index" / "generation-000001" / "index.json"
    knows = json.loads(file.read_text(encoding="utf-8"))
    knows["knowledge"]["temperature"] = 100.0  # nothing is sure at this heat
    file.write_text(json.dumps(knows), encoding="utf-8")
    seal(file.parent)
    bot = await start_bot(own_shop, sandbox)
    await anna.photo(picture(CATEGORIES[1]))
    reply = await hear_reply(anna)
    question = reply.below["text"].splitlines()[0]
    assert question.startswith("Is this ")
    assert question.endswith("? I looked in all of them.")
    assert "%" not in question
    for category in CATEGORIES:
        assert category in question
    await anna.tap(reply.below, reply.button("🔎 Boxes"))
    boxes = await hear_reply(anna)
    assert boxes.below["text"].startswith("I looked in Boxes.")
    assert [row["category_source"] for row in rows("SELECT category_source FROM queries ORDER BY id")] == [
        "predicted", "tap",
    ]  # fmt: skip
    assert await bot.stop() == 0
