"""What the benchmarks share: ways timed in turns, the machine named, tables, and JSON of one form.

The JSON of a script has `benchmark`, `says` (how its docstring begins), `command`, `measured_utc`,
`machine`, `load_at_the_end`, `packages`, `peak_mb` (of the script itself, with all that took part in it), `tables` and
`notes`. A table has `title` and `rows` by name. One of times has `unit` and `beside` too, and in each row `runs`,
`least`, `quarter`, `median`, `three_quarters`, `most`, `times` (how many times as long as `beside` it takes: the median
over turns) and where it was counted `processor` (the median of all threads' time together) and `processor_times`.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import numpy as np

from imgrec.errors import ModelError
from imgrec.vision.model_folder import ModelFolder, open_model

Input = TypeVar("Input")
Answer = TypeVar("Answer")
Value = str | int | float | None

MODEL = Path(__file__).resolve().parent.parent / "models" / "imagenet"
PAUSE_S = 0.05  # OpenBLAS' threads wait for work for 2^26 ticks of the processor's clock, OpenMP's and TBB's less
UNITS = {"ms": 1e3, "s": 1.0}
PACKAGES = {
    "PIL": "pillow", "apsw": "apsw", "faiss": "faiss-cpu", "httpx": "httpx", "keras": "keras", "lancedb": "lancedb",
    "numpy": "numpy", "onnxruntime": "onnxruntime", "openvino": "openvino", "ray": "ray", "simsimd": "simsimd",
    "sklearn": "scikit-learn", "sqlite_vec": "sqlite-vec", "tensorflow": "tensorflow", "usearch": "usearch",
}  # fmt: skip
"""By module: whose versions are told, where they took part."""

KERNELS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd", "sve")


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Tells defaults, where there are any to tell."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return super()._get_help_string(action) if action.default not in (None, False, []) else action.help


def options_of(doc: str) -> argparse.ArgumentParser:
    """The command line of a script with this docstring: `--json`, and whatever it adds."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=Help)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    return parser


def photo_options(doc: str) -> argparse.ArgumentParser:
    """That of a script that has the photos of a feed looked at: the feed and the model, too."""
    parser = options_of(doc)
    parser.add_argument(
        "feed", type=Path, nargs="?", default=a_feed(), help="a CSV feed whose `image` names files by it"
    )
    parser.add_argument("--model", type=Path, default=MODEL, help="a model's folder")
    return parser


def a_feed() -> Path:
    """A products.csv with photos: of the folder of real ones that IMGREC_REAL_PHOTOS names, else the sample shop's."""
    folder = os.environ.get("IMGREC_REAL_PHOTOS") or Path(__file__).resolve().parent.parent / "sample"
    return Path(folder) / "products.csv"


def a_model(parser: argparse.ArgumentParser, folder: Path) -> ModelFolder:
    """The model in this folder; where there is none, that is said as of any other wrong option."""
    try:
        return open_model(folder.resolve())
    except ModelError as error:
        parser.error(str(error))


@dataclass
class Taken(Generic[Answer]):
    """What one way took, turn by turn: seconds, those of all threads of this process together, and what it answered."""

    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def run(self, way: Callable[[], Answer]) -> Answer:
        """Take a turn."""
        began, began_busy = time.perf_counter(), time.process_time()
        answer = way()
        self.seconds.append(time.perf_counter() - began)
        self.busy.append(time.process_time() - began_busy)
        self.answers.append(answer)
        return answer


def in_turns(
    ways: Mapping[str, Callable[[Input], Answer]], inputs: Sequence[Input], warm: bool = True
) -> dict[str, Taken[Answer]]:
    """Have every way answer every input. They take turns, so that what else the machine does falls on all alike.

    warm: each answers the first input once beforehand, which starts threads, allocates and compiles. Before each turn
    nothing is done for a while: threads of the one before go on looking for work, and would take cores from the next.
    """
    taken: dict[str, Taken[Answer]] = {name: Taken() for name in ways}
    for way in ways.values() if warm else ():
        way(inputs[0])
    for one in inputs:
        for name, way in ways.items():
            time.sleep(PAUSE_S)
            taken[name].run(partial(way, one))
    return taken


@dataclass(frozen=True)
class Process:
    """What a process took: seconds, those of all its threads together, and its peak memory; what it printed."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def run_to_its_end(command: Sequence[str], may_fail: bool = False) -> Process | None:
    """Run a command; None where it failed and may."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "usage.json"
        launched = [sys.executable, "-c", _LAUNCHER, str(told), *command]
        ended = subprocess.run(launched, capture_output=True, text=True, check=False)  # noqa: S603
        assert told.is_file(), ended.stderr
        seconds, cpu_seconds, peak, code = json.loads(told.read_text(encoding="utf-8"))
    assert may_fail or code == 0, ended.stderr
    if code:
        return None
    return Process(seconds, cpu_seconds, round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1), ended.stdout)


_LAUNCHER = """
import json, os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
took = time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, process.returncode
with open(sys.argv[1], "w") as told:
    json.dump(took, told)
"""  # a small process in between, as Linux counts what the one that starts it has towards a process's peak


def spread(values: Iterable[float]) -> dict[str, float]:
    """Least, quartiles and most, to four digits."""
    names = ("least", "quarter", "median", "three_quarters", "most")
    percentiles = np.percentile(list(values), [0, 25, 50, 75, 100])
    return {name: float(f"{value:.4g}") for name, value in zip(names, percentiles, strict=True)}


