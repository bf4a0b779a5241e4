"""`imgrec sources`: where the products come from, and what to do with all of one source."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from imgrec.commands.console import (
    Commands,
    config_option,
    configured,
    json_option,
    print_json,
    print_text,
    reporter,
    table,
)

if TYPE_CHECKING:
    from imgrec.catalogue.store import Catalogue


@contextmanager
def changing(command: str) -> Iterator["Catalogue"]:
    """The catalogue there is, for a command that changes it. Raises CatalogueError or BusyError."""
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing

    section = configured().catalogue
    Catalogue.must_exist(section)
    with writing(section.path, command), Catalogue.open(section) as catalogue:
        yield catalogue


@click.group(cls=Commands, invoke_without_command=True)
@json_option
@config_option
@click.pass_context
def sources(context: click.Context, as_json: bool) -> None:
    """The sources of the catalogue's products. Without a command it lists them.

    Each feed is a source, named after its file unless `imgrec import --source` says otherwise.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=as_json)


@sources.command("list")
@json_option
@config_option
def list_(as_json: bool) -> None:
    """Each source: products on sale and retired, photos stored, the last import."""
    from imgrec.catalogue.sources import list_sources
    from imgrec.catalogue.store import Catalogue
    from imgrec.database import to_the_minute

    with Catalogue.read(configured().catalogue) as catalogue:
        found = list_sources(catalogue)
    if as_json:
        print_json({"sources": [source.as_json() for source in found]})
        return
    shown = table("Sources", "source", "on sale", "retired", "photos stored", "last import", whole="source")
    for source in found:
        last = to_the_minute(source.imported_utc) if source.imported_utc else "–"
        if source.unfinished_utc:
            last += f"; cut short: {to_the_minute(source.unfinished_utc)}"
        stored = f"{source.photos_stored:,} of {source.photos:,}"
        shown.add_row(source.name, f"{source.on_sale:,}", f"{source.retired:,}", stored, last)
    print_text(shown)
    if any(source.unfinished_utc for source in found):
        reporter().say("An import that was cut short goes on when its feed is imported again.")


@sources.command()
@click.argument("old")
@click.argument("new")
@config_option
def rename(old: str, new: str) -> None:
    """Call the source OLD from now on NEW.

    Its products stay what they are; import its feed with --source NEW, or from a file of that name.
    """
    from imgrec.catalogue.sources import rename_source

    with changing("imgrec sources rename") as catalogue:
        rename_source(catalogue, old, new)
    reporter().say(f"{old} is {new} now.")


@sources.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@config_option
def remove(name: str, yes: bool) -> None:
    """Take all products of the source NAME off sale.

    They are retired, not deleted, for the log may name them; importing its feed puts them back on sale.
    """
    from imgrec.catalogue.sources import list_sources, remove_source, source_id
    from imgrec.figures import counted

    report = reporter()
    with changing("imgrec sources remove") as catalogue:
        source_id(catalogue.connection, name)
        [source] = [source for source in list_sources(catalogue) if source.name == name]
        if not yes and not click.confirm(
            f"Retire all that is on sale of {name!r}, {counted(source.on_sale, 'product')}?", err=True
        ):
            report.say("Nothing was changed.")
            return
        retired = remove_source(catalogue, name)
    report.say(
        f"Of {name!r} no search finds anything any more: {counted(retired, 'product')} retired. The way back: "
        "import its feed."
    )
