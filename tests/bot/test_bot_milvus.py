"""A shop whose vectors are on a server that goes away for a moment: shoppers wait, and get their answers."""

import asyncio
from pathlib import Path

import pytest
from bot_helpers import configure, hear_reply, start_bot
from milvus_process import MilvusProcess, skip_without_milvus
from tiny_shop import Shop, draw_product, jpeg
from waiting import until

from sandbox import Sandbox
from sandbox.client import UserClient


@pytest.fixture(scope="session")
def shop(small_shop: Shop) -> Shop:
    return small_shop


async def test_a_photo_that_comes_while_the_server_is_away_is_answered_when_it_is_back(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient, rows, tmp_path: Path
) -> None:
    skip_without_milvus()
    with MilvusProcess(tmp_path / "milvus") as milvus:
        configure(own_shop, "index", engine="milvus", milvus={"uri": milvus.uri, "timeout_s": 20})
        await asyncio.to_thread(own_shop.imgrec, "index")
        bot = await start_bot(own_shop, sandbox)
        milvus.kill()
        await anna.photo(jpeg(draw_product("Balls", "red", 900)))
        await until(lambda: "An update is handled later: Milvus at" in bot.said(), within_s=20)
        await asyncio.to_thread(milvus.start)
        assert (await hear_reply(anna, within_s=60)).products
        assert [row["outcome"] for row in rows("SELECT outcome FROM queries")] == ["answered"]
        assert await bot.stop() == 0
        assert "Traceback" not in bot.said()
