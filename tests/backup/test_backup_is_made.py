"""A backup is one archive of what a shop cannot do without, and holds nothing of messages that wait."""

import json
import os
import signal
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.schema import MIGRATIONS as BOT_MIGRATIONS
from imgrec.backup import making
from imgrec.backup.snapshot import KEPT_OF_BOT, tables
from imgrec.database import connect
from imgrec.errors import BackupError, ImgrecError
from imgrec.generations import sha256_of
from imgrec.sums import SUMMED


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def test_every_file_is_in_the_manifest_with_its_sum_and_the_photos_are_the_catalogues(shop, tmp_path):
    made = shop.backup()
    held = members(made.path)
    listed = json.loads(held["manifest.json"])
    assert set(listed["files"]) == set(held) - {"manifest.json", "manifest.json.sha256"}
    (tmp_path / "out").mkdir()
    for name, summed in listed["files"].items():
        (tmp_path / "out" / "one").write_bytes(held[name])
        assert sha256_of(tmp_path / "out" / "one") == summed["sha256"]
        assert len(held[name]) == summed["bytes"]
    assert {"catalogue.db", "log.db", "log.db.secret", "bot.db", "config.yaml", "index/index.json"} <= set(held)
    assert made.manifest.photos == 24
    assert (listed["index"], listed["model"]) == ("generation-000001", "narrow")
    assert {"model/model.yaml", "model/network.bin", "model/SHA256SUMS"} <= set(held)


def test_when_the_index_was_summed_here_is_not_in_it(shop):
    for name in (SUMMED, f".{SUMMED}.123.456"):  # the latter of one that was killed as it noted that
        (shop.folder / "index" / "generation-000001" / name).write_text("of these very files\n")
    assert not [name for name in members(shop.backup().path) if SUMMED in name]


def test_a_model_that_comes_with_imgrec_is_not_in_it(shop, monkeypatch):
    monkeypatch.setattr(making, "SHIPPED_MODELS", {"narrow"})
    made = shop.backup()
    assert made.manifest.model == "narrow"
    assert not made.manifest.has_model


def test_of_the_bot_only_settings_and_file_ids_are_kept_down_to_the_bytes(shop, tmp_path):
    content = members(shop.backup().path)["bot.db"]
    assert b"holiday" not in content
    (tmp_path / "bot.db").write_bytes(content)
    with closing(connect(tmp_path / "bot.db", BOT_MIGRATIONS)) as bot:
        held = {table for table in tables(bot) if bot.execute(f'SELECT 1 FROM "{table}"').fetchone()}
    assert held == {"chats", "saved", "sqlite_sequence"}
    assert held <= KEPT_OF_BOT


def test_it_is_for_its_owner_alone_and_nothing_else_is_left(shop):
    made = shop.backup("b.tar.gz")
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.read_bytes()[:2] == b"\x1f\x8b"
    assert sorted(file.name for file in made.path.parent.iterdir()) == ["b.tar.gz", "shop"]


def test_photos_can_be_left_out_and_those_that_are_damaged_are_counted(shop):
    assert shop.backup(photos=False).manifest.photos == 0
    next((shop.folder / "catalogue-photos").rglob("*.jpg")).write_bytes(b"damaged")
    made = shop.backup("c.tar")
    assert (made.manifest.photos, made.photos_lacking) == (23, 1)


def test_a_file_in_the_way_is_kept_unless_it_is_to_be_replaced(shop):
    file = shop.folder.parent / "b.tar"
    file.write_text("mine")
    with pytest.raises(BackupError, match=r"exists already\. .*--replace"):
        shop.backup()
    assert file.read_text() == "mine"
    shop.backup(replace=True)
    assert "manifest.json" in members(file)


def test_where_there_is_nothing_that_is_said(elsewhere):
    with pytest.raises(BackupError, match="nothing to back up"):
        elsewhere.backup()


def test_a_damaged_database_is_not_backed_up(shop):
    content = bytearray((shop.folder / "catalogue.db").read_bytes())
    content[5000:9000] = os.urandom(4000)
    (shop.folder / "catalogue.db").write_bytes(content)
    with pytest.raises(ImgrecError, match=r"damaged|malformed|cannot be read"):
        shop.backup()
    assert [file.name for file in shop.folder.parent.iterdir()] == ["shop"]


STOPPED = """
import os, signal, sys
from pathlib import Path
from watched import Watched
from imgrec.backup.making import make_backup
from imgrec.config import load_config

file = Path(sys.argv[1])
stop = Watched(lambda done, note: os.kill(os.getpid(), signal.SIGINT))
make_backup(load_config(file, {}), file, Path(sys.argv[2]), True, False, stop)
"""


def test_a_backup_that_is_interrupted_leaves_nothing(shop):
    target = shop.folder.parent / "b.tar"
    stopped = subprocess.run(
        [sys.executable, "-c", STOPPED, shop.file, target], capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert stopped.returncode == -signal.SIGINT, stopped.stderr
    assert [file.name for file in shop.folder.parent.iterdir()] == ["shop"]
