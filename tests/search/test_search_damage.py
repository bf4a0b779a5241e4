"""A damaged generation never answers, the one before does; and what serves needs no file once it is opened."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_shop import Shop, sells_otherwise

from imgrec.config import Config
from imgrec.errors import ModelError, SearchIndexError
from imgrec.generations import POINTER, current, point_to
from imgrec.progress import Silent
from imgrec.search.build import build_index
from imgrec.search.search_index import SearchIndex, open_index
from imgrec.search.serving import Serving
from imgrec.sums import SUMMED, SUMS, SealedFolder, seal
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model, write_settings
from imgrec.vision.vectors import unit_rows

CODES = (
    "codes_leading.npy", "codes_residual.npy", "codes_step.npy", "codes_trailing.npy", "codes_trailing_norm.npy",
)  # fmt: skip
FILES = (
    *CODES, "colours.npy", "head.npy", "index.json", "neighbours.npy", "neighbours_label.npy", "photo.npy",
    "product.npy", "rank.npy", "vectors.npy", "whitening.npy",
)  # fmt: skip


def flip(file: Path, at: int) -> None:
    """One bit, in place, as a failing disk does."""
    with file.open("r+b") as stream:
        stream.seek(at)
        [byte] = stream.read(1)
        stream.seek(at)
        stream.write(bytes([byte ^ 1]))


def flip_unnoticed(file: Path, at: int) -> None:
    """One bit of a large array that was summed, as a disk does of itself: nothing tells that the file has changed."""
    note = file.with_name(SUMMED)
    [line] = [line for line in note.read_text().splitlines() if line.endswith(f"  {file.name}")]
    flip(file, at)
    status = file.stat()
    stands = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
    note.write_text(note.read_text().replace(line, f"{line.split()[0]} {stands}  {file.name}"))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "its last byte changed": lambda file: flip(file, file.stat().st_size - 1),
    "its first byte changed": lambda file: flip(file, 0),
    "one in the middle changed": lambda file: flip(file, file.stat().st_size // 2),
    "cut short": lambda file: os.truncate(file, file.stat().st_size - 1),
    "emptied": lambda file: os.truncate(file, 0),
    "overwritten": lambda file: file.write_bytes(os.urandom(file.stat().st_size)),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_whatever_befalls_any_file_of_a_generation_is_noticed_and_says_how_to_build_it_anew(damage, make_index):
    index: SearchIndex = make_index({"a": (np.eye(40, dtype=np.float32), list(range(40)), [1] * 40)})
    assert sorted(file.name for file in index.folder.iterdir()) == sorted([*FILES, SUMS])
    point_to(index.folder.parent, index.generation)
    for name in FILES:
        file = index.folder / name
        whole = file.read_bytes()
        damage(file)
        with pytest.raises(SearchIndexError, match=r"is damaged .* imgrec index --rebuild") as refused:
            open_index(index.folder.parent)
        assert "\n" not in str(refused.value)
        file.write_bytes(whole)
    open_index(index.folder.parent)


@pytest.fixture
def mapped_index(make_index, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a generation all of whose arrays are mapped, opened once."""
    folder: Path = make_index({"a": (np.eye(40, dtype=np.float32), list(range(40)), [1] * 40)}).folder
    monkeypatch.setattr("imgrec.sums.MAPPED_FROM", 1)
    SearchIndex(folder)
    return folder


