"""Keys stand for chats and users, and lead nowhere without the secret."""

import os
import stat

import pytest
from log_helpers import ask

from imgrec.errors import LogError
from imgrec.log.identity import Keys, load_keys
from imgrec.log.writer import LogWriter


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    old = os.umask(0)
    try:
        keys = load_keys(tmp_path / "data" / "log.db")
    finally:
        os.umask(old)
    secret = tmp_path / "data" / "log.db.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_bytes()) == 32
    assert load_keys(tmp_path / "data" / "log.db").of("user", 1) == keys.of("user", 1)
    assert load_keys(tmp_path / "elsewhere" / "log.db").of("user", 1) != keys.of("user", 1)


def test_a_key_is_the_hmac_of_rfc_2104_and_keeps_subjects_apart():
    keys = Keys(b"\x0b" * 32)
    # printf 'user:7' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b... (32 times), first 32 digits
    assert keys.of("user", 7) == "6fe903fbddf21e8b3c980ad5f24b5274"
    assert keys.of("user", "7") == keys.of("user", 7)
    assert len({keys.of("user", 7), keys.of("chat", 7), keys.of("photo", 7), keys.of("user", 8)}) == 4


@pytest.mark.parametrize("content", [b"", b"too short", b"x" * 33])
def test_a_damaged_secret_is_refused_rather_than_replaced(tmp_path, content):
    (tmp_path / "log.db.secret").write_bytes(content)
    with pytest.raises(LogError, match=r"log\.db\.secret is damaged. Restore it"):
        load_keys(tmp_path / "log.db")
    assert (tmp_path / "log.db.secret").read_bytes() == content


def test_a_secret_that_cannot_be_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "log.db.secret").mkdir()
    for log in (tmp_path / "file" / "log.db", tmp_path / "log.db"):
        with pytest.raises(LogError, match="secret"):
            load_keys(log)


async def test_a_secret_that_is_missing_beside_queries_is_not_replaced(path):
    log = await LogWriter.open(path)
    await log.close()
    secret = path.with_name("log.db.secret")
    secret.unlink()
    load_keys(path)  # nobody is in it yet
    log = await LogWriter.open(path)
    await ask(log, 1, 1)
    await log.close()
    secret.unlink()
    with pytest.raises(LogError, match=r"log\.db\.secret is missing: .* Put the secret back"):
        load_keys(path)
    assert not secret.exists()


async def test_the_files_of_the_log_never_hold_a_telegram_id(path):
    log = await LogWriter.open(path)
    user, chat = 5_123_456_789, -1_001_234_567_890
    query = await ask(log, chat, user, photo_unique_id="AQADAgADunique")
    await log.vote(query, 0, chat, user, 1)
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    await log.close()
    assert log.keys.of("user", user).encode() in written
    for hidden in (str(user), str(chat), "AQADAgADunique"):
        assert hidden.encode() not in written
    for number in (user, chat):
        assert number.to_bytes(8, "big", signed=True) not in written
