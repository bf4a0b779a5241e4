"""The command line: `python -m sandbox` runs the server until it is interrupted."""

import asyncio
import errno
import logging
import re
import signal
import sys
from pathlib import Path

import click

from sandbox.server import DEFAULT_TOKEN, running_sandbox
from sandbox.tray import Tray, read_tray


def _check_tokens(_: click.Context, __: click.Parameter, tokens: tuple[str, ...]) -> tuple[str, ...]:
    for token in tokens:
        if not re.fullmatch(r"[1-9]\d{0,18}:[\w-]+", token, re.ASCII):
            raise click.BadParameter(f'"{token}" is no token: a number, a colon, then letters and digits')
    if len({token.partition(":")[0] for token in tokens}) < len(tokens):
        raise click.BadParameter("every bot needs a number of its own before the colon")
    return tokens


@click.command(epilog="Play the users over HTTP: sandbox/README.md lists the addresses.")
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
def main(port: int, host: str, tokens: tuple[str, ...], sources: tuple[Path, ...], flood: bool) -> None:
    """Imitate Telegram's Bot API server on this machine, to try a bot without Telegram.

    Start it, then start the bot with the two variables it prints, and chat with it in a browser at the
    address it prints. Everything is kept in memory and gone when it stops (Ctrl-C). Nothing is fetched
    from or sent to Telegram.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    tray = _read_tray(sources)
    try:
        asyncio.run(_serve(tokens, host, port, flood, tray))
    except OSError as error:
        click.echo(f"Error: {_why_not(error, host, port)}", err=True)
        sys.exit(1)


async def _serve(tokens: tuple[str, ...], host: str, port: int, flood: bool, tray: Tray) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    async with running_sandbox(tokens, host=host, port=port, flood=flood, tray=tray) as sandbox:
        click.echo(
            f"Sandbox on {sandbox.url}; point a bot at it with "
            f"TELEGRAM_API_URL={sandbox.url} TELEGRAM_BOT_TOKEN={sandbox.token}"
        )
        click.echo(f"Chat with it in a browser: {sandbox.url}/ (as another user: {sandbox.url}/?user=2)")
        sys.stdout.flush()
        await stopped.wait()


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
