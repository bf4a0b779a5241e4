"""How an index grows with its shop: bytes, building, opening, asking, from a thousand products to ten million.

The way is the real one: a catalogue, features in shards, `imgrec index`, `imgrec search`'s engine; only the photos are
made up (made_up_shop.py). Each step is a process of its own, so that its peak of memory is its own. Of 9.4 million
photos 37 GB are written; they are removed again, one size after the other.
"""

import contextlib
import json
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from made_up_shop import MadeUpEye, MadeUpShop
from measuring import MODEL, Report, Value, machine, options_of, peak_mb

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.generations import current
from imgrec.progress import Advance, Silent
from imgrec.search.build import build_index, look_at_all
from imgrec.search.search_index import open_index
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model

TOP = 10
WAYS = {"category": "one category of 20", "all": "all", "all_counted_in": "categories counted in"}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--photos", type=int, nargs="+", default=[10**3, 10**4, 10**5, 10**6], help="sizes of the shop")
    parser.add_argument("--index", type=Path, help="a generation of a real index; the photos are made like those of it")
    parser.add_argument("--queries", type=int, default=30, help="queries, each timed by itself")
    parser.add_argument("--folder", type=Path, help="where everything lies meanwhile")
    parser.add_argument("--keep", action="store_true", help="leave it there, and go on from what is there already")
    parser.add_argument("--picture", type=Path, help="draw all sizes as SVG, those that the JSON file had before, too")
    options = parser.parse_args()

    figures: dict[int, dict[str, Any]] = {}
    if options.json and options.json.exists():
        figures = {row["photos"]: row for row in json.loads(options.json.read_text())["notes"]["sizes"]}
    with Report(__doc__, options) as report:
        for photos in options.photos:
            figures[photos] = measured(photos, options.index, options.queries, options.folder, options.keep)
            rows = [figures[size] for size in sorted(figures)]
            report.note("sizes", rows, f"{photos:,} photos: measured")
            report.write()  # the next may take an hour, and not end well
        tell(report, rows)
    if options.picture:
        draw(rows, options.picture)


def measured(photos: int, index: Path | None, queries: int, parent: Path | None, keep: bool) -> dict[str, Any]:
    """All figures of one size."""
    folder = (parent or Path(tempfile.gettempdir())) / f"imgrec-growth-{photos}"
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    places = {"catalogue": {"path": "catalogue.db", "photos": "photos"}, "index": {"path": "index"}}
    (folder / "config.yaml").write_text(yaml.safe_dump({**places, "model": {"path": str(MODEL)}}))
    try:
        steps = {
            "catalogue": in_a_process(fill, folder, photos, index), "features": in_a_process(look, folder, index),
            "build": in_a_process(build, folder, index), "again": in_a_process(build, folder, index),
            "search": in_a_process(ask, folder, index, queries),
        }  # fmt: skip
        made_of = {"photos": photos, "like": str(index or "nothing"), "machine": machine()}
        return {**made_of, "bytes": sizes(folder), **steps}
    finally:
        if not keep:
            shutil.rmtree(folder)


