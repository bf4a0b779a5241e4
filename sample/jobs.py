"""Photos to take, and a pool of processes that takes them: each photo depends on its job alone, never on the others."""

import json
import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from imgrec.errors import CatalogueError
from imgrec.generations import write_atomically
from imgrec.progress import Reporter
from sample import scene
from sample.design import Design, generator
from sample.kinds import KINDS

ANYWHERE = "scalar_rgb"  # the variant of Mitsuba that needs nothing
STYLES = {"studio": scene.studio, "customer": scene.customer, "training": scene.training}
_LOOK = "look.json"


@dataclass(frozen=True)
class Look:
    """What photos of one folder have in common."""

    seed: int
    side_px: int
    samples: int
    variant: str = ANYWHERE

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.side_px} px, {self.samples} samples, {self.variant}"


@dataclass(frozen=True)
class PhotoJob:
    """A photo to take: in which style, the seed of all that is random about it, and the file it goes to."""

    style: str
    seed: str
    file: Path
    side_px: int
    samples: int
    finer: int = 1  # times as many pixels a side while rendering, so that edges and print come out smooth
    draft: bool = False  # sooner taken, noisy


@dataclass(frozen=True)
class Sitting:
    """All the photos to take of one design, which is named by its kind and the seed it is drawn from."""

    kind: str
    seed: tuple[object, ...]
    jobs: tuple[PhotoJob, ...]

    @classmethod
    def of(cls, design: Design, *jobs: PhotoJob) -> "Sitting":
        """A sitting of a design."""
        return cls(design.kind.name, design.seed, jobs)

    def left(self) -> "Sitting":
        """The same, without the photos that have been taken."""
        return replace(self, jobs=tuple(job for job in self.jobs if not job.file.exists()))


def keep_to_one_look(folder: Path, look: Look) -> None:
    """Remember how the folder's photos are taken.

    Raises CatalogueError when it holds photos taken otherwise, or a feed or photos that are not ours.
    """
    file = folder / _LOOK
    if file.exists():
        had = Look(**json.loads(file.read_text(encoding="utf-8")))
        if had != look:
            raise CatalogueError(
                f"{folder} holds photos of {had}, and {look} was asked for. Ask for the same, or name another folder "
                "with --out."
            )
    elif theirs := next((file for file in _made_in(folder) if file.exists()), None):
        raise CatalogueError(f"{theirs} was not made here, and stays. Name another folder with --out.")
    write_atomically(file, json.dumps(asdict(look)).encode() + b"\n")


def clear(folder: Path) -> None:
    """Remove what was photographed into a folder; one of other origin stays as it is."""
    if (folder / _LOOK).exists():
        for file in (*_made_in(folder), folder / _LOOK):
            file.unlink(missing_ok=True)


def _made_in(folder: Path) -> Iterator[Path]:
    """What these commands may have written into a folder: its lists and its photos."""
    yield folder / "products.csv"
    yield folder / "customer.csv"
    for photos in ("photos", "customer"):
        yield from (folder / photos).rglob("*.jpg")


def take(
    sittings: Iterable[Sitting], processes: int, report: Reporter, title: str, variant: str = ANYWHERE
) -> int:  # fmt: skip
    """Take the photos whose files do not exist yet, with a variant of Mitsuba; returns how many that were."""
    todo = [left for sitting in sittings if (left := sitting.left()).jobs]
    total = sum(len(sitting.jobs) for sitting in todo)
    started, done = time.monotonic(), 0
    with report.stage(title, total) as advance:
        for photos in _taken(todo, processes, variant):
            done += photos
            advance(photos, f"about {spoken((time.monotonic() - started) / done * (total - done))} left")
    return total


def photographed(sitting: Sitting, variant: str = ANYWHERE) -> int:
    """Take all photos of one sitting; returns their number."""
    import mitsuba

    mitsuba.set_variant(variant)
    from sample.darkroom import developed
    from sample.renderer import Photographer  # loads Mitsuba, which takes a second

    design = KINDS[sitting.kind].draw(*sitting.seed)
    photographer = Photographer(design.kind.build(design))
    for job in sitting.jobs:
        rng = generator("photo", sitting.kind, job.seed)
        shot = STYLES[job.style](rng, design.kind.seen)
        side_px, samples = job.side_px * job.finer, max(1, job.samples // job.finer**2)
        light = photographer.photo(shot, side_px, samples, int(rng.integers(2**31)), draft=job.draft)
        write_atomically(job.file, developed(light, shot.flaws, rng, job.side_px))
    return len(sitting.jobs)


def spoken(seconds: float) -> str:
    """A duration as one says it: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _taken(sittings: list[Sitting], processes: int, variant: str) -> Iterator[int]:
    """Do the sittings, telling how many photos each came to as it is done."""
    if processes == 1 or len(sittings) < 2:
        yield from (photographed(sitting, variant) for sitting in sittings)
        return
    spawn = multiprocessing.get_context("spawn")  # a forked Mitsuba would wait for threads it does not have
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_leave_interrupts_to_the_parent) as pool:
        waiting = {pool.submit(photographed, sitting, variant) for sitting in sittings}
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
