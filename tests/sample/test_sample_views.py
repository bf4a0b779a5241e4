"""The training feed: what it shows, and above all what it does not."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from csv_rows import read_rows

from imgrec.errors import CatalogueError
from sample import views
from sample.__main__ import main
from sample.design import nearest
from sample.jobs import Look, clear, keep_to_one_look
from sample.kinds import KINDS
from sample.shop import Product

MUG = [KINDS["mug"]]


def test_no_test_product_nor_a_near_copy_of_one_is_trained_on(mugs: list[Product]) -> None:
    tests = [product.design for product in mugs if product.split == "test"]
    subjects = views.subjects(MUG, mugs, 300, 1)
    assert tests
    assert min(nearest(subject.design, tests) for subject in subjects) >= views.NEAR_COPY
    drawn = [KINDS["mug"].draw("views", 1, number) for number in range(300)]
    assert min(nearest(design, tests) for design in drawn) < views.NEAR_COPY  # so there was something to pass over


def test_the_shops_other_products_are_trained_on_in_their_own_split(mugs: list[Product]) -> None:
    subjects = {subject.name: subject.split for subject in views.subjects(MUG, mugs, 0, 1)}
    assert subjects == {f"shop-{product.id}": product.split for product in mugs if product.split != "test"}


def test_more_products_keep_those_there_were(mugs: list[Product]) -> None:
    few, many = views.subjects(MUG, mugs, 5, 1), views.subjects(MUG, mugs, 20, 1)
    assert many[: len(few)] == few


def test_every_eighth_product_is_for_validation(mugs: list[Product]) -> None:
    splits = Counter(subject.split for subject in views.subjects(MUG, [], 80, 1))
    assert splits == {"train": 70, "validation": 10}


def test_a_folder_holds_photos_of_one_look(tmp_path: Path) -> None:
    keep_to_one_look(tmp_path, Look(1, 64, 8))
    keep_to_one_look(tmp_path, Look(1, 64, 8))
    with pytest.raises(CatalogueError, match=r"holds photos of seed 1, 64 px, 8 samples, scalar_rgb.*--out"):
        keep_to_one_look(tmp_path, Look(1, 128, 8))
    with pytest.raises(CatalogueError, match="llvm_ad_rgb was asked for"):
        keep_to_one_look(tmp_path, Look(1, 64, 8, "llvm_ad_rgb"))


@pytest.mark.parametrize("theirs", ["products.csv", "customer.csv", "photos/mine.jpg", "customer/mine.jpg"])
def test_what_is_of_other_origin_is_left_alone(tmp_path: Path, theirs: str) -> None:
    mine = tmp_path / theirs
    mine.parent.mkdir(exist_ok=True)
    mine.write_bytes(b"mine")
    for option in ([], ["--fresh"]):
        done = CliRunner().invoke(main, ["render", "--out", str(tmp_path), *option])
        assert "was not made here" in done.output
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [mine]


def test_what_was_taken_is_cleared_away_and_nothing_else(tmp_path: Path) -> None:
    keep_to_one_look(tmp_path, Look(1, 64, 8))
    for name in (
        "products.csv",
        "customer.csv",
        "photos/1.jpg",
        "customer/1-1.jpg",
        "other/mine.jpg",
        "photos/notes.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    clear(tmp_path)
    left = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"other/mine.jpg", "photos/notes.txt"}


def test_the_command_renders_a_feed_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    small = ["--kinds", "mug", "--products-per-kind", "1", "--side-px", "16", "--samples", "1", "--processes", "1"]
    command = ["views", "--out", str(tmp_path), *small, "--views"]
    first = CliRunner().invoke(main, [*command, "1"], catch_exceptions=False)
    assert first.exit_code == 0, first.output
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.jpg")}
    more = CliRunner().invoke(main, [*command, "2"], catch_exceptions=False)
    assert f"({len(before)} new)" in more.output
    assert all(file.read_bytes() == content for file, content in before.items())
    rows = read_rows(tmp_path / "products.csv")
    assert len(rows) == len({row["id"] for row in rows}) == 2 * len(before)
    assert all((tmp_path / row["image"]).is_file() for row in rows)
    assert set(Counter(row["group"] for row in rows).values()) == {2}
    assert {row["category"] for row in rows} == {"Home"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["views"], "--out"),
        (["views", "--out", ".", "--kinds", "mugg"], "there is no 'mugg'"),
        (["sheet", "--style", "fancy"], "'fancy' is not one of"),
        (["render", "--side-px", "1000"], "1000"),
        (["rendr"], "rendr"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_terminated_command_takes_its_processes_along(tmp_path: Path) -> None:
    views_of_mugs = ["views", "--out", str(tmp_path), "--kinds", "mug", "--side-px", "32", "--samples", "1"]
    command = [sys.executable, "-m", "sample", *views_of_mugs, "--processes", "2"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        _wait_until(lambda: any(tmp_path.rglob("*.jpg")))
        process.terminate()
    assert process.returncode == 128 + signal.SIGTERM
    _wait_until(lambda: not _is_running(process.pid))


def _is_running(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(true: Callable[[], bool], patience_s: float = 60) -> None:
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
