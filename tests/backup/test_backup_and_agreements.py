"""That a shopper agreed to something is not brought back by a backup."""

import contextlib
import sqlite3
from pathlib import Path

from bot.store.schema import MIGRATIONS
from imgrec.backup.snapshot import leave_out_messages
from imgrec.database import connect


def test_settings_are_kept_and_the_agreement_to_keep_photos_is_not(tmp_path: Path) -> None:
    with contextlib.closing(connect(tmp_path / "bot.db", MIGRATIONS)) as bot:
        bot.execute("INSERT INTO chats (chat_key, likeness, keeps_photos, changed_utc) VALUES ('a', 0.5, 1, '')")
        bot.execute("INSERT INTO kept_photos VALUES ('1-ab.jpg', 'a', 0)")
    leave_out_messages(tmp_path / "bot.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as left:
        assert left.execute("SELECT likeness, keeps_photos FROM chats").fetchall() == [(0.5, None)]
        assert left.execute("SELECT count(*) FROM kept_photos").fetchone() == (0,)
