"""Looking at photos: what any way of doing it gives, and the way of one process."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.errors import CatalogueError, PhotoError
from imgrec.features.colours import dominant_colours
from imgrec.features.store import PhotoFeatures, View
from imgrec.features.stranger import stranger_view
from imgrec.features.telephone import telephone_view
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.vectors import Floats

BATCH = 16
_FETCHED_AT_A_TIME = 16
"""Threads for photos from object storage, which wait more than they work."""

_AS: dict[View, Callable[[Image.Image, str], Image.Image]] = {
    "shop": lambda photo, _: photo,
    "telephone": telephone_view,
    "stranger": stranger_view,
}


@dataclass(frozen=True)
class Looked:
    """Some photos that were looked at.

    seen: the features of those that can be read, None where that is none. unreadable: how many cannot. arithmetic: what
    was computed in. note: a word on how it is getting on, blank for none.
    """

    seen: PhotoFeatures | None
    unreadable: int
    arithmetic: Arithmetic
    note: str = ""

    def __len__(self) -> int:
        return self.unreadable + (len(self.seen) if self.seen else 0)

    @classmethod
    def joined(cls, parts: Sequence["Looked"]) -> "Looked":
        """Several of one arithmetic as one; at least one."""
        seen = [part.seen for part in parts if part.seen]
        unreadable = sum(part.unreadable for part in parts)
        return cls(PhotoFeatures.joined(seen) if seen else None, unreadable, parts[0].arithmetic)


class Looker(Protocol):
    """Who looks at photos."""

    def look(self, view: View, wanted: Sequence[str]) -> Iterator[Looked]:
        """The wanted photos, named by their content, in whatever order they are done: each once."""


@dataclass(frozen=True)
class _Prepared:
    """A photo ready to be looked at, and its colours."""

    content: str
    pixels: Pixels
    colours: Floats


class Here:
    """Looks in this process, in batches; threads prepare the next batch while the network sees to this one."""

    def __init__(self, eye: Eye, photos: PhotoStore, threads: int | None = None) -> None:
        """threads: how many prepare photos; else one for each core, and more where photos come from object storage."""
        self._eye = eye
        self._photos = photos
        at_least = 1 if photos.is_here else _FETCHED_AT_A_TIME
        self._threads = max(threads or os.cpu_count() or 1, at_least)

    def look(self, view: View, wanted: Sequence[str]) -> Iterator[Looked]:
        """The wanted photos in order, a batch at a time. Each is decoded once; its colours are taken on the way."""
        if wanted and not self._photos.exists():
            raise CatalogueError(
                f"There are no photos at {self._photos.place} (catalogue.photos). Mount that folder, put the photos "
                "back, or import the feed again."
            )
        with ThreadPoolExecutor(self._threads) as pool:
            ahead = [pool.submit(self._prepare, view, content) for content in wanted[:BATCH]]
            for start in range(0, len(wanted), BATCH):
                now, following = ahead, wanted[start + BATCH : start + 2 * BATCH]
                ahead = [pool.submit(self._prepare, view, content) for content in following]
                readable = [photo for future in now if (photo := future.result()) is not None]
                seen = self._seen(readable) if readable else None
                yield Looked(seen, len(now) - len(readable), self._eye.arithmetic)

    def _prepare(self, view: View, content: str) -> _Prepared | None:
        """None: unreadable."""
        preprocessing = self._eye.preprocessing
        try:
            photo = decode_photo(self._photos.source(content), preprocessing.side_px)
        except PhotoError:
            return None
        photo = _AS[view](photo, content)
        return _Prepared(content, preprocessing.square(photo), dominant_colours(photo))

    def _seen(self, photos: Sequence[_Prepared]) -> PhotoFeatures:
        outputs = self._eye.look_at_pixels(np.stack([photo.pixels for photo in photos]))
        return PhotoFeatures(
            np.array([photo.content.encode() for photo in photos], "S64"), outputs.features, outputs.logits,
            np.stack([photo.colours for photo in photos]),
        )  # fmt: skip
