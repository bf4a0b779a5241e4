"""Photos decoded and resized once, then read from a memory-mapped file, and handed to Keras in augmented batches."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from imgrec.errors import PhotoError, TrainingError
from imgrec.vision.decode import decode_photo
from imgrec.vision.preprocessing import Pixels, Preprocessing


@dataclass(frozen=True)
class Labelled:
    """Pixels uint8 (n, side, side, 3) and labels int64 (n,)."""

    pixels: Pixels
    label: NDArray[np.int64]


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


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """One epoch over the training photos, shuffled and augmented; a pure function of seed and epoch.

    Yields pixels uint8 (b, side, side, 3) and one-hot labels float32 (b, categories).
    """

    def __init__(
        self,
        pixels: Pixels,
        label: NDArray[np.int64],
        categories: int,
        batch_size: int,
        augment: bool,
        seed: int,
        epoch: int,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self.pixels = pixels
        self.targets = np.eye(categories, dtype=np.float32)[label]
        self.batch_size = batch_size
        self.augment = augment
        self.stream = (seed, epoch)
        self.order = np.random.default_rng(self.stream).permutation(len(pixels))

    def __len__(self) -> int:
        """Batches in the epoch; a last one that is not full is kept."""
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, number: int) -> tuple[Pixels, NDArray[np.float32]]:
        """The batch with this number."""
        rows = self.order[number * self.batch_size : (number + 1) * self.batch_size]
        photos = self.pixels[rows]
        if self.augment:
            rng = np.random.default_rng((*self.stream, number))
            photos = np.stack([augmented(photo, rng) for photo in photos])
        return photos, self.targets[rows]


def augmented(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """A plausible other photo of the same product: mirrored, cropped, lit differently.

    photo: uint8 (side, side, 3). Returns the same shape. The crop keeps 60 to 100 % of the area at an aspect of 4:5 to
    5:4, and may reach over the edge onto white, so that products also appear smaller.
    """
    side = photo.shape[0]
    area, aspect = rng.uniform(0.6, 1.15), np.exp(rng.uniform(np.log(0.8), np.log(1.25)))
    width, height = side * np.sqrt(area * aspect), side * np.sqrt(area / aspect)
    left, top = rng.uniform(0, 1, 2) * (side - width, side - height)
    margin = side // 4
    canvas = Image.new("RGB", (side + 2 * margin, side + 2 * margin), "white")
    canvas.paste(Image.fromarray(photo), (margin, margin))
    limit = float(side + 2 * margin)
    right, bottom = min(margin + left + width, limit), min(margin + top + height, limit)
    box = (max(margin + left, 0.0), max(margin + top, 0.0), right, bottom)
    crop = canvas.resize((side, side), Image.Resampling.BILINEAR, box)
    if rng.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        crop = enhance(crop).enhance(float(rng.uniform(0.75, 1.25)))
    return np.asarray(crop, np.uint8)


def predict(network: Any, pixels: Pixels, batch_size: int = 64) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run a Keras network built by `build_vgg16`. Returns logits (n, categories) and features (n, d)."""
    logits, features = [], []
    for start in range(0, len(pixels), batch_size):
        outputs = network.predict_on_batch(np.asarray(pixels[start : start + batch_size]))
        logits.append(np.asarray(outputs["logits"], np.float32))
        features.append(np.asarray(outputs["features"], np.float32))
    return np.concatenate(logits), np.concatenate(features)
