"""What keeps a feed from wrecking the catalogue: too much is not retired, and a renamed feed is no second source."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from imgrec.catalogue.feed import FeedRow
from imgrec.catalogue.formats.detect import format_of
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.store import Catalogue
from imgrec.errors import FeedError, RenamedFeedError

if TYPE_CHECKING:
    from imgrec.catalogue.importing import FeedPart, ImportOptions

HANDFUL = 5
"""So many products may always be retired."""
SHARE = 5
"""Beyond a handful, at most one in so many."""

_LOOKED_AT = 500
_LEAST_KNOWN = 3


def is_too_much(retiring: int, on_sale: int) -> bool:
    """Whether an import that would retire so many of so many products had better not, unless told to."""
    return retiring > HANDFUL and SHARE * retiring > on_sale


def refuse_renamed(catalogue: Catalogue, feeds: Sequence["FeedPart"], options: "ImportOptions") -> None:
    """See that no new source holds products that are on sale under another, one that is not imported just now.

    The first 500 products of each new source's first feed are looked at. A feed that comes through a pipe is not, for
    it can be read only once. Raises RenamedFeedError with the ways out.
    """
    firsts = {feed.source: feed.path for feed in reversed(feeds)}
    for source, path in firsts.items():
        if path.is_file() and _is_new(catalogue.connection, source) and _has_others(catalogue.connection, firsts):
            ids = _first_ids(path, options)
            name, known = _best_known(catalogue.connection, ids, firsts)
            if known >= _LEAST_KNOWN and 2 * known > len(ids):
                raise RenamedFeedError(
                    f"{path} would be a new source, {source!r}, but of its first {len(ids):,} products {known:,} are "
                    f"on sale already as {name!r}; nothing was written. Is it that feed under another name? Go on as "
                    f"that source: --source {quote(name)}; or rename the source first: imgrec sources rename "
                    f"{quote(name)} {quote(source)}. Is it a second source? Say so: --new-source"
                )


def _is_new(connection: sqlite3.Connection, source: str) -> bool:
    return not connection.execute(
        "SELECT 1 FROM products WHERE source_id = (SELECT id FROM sources WHERE name = ?) LIMIT 1", (source,)
    ).fetchone()


def _has_others(connection: sqlite3.Connection, but: Iterable[str]) -> bool:
    """Whether another source, but for some, has anything on sale; else there is nothing to compare with."""
    found = connection.execute(
        "SELECT 1 FROM sources WHERE name NOT IN (SELECT value FROM json_each(?)) "
        "AND EXISTS (SELECT 1 FROM products WHERE source_id = sources.id AND retired_utc IS NULL)",
        (json.dumps(list(but)),),
    )
    return found.fetchone() is not None


def _first_ids(path: Path, options: "ImportOptions") -> list[str]:
    """The ids of a feed's first products; what is wrong with it is said when it is imported."""
    ids: dict[str, None] = {}
    with contextlib.suppress(FeedError), FeedFile(path, options.reading) as feed:
        for _, row in islice(format_of(feed, options.format).read(feed), _LOOKED_AT):
            if isinstance(row, FeedRow):
                ids[row.id] = None
    return list(ids)


def _best_known(connection: sqlite3.Connection, ids: list[str], but: Iterable[str]) -> tuple[str, int]:
    """The source, but for some, that has most of these ids on sale, and how many."""
    name, known = connection.execute(
        "SELECT name, (SELECT count(*) FROM products WHERE source_id = sources.id AND retired_utc IS NULL "
        "AND external_id IN (SELECT value FROM json_each(?))) AS known "
        "FROM sources WHERE name NOT IN (SELECT value FROM json_each(?)) ORDER BY known DESC, id LIMIT 1",
        (json.dumps(ids), json.dumps(list(but))),
    ).fetchone()
    return name, known