@pytest.fixture
def summed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files as they are summed."""
    names: list[str] = []
    check = SealedFolder.check

    def noted(self: SealedFolder, name: str, content: bytes) -> None:
        names.append(name)
        check(self, name, content)

    monkeypatch.setattr(SealedFolder, "check", noted)
    return names


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_to_what_is_mapped_is_noticed_when_it_is_opened(damage, mapped_index: Path):
    for name in ("vectors.npy", *CODES):
        whole = (mapped_index / name).read_bytes()
        damage(mapped_index / name)
        for _ in range(2):
            with pytest.raises(SearchIndexError, match=r"is damaged .* imgrec index --rebuild"):
                SearchIndex(mapped_index)
        (mapped_index / name).write_bytes(whole)
    SearchIndex(mapped_index)


def test_what_is_mapped_is_summed_once_and_again_when_anything_has_touched_it(mapped_index: Path, summed: list[str]):
    SearchIndex(mapped_index)
    assert summed == ["index.json"]  # which is read, as all small files are
    os.utime(mapped_index / "vectors.npy")
    SearchIndex(mapped_index)
    assert summed == ["index.json"] * 2 + ["vectors.npy"]
    summed.clear()
    copy = Path(shutil.copytree(mapped_index, mapped_index.with_name("copy")))
    SearchIndex(copy)
    assert sorted(summed) == sorted(FILES)
    summed.clear()
    SearchIndex(copy)
    assert summed == ["index.json"]
    SearchIndex(copy, anew=True)
    assert sorted(summed[1:]) == sorted(FILES)


def test_a_file_with_the_time_it_had_before_is_not_taken_for_what_it_was(mapped_index: Path):
    file = mapped_index / "vectors.npy"
    before = file.stat()
    flip(file, 500)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(SearchIndexError, match="is damaged"):
        SearchIndex(mapped_index)


def test_a_generation_has_been_summed_when_it_is_sealed(make_index, monkeypatch: pytest.MonkeyPatch, summed: list[str]):
    monkeypatch.setattr("imgrec.sums.MAPPED_FROM", 1)
    make_index({"a": (np.eye(40, dtype=np.float32), list(range(40)), [1] * 40)})
    assert summed == ["index.json"]


def test_where_nothing_can_be_noted_everything_is_summed_and_answers(mapped_index: Path, summed: list[str]):
    (mapped_index / SUMMED).unlink()
    (mapped_index / SUMMED).mkdir()
    for times in (1, 2):
        SearchIndex(mapped_index)
        assert sorted(summed) == sorted(FILES * times)


def test_what_a_disk_changed_of_itself_is_found_by_who_sums_anew_and_from_then_on_by_all(mapped_index: Path):
    flip_unnoticed(mapped_index / "vectors.npy", 500)
    SearchIndex(mapped_index)
    with pytest.raises(SearchIndexError, match=r"vectors\.npy differs from its sum"):
        SearchIndex(mapped_index, anew=True)
    with pytest.raises(SearchIndexError, match=r"vectors\.npy differs from its sum"):
        SearchIndex(mapped_index)


def test_nothing_is_noted_of_a_small_shop(make_index):
    folder: Path = make_index({"a": (np.eye(40, dtype=np.float32), list(range(40)), [1] * 40)}).folder
    SearchIndex(folder, anew=True)
    assert sorted(file.name for file in folder.iterdir()) == sorted([*FILES, SUMS])


def test_large_arrays_are_mapped_and_small_ones_in_memory_and_an_open_generation_outlives_its_folder(
    make_index, monkeypatch: pytest.MonkeyPatch
):
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng.standard_normal((200, 16)).astype(np.float32))
    in_memory: SearchIndex = make_index({"a": (vectors, list(range(200)), [1] * 200)})
    monkeypatch.setattr("imgrec.sums.MAPPED_FROM", (in_memory.folder / "vectors.npy").stat().st_size)
    mapped = SearchIndex(in_memory.folder)
    files = Path("/proc/self/maps")
    if files.exists():
        assert str(in_memory.folder / "vectors.npy") in files.read_text()
        assert files.read_text().count(str(in_memory.folder)) == 1
    with pytest.raises(ValueError, match="read-only"):
        mapped.engine.register.vectors[0, 0] = 1
    before = [in_memory.search(query, ["a"], 7) for query in vectors[:20]]
    shutil.rmtree(in_memory.folder)
    assert [mapped.search(query, ["a"], 7) for query in vectors[:20]] == before


def test_a_generation_from_before_there_were_codes_goes_on_answering(make_index):
    rng = np.random.default_rng(1)
    vectors = unit_rows(rng.standard_normal((200, 16)).astype(np.float32))
    index: SearchIndex = make_index({"a": (vectors, list(range(200)), [1] * 200)})
    answers = [index.search(query, ["a"], 7) for query in vectors[:20]]
    for name in CODES:
        (index.folder / name).unlink()
    with pytest.raises(SearchIndexError, match="is damaged"):
        SearchIndex(index.folder)
    seal(index.folder)
    assert [SearchIndex(index.folder).search(query, ["a"], 7) for query in vectors[:20]] == answers


def test_codes_of_other_vectors_are_not_taken_for_those_of_this_generation(make_index):
    folder: Path = make_index({"a": (np.eye(8, dtype=np.float32), list(range(8)), [1] * 8)}).folder
    np.save(folder / CODES[1], np.zeros(7, np.float32))
    seal(folder)
    with pytest.raises(SearchIndexError, match="codes are of other vectors"):
        SearchIndex(folder)


def test_sums_that_are_damaged_or_gone_are_no_sums(make_index):
    folder: Path = make_index({"a": (np.eye(8, dtype=np.float32), list(range(8)), [1] * 8)}).folder
    sums = (folder / SUMS).read_bytes()
    for damaged in (b"", b"\xff\xfe\x00", sums[:20], sums[:-30], b"\n".join(sums.splitlines()[1:])):
        (folder / SUMS).write_bytes(damaged)
        with pytest.raises(SearchIndexError, match="is damaged"):
            SearchIndex(folder)
    (folder / SUMS).unlink()
    with pytest.raises(SearchIndexError, match=r"no SHA256SUMS.* cannot be trusted.* imgrec index --rebuild"):
        SearchIndex(folder)


SERVES_ON = """
import os, shutil, sys
from pathlib import Path
import numpy as np
from imgrec.config import load_config
from imgrec.search.serving import Serving

serving = Serving.open(load_config(Path(sys.argv[1]), {}))
side_px = serving.preprocessing.side_px
pixels = np.random.default_rng(0).integers(0, 255, (4, side_px, side_px, 3), np.uint8)

