"""A bot run beside the sandbox: started when it listens, sent a first photo, and gone when the sandbox is."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
from rich.console import Console
from rich.markup import escape

from sandbox.client import UserClient
from sandbox.server import Sandbox
from sandbox.wire import Json

SHOPPER = 1
"""The user who sends the first photo, and whose chat the page shows."""

LONGEST_ANSWER_S = 120
LONGEST_STOP_S = 10
_LAST_LINES = 8


class CompanionError(Exception):
    """The bot cannot be gone on with; the message says why."""


@dataclass(frozen=True)
class Companion:
    """A bot's command, where its output goes (None: to our stderr), and the photo to send it first, if any."""

    command: Sequence[str]
    log: Path | None = None
    photo: Path | None = None

    def last_words(self) -> str:
        """The end of its log."""
        if self.log is None:
            return "What it said last stands above."
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        return "\n".join([f"Its last words, from {self.log}:", *lines])


async def keep_company(sandbox: Sandbox, companion: Companion, console: Console, once: bool) -> None:
    """Run the bot, send it the photo and show what it answers; then go on until cancelled, or with `once` return.

    Raises CompanionError when the bot ends by itself, does not answer, or the photo cannot be sent.
    """
    async with _running(companion, sandbox) as process:
        ended = asyncio.create_task(process.wait())
        answered = asyncio.create_task(_first_answer(sandbox, companion))
        try:
            await asyncio.wait({answered, ended}, return_when=asyncio.FIRST_COMPLETED)
            if answered.done():
                _show(companion.photo, answered.result(), console)
                if once:
                    return
                console.print(f"\nChat with the bot at [bold]{sandbox.url}/[/]\nCtrl-C stops everything.")
            await ended
        except httpx.HTTPError as refused:
            why = str(refused) or "the connection broke, as it does when a file is too large"
            raise CompanionError(f"{companion.photo} cannot be sent as a photo: {why}") from None
        except TimeoutError:
            words = f"The bot did not answer within {LONGEST_ANSWER_S} s. {companion.last_words()}"
            raise CompanionError(words) from None
        finally:
            for task in (answered, ended):
                task.cancel()
            await asyncio.gather(answered, ended, return_exceptions=True)
        raise CompanionError(f"The bot ended by itself. {companion.last_words()}")


@contextlib.asynccontextmanager
async def _running(companion: Companion, sandbox: Sandbox) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot, gone when this is left; Ctrl-C reaches it through us alone, and twice does not wait for it."""
    here = {"TELEGRAM_API_URL": sandbox.url, "TELEGRAM_BOT_TOKEN": sandbox.token, "no_proxy": "127.0.0.1"}
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(_writing(companion.log)) if companion.log else sys.stderr
        try:
            process = await asyncio.create_subprocess_exec(
                *companion.command, env={**os.environ, **here}, stdout=output, stderr=output, start_new_session=True
            )
        except OSError as error:
            raise CompanionError(f"{companion.command[0]} cannot be started: {error.strerror}.") from None
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), LONGEST_STOP_S)
                except (TimeoutError, asyncio.CancelledError):
                    process.kill()
                    await process.wait()


def _writing(log: Path) -> BinaryIO:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("ab")  # what the last bot said may tell why it ended
    except OSError as error:
        raise CompanionError(f"The bot's output cannot be written to {log}: {error.strerror}.") from None


def _bytes_of(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError as error:
        raise CompanionError(f"{photo} cannot be read: {error.strerror}.") from None


async def _first_answer(sandbox: Sandbox, companion: Companion) -> list[Json]:
    """What the bot answers to /start and to the photo: pictures, if it finds any, and the message below them."""
    async with UserClient(sandbox.url, SHOPPER) as shopper:
        await shopper.text("/start")
        heard = await shopper.hear(within_s=LONGEST_ANSWER_S)
        if companion.photo is None:
            return heard
        await shopper.photo(await asyncio.to_thread(_bytes_of, companion.photo))
        heard = []
        while not heard or "photo" in heard[-1]:
            heard += await shopper.hear(within_s=LONGEST_ANSWER_S)
        return heard


def _show(photo: Path | None, heard: Sequence[Json], console: Console) -> None:
    """The answer in the terminal: what the bot says below the pictures, as it stands."""
    if photo is None:
        return
    said = escape(heard[-1].get("text", ""))
    console.print(f"\nSent [bold]{escape(_shown(photo))}[/]. The bot: {said}", soft_wrap=True)


def _shown(file: Path) -> str:
    """A path as one reads it: from the working folder where it lies there."""
    whole, here = file.resolve(), Path.cwd()
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)
