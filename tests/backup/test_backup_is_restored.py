"""A restore is all or nothing: what comes back is what was, and whoever was forgotten since stays forgotten."""

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from backup_place import ANNA, BEN
from narrow_vgg import make_narrow
from tiny_shop import run_command

from bot.store.schema import MIGRATIONS as BOT_MIGRATIONS
from imgrec.backup import restoring
from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.database import connect
from imgrec.errors import BackupError, BusyError
from imgrec.lock import writing
from imgrec.progress import Silent


def found(place, photo: Path) -> list[dict[str, object]]:
    done = run_command("imgrec", "search", photo, "--threshold", "-1", "--json", config=place.file)
    assert done.returncode == 0, done.stderr
    matches = json.loads(done.stdout)["matches"]
    return [{name: value for name, value in match.items() if name != "photo"} for match in matches]


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for locks."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith((".lock", "-shm", "-wal"))
    }


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None], kind: bytes = tarfile.REGTYPE) -> Path:
    """A backup whose members were changed by somebody who knows how, sums included."""
    with tarfile.open(file) as archive:
        held = {member.name: archive.extractfile(member).read() for member in archive}
    change(held)
    held["manifest.json.sha256"] = sha256(held["manifest.json"]).hexdigest().encode()
    changed = file.with_name("changed.tar")
    with tarfile.open(changed, "w") as archive:
        for name, content in held.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            if name.endswith("LINK"):
                member = tarfile.TarInfo(name.removesuffix("LINK"))
                member.type, member.linkname = kind, content.decode()
                content = b""
            archive.addfile(member, io.BytesIO(content))
    return changed


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_what_is_restored_elsewhere_answers_and_remembers_the_same(shop, elsewhere, name):
    done = elsewhere.restore(shop.backup(name).path)
    assert (done.photos_lacking, done.forgotten_queries, done.config_beside) == (0, 0, None)
    photo = shop.folder / "photos" / "bal-003.jpg"
    assert found(elsewhere, photo) == found(shop, photo) != []
    tables = (
        ("log.db", "queries"), ("log.db", "feedback"), ("bot.db", "chats"), ("bot.db", "saved"),
        ("catalogue.db", "photos"),
    )  # fmt: skip
    for database, table in tables:
        assert elsewhere.rows(database, f"SELECT * FROM {table}") == shop.rows(database, f"SELECT * FROM {table}") != []
    assert elsewhere.users() == ["Anna", "Ben"]
    secret = elsewhere.folder / "log.db.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert elsewhere.rows("bot.db", "SELECT * FROM inbox") == []
    assert not list(elsewhere.folder.rglob("*restor*"))


def test_the_model_of_the_index_comes_back_where_it_is_missing_and_one_of_its_name_stays(shop, elsewhere):
    backup = shop.backup().path
    shutil.rmtree(elsewhere.folder / "models" / "narrow")
    make_narrow(elsewhere.folder / "models" / "narrow", seed=5)
    other = everything(elsewhere.folder / "models" / "narrow")
    elsewhere.restore(backup)
    assert everything(elsewhere.folder / "models" / "narrow") == other
    photo = shop.folder / "photos" / "bal-003.jpg"
    assert found(elsewhere, photo) == found(shop, photo) != []
    shutil.rmtree(elsewhere.folder / "models")
    elsewhere.restore(backup, replace=True)
    assert everything(elsewhere.folder / "models") == everything(shop.folder / "models")


def test_what_stands_in_the_way_is_named_and_kept(shop, tmp_path):
    backup = shop.backup().path
    before = everything(shop.folder)
    with pytest.raises(BackupError, match=r"In the way: .*catalogue\.db, .*log\.db, .*bot\.db, .*index\..*--replace"):
        shop.restore(backup)
    assert everything(shop.folder) == before


def test_replacing_brings_back_what_was_changed_since(shop):
    backup = shop.backup().path
    shop.ask(3, BEN)
    with Catalogue.open(shop.config.catalogue) as catalogue:
        catalogue.connection.execute("UPDATE products SET title = 'wrecked'")
    shutil.rmtree(shop.config.catalogue.photos)
    shop.restore(backup, replace=True)
    assert shop.rows("catalogue.db", "SELECT * FROM products WHERE title = 'wrecked'") == []
    assert shop.rows("log.db", "SELECT max(id) FROM queries") == [(2,)]
    assert len(list(shop.config.catalogue.photos.rglob("*.jpg"))) == 24
    assert not list(shop.folder.rglob("*restor*"))


def test_messages_that_wait_for_the_bot_go_on_waiting(shop):
    backup = shop.backup().path
    shop.message_comes_in(8)
    assert shop.restore(backup, replace=True).waiting_messages == 2
    assert shop.rows("bot.db", "SELECT update_id FROM inbox ORDER BY seq") == [(7,), (8,)]


