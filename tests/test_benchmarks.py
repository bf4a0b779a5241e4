"""The benchmarks run, and tell what they found in one form. How long anything took is not asserted."""

import importlib
import json
import runpy
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from narrow_vgg import make_narrow, narrow_weights
from tiny_shop import write_feed

from imgrec.training.graph import LARGEST

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
SCRIPTS = sorted(file.stem for file in BENCHMARKS.glob("*.py") if '__name__ == "__main__"' in file.read_text("utf-8"))
SPREAD = {"runs", "least", "quarter", "median", "three_quarters", "most"}

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """What they share. Behind everything else on the path: one of them may be called as a package is."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])
    module = importlib.import_module("measuring")
    monkeypatch.setattr(module, "PAUSE_S", 0)
    yield module
    del sys.modules["measuring"]


@pytest.fixture
def run(measuring: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a script in this process, as its libraries are loaded already, and return its JSON."""

    def run(script: str, *arguments: object) -> dict[str, Any]:
        file = tmp_path / "figures.json"
        monkeypatch.setattr(sys, "argv", [str(BENCHMARKS / f"{script}.py"), *map(str, arguments), "--json", str(file)])
        runpy.run_path(sys.argv[0], run_name="__main__")
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return content

    return run


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_says_what_it_measures(
    script: str, measuring: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [f"{script}.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(BENCHMARKS / f"{script}.py"), run_name="__main__")
    assert ended.value.code == 0
    assert ("--json" in capsys.readouterr().out) == (script != "suite")


def test_every_script_has_its_row_in_the_readme() -> None:
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert [script for script in SCRIPTS if f"[{script}.py]({script}.py)" not in readme] == []


def test_searching_is_told_beside_numpy_and_checked(run: Run, tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).standard_normal((300, 32)).astype(np.float32)
    np.save(tmp_path / "vectors.npy", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    others = ["scikit-learn", "faiss-cpu", "usearch", "sqlite-vec", "lancedb"]
    sizes = ["--photos", 3000, "--queries", 2, "--checked", 10]
    found = run("search", "--vectors", tmp_path / "vectors.npy", *sizes, "--without", *others)
    assert found["benchmark"] == "search"
    assert {"processor", "cores", "load"} <= found["machine"].keys()
    first, own = found["tables"]
    assert first["beside"] == "imgrec index"
    assert list(first["rows"]) == ["imgrec index", "numpy float32"]
    for row in first["rows"].values():
        assert SPREAD | {"times", "processor", "as float64"} <= row.keys()
        assert row["as float64"] == row["runs"] == 2
        assert row["least"] <= row["median"] <= row["most"]
    assert first["rows"]["imgrec index"]["times"] == 1
    assert all(row.keys() >= SPREAD for row in own["rows"].values())
    assert found["notes"]["identical_to_float64"] == 10


def test_the_floor_is_told_for_what_is_read_and_for_what_is_multiplied(run: Run) -> None:
    found = run("floor", "--photos", 100, "--bytes-a-row", 128, 256, "--matrix", 64, "--mb", 1, "--runs", 2)
    least = {name: row["ms"] for name, row in found["tables"][-1]["rows"].items()}
    assert [name for name in least if name.startswith("search")] == [
        "search, 128 bytes of each of 100 photos", "search, 256 bytes of each of 100 photos",
    ]  # fmt: skip
    assert all(ms > 0 for ms in least.values())
    assert least["network, float32, a batch of 16"] == pytest.approx(16 * least["network, float32, one photo"])


def test_looking_is_told_in_each_arithmetic_that_the_processor_has(run: Run, tmp_path: Path) -> None:
    model = make_narrow(tmp_path / "narrow")
    found = run("recognise", model.path, "--without-peers", "--runs", 1)
    assert [table["title"] for table in found["tables"]] == ["one photo", "a batch of 16"]
    for table in found["tables"]:
        assert "imgrec, OpenVINO float32" in table["rows"]
        assert all(row["cosine"] > 0.99 for row in table["rows"].values())
    weights = importlib.import_module("same_network").weights_in(model)
    for name, (kernel, shift) in narrow_weights().convolutions.items():
        rounded = float(np.abs(kernel).max()) / LARGEST / 2
        assert weights.convolutions[name][0] == pytest.approx(kernel, abs=rounded * 1.01)
        assert weights.convolutions[name][1] == pytest.approx(shift, abs=1e-3)


def test_importing_is_told_with_its_memory(run: Run) -> None:
    [imports] = run("feeds", "--lines", 40, "--formats", "shopify")["tables"]
    [row] = imports["rows"].values()
    assert row["imported"] == 20
    assert row["peak MB"] > 10


def test_a_process_is_told_its_own_memory_and_not_that_of_its_starter(measuring: ModuleType) -> None:
    held = np.ones(30_000_000)  # 240 MB
    process = measuring.run_to_its_end([sys.executable, "-c", "print('done')"])
    assert process.output == "done\n"
    assert 1 < process.peak_mb < held.nbytes / 1e6 / 2
    assert measuring.run_to_its_end([sys.executable, "-c", "1 / 0"], may_fail=True) is None


def test_the_network_has_as_many_multiply_adds_as_the_paper_says(measuring: ModuleType) -> None:
    assert importlib.import_module("same_network").multiply_adds(224) == 15_346_630_656


def test_ratios_are_taken_turn_by_turn(measuring: ModuleType) -> None:
    assert measuring.times_as_long([2, 30, 400], [1, 10, 100]) == 3
    assert measuring.times_as_long([4, 6], [2]) == 2.5


def test_the_summary_says_ratios_and_how_far_the_floor_is(measuring: ModuleType) -> None:
    suite = runpy.run_path(str(BENCHMARKS / "suite.py"))
    assert set(suite["CLAIMS"]) <= set(SCRIPTS)
    rows = {"imgrec index": {"median": 8.0, "processor": 12.0}, "numpy float32": {"median": 20.0, "times": 2.5}}
    least = {"search, 128 bytes of each": {"ms": 4.0, "processor ms": 8.0}}
    found = {
        "floor": {"tables": [{"title": "the floor", "rows": least}]},
        "search": {"tables": [{"title": "first 10", "unit": "ms", "beside": "imgrec index", "rows": rows}]},
    }
    assert suite["ratios"](found)[-1] == "| search: first 10 | imgrec index: 8 ms | numpy float32 2.5x |"
    assert suite["floors"](found)[-1] == "| search | 4 ms | 8 ms | 2x | 8 and 12 ms: 1.5x |"


def test_growth_is_told_size_by_size(measuring: ModuleType, tmp_path: Path) -> None:
    tell = runpy.run_path(str(BENCHMARKS / "growth.py"))["tell"]
    query = {"median_ms": 2.0, "processor_ms": 3.0}
    row = {
        "photos": 1000, "bytes": {"index": 3_000_000, "features": 5_000_000, "catalogue": 500_000},
        "build": {"seconds": 9.0, "processor_s": 13.0, "peak_mb": 507.0}, "again": {"seconds": 1.0},
        "search": {
            "open_cold_s": 0.02, "open_warm_s": 0.01, "of_memory_mb": 75, "first_ms": 1.0, "category": query,
            "all": query, "all_counted_in": query,
        },
    }  # fmt: skip
    with measuring.Report("Growth.", Namespace(json=tmp_path / "growth.json")) as report:
        tell(report, [row, row | {"photos": 5000}])
    on_disk, building, opening, asking = json.loads((tmp_path / "growth.json").read_text("utf-8"))["tables"]
    assert all(
        list(table["rows"]) == ["1,000 photos", "5,000 photos"] for table in (on_disk, building, opening, asking)
    )
    assert on_disk["rows"]["1,000 photos"] == {"index": 3.0, "features": 5.0, "catalogue": 0.5}
    assert asking["rows"]["5,000 photos"]["all, processor"] == 3.0


def test_indexing_is_told_beside_the_network_and_decoding(run: Run, tmp_path: Path) -> None:
    feed = write_feed(tmp_path, 8)
    model = make_narrow(tmp_path / "narrow")
    found = run("indexing", feed, "--model", model.path)
    [table] = found["tables"]
    assert list(table["rows"]) == ["the network alone", "decoding alone", "indexing"]
    assert table["beside"] == "the network alone"
    assert found["notes"]["of_network"]["by_processor_time"] > 0
    assert list(found["notes"]["memory_mb"]) == ["start", "a quarter", "half", "end"]
