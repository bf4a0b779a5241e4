"""`imgrec open`: from a feed to a shop that answers, in one command."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgrec.commands.console import config_option, configured, must_exist, reporter
from imgrec.commands.feed_options import feed_options, parts_of
from imgrec.errors import CatalogueError, FeedError

if TYPE_CHECKING:
    from imgrec.catalogue.importing import ImportOptions


@click.command("open")
@click.argument("feeds", nargs=-1, required=True, type=click.Path(path_type=Path))
@feed_options
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="Of the page; 0: any.")
@click.option("--tray", type=click.Path(path_type=Path),
              help="Pictures to offer in the page: a folder, or a CSV file with a column photo.")  # fmt: skip
@click.option("--send", type=click.Path(path_type=Path),
              help="The first photo to send. [default: the first of the tray]")  # fmt: skip
@click.option("--name", default="Your shop", show_default=True, help="What the bot is called in the page.")
@click.option("--once", is_flag=True, help="Stop after the first answer.")
@click.option("--no-chat", is_flag=True, help="Stop when the shop is open.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path),
              help="Keep all of this shop's data in this folder, whatever the configuration says.")  # fmt: skip
@click.option("--model", type=click.Path(path_type=Path),
              help="With --folder: what looks at photos. [default: what did before; at first, models]")  # fmt: skip
@config_option
def open_(
    feeds: tuple[Path, ...], source: str | None, told: "ImportOptions", port: int, tray: Path | None,
    send: Path | None, name: str, once: bool, no_chat: bool, folder: Path | None, model: Path | None,
    new_source: bool,
) -> None:  # fmt: skip
    """Open a shop: import FEEDS, fetch their photos, look at them, say how good it is, and chat.

    No training and no account is needed: the chat is a page in your browser. With TELEGRAM_BOT_TOKEN set, the bot talks
    to Telegram instead. What is done already is not done again: the same command opens the shop anew in seconds, or
    brings it up to date with a newer feed.

    \b
      imgrec open products.csv
      imgrec open products.csv --tray my-photos/ --send my-photos/shoe.jpg
      imgrec open merchant.xml --folder data/second-shop --port 8082
      TELEGRAM_BOT_TOKEN=123456:ABC-DEF imgrec open products.csv
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.commands.index_screen import show_index
    from imgrec.config import load_config
    from imgrec.opening import bring_in, build, fetch, lacks_photos, write_config
    from imgrec.vision.model_folder import open_model

    must_exist(FeedError, *feeds)
    if model is not None and folder is None:
        raise click.UsageError("--model goes with --folder; otherwise set model.path in the configuration.")
    if once and not (send or tray):
        raise click.UsageError("--once stops after the answer to a photo; name one with --send or --tray.")
    on_telegram = bool(os.environ.get("TELEGRAM_BOT_TOKEN"))
    chat = ["--port", str(port), "--name", name, *_given("--tray", tray), *_given("--send", send)]
    if not (no_chat or on_telegram):
        _see_that_it_could_chat(chat)
    report = reporter()
    if folder is None:
        config, named = configured(), click.get_current_context().ensure_object(dict).get("config")
    else:
        named = write_config(folder, model, report)
        config = load_config(named, os.environ)
    open_model(config.model.path)  # raises before anything is done
    file = _given("--config", named)
    here = f" --config {named}" if named else ""
    bring_in(config, parts_of(feeds, source, config.catalogue), told, report, new_source)
    if lacks_photos(config):
        for line in fetch(config, report).in_words(config.photos.allow_private, options=here):
            report.say(line)
    show_index(build(config, report))
    if no_chat:
        report.say(f"Next: imgrec search PHOTO{here}, or the same command without --no-chat, to chat")
        return
    sys.stdout.flush()
    if on_telegram:
        report.say("TELEGRAM_BOT_TOKEN is set, so the bot talks to Telegram: send it a photo there. Ctrl-C stops it.")
        _become(["bot", *file])
    log = config.log.path.with_name("bot.log")
    chat += ["--log", str(log), *(["--once"] if once else [])]
    _become(["sandbox", *chat, "--", sys.executable, "-m", "bot", *file])


def _given(option: str, value: Path | None) -> list[str]:
    return [] if value is None else [option, str(value)]


def _see_that_it_could_chat(chat: list[str]) -> None:
    """Have the sandbox look at tray, photo and port before hours go into a shop. Raises CatalogueError in its words."""
    asked = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "sandbox", *chat, "--check"], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise CatalogueError(asked.stderr.splitlines()[-1].removeprefix("Error: "))


def _become(arguments: list[str]) -> None:
    """Go on as another of our programs, in this process."""
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606 - ourselves