def test_whoever_was_forgotten_after_the_backup_stays_forgotten(shop):
    backup = shop.backup().path
    shop.forget(ANNA)
    assert shop.restore(backup, replace=True).forgotten_queries == 1
    assert shop.users() == ["Ben"]
    assert shop.rows("log.db", "SELECT count(*) FROM feedback") == [(1,)]
    assert shop.rows("bot.db", "SELECT count(*) FROM chats") == [(1,)]
    assert shop.rows("bot.db", "SELECT query_id FROM saved") == [(2,)]
    assert shop.restore(backup, replace=True).forgotten_queries == 1  # the mark outlives a restore


def test_a_backup_of_before_products_could_be_saved_is_restored_all_the_same(shop):
    with closing(sqlite3.connect(shop.folder / "bot.db")) as bot:
        bot.execute("DROP TABLE saved")
    backup = shop.backup().path
    shop.forget(ANNA)
    assert shop.restore(backup, replace=True).forgotten_queries == 1
    assert shop.rows("bot.db", "SELECT count(*) FROM chats") == [(1,)]


def test_who_came_back_after_being_forgotten_is_restored_with_what_came_after(shop):
    shop.forget(ANNA)
    shop.ask(5, ANNA, "2999-01-01T00:00:00.000Z")
    backup = shop.backup().path
    assert shop.restore(backup, replace=True).forgotten_queries == 0
    assert shop.rows("log.db", "SELECT id FROM queries ORDER BY id") == [(2,), (5,)]
    assert shop.rows("bot.db", "SELECT count(*) FROM chats") == [(2,)]


def test_where_nobody_can_tell_who_was_forgotten_nothing_is_restored(shop):
    backup = shop.backup().path
    shop.forget(ANNA)
    secret = shop.folder / "log.db.secret"
    kept = secret.read_bytes()
    secret.write_bytes(b"x" * 32)
    with pytest.raises(BackupError, match="another secret"):
        shop.restore(backup, replace=True)
    secret.write_bytes(kept)
    (shop.folder / "log.db").write_bytes(b"damaged" * 1000)
    with pytest.raises(BackupError, match="whom it has forgotten"):
        shop.restore(backup, replace=True)
    (shop.folder / "log.db").unlink()
    shop.restore(backup, replace=True)
    assert shop.users() == ["Anna", "Ben"]


