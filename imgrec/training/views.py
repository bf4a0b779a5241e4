"""What the frozen blocks see of a run's photos, computed once by the serving runtime and kept in the run's folder.

While the lower blocks do not learn, every epoch would compute the same of a photo, but for its augmentation. So each
training photo is augmented a number of times and no more: these are its views, the first of them the photo as it is.
Of each view is kept what goes into the first block that learns, and an epoch takes every photo in its next view.

That approximates in two ways: views are finite, and what is kept is rounded to half precision; on a processor that
computes in bfloat16, to that before.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from imgrec.generations import write_atomically
from imgrec.progress import Reporter
from imgrec.training.augmentation import AUGMENTATIONS, augmented
from imgrec.training.graph import graph_below
from imgrec.training.pixels import PhotoCache, Take
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.training.weights import Weights
from imgrec.vision.eye import compile_network
from imgrec.vision.preprocessing import Pixels

Maps = NDArray[np.float16]

_CHUNK = 32
_CHUNKS_A_SAVE = 16
_AHEAD = 2
_GB = 10**9


class FrozenBlocks:
    """The blocks below the first that learns."""

    def __init__(self, weights: Weights, below: int, side_px: int) -> None:
        """Compile them. below: the number of the first block that learns, from 2 on."""
        self.below = below
        places = side_px // 2 ** (below - 1)
        channels = weights.convolutions[f"block{below}_conv1"][0].shape[2]
        self.shape: tuple[int, int, int] = (places, places, channels)
        self._network = compile_network(graph_below(weights, side_px, below))

    def look(self, pixels: Pixels) -> Maps:
        """pixels: uint8 (n, side, side, 3). Returns float16 (n, rows, columns, channels): what block `below` takes."""
        return np.array(self._network({"pixels": pixels})["maps"], np.float16)

    def photos_within(self, gb: float) -> int:
        """How many photos' maps fit into so many gigabytes."""
        return int(gb * _GB // (np.dtype(np.float16).itemsize * np.prod(self.shape)))


class Views:
    """The maps of a run's photos: `count` views of each training photo, and one of every validation photo."""

    def __init__(
        self, photos: PhotoCache, frozen: FrozenBlocks, count: int, settings: TrainingSettings, report: Reporter
    ) -> None:
        self.photos = photos
        self.frozen = frozen
        self.count = count
        self.settings = settings
        self.report = report

    def maps(self, split: str, view: int = 0) -> Maps:
        """float16 (n, rows, columns, channels), memory-mapped; computed when first asked for.

        That is saved now and then: interrupted, it goes on from there.
        """
        of, drawn = self.settings, f"-{self.settings.augmentation}-{self.settings.seed}-{view:02d}" if view else ""
        file = self.photos.folder / f"{split}-{of.side_px}px-block{self.frozen.below}{drawn}.npy"
        if not file.exists():
            self._compute(split, view, file)
        maps: Maps = np.load(file, mmap_mode="r")
        return maps

    def part(self, network: Any) -> Any:
        """What is trained on them: the network from the first block that learns on, as a keras.Model of its own."""
        return keras.Model(network.get_layer(f"block{self.frozen.below - 1}_pool").output, network.output)

    def training(self, stage: Stage, epoch: int) -> Take:
        """The training photos as an epoch, counted from 1, shows them: each in another view than in the one before."""
        views = [self.maps("train", view) for view in range(self.count)]
        first = np.random.default_rng(self.settings.seed).integers(self.count, size=len(views[0]))
        return lambda rows, rng: np.stack([views[(first[row] + epoch) % self.count][row] for row in rows])

    def validation(self, stage: Stage) -> Maps:
        """The validation photos as they are measured."""
        return self.maps("validation")

    def _compute(self, split: str, view: int, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft, done = file.with_suffix(".part"), file.with_suffix(".done")
        total = len(self.photos.files[split])
        start = int(done.read_text()) if done.exists() and draft.exists() else 0
        maps = np.lib.format.open_memmap(
            draft, mode="r+" if start else "w+", dtype=np.float16, shape=(total, *self.frozen.shape)
        )
        of = f", view {view + 1} of {self.count}" if split == "train" else ""
        with self.report.stage(f"Looking at {split} photos with the frozen blocks{of}", total - start) as advance:
            for number, (first, pixels) in enumerate(self._chunks(split, view, start), start=1):
                maps[first : first + len(pixels)] = self.frozen.look(pixels)
                advance(len(pixels), "")
                if number % _CHUNKS_A_SAVE == 0:
                    maps.flush()
                    write_atomically(done, str(first + len(pixels)).encode())
        maps.flush()
        draft.replace(file)
        done.unlink(missing_ok=True)

    def _chunks(self, split: str, view: int, start: int) -> Iterator[tuple[int, Pixels]]:
        """Photos as the view has them, from one on; each chunk is made while the one before is looked at."""
        how = AUGMENTATIONS.get(self.settings.augmentation) if view else None
        side_px = self.settings.side_px
        photos = self.photos.to_train_on(Stage(share=1)) if how else self.photos.pixels(split, side_px)

        def chunk(first: int) -> tuple[int, Pixels]:
            rows = range(first, min(first + _CHUNK, len(photos)))
            if how is None:
                return first, np.asarray(photos[rows.start : rows.stop])
            return first, np.stack([augmented(photos[row], side_px, how, self._chance(view, row)) for row in rows])

        with ThreadPoolExecutor(1) as ahead:
            coming: deque[Future[tuple[int, Pixels]]] = deque()
            for first in range(start, len(photos), _CHUNK):
                coming.append(ahead.submit(chunk, first))
                if len(coming) > _AHEAD:
                    yield coming.popleft().result()
            yield from (chunk.result() for chunk in coming)

    def _chance(self, view: int, row: int) -> np.random.Generator:
        """What is drawn for a view of a photo, whatever was looked at before it."""
        return np.random.default_rng((self.settings.seed, view, row))
