"""Photos decoded and resized once, then read from memory-mapped files, and handed to Keras in augmented batches."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from imgrec.errors import PhotoError, TrainingError
from imgrec.progress import Reporter
from imgrec.training.augmentation import AUGMENTATIONS, augmented, mixed
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.vision.decode import decode_photo
from imgrec.vision.preprocessing import MOST_SIDE_PX, Pixels, Preprocessing

_MARGIN = 1.25  # augmentation enlarges parts of a photo, so it reads a larger one than the network takes
_PREDICTED_AT_ONCE = 64

Take = Callable[[NDArray[np.int64], np.random.Generator], NDArray[Any]]
"""Gives the training photos of some rows as they are shown, drawing what is left to chance."""


class PhotoCache:
    """The photos of each split as arrays of any side, made when first asked for and kept in a run's folder."""

    def __init__(
        self, files: Mapping[str, Sequence[Path]], folder: Path, settings: TrainingSettings, report: Reporter
    ) -> None:
        self.files = files
        self.folder = folder
        self.settings = settings
        self.report = report

    def pixels(self, split: str, side_px: int) -> Pixels:
        """The photos as the network takes them: uint8 (n, side_px, side_px, 3), memory-mapped."""
        files, cache = self.files[split], self.folder / f"{split}-{side_px}px.npy"
        preprocessing = Preprocessing(side_px=side_px, fit=self.settings.fit)
        with self.report.stage(f"Reading {split} photos at {side_px} px", len(files)) as advance:
            return cached_pixels(files, preprocessing, cache, lambda: advance(1, ""))

    def to_train_on(self, stage: Stage) -> Pixels:
        """The training photos of a stage, larger than the network takes them where they are augmented."""
        side_px = self.settings.side_px_of(stage)
        if self.settings.augmentation != "none":
            side_px = min(round(side_px * _MARGIN), MOST_SIDE_PX)
        return self.pixels("train", side_px)

    def part(self, network: Any) -> Any:
        """What is trained on photos: all of the network, as a keras.Model of its own."""
        return keras.Model(network.input, network.output)

    def training(self, stage: Stage, epoch: int) -> Take:
        """The training photos as an epoch shows them."""
        pixels, side_px = self.to_train_on(stage), self.settings.side_px_of(stage)
        return augmenting(pixels, side_px, self.settings.augmentation)

    def validation(self, stage: Stage) -> Pixels:
        """The validation photos as they are measured."""
        return self.pixels("validation", self.settings.side_px_of(stage))


def cached_pixels(
    files: Sequence[Path], preprocessing: Preprocessing, cache: Path, on_photo: Callable[[], object] = lambda: None
) -> Pixels:
    """Photos as the network takes them. Returns uint8 (n, side, side, 3), memory-mapped from `cache`.

    A cache that is there already is used as it is: the caller names it after what it holds. Raises TrainingError that
    names a file which does not decode.
    """
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        draft = cache.with_suffix(".part")
        shape = (len(files), preprocessing.side_px, preprocessing.side_px, 3)
        squares = np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=shape)

        def fill(row: int) -> None:
            try:
                squares[row] = preprocessing.square(decode_photo(files[row], enough_px=preprocessing.side_px))
            except PhotoError as error:
                raise TrainingError(f"{files[row]}: {error} Remove the file and import its feed again.") from None
            on_photo()

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(fill, range(len(files))))
        squares.flush()
        draft.replace(cache)
    pixels: Pixels = np.load(cache, mmap_mode="r")
    return pixels


def augmenting(pixels: Pixels, side_px: int, augmentation: str) -> Take:
    """Shows photos uint8 (n, side, side, 3) as another photo of the same product each time, or as they are."""
    how = AUGMENTATIONS.get(augmentation)
    if how is None:
        return lambda rows, rng: np.asarray(pixels[rows])
    return lambda rows, rng: np.stack([augmented(photo, side_px, how, rng) for photo in pixels[rows]])


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """One epoch over the training photos, shuffled and mixed; a pure function of settings, seed and epoch.

    Yields what `take` gives of a batch's rows, and `targets`' rows in the same order, each float32 (b, classes).
    """

    def __init__(
        self, take: Take, targets: Mapping[str, NDArray[np.float32]], settings: TrainingSettings, epoch: int
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self.take = take
        self.targets = targets
        self.batch_size = settings.batch_size
        self.mixing = settings.mixing
        self.stream = (settings.seed, epoch)
        self.order = np.random.default_rng(self.stream).permutation(len(targets["logits"]))

    def __len__(self) -> int:
        """Batches in the epoch; a last one that is not full is kept."""
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, number: int) -> tuple[NDArray[Any], dict[str, NDArray[np.float32]]]:
        """The batch with this number."""
        rows = self.order[number * self.batch_size : (number + 1) * self.batch_size]
        rng = np.random.default_rng((*self.stream, number))
        photos = self.take(rows, rng)
        targets = {name: target[rows] for name, target in self.targets.items()}
        if rng.random() < self.mixing:
            photos, targets = mixed(photos, targets, rng)
        return photos, targets


def predict(network: Any, photos: NDArray[Any]) -> NDArray[np.float32]:
    """Run a network built by `build_vgg16` over photos uint8 (n, side, side, 3), or a part of it over what that takes.

    Returns logits (n, categories).
    """
    starts = range(0, len(photos), _PREDICTED_AT_ONCE)
    batches = (network.predict_on_batch(np.asarray(photos[start : start + _PREDICTED_AT_ONCE])) for start in starts)
    return np.concatenate([np.asarray(outputs["logits"], np.float32) for outputs in batches])
