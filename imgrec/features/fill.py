"""From photos to features: one process that looks at what the store lacks, and keeps it."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from imgrec.errors import PhotoError
from imgrec.features.colours import dominant_colours
from imgrec.features.store import FeatureStore, PhotoFeatures, View
from imgrec.features.stranger import stranger_view
from imgrec.features.telephone import telephone_view
from imgrec.progress import Advance
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.vectors import Floats

_BATCH = 16
_PHOTOS_A_SHARD = 512
_AS: dict[View, Callable[[Image.Image, str], Image.Image]] = {
    "shop": lambda photo, _: photo,
    "telephone": telephone_view,
    "stranger": stranger_view,
}


@dataclass(frozen=True)
class _Prepared:
    """A photo ready to be looked at, and its colours."""

    content: str
    pixels: Pixels
    colours: Floats


def fill(
    store: FeatureStore, eye: Eye, view: View, wanted: Iterable[str], path_of: Callable[[str], Path], advance: Advance
) -> int:
    """Look at the wanted photos, named by their content, and keep what was seen. Returns how many cannot be read.

    Each is decoded once; its colours are taken on the way. What is done is kept every few hundred photos, and when it
    is interrupted.
    """
    waiting: list[PhotoFeatures] = []
    unreadable = 0
    try:
        for batch in _prepared(list(wanted), view, eye, path_of):
            readable = [photo for photo in batch if photo is not None]
            unreadable += len(batch) - len(readable)
            if readable:
                waiting.append(_looked_at(readable, eye))
            if sum(map(len, waiting)) >= _PHOTOS_A_SHARD:
                store.add(view, PhotoFeatures.joined(waiting))
                waiting = []
            advance(len(batch), "")
    finally:
        if waiting:
            store.add(view, PhotoFeatures.joined(waiting))
    return unreadable


def _looked_at(photos: Sequence[_Prepared], eye: Eye) -> PhotoFeatures:
    outputs = eye.look_at_pixels(np.stack([photo.pixels for photo in photos]))
    return PhotoFeatures(
        np.array([photo.content.encode() for photo in photos], "S64"), outputs.features, outputs.logits,
        np.stack([photo.colours for photo in photos]),
    )  # fmt: skip


def _prepared(
    wanted: Sequence[str], view: View, eye: Eye, path_of: Callable[[str], Path]
) -> Iterator[list[_Prepared | None]]:
    """Photos in batches, the next one decoded while the caller works on this one. None: unreadable."""

    def prepare(content: str) -> _Prepared | None:
        try:
            photo = decode_photo(path_of(content), eye.preprocessing.side_px)
        except PhotoError:
            return None
        photo = _AS[view](photo, content)
        return _Prepared(content, eye.preprocessing.square(photo), dominant_colours(photo))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ahead = [pool.submit(prepare, content) for content in wanted[:_BATCH]]
        for start in range(0, len(wanted), _BATCH):
            now, following = ahead, wanted[start + _BATCH : start + 2 * _BATCH]
            ahead = [pool.submit(prepare, content) for content in following]
            yield [future.result() for future in now]
