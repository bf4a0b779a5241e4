"""Photos to features: one process beside Ray with one and two workers, on the same photos, in one run; prints JSON.

Each way has started, and looked at a few photos, before its clock starts; ways take turns. Ray's workers compute on one
core each, the one process on all. More workers than cores only share them: what many machines bring is not told here.
Workers have this script's own priority, not the lower one that Ray gives them, so that other work weighs on all alike.
"""

import argparse
import contextlib
import csv
import hashlib
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.config import CatalogueSection, Config
from imgrec.features.by_ray import LOCAL, ByRay
from imgrec.features.looking import Here, Looker
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model

WARMING_UP = 64
ALONE = "one process"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("feed", type=Path, help="a CSV feed whose column `image` names files beside it")
    parser.add_argument("--model", type=Path, default=Path("models/imagenet"), help="a model's folder")
    parser.add_argument("--photos", type=int, default=500, help="how many of the feed's photos")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="sizes of the cluster")
    parser.add_argument("--runs", type=int, default=3, help="of each way; medians are printed")
    options = parser.parse_args()

    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - it is spelt so
    eye = Eye(open_model(options.model))
    with tempfile.TemporaryDirectory() as folder:
        contents = linked(options.feed, options.photos, Path(folder))
        photos, config = PhotoStore(Path(folder)), Config(catalogue=CatalogueSection(photos=Path(folder)))
        ways: dict[str, Callable[[], contextlib.AbstractContextManager[Looker]]] = {
            ALONE: lambda: contextlib.nullcontext(Here(eye, photos)),
            **{f"Ray, workers: {n}": lambda n=n: ByRay(LOCAL, n, eye, config) for n in options.workers},
        }
        starts: dict[str, list[float]] = {name: [] for name in ways}
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.runs):
            for name, way in ways.items():
                with way() as looker:
                    starts[name].append(timed(looker, contents[:WARMING_UP]))
                    times[name].append(timed(looker, contents))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    found = {
        "processor": processor(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
        "model": eye.model.settings.name, "side_px": eye.preprocessing.side_px, "arithmetic": eye.arithmetic,
        "photos": len(contents), "runs": options.runs,
        "ways": {
            name: {
                "photos_a_second": round(len(contents) / median, 1),
                "of_one_process": round(medians[ALONE] / median, 2),
                "all_s": [round(taken, 2) for taken in times[name]],
                "start_and_first_photos_s": round(statistics.median(starts[name]), 1),
            }
            for name, median in medians.items()
        },
    }  # fmt: skip
    print(json.dumps(found, indent=2))


def linked(feed: Path, count: int, folder: Path) -> list[str]:
    """Photos of a feed under the names that the catalogue gives photos; evenly of the whole feed."""
    with feed.open(encoding="utf-8", newline="") as stream:
        files = [feed.parent / row["image"] for row in csv.DictReader(stream)]
    names = []
    for file in files[:: max(1, len(files) // count)][:count]:
        name = hashlib.sha256(file.read_bytes()).hexdigest()
        link = folder / name[:2] / f"{name}.jpg"
        if not link.exists():
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(file.resolve())
            names.append(name)
    return names


def timed(looker: Looker, contents: list[str]) -> float:
    """Seconds to look at these photos, all of which have to be readable."""
    start = time.perf_counter()
    done = list(looker.look("shop", contents))
    taken = time.perf_counter() - start
    assert sum(map(len, done)) == len(contents)
    assert not any(looked.unreadable for looked in done)
    return taken


def processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
