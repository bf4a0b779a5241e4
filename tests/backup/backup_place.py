"""A folder with a shop in it that can be backed up, restored, asked and made to forget."""

import asyncio
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.store.schema import MIGRATIONS as BOT_MIGRATIONS
from imgrec.backup.making import Backup, make_backup
from imgrec.backup.restoring import Restored, restore_backup
from imgrec.config import Config, load_config
from imgrec.database import connect, connect_read_only
from imgrec.log.identity import load_keys
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LogWriter, QueryRecord
from imgrec.progress import Silent

ANNA, BEN = 1001, 2002
BEFORE = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Place:
    """A folder with a configuration, and what the shop there holds."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def config(self) -> Config:
        return load_config(self.file, {})

    def backup(self, name: str = "b.tar", **how: bool) -> Backup:
        how = {"photos": True, "replace": False, **how}
        return make_backup(self.config, self.file, self.folder.parent / name, **how, report=Silent())

    def restore(self, file: Path, replace: bool = False) -> Restored:
        return restore_backup(self.config, self.file, file, replace, Silent())

    def rows(self, database: str, query: str) -> list[tuple[object, ...]]:
        with closing(connect_read_only(self.folder / database)) as connection:
            return [tuple(row) for row in connection.execute(query)]

    def users(self) -> list[str]:
        """Whose queries the log holds."""
        keys = load_keys(self.config.log.path)
        names = {keys.of("user", ANNA): "Anna", keys.of("user", BEN): "Ben"}
        return sorted({names[str(key)] for (key,) in self.rows("log.db", "SELECT user_key FROM queries")})

    def ask(self, query: int, user: int, asked_utc: str = BEFORE) -> None:
        """Log a query and a vote, the settings of the chat it came from, and a product that was saved there."""

        async def asking() -> None:
            log = await LogWriter.open(self.config.log.path)
            record = QueryRecord(id=query, asked_utc=asked_utc, kind=KindOfQuery.PHOTO, outcome=Outcome.NOTHING_SIMILAR)
            await log.record(record, user, user)
            await log.vote(query, 0, user, user, 1, asked_utc)
            await log.close()

        asyncio.run(asking())
        with closing(connect(self.config.bot_database, BOT_MIGRATIONS)) as bot:
            keys = load_keys(self.config.log.path)
            bot.execute(
                "INSERT OR REPLACE INTO chats (chat_key, likeness, changed_utc) VALUES (?, 0.6, ?)",
                (keys.of("chat", user), asked_utc),
            )
            bot.execute(
                "INSERT OR REPLACE INTO saved (user_key, product_id, query_id, rank, saved_utc) VALUES (?, 1, ?, 1, ?)",
                (keys.of("user", user), query, asked_utc),
            )

    def forget(self, user: int) -> None:
        async def forgetting() -> None:
            log = await LogWriter.open(self.config.log.path)
            await log.forget(user, user, private=True)
            await log.close()

        asyncio.run(forgetting())

    def message_comes_in(self, update_id: int, text: str = "hello") -> None:
        with closing(connect(self.config.bot_database, BOT_MIGRATIONS)) as bot:
            bot.execute(
                "INSERT INTO inbox (bot_id, update_id, stamp, chat_id, body, received_s, due_s) "
                "VALUES (1, ?, 1, ?, ?, 0, 0)",
                (update_id, ANNA, text),
            )  # fmt: skip
