"""Looking at photos: what any way of doing it gives, and the way of one process."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from PIL import Image

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.errors import CatalogueError, PhotoError
from imgrec.features.colours import NO_COLOURS, dominant_colours
from imgrec.features.store import PhotoFeatures, View, as_contents
from imgrec.features.stranger import stranger_view
from imgrec.features.telephone import telephone_view
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import Arithmetic

BATCH = 32
"""Photos of a step: each step begins with the core's cache full of the network."""
_FETCHED_AT_A_TIME = 16
"""Threads for photos from object storage, which wait more than they work."""
_BATCH_OF_FETCHED = 4
"""Small, so that many of a few photos are fetched at a time."""

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


class Here:
    """Looks in this process. Threads take a batch each from its files to its features, so that no core waits."""

    def __init__(self, eye: Eye, photos: PhotoStore, threads: int | None = None) -> None:
        """threads: how many batches are under way; else one more than there are cores, and many from object storage."""
        self._eye = eye
        self._photos = photos
        self._threads = max(threads or (os.cpu_count() or 1) + 1, 1 if photos.is_here else _FETCHED_AT_A_TIME)
        self._batch = BATCH if photos.is_here else _BATCH_OF_FETCHED

    def look(self, view: View, wanted: Sequence[str]) -> Iterator[Looked]:
        """The wanted photos in order, a batch at a time. Each is decoded once; where they are seen as the shop shows
        them, their colours are taken on the way.
        """
        if wanted and not self._photos.exists():
            raise CatalogueError(
                f"There are no photos at {self._photos.place} (catalogue.photos). Mount that folder, put the photos "
                "back, or import the feed again."
            )
        batches = (wanted[at : at + self._batch] for at in range(0, len(wanted), self._batch))
        with ThreadPoolExecutor(self._threads, thread_name_prefix="looking") as pool:
            try:
                ahead = deque(pool.submit(self._look, view, batch) for batch in islice(batches, self._threads + 1))
                while ahead:
                    looked = ahead.popleft().result()
                    ahead.extend(pool.submit(self._look, view, batch) for batch in islice(batches, 1))
                    yield looked
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, view: View, contents: Sequence[str]) -> Looked:
        """Each step for all of them before the next, so that what it computes with stays in the core's cache."""
        readable = [(content, photo) for content in contents if (photo := decoded(self._photos, content, self._eye))]
        unreadable, arithmetic = len(contents) - len(readable), self._eye.arithmetic
        if not readable:
            return Looked(None, unreadable, arithmetic)
        names = as_contents(content for content, _ in readable)
        pixels = self._eye.preprocessing.batch([_AS[view](photo, content) for content, photo in readable])
        colours = np.stack([dominant_colours(photo) if view == "shop" else NO_COLOURS for _, photo in readable])
        del readable  # a megabyte each may be: not held while the network looks
        outputs = self._eye.look_at_pixels(pixels)
        return Looked(PhotoFeatures(names, outputs.features, outputs.logits, colours), unreadable, arithmetic)


def decoded(photos: PhotoStore, content: str, eye: Eye) -> Image.Image | None:
    """A photo, upright RGB, at least as large as the eye needs it; None where it cannot be read."""
    try:
        return decode_photo(photos.source(content), eye.preprocessing.side_px)
    except PhotoError:
        return None
