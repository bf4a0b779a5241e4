"""What every command needs: the configuration, options they share, errors in one line, tables and progress."""

import difflib
import errno
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgrec.errors import ImgrecError

if TYPE_CHECKING:
    from rich.table import Table

    from imgrec.config import Config
    from imgrec.progress import OnConsole

INTERRUPTED = 130
_MOST_LOOKED_AT = 1000


class Commands(click.Group):
    """Turns our errors into one line and exit code 1, and Ctrl-C into a word on how to go on."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command named."""
        try:
            return super().invoke(ctx)
        except ImgrecError as error:
            raise click.ClickException(str(error)) from None
        # a full disk, a folder that may not be written, a damaged file
        except (OSError, sqlite3.DatabaseError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            raise click.ClickException(" ".join(str(error).split())) from error
        except KeyboardInterrupt:
            click.echo(
                "Interrupted. The same command (without --restart, --rebuild or --recompute) goes on where it stopped.",
                err=True,
            )
            raise SystemExit(INTERRUPTED) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the work, not of the alphabet."""
        return list(self.commands)


class Late(click.Command):
    """A command that is imported when it is run, or asked to explain itself: where commands are listed, a line will do.

    `place` is its module in `imgrec.commands`, a colon, and its name there; `line` what its own help begins with.
    """

    def __init__(self, name: str, place: str, line: str) -> None:
        super().__init__(name, help=line)
        self._place = place

    def load(self) -> click.Command:
        """The command itself."""
        module, _, name = self._place.partition(":")
        command: click.Command = getattr(import_module(f"imgrec.commands.{module}"), name)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """That of the command itself, which whoever runs or completes a command goes on with."""
        return self.load().make_context(info_name, args, parent, **extra)


def _keep_config_path(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None:
        ctx.ensure_object(dict)["config"] = path


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`, taken before the command's name as well as behind it."""
    return click.option(
        "--config", type=click.Path(dir_okay=False, path_type=Path), expose_value=False, callback=_keep_config_path,
        help="Configuration file. [default: $IMGREC_CONFIG, else ./config.yaml]",
    )(command)  # fmt: skip


def must_exist(error: type[ImgrecError], *files: Path) -> None:
    """A missing file is an error of ours (exit code 1), not one of the arguments' form; it says what may be meant."""
    for file in files:
        if file.is_dir():
            inside = next(_files_in(file), None)
            raise error(f"{file} is a folder. Name a file{f' in it, such as {inside}' if inside else ''}.")
        if not file.exists():
            raise error(f"There is no file {file}. {_instead_of(file)}")


def _instead_of(missing: Path) -> str:
    folder = missing.parent
    if not folder.is_dir():
        return f"There is no folder {folder} either; name a file that is there."
    near = difflib.get_close_matches(missing.name, [file.name for file in _files_in(folder)], n=1)
    return (
        f"Did you mean {folder / near[0]}?"
        if near
        else f"Name one that is there; it was looked for in {folder.resolve()}."
    )


def _files_in(folder: Path) -> Iterator[Path]:
    """Some of them: a folder of photos may hold millions."""
    return (file for file in islice(folder.iterdir(), _MOST_LOOKED_AT) if file.is_file())


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


def configured() -> "Config":
    """The configuration that the command's options and the environment name."""
    from imgrec.config import load_config

    context = click.get_current_context()
    return load_config(context.ensure_object(dict).get("config"), os.environ)


def reporter() -> "OnConsole":
    """Progress on stderr."""
    from rich.console import Console

    from imgrec.progress import OnConsole

    return OnConsole(Console(stderr=True, markup=False, emoji=False))


def print_json(content: object) -> None:
    """One object on stdout."""
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))


def table(title: str, *columns: str, whole: str = "") -> "Table":
    """A table without lines. What stands in the column `whole` is not broken, to be copied: others give way."""
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=bool(whole) and column == whole)
    return made


def print_text(*renderables: "Table | str") -> None:
    """Tables and lines on stdout. Feed text is shown as it is: no [markup], no :emoji: names."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 120)
    for renderable in renderables:
        console.print(renderable)
