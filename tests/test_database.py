"""SQLite as catalogue and log use it."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from imgrec.database import connect, connect_read_only, utc_now
from imgrec.errors import ImgrecError

FIRST = "CREATE TABLE votes (id INTEGER PRIMARY KEY); -- a semicolon; in a comment\n INSERT INTO votes VALUES (7);"
SECOND = "ALTER TABLE votes ADD COLUMN reason TEXT DEFAULT 'none; yet';"


def test_migrations_run_once_each_in_order_and_keep_what_is_there(tmp_path):
    path = tmp_path / "new" / "folder" / "log.db"
    connect(path, [FIRST]).close()
    for _ in range(2):
        with closing(connect(path, [FIRST, SECOND])) as connection:
            assert [tuple(row) for row in connection.execute("SELECT id, reason FROM votes")] == [(7, "none; yet")]
            assert connection.execute("PRAGMA user_version").fetchone()[0] == 2


def test_a_migration_that_fails_leaves_no_half_of_itself(tmp_path):
    path = tmp_path / "log.db"
    with pytest.raises(ImgrecError, match="no such table: absent"):
        connect(path, [FIRST, "CREATE TABLE half (id); INSERT INTO absent VALUES (1);"])
    with closing(connect_read_only(path)) as connection:
        assert [row["name"] for row in connection.execute("SELECT name FROM sqlite_schema")] == ["votes"]
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1


def test_processes_that_open_a_new_database_at_once_migrate_it_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        connections = list(pool.map(lambda _: connect(tmp_path / "log.db", [FIRST, SECOND]), range(8)))
    for connection in connections:
        with closing(connection):
            assert connection.execute("SELECT count(*) FROM votes").fetchone()[0] == 1


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "log.db"
    connect(path, [FIRST, SECOND]).close()
    with pytest.raises(ImgrecError, match=r"schema version 2, newer than this imgrec knows \(1\). Upgrade imgrec"):
        connect(path, [FIRST])
    with closing(connect_read_only(path)) as connection:
        assert connection.execute("SELECT reason FROM votes").fetchone()[0] == "none; yet"


@pytest.mark.parametrize("open_database", [lambda path: connect(path, [FIRST]), connect_read_only])
def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path, open_database):
    path = tmp_path / "log.db"
    path.write_bytes(b"These are not the bytes of a database." * 100)
    with pytest.raises(ImgrecError, match=r"log\.db cannot be .* not a database"):
        open_database(path)


def test_a_place_where_no_database_can_be_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "log.db"):
        with pytest.raises(ImgrecError, match="cannot be opened as a database"):
            connect(path, [FIRST])


def test_a_reader_cannot_write_and_sees_what_a_writer_commits(tmp_path):
    path = tmp_path / "log.db"
    with closing(connect(path, [FIRST])) as writer, closing(connect_read_only(path)) as reader:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO votes VALUES (8)")
        writer.execute("BEGIN")
        writer.execute("INSERT INTO votes VALUES (8)")
        assert reader.execute("SELECT count(*) FROM votes").fetchone()[0] == 1
        writer.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM votes").fetchone()[0] == 2


def test_times_are_utc_to_the_millisecond_and_sort_as_text():
    written = utc_now()
    assert len(written) == len("2025-01-01T00:00:00.000Z")
    assert written.endswith("Z")
    assert abs(datetime.fromisoformat(written) - datetime.now(UTC)) < timedelta(seconds=5)
