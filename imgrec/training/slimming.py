"""A network with fewer channels that sees much the same: channels are dropped convolution by convolution, from below.

Of what goes into a convolution the channels are dropped that it can best do without, and its kernel is fitted anew, by
least squares, to what the full network's convolution says at some places of photos: on what the already slimmed layers
below it give, so that it makes up for their errors too. Nothing is labelled, and nothing learns by gradients.

Reconstruction: Y. He et al., Channel Pruning for Accelerating Very Deep Neural Networks, 2017, section 3. Which
channels to drop: greedily, as J.-H. Luo et al., ThiNet, 2017, section 3.2, but reckoning with the refitted kernel, as
B. Hassibi and D. Stork, Second Order Derivatives for Network Pruning: Optimal Brain Surgeon, 1993, do for one weight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.progress import Reporter
from imgrec.training.export import in_chunks
from imgrec.training.graph import graph_of_convolutions
from imgrec.training.weights import KERNEL, Weights, convolution_names
from imgrec.vision.eye import compile_network
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.vectors import Floats

MOST_PHOTOS = 1000
"""So many are looked at, drawn evenly."""

_PLACES = 32  # of each photo, for each convolution
_WAITING = 8
_ROUNDS = 64  # for each, one of so many of the channels that are left is dropped
_RIDGE = 1e-3  # of the mean square of what goes in
_AREA = KERNEL[0] * KERNEL[1]


def slimmed(weights: Weights, channels: Mapping[str, int], photos: Pixels, report: Reporter) -> Weights:
    """The network with so many output channels of each convolution, refitted on photos; uint8 (n, side, side, 3).

    The last convolution is to keep its channels, and with them dense layers stay as they are.
    """
    pixels = photos[:: -(-len(photos) // MOST_PHOTOS)]
    side_px, names = pixels.shape[1], convolution_names()
    full, convolutions = weights.convolutions, dict(weights.convolutions)
    wanted = _said_by(weights, pixels, report)
    with report.stage("Slimming", len(names) - 1) as advance:
        for before, name in pairwise(names):
            below = _compiled(replace(weights, convolutions=convolutions), side_px, [name], says=False)
            moments = _Moments(full[name][0].shape[2], full[name][0].shape[3])
            said = wanted.pop(name)
            for number, inputs in in_chunks(below, pixels):
                moments.add(_patches(inputs[name], number, name), said[number])
            moments.close()
            kept = moments.best(channels[before])
            convolutions[name] = moments.fitted(kept)
            kernel, shift = convolutions[before]
            convolutions[before] = kernel[..., kept], shift[kept]
            advance(1, f"{name}: {len(kept)} of {full[name][0].shape[2]} channels go in")
    return replace(weights, convolutions=convolutions)


def _said_by(weights: Weights, pixels: Pixels, report: Reporter) -> dict[str, dict[int, NDArray[np.float16]]]:
    """What each convolution but the first says at some places of photos: by its name, by the first photo's number."""
    names = convolution_names()[1:]
    said: dict[str, dict[int, NDArray[np.float16]]] = {name: {} for name in names}
    whole = _compiled(weights, pixels.shape[1], names, says=True)
    with report.stage("Looking with the full network", len(pixels)) as advance:
        for number, outputs in in_chunks(whole, pixels):
            for name, maps in outputs.items():
                said[name][number] = _at(maps, *_places(maps, number, name)).astype(np.float16)
            advance(len(maps), "")
    return said


