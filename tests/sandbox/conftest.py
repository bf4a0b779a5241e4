import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from PIL import Image
from telegram import Bot
from telegram.request import HTTPXRequest

from sandbox import Sandbox, running_sandbox
from sandbox.client import UserClient

ANNA = 7


@pytest.fixture(autouse=True)
def _timedelta_of_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, python-telegram-bot warns whenever it meets a 429."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as running:
        yield running


@pytest.fixture
def make_bot() -> Callable[..., Bot]:
    """Makes a real bot of python-telegram-bot, without certificates: reading them takes long."""

    def make(sandbox: Sandbox, token: str = "") -> Bot:
        return Bot(
            token or sandbox.token,
            base_url=sandbox.bot_url,
            base_file_url=sandbox.file_url,
            request=HTTPXRequest(httpx_kwargs={"verify": False}),
            get_updates_request=HTTPXRequest(httpx_kwargs={"verify": False}),
        )

    return make


@pytest.fixture
async def bot(sandbox: Sandbox, make_bot: Callable[..., Bot]) -> AsyncIterator[Bot]:
    async with make_bot(sandbox) as ready:
        yield ready


@pytest.fixture
async def anna(sandbox: Sandbox) -> AsyncIterator[UserClient]:
    async with UserClient(sandbox.url, ANNA) as client:
        yield client


@pytest.fixture
async def chat(anna: UserClient) -> int:
    """A private chat in which the user has spoken."""
    await anna.text("Hello")
    await anna.events()
    return ANNA


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[Callable[..., Any]]:
    """A method called without python-telegram-bot, which would refuse some mistakes itself."""
    async with httpx.AsyncClient(base_url=f"{sandbox.bot_url}{sandbox.token}/") as http:

        async def call_method(method: str, **params: Any) -> dict[str, Any]:
            answer = (await http.post(method, json=params)).json()
            assert isinstance(answer, dict)
            return answer

        yield call_method


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Draws an encoded picture of one colour."""

    def draw(colour: str = "red", size: tuple[int, int] = (120, 90), kind: str = "JPEG") -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", size, colour).save(buffer, kind)
        return buffer.getvalue()

    return draw
