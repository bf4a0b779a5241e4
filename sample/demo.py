"""`make demo`: the sample shop from its feed to an answer, with a chat page in place of Telegram."""

import asyncio
import contextlib
import errno
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import click
import httpx
from click.decorators import FC
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sandbox import Sandbox, running_sandbox
from sandbox.client import Json, UserClient
from sandbox.tray import Tray, read_tray

ROOT = Path(__file__).resolve().parent.parent
SHOP = "Sample shop"  # what its bot is called
SHOPPER = 1  # whose chat the page shows
LONGEST_ANSWER_S = 120
LONGEST_STOP_S = 10
_LAST_LINES = 8

_CONFIG = """\
# Written by `make demo`: the sample shop's own files, apart from yours.
catalogue: {{path: catalogue.db, photos: photos}}
model: {{path: {model}}}
index: {{path: index}}
log: {{path: log.db}}
bot: {{heartbeat: bot.heartbeat}}
"""


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what to do."""


def _folder_option(name: str, default: str, words: str) -> Callable[[FC], FC]:
    return click.option(
        name,
        type=click.Path(file_okay=False, path_type=Path),
        default=ROOT / default,
        help=f"{words}  [default: {default}]",
    )


@click.command()
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="Of the page; 0: any.")
@click.option("--photo", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The first photo to send.  [default: the first of the page's samples]")  # fmt: skip
@click.option("--once", is_flag=True, help="Stop after the first answer.")
@_folder_option("--shop", "sample", "A folder with products.csv and customer.csv.")
@_folder_option("--model", "models/sample", "The model that recognises photos.")
@_folder_option("--folder", "data/demo", "Where catalogue, index and log go; remove it to begin anew.")
def main(port: int, photo: Path | None, once: bool, shop: Path, model: Path, folder: Path) -> None:
    """Open the sample shop: import its feed, index its photos, start the bot, and chat with it in a browser.

    With TELEGRAM_BOT_TOKEN set, the bot talks to Telegram instead.
    """
    console = Console(highlight=False)
    config = folder.resolve() / "config.yaml"
    try:
        _see_that_all_is_there(shop, model)
        tray = _customer_photos(shop)
        photo = photo or tray.pictures[0].file
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(_CONFIG.format(model=json.dumps(str(model.resolve()))), encoding="utf-8")
        if os.environ.get("TELEGRAM_BOT_TOKEN"):
            asyncio.run(_until_stopped(_open_shop(config, shop)))
            console.print(
                "TELEGRAM_BOT_TOKEN is set, so the bot talks to Telegram: send it a photo there. Ctrl-C stops it."
            )
            sys.stdout.flush()
            os.execv(sys.executable, _bot_command(config))  # noqa: S606 - ourselves
        asyncio.run(_until_stopped(_chat(config, shop, tray, port, photo, console, once)))
    except (DemoError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def _see_that_all_is_there(shop: Path, model: Path) -> None:
    needed = (shop / "products.csv", shop / "customer.csv", model / "model.yaml")
    if missing := [_inside(file) for file in needed if not file.is_file()]:
        raise DemoError(
            f"Missing: {', '.join(missing)}. Name a shop and a model that are there: "
            "python -m sample.demo --shop FOLDER --model FOLDER"
        )


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Ctrl-C, SIGTERM and a closed terminal cancel the work, which then closes what it has opened."""
    task = asyncio.create_task(work)
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signal_number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        click.echo("Stopped.", err=True)
        sys.exit(0)


async def _chat(
    config: Path, shop: Path, tray: Tray, port: int, photo: Path, console: Console, once: bool
) -> None:  # fmt: skip
    """The page, the shop, the bot and a first photo; then whatever the shopper does, until it is stopped."""
    async with _page(tray, port) as sandbox:
        await _open_shop(config, shop)
        async with _bot(config, sandbox) as ended:
            answered = asyncio.create_task(_answer(sandbox, await asyncio.to_thread(photo.read_bytes)))
            try:
                await asyncio.wait({answered, ended}, return_when=asyncio.FIRST_COMPLETED)
                if answered.done():
                    _show(photo, answered.result(), console)
                    if once:
                        return
                    console.print(f"\nChat with the bot at [bold]{sandbox.url}/[/]\nCtrl-C stops everything.")
                await ended
            except httpx.HTTPError as refused:
                why = str(refused) or "the connection broke, as it does when a file is too large"
                raise DemoError(f"{_inside(photo)} cannot be sent as a photo: {why}") from None
            except TimeoutError:
                raise DemoError(f"The bot did not answer within {LONGEST_ANSWER_S} s. {_last_words(config)}") from None
            finally:
                answered.cancel()
                await asyncio.gather(answered, return_exceptions=True)
            raise DemoError(f"The bot ended by itself. {_last_words(config)}")