def answers():
    seen = serving.see_pixels(pixels)
    return [
        (one.as_json(), one.ranked)
        for photo in seen for category in (None, *serving.categories) for one in [serving.answer(photo, category, -1)]
    ]

first = answers()
assert all(shown["matches"] and ranked for shown, ranked in first)
folders = (serving.index.folder, serving.eye.model.path)
for file in (file for folder in folders for file in folder.iterdir()):
    with file.open("r+b") as stream:
        stream.write(os.urandom(file.stat().st_size))
assert answers() == first, "overwritten"
for file in (file for folder in folders for file in folder.iterdir()):
    os.truncate(file, 0)
assert answers() == first, "cut short"
for folder in folders:
    shutil.rmtree(folder)
assert answers() == first, "gone"
mapped = Path("/proc/self/maps")
assert not mapped.exists() or not any(str(folder) in mapped.read_text() for folder in folders), "mapped"
print("the same")
"""


def test_what_serves_answers_the_same_while_its_files_are_overwritten_cut_short_and_removed(own_shop: Shop):
    done = subprocess.run(
        [sys.executable, "-c", SERVES_ON, str(own_shop.config)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "the same\n"), done.stderr


def built_again(config: Config, eye: Eye) -> Path:
    """A generation after the present one."""
    sells_otherwise(config)
    build_index(config, eye, False, Silent())
    folder = current(config.index.path)
    assert folder
    return folder


def serves(config: Config) -> tuple[str, str | None]:
    """Which generation answers, and what is said of it."""
    serving, said = Serving.open_sound(config)
    with serving:
        side_px = serving.preprocessing.side_px
        [seen] = serving.see_pixels(np.zeros((1, side_px, side_px, 3), np.uint8))
        assert serving.answer(seen, threshold=-1).matches
        return serving.id.generation, said


def test_where_the_current_generation_is_damaged_the_one_before_answers_and_it_is_said(own_config: Config, eye: Eye):
    index = own_config.index.path
    newest = built_again(own_config, eye)
    assert serves(own_config) == (newest.name, None)
    flip(newest / "vectors.npy", 500)
    with pytest.raises(SearchIndexError, match="is damaged"):
        Serving.open(own_config)
    generation, said = serves(own_config)
    assert generation == "generation-000001"
    assert said is not None
    for part in ("An earlier generation answers, generation-000001.", "vectors.npy", "imgrec index --rebuild"):
        assert part in said
    shutil.rmtree(newest)
    assert serves(own_config)[0] == generation
    for nonsense in (b"", b"\xff\x00\xfe", b"x" * 5000, newest.name.encode()[:-1]):
        (index / POINTER).write_bytes(nonsense)
        assert serves(own_config)[0] == generation
    flip(index / generation / "index.json", 100)
    with pytest.raises(SearchIndexError):
        Serving.open_sound(own_config)


def test_only_what_was_built_before_the_current_generation_is_fallen_back_on(own_config: Config, eye: Eye):
    index = own_config.index.path
    newest = built_again(own_config, eye)
    point_to(index, "generation-000001")  # somebody went back to it, and will have had a reason
    flip(index / "generation-000001" / "vectors.npy", 500)
    with pytest.raises(SearchIndexError, match="generation-000001 is damaged"):
        Serving.open_sound(own_config)
    assert newest.is_dir()


def test_where_the_model_of_the_current_generation_is_damaged_or_gone_the_one_before_answers_with_its_own(
    own_config: Config, eye: Eye
):
    another = Path(shutil.copytree(eye.model.path, own_config.model.path / "another"))
    preprocessing = eye.preprocessing.model_copy(update={"fit": "crop"})
    write_settings(another, eye.model.settings.model_copy(update={"preprocessing": preprocessing}))
    seal(another)
    newest = built_again(own_config, Eye(open_model(another)))
    assert serves(own_config) == (newest.name, None)
    flip(another / "network.bin", 1000)
    with pytest.raises(ModelError, match=r"another/network\.bin differs from its sum"):
        Serving.open(own_config)
    assert serves(own_config)[0] == "generation-000001"
    shutil.rmtree(another)
    with pytest.raises(ModelError, match="is not at"):
        Serving.open(own_config)
    assert serves(own_config)[0] == "generation-000001"


def test_a_damaged_index_is_built_anew_of_what_was_seen_before_and_the_sound_one_before_it_stays(
    own_config: Config, eye: Eye, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imgrec.sums.MAPPED_FROM", 1)
    index = own_config.index.path
    damaged = built_again(own_config, eye)
    flip_unnoticed(damaged / "rank.npy", 200)
    SearchIndex(damaged)
    report = build_index(own_config, eye, False, Silent())
    assert (report.changed, report.computed) == (True, 0)
    kept = sorted(path.name for path in index.iterdir() if path.is_dir())
    assert kept == ["generation-000001", report.generation]
    assert serves(own_config) == (report.generation, None)
    assert not build_index(own_config, eye, False, Silent()).changed