def times_as_long(taken: Sequence[float], as_these: Sequence[float]) -> float:
    """The median over turns; over all pairs of runs where there are not as many of both."""
    one, other = np.array(taken), np.array(as_these)
    return float(f"{np.median(one / other if len(one) == len(other) else one[:, None] / other):.3g}")


class Report:
    """Tables, printed as they come and written as JSON at the end; a context manager."""

    def __init__(self, doc: str, options: argparse.Namespace) -> None:
        self._file: Path | None = options.json
        script = Path(sys.argv[0])
        self._content: dict[str, object] = {
            "benchmark": script.stem,
            "says": " ".join(doc.partition("\n\n")[0].split()),
            "command": shlex.join(["python", f"benchmarks/{script.name}", *sys.argv[1:]]),
            "measured_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
        }
        self._tables: list[dict[str, object]] = []
        self.notes: dict[str, object] = {}

    def times(
        self, title: str, taken: Mapping[str, Taken[Answer]], unit: str, beside: str | None = None, count: int = 0,
        of_what: str = "", busy: bool = False, more: Mapping[str, Mapping[str, Value]] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """A row for each way: the median, half of its turns, and how many times as long as `beside` it takes.

        count, of_what: how many things a turn is about: the median as these a second, too. busy: processor time, too;
        not for ways that have other processes do the work. more: further columns by way; form: as `table` has it.
        """
        rows: dict[str, dict[str, Value]] = {}
        for name, one in taken.items():
            row: dict[str, Value] = {"runs": len(one.seconds)}
            row |= spread(second * UNITS[unit] for second in one.seconds)
            if busy:
                row["processor"] = float(f"{np.median(one.busy) * UNITS[unit]:.4g}")
            if count:
                row[f"{of_what} a second"] = float(f"{count / np.median(one.seconds):.4g}")
            if beside is not None:
                row["times"] = times_as_long(one.seconds, taken[beside].seconds)
            if beside is not None and busy:
                row["processor_times"] = times_as_long(one.busy, taken[beside].busy)
            rows[name] = row | dict((more or {}).get(name, {}))
        self._tables.append({"title": title, "unit": unit, "beside": beside, "rows": rows})
        shown = {name: _shown(row, unit, beside, name, form or {}) for name, row in rows.items()}
        _print(title, shown)

    def table(self, title: str, rows: Mapping[str, Mapping[str, Value]], form: Mapping[str, str] | None = None) -> None:
        """Other figures: a row for each name, printed by its column's format, such as ".1%"."""
        self._tables.append({"title": title, "rows": rows})
        of = form or {}
        _print(title, {name: {key: _said(v, of.get(key)) for key, v in row.items()} for name, row in rows.items()})

    def note(self, key: str, value: object, words: str) -> None:
        """Something said beside the tables."""
        self.notes[key] = value
        print(words, flush=True)

    def __enter__(self) -> Self:
        print(named(machine()), flush=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.write()

    def write(self) -> None:
        """Write what there is so far."""
        if self._file is None:
            return
        content = self._content | {
            "load_at_the_end": load(), "peak_mb": peak_mb(), "packages": packages(), "tables": self._tables,
            "notes": self.notes,
        }  # fmt: skip
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, object]:
    """What this is measured on: the processor and what it can do, memory, load, and the Python."""
    flags = set(_cpuinfo("flags", "Features").split())
    return {
        "processor": _cpuinfo("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "has": [name for name in KERNELS if name in flags],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load": load(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def named(this: Mapping[str, object]) -> str:
    """A machine in one line."""
    has = this["has"]
    assert isinstance(has, list)
    able = f" ({', '.join(has)})" if has else ""
    return f"{this['processor']}, {this['cores']} cores{able}, load {this['load']}, Python {this['python']}"


def load() -> float | None:
    """How many processes wanted a core in the last minute; None where the system does not tell."""
    with contextlib.suppress(OSError):
        return round(os.getloadavg()[0], 1)
    return None


def peak_mb(who: int = resource.RUSAGE_SELF) -> float:
    """The most memory that this process had at a time."""
    return round(resource.getrusage(who).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3), 1)


def held_mb(process: int | str = "self") -> int:
    """What a process holds now, in millions of bytes; Linux alone tells."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def packages() -> dict[str, str]:
    """The versions of those that took part."""
    return {name: importlib.metadata.version(name) for module, name in PACKAGES.items() if module in sys.modules}


def _cpuinfo(*keys: str) -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.partition(":")[0].strip() in keys:
                return line.partition(":")[2].strip()
    return ""


def _shown(
    row: Mapping[str, Value], unit: str, beside: str | None, name: str, form: Mapping[str, str]
) -> dict[str, str]:
    shown = {f"median {unit}": _said(row["median"])}
    shown["half of them"] = f"{_said(row['quarter'])} to {_said(row['three_quarters'])}"
    hidden = {"runs", "least", "quarter", "median", "three_quarters", "most", "times", "processor_times"}
    if beside is not None:
        shown["times as long"] = "" if name == beside else f"{_said(row['times'])}x"
    return shown | {key: _said(value, form.get(key)) for key, value in row.items() if key not in hidden}


def _said(value: Value, form: str | None = None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if form is not None:
        return format(value, form)
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _print(title: str, rows: Mapping[str, Mapping[str, str]]) -> None:
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    widths = {key: max(len(key), *(len(row.get(key, "")) for row in rows.values())) for key in columns}
    first = max(24, *(len(name) for name in rows))
    print(f"\n{title}\n{'':{first}}" + "".join(f"  {key:>{widths[key]}}" for key in columns))
    for name, row in rows.items():
        print(f"{name:{first}}" + "".join(f"  {row.get(key, ''):>{widths[key]}}" for key in columns), flush=True)
