"""The sources of the catalogue's products: which there are, and how one is renamed or taken off sale."""

import difflib
import sqlite3
from dataclasses import asdict, dataclass

from imgrec.catalogue.feed import cleaned
from imgrec.catalogue.store import Catalogue
from imgrec.database import utc_now
from imgrec.errors import CatalogueError

BY_HAND = "by-hand"
"""The source of products that no feed names."""

_MOST_NAMED = 10


@dataclass(frozen=True)
class Source:
    """A source and what the catalogue has of it; retired products count with none of their photos.

    `imported_utc` is when its last import came to its end; `unfinished_utc` when one began that has not.
    """

    name: str
    on_sale: int
    retired: int
    photos: int
    photos_stored: int
    imported_utc: str | None
    unfinished_utc: str | None

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


def list_sources(catalogue: Catalogue) -> list[Source]:
    """Every source, by name."""
    rows = catalogue.connection.execute(
        """
        SELECT name, count(products.id) FILTER (WHERE retired_utc IS NULL), count(retired_utc),
               coalesce(sum(photos) FILTER (WHERE retired_utc IS NULL), 0),
               coalesce(sum(stored) FILTER (WHERE retired_utc IS NULL), 0), imported_utc, began_utc
        FROM sources LEFT JOIN products ON products.source_id = sources.id
        LEFT JOIN imports ON imports.source_id = sources.id
        LEFT JOIN (SELECT product_id, count(*) AS photos, count(sha256) AS stored FROM photos GROUP BY product_id)
            ON product_id = products.id
        GROUP BY sources.id ORDER BY name
        """
    )
    return [Source(*row) for row in rows]


def source_id(connection: sqlite3.Connection, name: str) -> int:
    """The id of a source. Raises CatalogueError that names those there are, the nearest first."""
    sources: dict[str, int] = dict(connection.execute("SELECT name, id FROM sources ORDER BY name").fetchall())
    if name not in sources:
        near = difflib.get_close_matches(name, sources, n=_MOST_NAMED, cutoff=0.5)
        known = [*near, *(other for other in sources if other not in near)]
        more = f" and {len(known) - _MOST_NAMED:,} more" if len(known) > _MOST_NAMED else ""
        raise CatalogueError(
            f"The catalogue has no source {name!r}. Known: {', '.join(known[:_MOST_NAMED]) or 'none'}{more}."
        )
    return sources[name]


def rename_source(catalogue: Catalogue, old: str, new: str) -> None:
    """Give a source another name; its products stay the same to index and log.

    Raises CatalogueError when there is no such source, the name is none, or it is another source's.
    """
    number, name = source_id(catalogue.connection, old), cleaned(new)
    if name is None:
        raise CatalogueError(f"{new!r} is no name for a source. Give it one that can be read.")
    with catalogue.connection as connection:
        connection.execute("BEGIN IMMEDIATE")
        taken = connection.execute("SELECT id FROM sources WHERE name = ? AND id != ?", (name, number)).fetchone()
        if taken and not delete_if_empty(connection, taken[0]):
            raise CatalogueError(
                f"There is a source {name!r} already, and two are not made one. Choose another name, or take its "
                f"products off sale and import the feed into it: imgrec import FEED --source {name}"
            )
        connection.execute("UPDATE sources SET name = ? WHERE id = ?", (name, number))


def remove_source(catalogue: Catalogue, name: str) -> int:
    """Retire all of a source's products, which stay in the catalogue as the log may name them; returns how many.

    A source that never had any is gone afterwards. Raises CatalogueError when there is no such source.
    """
    number = source_id(catalogue.connection, name)
    with catalogue.connection as connection:
        connection.execute("BEGIN IMMEDIATE")
        retired = connection.execute(
            "UPDATE products SET retired_utc = ? WHERE source_id = ? AND retired_utc IS NULL", (utc_now(), number)
        ).rowcount
        delete_if_empty(connection, number)
    return retired


def delete_if_empty(connection: sqlite3.Connection, number: int) -> bool:
    """Delete a source that has never had a product, and say whether it was one."""
    if connection.execute("SELECT 1 FROM products WHERE source_id = ?", (number,)).fetchone():
        return False
    connection.execute("DELETE FROM imports WHERE source_id = ?", (number,))
    connection.execute("DELETE FROM sources WHERE id = ?", (number,))
    return True
