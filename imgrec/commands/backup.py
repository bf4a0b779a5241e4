"""`imgrec backup` and `imgrec restore`: the shop in one file, and back."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgrec.commands.console import config_option, configured, json_option, must_exist, print_json, reporter
from imgrec.errors import BackupError, ModelError, SearchIndexError

if TYPE_CHECKING:
    from imgrec.config import Config


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-photos", is_flag=True, help="Leave the product photos out: they can be fetched, or imported, "
              "again.")  # fmt: skip
@click.option("--replace", is_flag=True, help="Overwrite FILE if it exists.")
@json_option
@config_option
def backup(file: Path, without_photos: bool, replace: bool, as_json: bool) -> None:
    """Write a backup of the shop to FILE, also while the bot runs.

    A tar archive, packed where the name ends in .gz or .tgz: the catalogue with its photos, the log with its secret,
    chats' settings, the index and its model unless that comes with imgrec, and the configuration; not messages that
    wait, nor features. Keep it as safe as the shop itself, for the secret is in it. See docs/owner.md.

    \b
      imgrec backup /backups/shop-$(date +%F).tar
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.backup.making import make_backup
    from imgrec.figures import counted

    config, report = configured(), reporter()
    named = _config_file()
    made = make_backup(config, named if named.is_file() else None, file, not without_photos, replace, report)
    if made.photos_lacking:
        report.say(
            f"Photos that are gone or damaged, and not in it: {made.photos_lacking:,}. Import their feeds again."
        )
    report.say(f"{file}: {counted(len(made.manifest.files), 'file')}, {made.size_bytes / 1e6:,.1f} MB")
    report.say("Next: see that it can be put back, by the drill in docs/owner.md")
    if as_json:
        print_json(made.as_json())


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the data that are there; they stay aside until the backup's are "
              "in place.")  # fmt: skip
@json_option
@config_option
def restore(file: Path, replace: bool, as_json: bool) -> None:
    """Put the backup FILE back, to where the configuration has the shop's files.

    All of it is checked before anything is changed. The bot, and whatever else writes, has to be stopped. Shoppers whom
    this shop has forgotten since the backup stay forgotten, and messages that wait for the bot go on waiting.
    """
    from imgrec.backup.restoring import restore_backup
    from imgrec.database import to_the_minute

    config, report = configured(), reporter()
    must_exist(BackupError, file)
    done = restore_backup(config, _config_file(), file, replace, report)
    report.say(f"The shop is as it was at {to_the_minute(done.manifest.made_utc)}.")
    if done.forgotten_queries:
        report.say(f"Queries of shoppers who were forgotten since, and stay so: {done.forgotten_queries:,}.")
    if done.waiting_messages:
        report.say(f"Messages that wait for the bot: {done.waiting_messages:,}.")
    if done.photos_lacking:
        report.say(
            f"Photos that are not here: {done.photos_lacking:,}. Import their feeds again, and fetch them with: "
            "imgrec photos"
        )
    if done.config_beside:
        report.say(f"The backup's configuration differs and is not used; it lies in {done.config_beside}")
    report.say(_next(config, done.manifest.model))
    if as_json:
        print_json(done.as_json())


def _config_file() -> Path:
    from imgrec.config import config_file

    return config_file(click.get_current_context().ensure_object(dict).get("config"), os.environ)


def _next(config: "Config", model: str | None) -> str:
    """What to do now: the index needs the model that made it, which may be missing here."""
    from imgrec.generations import current
    from imgrec.search.generation import read_record
    from imgrec.vision.model_folder import model_of

    folder = current(config.index.path)
    if folder is None:
        return "There is no index. Next: imgrec index"
    try:
        model_of(read_record(folder).model_sha256, config.model.path)
    except (ModelError, SearchIndexError) as error:
        return f"The index was made with {model or 'a model that the backup is without'}. {error}"
    return "Next: imgrec status, and: python -m bot"
