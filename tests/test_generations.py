"""Folders are swapped in whole, files replaced in one step."""

import hashlib
import threading

import pytest

from imgrec.generations import (
    before_current,
    current,
    generations,
    next_name,
    point_to,
    sha256_of,
    write_atomically,
)


def test_a_generation_counts_once_the_pointer_names_it(tmp_path):
    assert current(tmp_path) is None
    assert current(tmp_path / "absent") is None
    first = tmp_path / next_name(tmp_path)
    first.mkdir()
    assert current(tmp_path) is None
    point_to(tmp_path, first.name)
    assert current(tmp_path) == first
    assert (first.name, next_name(tmp_path)) == ("generation-000001", "generation-000002")


@pytest.mark.parametrize("name", ["", "absent", "..", ".", "../outside", "inside/deeper", "a\0b", "long" * 1000])
def test_a_pointer_to_nothing_or_out_of_the_folder_counts_as_none(tmp_path, name):
    folder = tmp_path / "index"
    for made in (tmp_path / "outside", folder / "inside/deeper"):
        made.mkdir(parents=True)
    (folder / "CURRENT").write_text(f"{name}\n")
    assert current(folder) is None


def test_a_pointer_that_is_no_text_counts_as_one_to_nothing(tmp_path):
    (tmp_path / "CURRENT").write_bytes(b"\xff\xfe\x00")
    assert current(tmp_path) is None


def test_generations_are_told_oldest_first_and_the_next_is_numbered_after_the_newest(tmp_path):
    for _ in range(11):
        (tmp_path / next_name(tmp_path)).mkdir()
    (tmp_path / "generation-000010").rmdir()
    (tmp_path / "generation-000099").write_text("no folder")
    assert [path.name for path in generations(tmp_path)] == [f"generation-{n:06d}" for n in (*range(1, 10), 11)]
    assert next_name(tmp_path) == "generation-000012"


def test_those_before_the_current_generation_are_told_newest_first(tmp_path):
    names = [next_name(tmp_path)]
    for _ in range(4):
        (tmp_path / names[-1]).mkdir()
        names.append(next_name(tmp_path))
    assert before_current(tmp_path) == []  # nothing was ever current
    point_to(tmp_path, names[2])
    assert [path.name for path in before_current(tmp_path)] == [names[1], names[0]]
    point_to(tmp_path, names[4])  # it is gone
    assert [path.name for path in before_current(tmp_path)] == names[3::-1]
    point_to(tmp_path, "nonsense")
    assert [path.name for path in before_current(tmp_path)] == names[3::-1]


def test_threads_that_write_the_same_file_do_not_meet(tmp_path):
    path, wrong = tmp_path / "deep" / "photo.jpg", []
    content = [bytes([letter]) * 300_000 for letter in b"abcd"]

    def write(mine: bytes) -> None:
        try:
            for _ in range(10):
                write_atomically(path, mine)
                if path.read_bytes() not in content:
                    wrong.append("half a file was seen")
        except OSError as error:
            wrong.append(str(error))

    threads = [threading.Thread(target=write, args=[mine]) for mine in content]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [file.name for file in path.parent.iterdir()] == ["photo.jpg"]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path):
    folder = tmp_path / "CURRENT"
    folder.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(folder, b"new")
    assert folder.is_dir()


def test_the_sha256_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()