def in_a_process(step: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """What a step measures, and the seconds and the memory that it takes, by itself in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_accounted, step, *given).result()


def _accounted(step: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    began = time.perf_counter()
    found = step(*given)
    seconds, processor_s = round(time.perf_counter() - began, 2), round(time.process_time(), 2)
    return {"seconds": seconds, "processor_s": processor_s, "peak_mb": peak_mb(), **found}


def fill(folder: Path, photos: int, index: Path | None) -> dict[str, Any]:
    """Write the catalogue, if there is none."""
    config = configured(folder)
    if not config.catalogue.path.exists():
        with Catalogue.open(config.catalogue) as catalogue:
            shop_like(index).fill(catalogue, photos)
    return {}


def look(folder: Path, index: Path | None) -> dict[str, Any]:
    """Write the features that are not there."""
    config, eye = configured(folder), opened_eye()
    looked = look_at_all(config, eye, Silent(), MadeUpEye(shop_like(index), eye.arithmetic))
    return {"computed": looked.computed}


def build(folder: Path, index: Path | None) -> dict[str, Any]:
    """What `imgrec index` does; the second time, with nothing to be done."""
    stages = Stages()
    config, eye = configured(folder), opened_eye()
    done = build_index(config, eye, False, stages, MadeUpEye(shop_like(index), eye.arithmetic))
    return {"changed": done.changed, "stages": stages.seconds}


def ask(folder: Path, index: Path | None, count: int) -> dict[str, Any]:
    """Open it with nothing of it in memory, and again; then the first query, and the same ones again and again."""
    path = configured(folder).index.path
    generation = current(path)
    assert generation is not None
    forget(generation)
    opening: list[float] = []
    for _ in range(2):
        began, busy = time.perf_counter(), time.process_time()
        opened = open_index(path)
        opening += [round(time.perf_counter() - began, 3), round(time.process_time() - busy, 3)]
    shop = shop_like(index)
    vectors = opened.learned.whitening(shop.features(shop.queries(count)).astype(np.float16))
    names = list(opened.record.rows)
    roots: dict[str | None, float] = {name: 0.1 + 0.9 * (name == names[0]) for name in names} | {None: 0.2}
    began = time.perf_counter()
    opened.search(vectors[0], None, TOP)
    first_ms = (time.perf_counter() - began) * 1000
    ways: dict[str, Callable[[int], Any]] = {
        "category": lambda number: opened.search(vectors[number], [names[number % len(names)]], TOP),
        "all": lambda number: opened.search(vectors[number], None, TOP),
        "all_counted_in": lambda number: opened.search(vectors[number], None, TOP, roots=roots),
    }
    taken = {}
    for name, way in ways.items():
        runs = [timed(way, number) for _ in range(2) for number in range(count)][count:]
        taken[name] = {
            "median_ms": round(statistics.median(run[0] for run in runs), 2),
            "processor_ms": round(statistics.median(run[1] for run in runs), 2),
        }
    return {
        "open_cold_s": opening[0], "open_cold_processor_s": opening[1], "open_warm_s": opening[2],
        "open_warm_processor_s": opening[3], "first_ms": round(first_ms, 2), **taken,
        "of_memory_mb": round(resident_of_its_own_mb()),
    }  # fmt: skip


def timed(way: Callable[[int], Any], number: int) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    way(number)
    return (time.perf_counter() - began) * 1000, (time.process_time() - busy) * 1000


def forget(generation: Path) -> None:
    """Have the system drop what it keeps of these files in memory."""
    for file in generation.iterdir():
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def resident_of_its_own_mb() -> float:
    """What this process holds that no file backs."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1000 for line in lines if line.startswith("RssAnon"))


def sizes(folder: Path) -> dict[str, int]:
    """Bytes on disk."""
    generation = current(folder / "index")
    assert generation is not None
    parts = {"catalogue": folder.glob("catalogue.db*"), "features": (folder / "features").rglob("*.npz"),
             "vectors": [generation / "vectors.npy"], "codes": generation.glob("codes_*.npy"),
             "index": generation.iterdir()}  # fmt: skip
    return {name: sum(file.stat().st_size for file in files) for name, files in parts.items()}


def configured(folder: Path) -> Config:
    return load_config(folder / "config.yaml", {})


def opened_eye() -> Eye:
    return Eye(open_model(MODEL))


def shop_like(index: Path | None) -> MadeUpShop:
    return MadeUpShop.like(index) if index else MadeUpShop.of_nothing(open_model(MODEL).settings.feature.dim)


class Stages(Silent):
    """Notes how long each stage takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, title: str, total: int | None) -> Iterator[Advance]:
        """See Reporter."""
        began = time.perf_counter()
        yield lambda done, note: None
        self.seconds[title] = round(time.perf_counter() - began, 2)


def tell(report: Report, rows: list[dict[str, Any]]) -> None:
    """The figures that matter."""
    on_disk: dict[str, dict[str, Value]] = {}
    building: dict[str, dict[str, Value]] = {}
    opening: dict[str, dict[str, Value]] = {}
    asking: dict[str, dict[str, Value]] = {}
    for row in rows:
        name, built, asked = f"{row['photos']:,} photos", row["build"], row["search"]
        on_disk[name] = {part: row["bytes"][part] / 1e6 for part in ("index", "features", "catalogue")}
        building[name] = {
            "s": built["seconds"], "of processors": built["processor_s"], "peak MB": built["peak_mb"],
            "again, nothing to do": row["again"]["seconds"],
        }  # fmt: skip
        opening[name] = {
            "not in memory, s": asked["open_cold_s"], "in memory, s": asked["open_warm_s"],
            "MB of its own": asked["of_memory_mb"],
        }  # fmt: skip
        asking[name] = {"first of all": asked["first_ms"]}
        for way, told in WAYS.items():
            asking[name] |= {told: asked[way]["median_ms"], f"{told}, processor": asked[way]["processor_ms"]}
    report.table("on disk, MB", on_disk)
    report.table("building", building)
    report.table("opening", opening)
    report.table("a query, ms", asking)


def draw(rows: list[dict[str, Any]], picture: Path) -> None:
    """Four small plots, with both axes logarithmic."""
    from matplotlib.figure import Figure

    from imgrec.evaluation.plots import BLUE, GREEN, ORANGE
    from imgrec.training.curves import svg

    at = [row["photos"] for row in rows]
    panels = {
        "bytes on disk": {
            "index": [row["bytes"]["index"] for row in rows], "features": [row["bytes"]["features"] for row in rows],
            "catalogue": [row["bytes"]["catalogue"] for row in rows],
        },
        "building, s": {
            "seconds": [row["build"]["seconds"] for row in rows],
            "of processors": [row["build"]["processor_s"] for row in rows],
        },
        "memory, MB": {
            "peak of building": [row["build"]["peak_mb"] for row in rows],
            "of a bot, its own": [row["search"]["of_memory_mb"] for row in rows],
        },
        "a query, ms": {
            "in one category of 20": [row["search"]["category"]["median_ms"] for row in rows],
            "in all": [row["search"]["all"]["median_ms"] for row in rows],
        },
    }  # fmt: skip
    figure = Figure(figsize=(10, 6), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
        for (name, values), colour in zip(lines.items(), (BLUE, ORANGE, GREEN), strict=False):
            axes.plot(at, values, color=colour, marker="o", markersize=4, label=name)
        axes.set(xscale="log", yscale="log", xlabel="photos", title=title)
        axes.grid(alpha=0.3)
        axes.legend()
    picture.write_bytes(svg(figure))


if __name__ == "__main__":
    main()