class _Moments:
    """Second moments of patches and of what is wanted of them, about their means; all that least squares needs."""

    def __init__(self, channels: int, out: int) -> None:
        """Nothing yet, of patches of so many channels."""
        size = channels * _AREA
        self.inner, self.cross = np.zeros((size, size)), np.zeros((size, out))
        self.x_sum, self.y_sum, self.count = np.zeros(size), np.zeros(out), 0
        self._waiting: list[tuple[Floats, Floats]] = []

    def add(self, patches: Floats, wanted: NDArray[np.float16]) -> None:
        """patches: (n, in * 9). wanted: (n, out)."""
        self._waiting.append((patches, wanted.astype(np.float32)))
        if len(self._waiting) == _WAITING:
            self._take()

    def _take(self) -> None:
        if not self._waiting:
            return
        x, y = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        self._waiting.clear()
        self.inner += x.T @ x
        self.cross += x.T @ y
        self.x_sum += x.sum(axis=0, dtype=np.float64)
        self.y_sum += y.sum(axis=0, dtype=np.float64)
        self.count += len(x)

    def close(self) -> None:
        """All are there: from sums to moments about means."""
        self._take()
        self.x_mean, self.y_mean = self.x_sum / self.count, self.y_sum / self.count
        self.inner = self.inner / self.count - np.outer(self.x_mean, self.x_mean)
        self.cross = self.cross / self.count - np.outer(self.x_mean, self.y_mean)
        size = len(self.inner)
        self.inner[np.diag_indices(size)] += _RIDGE * max(float(np.trace(self.inner)) / size, 1e-12)

    def best(self, count: int) -> NDArray[np.int64]:
        """So many of the channels, in order: again and again those are dropped that the others best make up for.

        The inverse of the moments tells what dropping a channel costs once all others are refitted. A few go at once,
        as keeping the inverse is what takes time.
        """
        left = np.arange(len(self.inner) // _AREA)
        if count >= len(left):
            return left
        inverse = np.linalg.inv(self.inner)
        kernel = inverse @ self.cross
        while len(left) > count:
            blocks = inverse.reshape(len(left), _AREA, len(left), _AREA)
            own = kernel.reshape(len(left), _AREA, -1)
            of_channel = np.linalg.inv(blocks[np.arange(len(left)), :, np.arange(len(left))])
            costs = np.einsum("cij,cij->c", of_channel, own @ own.transpose(0, 2, 1))
            some = min(len(left) - count, -(-len(left) // _ROUNDS))
            dropped = np.isin(np.arange(len(left)), np.argsort(costs, kind="stable")[:some])
            gone, stay = _rows_of(np.flatnonzero(dropped)), _rows_of(np.flatnonzero(~dropped))
            across = inverse[np.ix_(stay, gone)]
            back = np.linalg.solve(inverse[np.ix_(gone, gone)], np.hstack([across.T, kernel[gone]]))
            inverse = inverse[np.ix_(stay, stay)] - across @ back[:, : len(stay)]
            kernel = kernel[stay] - across @ back[:, len(stay) :]
            left = left[~dropped]
        return left

    def fitted(self, kept: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Kernel (3, 3, kept, out) and shift (out,) that say what is wanted best, from these channels alone."""
        rows = _rows_of(kept)
        kernel = np.linalg.solve(self.inner[np.ix_(rows, rows)], self.cross[rows])
        shift = self.y_mean - self.x_mean[rows] @ kernel
        shaped = kernel.reshape(len(kept), *KERNEL, -1).transpose(1, 2, 0, 3)
        return np.ascontiguousarray(shaped, np.float32), shift.astype(np.float32)


def _compiled(weights: Weights, side_px: int, names: Sequence[str], says: bool) -> Any:
    return compile_network(graph_of_convolutions(weights, side_px, names, says))


def _places(maps: Floats, number: int, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns (n, places) of each photo's map, always the same for one photo and name."""
    count, _, rows, columns = maps.shape
    rng = np.random.default_rng((number, convolution_names().index(name)))
    return rng.integers(rows, size=(count, _PLACES)), rng.integers(columns, size=(count, _PLACES))


def _at(maps: Floats, row: NDArray[np.int64], column: NDArray[np.int64]) -> Floats:
    """Maps (n, channels, rows, columns) at places (n, places): (n * places, channels)."""
    return maps[np.arange(len(maps))[:, None], :, row, column].reshape(-1, maps.shape[1])


def _patches(maps: Floats, number: int, name: str) -> Floats:
    """What a 3 x 3 convolution covers at these places; beyond the edge there are zeros. (n * places, channels * 9)."""
    row, column = _places(maps, number, name)
    rows, columns = maps.shape[2:]
    covered = []
    for down in range(-1, KERNEL[0] - 1):
        for across in range(-1, KERNEL[1] - 1):
            y, x = row + down, column + across
            inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
            covered.append(_at(maps, y.clip(0, rows - 1), x.clip(0, columns - 1)) * inside.reshape(-1, 1))
    return np.stack(covered, axis=-1).reshape(len(covered[0]), -1)


def _rows_of(channels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of moments that belong to these channels, nine each."""
    return (channels[:, None] * _AREA + np.arange(_AREA)).reshape(-1)
