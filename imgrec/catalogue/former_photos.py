"""The photos that a product had, by which it is found until one that its feed names now is there."""

import sqlite3

from imgrec.catalogue.photo_status import PhotoStatus

_FORMER = 1_000
"""Positions from here on; those that the feed names stand below."""

IS_NAMED = f"position < {_FORMER}"


def keep(connection: sqlite3.Connection, product_id: int, position: int) -> None:
    """Keep a stored photo whose place is another's now."""
    connection.execute(
        f"UPDATE OR REPLACE photos SET position = position + {_FORMER} WHERE product_id = ? AND position = ?",
        (product_id, position),
    )


def drop(connection: sqlite3.Connection) -> int:
    """Drop those of products that have a photo of their feed's again; returns how many products still need theirs."""
    connection.execute(
        f"DELETE FROM photos WHERE NOT {IS_NAMED} AND EXISTS (SELECT 1 FROM photos named WHERE {IS_NAMED} "
        f"AND named.product_id = photos.product_id AND sha256 IS NOT NULL AND status != '{PhotoStatus.PLACEHOLDER}')"
    )
    left: int = connection.execute(
        "SELECT count(DISTINCT product_id) FROM photos JOIN products ON products.id = product_id "
        f"WHERE NOT {IS_NAMED} AND retired_utc IS NULL"
    ).fetchone()[0]
    return left