def test_a_damaged_byte_is_refused_wherever_it_is(shop, elsewhere):
    backup = shop.backup().path
    content = backup.read_bytes()
    with tarfile.open(backup) as archive:
        starts = [(member.offset_data, member.size) for member in archive]
    before = everything(elsewhere.folder)
    damaged = backup.with_name("damaged.tar")
    for start, size in [*starts[:8], starts[-1]]:
        for place in (start, start + size - 1, start - 300):
            changed = bytearray(content)
            changed[place] ^= 0x10
            damaged.write_bytes(changed)
            with pytest.raises(BackupError):
                elsewhere.restore(damaged)
    for length in (0, 100, len(content) // 2, starts[-1][0] + 5):
        damaged.write_bytes(content[:length])
        with pytest.raises(BackupError):
            elsewhere.restore(damaged)
    assert everything(elsewhere.folder) == before


@pytest.mark.parametrize(
    "name", ["../outside", "/outside", "photos/../../outside", "bot.db/x", "index/a/b", "index/..", "index/.x", "a\nb"]
)
def test_a_name_that_leads_elsewhere_is_refused(shop, elsewhere, name):
    def add(held: dict[str, bytes]) -> None:
        manifest = json.loads(held["manifest.json"])
        manifest["files"][name] = {"sha256": sha256(b"x").hexdigest(), "bytes": 1}
        held["manifest.json"] = json.dumps(manifest).encode()
        held[name] = b"x"

    with pytest.raises(BackupError, match="which no backup has"):
        elsewhere.restore(rewritten(shop.backup().path, add))
    assert not (elsewhere.folder.parent / "outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_link_in_place_of_a_file_is_refused(shop, elsewhere, kind):
    def link(held: dict[str, bytes]) -> None:
        held["log.dbLINK"] = b"/etc/passwd"
        del held["log.db"]

    with pytest.raises(BackupError, match="does not belong into it"):
        elsewhere.restore(rewritten(shop.backup().path, link, kind))
    assert not (elsewhere.folder / "log.db").exists()


@pytest.mark.parametrize(
    "newer", [{"imgrec": "99.0.0"}, {"format": 2, "more": 1}, {"schemas": {"catalogue": 99, "log": 4}}]
)
def test_a_backup_of_a_newer_version_is_refused_in_one_line(shop, elsewhere, newer):
    def change(held: dict[str, bytes]) -> None:
        held["manifest.json"] = json.dumps(json.loads(held["manifest.json"]) | newer).encode()

    with pytest.raises(BackupError, match=r"^[^\n]* newer than this one [^\n]*Upgrade imgrec to restore it\.$"):
        elsewhere.restore(rewritten(shop.backup().path, change))


def test_what_is_no_backup_is_refused(elsewhere, tmp_path):
    for content in (b"", b"no archive" * 200, b"\x1f\x8b garbage"):
        (tmp_path / "b.tar").write_bytes(content)
        with pytest.raises(BackupError, match=r"damaged|no backup"):
            elsewhere.restore(tmp_path / "b.tar")


@pytest.mark.parametrize(("path", "who"), [("bot.db", "python -m bot"), ("catalogue.db", "imgrec import")])
def test_nothing_is_restored_while_a_bot_or_an_import_is_at_work(shop, path, who):
    backup = shop.backup().path
    with writing(shop.folder / path, who), pytest.raises(BusyError, match=who):
        shop.restore(backup, replace=True)
    with writing(shop.folder / path, who):
        shop.backup("while-it-runs.tar")


@pytest.mark.parametrize("number", range(4))
def test_a_restore_that_is_stopped_while_it_moves_in_leaves_the_old_shop(shop, monkeypatch, number):
    backup = shop.backup().path
    shop.ask(3, BEN)
    before = {name: shop.rows(name, "SELECT * FROM sqlite_schema") for name in ("catalogue.db", "log.db", "bot.db")}
    moved: list[Path] = []

    class Stopped(restoring.Swap):
        def put(self, new: Path, target: Path) -> None:
            if len(moved) == number:
                raise KeyboardInterrupt
            moved.append(target)
            super().put(new, target)

    monkeypatch.setattr(restoring, "Swap", Stopped)
    with pytest.raises(KeyboardInterrupt):
        shop.restore(backup, replace=True)
    assert shop.rows("log.db", "SELECT max(id) FROM queries") == [(3,)]
    assert {name: shop.rows(name, "SELECT * FROM sqlite_schema") for name in before} == before
    assert not list(shop.folder.rglob("*restor*"))


KILLED = """
import os, signal, sys
from pathlib import Path
from watched import Watched
from imgrec.backup.restoring import restore_backup
from imgrec.config import load_config

file = Path(sys.argv[1])
killed = Watched(lambda done, note: os.kill(os.getpid(), signal.SIGKILL))
restore_backup(load_config(file, {}), file, Path(sys.argv[2]), True, killed)
"""


def test_a_restore_that_is_killed_while_it_unpacks_changes_nothing_and_the_next_one_succeeds(shop):
    backup = shop.backup().path
    shop.ask(3, BEN)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, shop.file, backup], check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert shop.rows("log.db", "SELECT max(id) FROM queries") == [(3,)]
    shop.restore(backup, replace=True)
    assert shop.rows("log.db", "SELECT max(id) FROM queries") == [(2,)]
    assert not list(shop.folder.rglob("*restor*"))


def test_what_an_earlier_restore_left_aside_is_not_overwritten(shop):
    backup = shop.backup().path
    aside = shop.folder / "catalogue.db.before-restore"
    aside.write_text("the old one")
    with pytest.raises(BackupError, match="Move it back"):
        shop.restore(backup, replace=True)
    assert aside.read_text() == "the old one"


def test_photos_that_are_neither_in_the_backup_nor_here_are_asked_for_again(shop, elsewhere):
    done = elsewhere.restore(shop.backup(photos=False).path)
    assert done.photos_lacking == 24
    assert elsewhere.rows("catalogue.db", "SELECT status, count(*), count(sha256) FROM photos") == [("pending", 24, 0)]
    again = run_command("imgrec", "import", shop.folder / "shop.csv", "--json", config=elsewhere.file)
    assert json.loads(again.stdout)["imported"] == 24
    assert len(list((elsewhere.folder / "catalogue-photos").rglob("*.jpg"))) == 24


def test_another_configuration_is_laid_beside_and_not_used(shop, elsewhere):
    backup = shop.backup().path
    own = elsewhere.file.read_text()[:-1] + ', "search": {"results": 3}}'
    elsewhere.file.write_text(own)
    done = elsewhere.restore(backup)
    assert elsewhere.file.read_text() == own
    assert done.config_beside is not None
    assert done.config_beside.read_bytes() == shop.file.read_bytes()


def test_a_configuration_comes_back_where_there_is_none_and_it_leads_nowhere_else(shop, tmp_path):
    (tmp_path / "new").mkdir()
    backup = shop.backup().path
    file = tmp_path / "new" / "config.yaml"
    shutil.copy(shop.file, file)
    config = load_config(file, {})
    file.unlink()
    done = restoring.restore_backup(config, file, backup, replace=False, report=Silent())
    assert done.config_beside is None
    assert file.read_bytes() == shop.file.read_bytes()


def test_an_index_of_the_same_name_is_kept_and_the_backups_gets_another(shop):
    backup = shop.backup().path
    generation = shop.folder / "index" / "generation-000001"
    (generation / "SHA256SUMS").write_text("another one's")
    shop.restore(backup, replace=True)
    assert (shop.folder / "index" / "CURRENT").read_text() == "generation-000002\n"
    assert (generation / "SHA256SUMS").read_text() == "another one's"
    assert found(shop, shop.folder / "photos" / "bal-003.jpg")


def test_of_the_bots_tables_each_is_known_to_be_kept_or_left_out(tmp_path):
    with closing(connect(tmp_path / "bot.db", BOT_MIGRATIONS)) as bot:
        there = {row[0] for row in bot.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    left_out = {"inbox", "requests", "steps", "journal", "notices", "wishes", "generations", "kept_photos"}
    assert there == {"chats", "saved", "telegram_files", "sqlite_sequence"} | left_out
