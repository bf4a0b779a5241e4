"""Few light paths a pixel look like many: noise is averaged away between pixels that see the same surface."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
_STEPS = ((1, 1.2), (2, 0.6), (4, 0.3))  # pixels between neighbours, and how unlike in light they may be
_NORMALS_COUNT, _PAINT_COUNTS = 4.5, 7.0  # how sharply surfaces are told apart by their direction and by their colour
_DARKEST = 0.04  # albedo below this counts as this
_BRIGHTEST = 4.0  # single pixels brighter than this are accidents of sampling


def denoised(light: Pixels, albedo: Pixels, normals: Pixels) -> Pixels:
    """The light, smoothed along surfaces; prints, edges and outlines stay. All float32 (side, side, 3).

    What falls onto a surface is smoothed, not its colour: an edge-avoiding filter guided by noise-free features, in
    passes of growing steps (H. Dammertz et al., Edge-Avoiding A-Trous Wavelet Transform, 2010, section 3).
    """
    paint = _planes(np.maximum(albedo, _DARKEST))
    falling: Pixels = _planes(np.minimum(light, _BRIGHTEST)) / paint
    guides: Pixels = np.concatenate([_planes(normals) * _NORMALS_COUNT, paint * _PAINT_COUNTS])
    for step, contrast in _STEPS:
        falling = _pass(falling, guides, step, contrast)
    return np.moveaxis(falling * paint, 0, 2)


def _pass(falling: Pixels, guides: Pixels, step: int, contrast: float) -> Pixels:
    """One averaging over neighbours `step` apart; both (channels, side, side)."""
    brightness = np.log(falling.mean(axis=0) + 0.02) / contrast
    features = np.concatenate([guides, brightness[None]])
    total, weights = np.zeros_like(falling), np.zeros_like(brightness)
    for here, there, kernel in _neighbours(falling.shape[1], step):
        unlike = features[:, *here] - features[:, *there]
        weight = kernel * np.exp(-np.einsum("cij,cij->ij", unlike, unlike))
        total[:, *here] += weight * falling[:, *there]
        weights[here] += weight
    averaged: Pixels = total / weights
    return averaged


def _planes(pixels: Pixels) -> Pixels:
    """Channels first: sums over them are several times faster."""
    return np.ascontiguousarray(np.moveaxis(pixels, 2, 0), np.float32)


def _neighbours(side: int, step: int) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice], np.float32]]:
    """The overlap of the picture with itself moved by each of 5 x 5 steps, and how much that neighbour counts."""
    kernel = (1 / 16, 1 / 4, 3 / 8, 1 / 4, 1 / 16)
    for down, row_share in enumerate(kernel):
        for across, column_share in enumerate(kernel):
            dy, dx = (down - 2) * step, (across - 2) * step
            if abs(dy) < side and abs(dx) < side:
                here = slice(max(0, -dy), side - max(0, dy)), slice(max(0, -dx), side - max(0, dx))
                there = slice(max(0, dy), side - max(0, -dy)), slice(max(0, dx), side - max(0, -dx))
                yield here, there, np.float32(row_share * column_share)