@contextlib.asynccontextmanager
async def _page(tray: Tray, port: int) -> AsyncIterator[Sandbox]:
    """The sandbox with its chat page, the shop's customer photos at hand."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            sandbox = await stack.enter_async_context(running_sandbox(port=port, tray=tray, bot_name=SHOP))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise DemoError(f"Port {port} is taken. Choose another, or 0 for a free one: make demo PORT=0") from None
        yield sandbox


async def _open_shop(config: Path, shop: Path) -> None:
    """Import the feed and index its photos; the second time there is nothing left to do."""
    for module, *arguments in (("import", str(shop / "products.csv")), ("index",)):
        command = [sys.executable, "-m", "imgrec", module, *arguments, "--config", str(config)]
        async with _running(command, stdout=asyncio.subprocess.DEVNULL) as process:
            if await process.wait():
                raise DemoError(f"imgrec {module} did not succeed: see above.")


@contextlib.asynccontextmanager
async def _bot(config: Path, sandbox: Sandbox) -> AsyncIterator[asyncio.Task[int]]:
    """The real bot, connected to the sandbox; gives a task that is done when the bot has ended."""
    here = {"TELEGRAM_API_URL": sandbox.url, "TELEGRAM_BOT_TOKEN": sandbox.token, "no_proxy": "127.0.0.1"}
    with _log_of(config).open("wb") as log:
        async with _running(_bot_command(config), here, stdout=log, stderr=log) as process:
            yield asyncio.create_task(process.wait())


@contextlib.asynccontextmanager
async def _running(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *,
    stdout: int | IO[bytes] | None = None, stderr: IO[bytes] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:  # fmt: skip
    """A program that is gone when this is left; Ctrl-C reaches it through us alone, and twice does not wait for it."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=stdout, stderr=stderr,
        start_new_session=True,
    )  # fmt: skip
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


async def _answer(sandbox: Sandbox, photo: bytes) -> list[Json]:
    """What the bot answers to a photo: products, if it finds any, and the message with the buttons."""
    async with UserClient(sandbox.url, SHOPPER) as shopper:
        await shopper.text("/start")
        await shopper.hear(within_s=LONGEST_ANSWER_S)
        await shopper.photo(photo)
        heard: list[Json] = []
        while not heard or "photo" in heard[-1]:
            heard += await shopper.hear(within_s=LONGEST_ANSWER_S)
        return heard


def _show(photo: Path, heard: Sequence[Json], console: Console) -> None:
    """The answer in the terminal: what the bot says of the photo, then each product with price and similarity."""
    *products, below = heard
    said = below["text"].splitlines()[0] if products else below["text"]
    console.print(f"\nSent [bold]{escape(_inside(photo))}[/]. The bot: {escape(said)}", soft_wrap=True)
    if not products:
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for number, product in enumerate(products, start=1):
        title, _, facts = product.get("caption", "").partition("\n")
        facts, _, similarity = facts.rpartition(" · ")
        table.add_row(f"  {number}", escape(title), escape(facts), escape(similarity))
    console.print(table)


def _customer_photos(shop: Path) -> Tray:
    feed = shop / "customer.csv"
    try:
        tray = read_tray([feed])
    except ValueError as error:
        raise DemoError(f"{_inside(feed)} is no list of photos: {error}") from None
    if not tray.pictures:
        raise DemoError(f"{_inside(feed)} names no photo that is there; its column photo names files beside it.")
    return tray


def _bot_command(config: Path) -> list[str]:
    return [sys.executable, "-m", "bot", "--config", str(config)]


def _inside(file: Path) -> str:
    """A path as one reads it: from the checkout where it lies there."""
    file = file.resolve()
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)


def _log_of(config: Path) -> Path:
    return config.with_name("bot.log")


def _last_words(config: Path) -> str:
    log = _log_of(config)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
    return "\n".join([f"Its last words, from {log}:", *lines])


if __name__ == "__main__":
    main(prog_name="python -m sample.demo")
