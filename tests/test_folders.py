"""Files here and in object storage are read and written alike."""

import sys
import uuid
from pathlib import Path

import pytest

from imgrec.errors import StorageError
from imgrec.folders import Folder, RemoteFolder, folder_at


@pytest.fixture(params=["here", "s3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    if request.param == "here":
        return folder_at(tmp_path / "folder")
    return folder_at(f"{request.getfixturevalue('s3')}/{uuid.uuid4().hex}/")


def test_what_is_written_is_there_by_its_name_until_it_is_removed(folder: Folder):
    assert (folder.exists(), folder.has("a/b.txt"), folder.files()) == (False, False, {})
    folder.write("a/b.txt", b"first")
    folder.write("a/c/d.txt", b"other")
    folder.write("e.txt", b"")
    assert (folder.exists(), folder.has("a/b.txt"), folder.has("a"), folder.has("a/x.txt")) == (
        True,
        True,
        False,
        False,
    )
    assert folder.read("a/b.txt") == b"first"
    folder.write("a/b.txt", b"second")
    assert folder.read("a/b.txt") == b"second"
    assert folder.files() == {"a/b.txt": 6, "a/c/d.txt": 5, "e.txt": 0}
    assert list(folder.files("a/c")) == ["a/c/d.txt"]
    assert folder.files("nowhere") == {}
    assert folder.folders() == ["a"]
    folder.remove("e.txt")
    folder.remove("e.txt")
    assert list(folder.files()) == ["a/b.txt", "a/c/d.txt"]
    folder.remove("a")
    assert folder.files() == {}
    with pytest.raises(FileNotFoundError):
        folder.read("a/b.txt")


def test_what_another_wrote_meanwhile_is_seen(s3: str):
    one, other = (folder_at(f"{s3}/{name}") for name in ["meanwhile", "meanwhile"])
    assert one.files() == {}
    other.write("a", b"1")
    assert (one.files(), one.has("a"), one.exists()) == ({"a": 1}, True, True)


def test_a_bucket_that_is_not_there_is_said_so_where_something_is_written(s3: str):
    nowhere = folder_at("s3://nobodys-bucket/photos")
    assert not nowhere.exists()
    with pytest.raises(StorageError, match=r"s3://nobodys-bucket/photos cannot be"):
        nowhere.write("a", b"1")


def test_a_server_that_does_not_let_in_is_named(s3: str, monkeypatch: pytest.MonkeyPatch):
    remote = RemoteFolder(f"{s3}/denied")

    def deny(*_: object) -> bytes:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(remote._files, "cat_file", deny)
    with pytest.raises(StorageError, match=r"s3://shop/denied cannot be used: Access Denied\. .*AWS_ACCESS_KEY_ID"):
        remote.read("a")


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(StorageError, match=r"pip install 'imgrec\[s3\]'"):
        folder_at("s3://shop/photos")


def test_a_kind_of_storage_that_nobody_knows_is_refused():
    pytest.importorskip("fsspec", reason="object storage needs fsspec: pip install -e '.[s3]'")
    with pytest.raises(StorageError, match=r"nonsense://shop cannot be used: .*nonsense"):
        folder_at("nonsense://shop")
