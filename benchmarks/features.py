"""Photos to features: one process beside Ray with one and two workers, on the same photos, in one run.

Each way has started, and looked at a few photos, before its clock starts; ways take turns. Ray's workers compute on one
core each, the one process on all. More workers than cores only share them: what many machines bring is not told here.
Workers have this script's own priority, not the lower one that Ray gives them, so that other work weighs on all alike.
"""

import contextlib
import csv
import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measuring import Report, Taken, a_model, photo_options

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.config import CatalogueSection, Config
from imgrec.features.by_ray import LOCAL, ByRay
from imgrec.features.looking import Here, Looker
from imgrec.vision.eye import Eye

WARMING_UP = 64
ALONE = "one process"


def main() -> None:
    parser = photo_options(__doc__)
    parser.add_argument("--photos", type=int, default=500, help="how many of the feed's photos")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="sizes of the cluster")
    parser.add_argument("--runs", type=int, default=3, help="of each way")
    options = parser.parse_args()

    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - it is spelt so
    eye = Eye(a_model(parser, options.model))
    with Report(__doc__, options) as report, tempfile.TemporaryDirectory() as folder:
        contents = linked(options.feed, options.photos, Path(folder))
        photos, config = PhotoStore(Path(folder)), Config(catalogue=CatalogueSection(photos=Path(folder)))
        ways: dict[str, Callable[[], contextlib.AbstractContextManager[Looker]]] = {
            ALONE: lambda: contextlib.nullcontext(Here(eye, photos)),
            **{f"Ray, workers: {n}": partial(ByRay, LOCAL, n, eye, config) for n in options.workers},
        }
        starts: dict[str, Taken[None]] = {name: Taken() for name in ways}
        taken: dict[str, Taken[None]] = {name: Taken() for name in ways}
        for _ in range(options.runs):
            for name, way in ways.items():
                with way() as looker:
                    starts[name].run(partial(look_at, looker, contents[:WARMING_UP]))
                    taken[name].run(partial(look_at, looker, contents))
        model, side = eye.model.settings.name, eye.preprocessing.side_px
        title = f"{len(contents)} photos, {model} at {side} px in {eye.arithmetic}"
        report.times(title, taken, "s", beside=ALONE, count=len(contents), of_what="photos")
        report.times(f"start, and the first {WARMING_UP} photos", starts, "s", beside=ALONE)


def linked(feed: Path, count: int, folder: Path) -> list[str]:
    """Photos of a feed under the names that the catalogue gives photos; evenly of the whole feed."""
    with feed.open(encoding="utf-8", newline="") as stream:
        files = [feed.parent / row["image"] for row in csv.DictReader(stream)]
    names = []
    for file in files[:: max(1, len(files) // count)][:count]:
        name = hashlib.sha256(file.read_bytes()).hexdigest()
        link = folder / name[:2] / f"{name}.jpg"
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())
            names.append(name)
    return names


def look_at(looker: Looker, contents: list[str]) -> None:
    """Look at these photos, all of which have to be readable."""
    done = list(looker.look("shop", contents))
    assert sum(map(len, done)) == len(contents)
    assert not any(looked.unreadable for looked in done)


if __name__ == "__main__":
    main()
