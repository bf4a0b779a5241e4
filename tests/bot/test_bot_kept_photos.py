"""Photos of shoppers on the disk: only of who agrees, and gone when they have to be."""

import time
from pathlib import Path

import pytest
from test_bot_outbox import ANNA, BEN, store

from bot.retention import tidy
from bot.store.store import Store

__all__ = ["store"]


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "shoppers").glob("*"))


async def agree(store: Store, chat: int, agreed: bool = True) -> None:
    await store.database.write(store.chats.let_photos_be_kept(chat, agreed))


async def test_a_photo_is_kept_only_where_its_chat_agrees_at_that_moment(store: Store, tmp_path: Path) -> None:
    await store.photos.keep(1, ANNA, b"before anybody was asked")
    await agree(store, ANNA, agreed=False)
    await store.photos.keep(2, ANNA, b"after no")
    await agree(store, ANNA)
    await store.photos.keep(3, ANNA, b"after yes")
    [name] = files(tmp_path)
    assert name.startswith("3-")
    file = tmp_path / "shoppers" / name
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"after yes", 0o600)


async def test_forgetting_deletes_those_of_one_shopper_wherever_it_is_asked(store: Store, tmp_path: Path) -> None:
    for number, chat in enumerate((ANNA, BEN, ANNA)):
        await agree(store, chat)
        await store.photos.keep(number, chat, b"photo %d" % number)
    await store.forget(-50, ANNA, private=False, until_seq=0)
    assert [name[0] for name in files(tmp_path)] == ["1"]
    await store.forget(BEN, BEN, private=True, until_seq=0)
    assert files(tmp_path) == []
    await store.photos.keep(9, BEN, b"the agreement is forgotten, too")
    assert files(tmp_path) == []


@pytest.mark.parametrize(("days", "left"), [(1, 0), (30, 1), (None, 1)])
async def test_photos_go_when_they_are_too_old(store: Store, tmp_path: Path, days: int | None, left: int) -> None:
    await agree(store, ANNA)
    await store.photos.keep(1, ANNA, b"two days old")
    await store.database.write(lambda connection: _make_older(connection, 2))
    await tidy(store, days)
    assert len(files(tmp_path)) == left


async def test_a_file_that_is_nobodys_is_removed_and_other_files_are_left_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "shoppers").mkdir()
    for name in (f"7-{'ab' * 32}.jpg", "notes.txt"):
        (tmp_path / "shoppers" / name).touch()
    await tidy(store, None)
    assert files(tmp_path) == ["notes.txt"]


def _make_older(connection, days: int) -> None:
    connection.execute("UPDATE kept_photos SET kept_s = ?", (time.time() - days * 24 * 3600,))
