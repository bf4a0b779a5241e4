"""Pictures that the bot draws itself: how they are kept until they are sent, and what becomes of them then."""

import io

from bot_helpers import ANNA, add_fault
from PIL import Image
from telegram import Bot
from test_bot_outbox import store

from bot.messages import Drawing, read_message
from bot.sending.courier import Courier, Delivered, Instead, Place
from bot.store.store import Store
from sandbox import Sandbox
from sandbox.client import UserClient

__all__ = ["store"]


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 400), "teal").save(buffer, "PNG")
    return buffer.getvalue()


DRAWING = Drawing(image=png(), caption="<b>Two weeks</b>", keyboard={"inline_keyboard": []})


def test_a_drawing_is_kept_as_json_and_is_the_same_when_it_is_read_again() -> None:
    assert read_message(DRAWING.model_dump_json()) == DRAWING


async def test_a_drawing_arrives_and_where_a_chat_takes_none_its_words_do(
    sandbox: Sandbox, anna: UserClient, store: Store
) -> None:
    await anna.text("/start")
    async with Bot(sandbox.token, f"{sandbox.url}/bot", f"{sandbox.url}/file/bot") as bot:
        courier = Courier(bot, store.files)
        assert isinstance(await courier.bring(DRAWING, Place(ANNA), after_doubtful=False), Delivered)
        [message] = await anna.hear(1)
        assert (message["caption"], message["photo"][-1]["width"]) == ("Two weeks", 640)
        await add_fault(
            sandbox, method="sendPhoto", error_code=400, description="Bad Request: no rights to send photos"
        )
        instead = await courier.bring(DRAWING, Place(ANNA), after_doubtful=False)
        assert isinstance(instead, Instead)
        assert instead.messages[0].model_dump()["html"] == DRAWING.caption
