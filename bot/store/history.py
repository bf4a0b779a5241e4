"""What somebody asked in a chat, as far as it can be asked again."""

from typing import NamedTuple

from bot.found import Found
from imgrec.async_database import AsyncDatabase


class Asked(NamedTuple):
    """A query, when it was asked last, and what was found."""

    query_id: int
    asked_s: float
    found: Found


class History:
    """Requests as those who made them look back on them: further pages of an answer are that answer."""

    def __init__(self, database: AsyncDatabase) -> None:
        self._database = database

    async def page(self, chat: int, user: int, page: int, most: int) -> list[Asked]:
        """What this user asked in this chat, the latest first; the first page is 0."""
        rows = await self._database.rows(
            "SELECT max(id) AS id, asked_s, kept FROM requests WHERE chat_id = ? AND user_id = ? AND kept IS NOT NULL "
            "GROUP BY json_extract(kept, '$.ask') ORDER BY id DESC LIMIT ? OFFSET ?",
            chat, user, most, page * most,
        )  # fmt: skip
        return [Asked(row["id"], row["asked_s"], Found.model_validate_json(row["kept"])) for row in rows]

    async def count(self, chat: int, user: int) -> int:
        """How many queries that is."""
        row = await self._database.row(
            "SELECT count(DISTINCT json_extract(kept, '$.ask')) FROM requests "
            "WHERE chat_id = ? AND user_id = ? AND kept IS NOT NULL",
            chat, user,
        )  # fmt: skip
        return int(row[0]) if row else 0

    async def is_of(self, query_id: int, user: int) -> bool:
        """Whether this user asked it."""
        return bool(await self._database.row("SELECT 1 FROM requests WHERE id = ? AND user_id = ?", query_id, user))
