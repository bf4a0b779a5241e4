"""The command line: `python -m sandbox` runs the server until it is interrupted, with a bot if one is named."""

import asyncio
import errno
import logging
import re
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from tornado.netutil import bind_sockets

from sandbox.companion import Companion, CompanionError, keep_company
from sandbox.server import DEFAULT_TOKEN, Sandbox, running_sandbox
from sandbox.state import BOT_NAME
from sandbox.tray import Tray, read_tray


def _check_tokens(_: click.Context, __: click.Parameter, tokens: tuple[str, ...]) -> tuple[str, ...]:
    for token in tokens:
        if not re.fullmatch(r"[1-9]\d{0,18}:[\w-]+", token, re.ASCII):
            raise click.BadParameter(f'"{token}" is no token: a number, a colon, then letters and digits')
    if len({token.partition(":")[0] for token in tokens}) < len(tokens):
        raise click.BadParameter("every bot needs a number of its own before the colon")
    return tokens


@click.command(
    epilog="Play the users over HTTP: sandbox/README.md lists the addresses.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--token",
    "tokens",
    multiple=True,
    default=[DEFAULT_TOKEN],
    show_default=True,
    callback=_check_tokens,
    help="A bot's token, <number>:<text>. Repeat it for several bots; each has its own chats.",
)
@click.option(
    "--tray",
    "sources",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Pictures to offer in the chat page: a folder, or a CSV file with a column photo. May be repeated.",
)
@click.option("--flood", is_flag=True, help="Answer 429 to a bot that writes faster than Telegram allows.")
@click.option("--name", default=BOT_NAME, show_default=True, help="What the bot is called.")
@click.option("--send", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="With a COMMAND: the first photo that user 1 sends; the bot's answer is shown here.  [default: the "
              "first of the tray]")  # fmt: skip
@click.option("--once", is_flag=True, help="With a COMMAND: stop after the answer to the first photo.")
@click.option("--check", is_flag=True, help="Start nothing; only see whether it could: tray, photo and port.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path),
              help="With a COMMAND: the file that its output goes to.  [default: shown here]")  # fmt: skip
def main(
    command: tuple[str, ...], port: int, host: str, tokens: tuple[str, ...], sources: tuple[Path, ...], flood: bool,
    name: str, send: Path | None, once: bool, check: bool, log: Path | None,
) -> None:  # fmt: skip
    """Imitate Telegram's Bot API server on this machine, to try a bot without Telegram.

    Start it, then start the bot with the two variables it prints, and chat with it in a browser at the
    address it prints. Or name the bot's COMMAND behind "--", and it is started with those variables and
    stopped with the sandbox. Everything is kept in memory and gone when it stops (Ctrl-C). Nothing is
    fetched from or sent to Telegram.

    \b
      python -m sandbox
      python -m sandbox --tray photos/ --send photos/shoe.jpg -- python -m bot
    """  # noqa: D301 - click wants the backspace itself
    if not (command or check) and (send or once or log):
        raise click.UsageError("--send, --once and --log go with a bot's COMMAND, behind --.")
    logging.basicConfig(level=logging.WARNING if command else logging.INFO, format="%(asctime)s %(message)s",
                        datefmt="%H:%M:%S")  # fmt: skip
    tray = _read_tray(sources)
    photo = send or next((picture.file for picture in tray.pictures), None)
    if once and not photo:
        raise click.UsageError("--once stops after the answer to a photo; name one with --send or --tray.")
    companion = Companion(command, log, photo) if command else None
    try:
        if check:
            for listening in bind_sockets(port, host):
                listening.close()
            return
        asyncio.run(_until_stopped(_serve(tokens, host, port, flood, tray, name, companion, once)))
    except CompanionError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"Error: {_why_not(error, host, port)}", err=True)
        sys.exit(1)


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Ctrl-C, SIGTERM and a closed terminal cancel the work, which then closes what it has opened."""
    task = asyncio.create_task(work)
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signal_number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        click.echo("Stopped.", err=True)


async def _serve(
    tokens: tuple[str, ...], host: str, port: int, flood: bool, tray: Tray, name: str, companion: Companion | None,
    once: bool,
) -> None:  # fmt: skip
    async with running_sandbox(tokens, host=host, port=port, flood=flood, tray=tray, bot_name=name) as sandbox:
        if companion is None:
            _say_where(sandbox)
            await asyncio.Event().wait()
        else:
            await keep_company(sandbox, companion, Console(highlight=False), once)


def _say_where(sandbox: Sandbox) -> None:
    click.echo(
        f"Sandbox on {sandbox.url}; point a bot at it with "
        f"TELEGRAM_API_URL={sandbox.url} TELEGRAM_BOT_TOKEN={sandbox.token}"
    )
    click.echo(f"Chat with it in a browser: {sandbox.url}/ (as another user: {sandbox.url}/?user=2)")
    sys.stdout.flush()


def _read_tray(sources: tuple[Path, ...]) -> Tray:
    """The pictures to offer; those that cannot be are counted, and having none at all is an error."""
    try:
        tray = read_tray(sources)
    except (OSError, ValueError) as error:  # a UnicodeDecodeError is a ValueError too
        raise click.BadParameter(str(error), param_hint="--tray") from None
    for reason, count in tray.left_out:
        click.echo(f"Warning: {count} pictures of the tray left out: {reason}", err=True)
    if sources and not tray.pictures:
        raise click.BadParameter(
            f"there are no JPEG, PNG or WebP pictures in {', '.join(map(str, sources))}", param_hint="--tray"
        )
    return tray


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; choose another with --port, or 0 for a free one"
    return f"cannot listen on {host} port {port}: {error.strerror or error}; choose another with --host or --port"


if __name__ == "__main__":
    main(prog_name="python -m sandbox")
