"""Wishes that stand: a photo whose shopper wants to hear of products like it that come in."""

import json
import sqlite3
import zlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.clock import DAY_S, now_s
from bot.request import Ask
from imgrec.async_database import AsyncDatabase, Write
from imgrec.vision.eye import Outputs

MOST_OF_A_SHOPPER = 20
_TOLD_AGAIN_AFTER_S = DAY_S

Products = NDArray[np.int64]


@dataclass(frozen=True)
class Wish:
    """A shopper's wish, by the query below whose answer it was made.

    `outputs`: what the model saw in its photo, one row; `likeness`: what products need at least. `generation`: the last
    that was searched for it. `told`: products that were shown or told already. `about`: the category, for people.
    """

    query_id: int
    chat_id: int
    thread_id: int | None
    user_id: int
    language: str
    ask: Ask
    about: str
    model: str
    outputs: Outputs
    likeness: float
    generation: str
    told: frozenset[int]
    made_s: float
    until_s: float


class Wishes:
    """The tables of wishes, and of what was on sale when they were last searched."""

    def __init__(self, database: AsyncDatabase) -> None:
        self._database = database

    async def of(self, user_id: int) -> list[Wish]:
        """What stands of a shopper, the oldest first."""
        rows = await self._database.rows(
            "SELECT * FROM wishes WHERE user_id = ? AND until_s > ? ORDER BY id", user_id, now_s()
        )
        return [_wish(row) for row in rows]

    async def are_there(self) -> bool:
        """Whether anybody has any."""
        return await self._database.row("SELECT 1 FROM wishes LIMIT 1") is not None

    async def to_search(self, generation: str, now: float) -> list[int]:
        """Those not searched in this generation, by id, without those that were told of something within a day."""
        rows = await self._database.rows(
            "SELECT id FROM wishes WHERE generation != ? AND until_s > ? AND coalesce(told_s, 0) <= ? ORDER BY id",
            generation, now, now - _TOLD_AGAIN_AFTER_S,
        )  # fmt: skip
        return [row["id"] for row in rows]

    async def get(self, wish_id: int) -> Wish | None:
        """The wish of this id; None where it was stopped meanwhile."""
        row = await self._database.row("SELECT * FROM wishes WHERE id = ?", wish_id)
        return _wish(row) if row else None

    def make(self, wish: Wish, on_sale: Products) -> Write:
        """Let it stand; `on_sale`: what can be found in its generation now."""

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR IGNORE INTO wishes (query_id, chat_id, thread_id, user_id, language, ask, about, model, "
                "features, logits, likeness, generation, told, made_s, until_s) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    wish.query_id, wish.chat_id, wish.thread_id, wish.user_id, wish.language,
                    wish.ask.model_dump_json(), wish.about, wish.model, wish.outputs.features.tobytes(),
                    wish.outputs.logits.tobytes(), wish.likeness, wish.generation, json.dumps(sorted(wish.told)),
                    wish.made_s, wish.until_s,
                ),
            )  # fmt: skip
            note_on_sale(connection, wish.generation, on_sale)

        return insert

    def stop(self, query_id: int, chat_id: int, user_id: int | None = None) -> Write:
        """End what a shopper (None: anybody) wished below this query's answer in a chat."""

        def delete(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM wishes WHERE query_id = ?1 AND chat_id = ?2 AND (?3 IS NULL OR user_id = ?3)",
                (query_id, chat_id, user_id),
            )

        return delete

    def end_of_chat(self, chat_id: int) -> Write:
        """End all that is to be told in a chat."""
        return lambda connection: end_wishes(connection, chat_id)

    async def on_sale_in(self, generation: str) -> Products | None:
        """What was on sale in a generation when it was last searched; None where that is not known any more."""
        row = await self._database.row("SELECT products FROM generations WHERE generation = ?", generation)
        return None if row is None else np.cumsum(np.frombuffer(zlib.decompress(row["products"]), np.int64))

    async def tidy(self) -> None:
        """Drop what has expired, and what no wish needs any more."""

        def drop(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM wishes WHERE until_s <= ?", (now_s(),))
            connection.execute("DELETE FROM generations WHERE generation NOT IN (SELECT generation FROM wishes)")

        await self._database.write(drop)


def note_searched(
    connection: sqlite3.Connection, wish_id: int, wish: Wish, generation: str, on_sale: Products,
    told: Collection[int] = (), told_s: float | None = None,
) -> bool:  # fmt: skip
    """Within a transaction: the wish was searched in this generation, and these products are told.

    Returns False where it was stopped, or searched, meanwhile.
    """
    cursor = connection.execute(
        "UPDATE wishes SET generation = ?, model = ?, features = ?, logits = ?, told = ?, "
        "told_s = coalesce(?, told_s) WHERE id = ? AND generation = ?",
        (
            generation, wish.model, wish.outputs.features.tobytes(), wish.outputs.logits.tobytes(),
            json.dumps(sorted(wish.told | set(told))), told_s, wish_id, wish.generation,
        ),
    )  # fmt: skip
    note_on_sale(connection, generation, on_sale)
    return cursor.rowcount > 0


def note_on_sale(connection: sqlite3.Connection, generation: str, on_sale: Products) -> None:
    """Within a transaction: keep what is on sale in a generation, ascending ids; the first time counts."""
    packed = zlib.compress(np.diff(on_sale.astype(np.int64), prepend=0).tobytes())
    connection.execute("INSERT OR IGNORE INTO generations VALUES (?, ?)", (generation, packed))


def end_wishes(connection: sqlite3.Connection, chat_id: int) -> None:
    """Within a transaction: nothing more is to be told in this chat."""
    connection.execute("DELETE FROM wishes WHERE chat_id = ?", (chat_id,))


def _wish(row: sqlite3.Row) -> Wish:
    outputs = Outputs(
        np.frombuffer(row["features"], np.float16)[np.newaxis], np.frombuffer(row["logits"], np.float32)[np.newaxis]
    )
    return Wish(
        row["query_id"], row["chat_id"], row["thread_id"], row["user_id"], row["language"],
        Ask.model_validate_json(row["ask"]), row["about"], row["model"], outputs, row["likeness"], row["generation"],
        frozenset(json.loads(row["told"])), row["made_s"], row["until_s"],
    )  # fmt: skip
