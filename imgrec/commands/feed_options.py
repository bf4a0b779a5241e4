"""What an owner may say of a feed, for the commands that read one."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgrec.catalogue.formats.detect import FORMATS
from imgrec.catalogue.prices import currency_code

if TYPE_CHECKING:
    from imgrec.catalogue.formats.feed_file import Reading
    from imgrec.catalogue.importing import FeedPart
    from imgrec.config import CatalogueSection

_MAPPING = re.compile(r",(?=[^,=]+=)")  # a column's name may hold commas
_SITE = re.compile(r"https?://[\w-]+(?:\.[\w-]+)*(?::\d+)?(?:/[\w.~/-]*)?", re.IGNORECASE)

_OPTIONS = (
    click.option("--format", "format_", type=click.Choice(list(FORMATS)), metavar="NAME",
                 help=f"Read the feeds as this: {', '.join(FORMATS)}. [default: told from their content]"),
    click.option("--source", help="Name of the feed's products in the catalogue; several FEEDS are then parts of one. "
                 "[default: each file's name]"),
    click.option("--currency", metavar="CODE", help="Currency of prices whose feed names none, such as EUR."),
    click.option("--category", metavar="NAME", help="Category of products whose feed names none."),
    click.option("--category-level", type=click.IntRange(1, 9), metavar="N",
                 help="Take categories from the N-th level of the feed's own tree (Home > Lighting > Lamps). "
                 "[default: the broadest that tells products apart]"),
    click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN",
                 help="The table's column that holds a field, where it is not found by itself: --map image=Photo "
                 "--map title=Name, or both with a comma between."),
    click.option("--site", metavar="URL", help="The shop's address, such as https://shop.example: a Shopify export "
                 "does not have it, and its products get no links without."),
    click.option("--encoding", metavar="NAME",
                 help="Encoding of the feeds, such as windows-1250. [default: found by looking]"),
    click.option("--retire", is_flag=True, help="Retire whatever the feed no longer names, however much that is."),
    click.option("--new-source", is_flag=True, help="The feed is a source of its own, even if most of its products are "
                 "on sale under another."),
)  # fmt: skip


def feed_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options. It gets `source`, `new_source`, and `told`, ImportOptions with all the others."""

    @functools.wraps(command)
    def wrapped(
        *, format_: str | None, currency: str | None, category: str | None, category_level: int | None,
        maps: tuple[str, ...], site: str | None, encoding: str | None, retire: bool, **others: Any,
    ) -> None:  # fmt: skip
        from imgrec.catalogue.importing import ImportOptions

        told = ImportOptions(
            format_, _reading(maps, encoding, site), _currency(currency), (category or "").strip() or None,
            category_level, retire=retire,
        )  # fmt: skip
        command(told=told, **others)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def parts_of(feeds: Sequence[Path], source: str | None, section: "CatalogueSection") -> list["FeedPart"]:
    """The feeds with their sources, and where their rejects are listed."""
    from imgrec.catalogue.importing import FeedPart, source_name
    from imgrec.catalogue.sources import BY_HAND

    names = [source or source_name(feed) for feed in feeds]
    if BY_HAND in names:
        raise click.UsageError(f"{BY_HAND} is the source of products added one by one; give the feed another --source.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice and not source:  # the second would retire what the first brought in
        raise click.UsageError(
            f"Several feeds are named {twice[0]!r}, so their products would replace each other's; import them one by "
            "one, each with its own --source, or give one --source to all if they are parts of one feed."
        )
    rejects = section.path.parent / "rejects"
    return [
        FeedPart(feed, name, rejects / (re.sub(r"[^\w. -]", "_", name) + ".csv"))
        for feed, name in zip(feeds, names, strict=True)
    ]


def _reading(maps: Iterable[str], encoding: str | None, site: str | None) -> "Reading":
    from imgrec.catalogue.formats.feed_file import Reading
    from imgrec.catalogue.formats.text_encoding import python_name

    known = python_name(encoding) if encoding else None
    if encoding and not known:
        raise click.UsageError(f"--encoding: there is no encoding {encoding!r}; try utf-8, windows-1252 or shift_jis.")
    columns: dict[str, str] = {}
    for pair in (pair for text in maps for pair in _MAPPING.split(text)):
        field, _, column = (part.strip() for part in pair.partition("="))
        if not field or not column:
            raise click.UsageError("--map wants FIELD=COLUMN, such as --map image=Photo.")
        columns[field] = column
    if site and not _SITE.fullmatch(site):
        raise click.UsageError("--site wants the address of the shop's front page, such as https://shop.example.")
    return Reading(known, columns, site.rstrip("/") if site else None)


def _currency(code: str | None) -> str | None:
    known = currency_code(code) if code else None
    if code and not known:
        raise click.UsageError("--currency wants an ISO 4217 code such as USD or EUR.")
    return known
