"""Several photos at once: each core looks at some of its own, and waits for no other at the end of each layer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from imgrec.vision.preprocessing import Pixels

T = TypeVar("T")

_TOGETHER = 4
"""Photos that one core looks at together, at most. More are no faster where they leave its cache, and take memory."""


class Cores:
    """What computes on each core, or on each few where a machine has many. Any number of threads may call it."""

    def __init__(self, network: Any) -> None:
        """network: compiled for several requests at a time.

        Each request looks once here, in this thread: OpenVINO's Python binding makes what it needs of numpy when first
        used, and two threads that are the first at the same time wait for each other for ever.
        """
        self._count = int(network.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        self._idle: SimpleQueue[Any] = SimpleQueue()
        _, *sides = network.input("pixels").get_partial_shape()
        blank = np.zeros((1, *(side.get_length() for side in sides)), np.uint8)
        for _ in range(self._count):
            self._idle.put(network.create_infer_request())
        for _ in range(self._count):
            self._look(blank, lambda said: np.array(said["features"]))
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="core")

    def look(self, pixels: Pixels, take: Callable[[Any], T]) -> list[T]:
        """What is taken, by copying, from what the network says of portions of these photos; in order."""
        some = min(_TOGETHER, -(-len(pixels) // self._count))
        portions = (pixels[at : at + some] for at in range(0, len(pixels), some))
        return list(self._pool.map(lambda portion: self._look(portion, take), portions))

    def _look(self, pixels: Pixels, take: Callable[[Any], T]) -> T:
        request = self._idle.get()
        try:
            return take(request.infer({"pixels": pixels}, share_inputs=True, share_outputs=True))
        finally:
            self._idle.put(request)
