"""What a chat has chosen."""

import sqlite3
from dataclasses import dataclass

from imgrec.async_database import AsyncDatabase, Write
from imgrec.database import utc_now
from imgrec.log.identity import Keys


@dataclass(frozen=True)
class ChatSettings:
    """A category by its id, how alike products have to be (likeness, 0 to 1), and how many are shown at once.

    None leaves it to the shop; of the language, to the profile of who asks. `keeps_photos`: 1 where the shopper agreed,
    0 where not, or not yet; None where nobody asked.
    """

    category_id: int | None = None
    likeness: float | None = None
    results: int | None = None
    language: str | None = None
    keeps_photos: int | None = None


class Chats:
    """The table of settings; chats appear by keyed hashes only."""

    def __init__(self, database: AsyncDatabase, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def settings(self, chat: int) -> ChatSettings:
        """What this chat has chosen."""
        row = await self._database.row(
            "SELECT category_id, likeness, results, language, keeps_photos FROM chats WHERE chat_key = ?",
            self._keys.of("chat", chat),
        )
        return ChatSettings(*row) if row else ChatSettings()

    def choose_category(self, chat: int, category_id: int | None) -> Write:
        """Remember a chat's category; None: as predicted."""
        return self._set(chat, "category_id", category_id)

    def choose_likeness(self, chat: int, likeness: float | None) -> Write:
        """Remember how alike products have to be; None: as the shop has it."""
        return self._set(chat, "likeness", likeness)

    def let_photos_be_kept(self, chat: int, agreed: bool) -> Write:
        """Remember whether the shopper agreed, which nobody does who was only asked."""
        return self._set(chat, "keeps_photos", agreed)

    def choose_results(self, chat: int, results: int | None) -> Write:
        """Remember how many products an answer shows at once; None: as the shop has it."""
        return self._set(chat, "results", results)

    def choose_language(self, chat: int, language: str | None) -> Write:
        """Remember the language by its code; None: as the profile of who asks has it."""
        return self._set(chat, "language", language)

    def _set(self, chat: int, name: str, value: float | str | None) -> Write:
        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                f"INSERT INTO chats (chat_key, {name}, changed_utc) VALUES (?, ?, ?) "
                f"ON CONFLICT DO UPDATE SET {name} = excluded.{name}, changed_utc = excluded.changed_utc",
                (self._keys.of("chat", chat), value, utc_now()),
            )

        return write
