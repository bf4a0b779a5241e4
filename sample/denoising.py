"""Few light paths a pixel look like many: noise is averaged away between pixels that see the same surface."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
_STEPS = ((1, 1.2), (2, 0.6), (4, 0.3))  # pixels between neighbours, and how unlike in light they may be
_DARKEST = 0.04  # albedo below this counts as this
_BRIGHTEST = 4.0  # single pixels brighter than this are accidents of sampling


def denoised(light: Pixels, albedo: Pixels, normals: Pixels) -> Pixels:
    """The light, smoothed along surfaces; prints, edges and outlines stay. All float32 (side, side, 3).

    What falls onto a surface is smoothed, not its colour: an edge-avoiding filter guided by noise-free features, in
    passes of growing steps (H. Dammertz et al., Edge-Avoiding A-Trous Wavelet Transform, 2010, section 3).
    """
    paint: Pixels = np.maximum(albedo, _DARKEST).astype(np.float32)
    falling: Pixels = (np.minimum(light, _BRIGHTEST) / paint).astype(np.float32)
    for step, contrast in _STEPS:
        falling = _pass(falling, paint, normals, step, contrast)
    return falling * paint


def _pass(falling: Pixels, paint: Pixels, normals: Pixels, step: int, contrast: float) -> Pixels:
    bright = np.log(falling.mean(axis=2) + 0.02)
    total, weights = np.zeros_like(falling), np.zeros_like(bright)
    for here, there, kernel in _neighbours(falling.shape[0], step):
        unlike = ((normals[here] - normals[there]) ** 2).sum(axis=2) / 0.05
        unlike += ((paint[here] - paint[there]) ** 2).sum(axis=2) / 0.02
        unlike += ((bright[here] - bright[there]) / contrast) ** 2
        weight = kernel * np.exp(-unlike)
        total[here] += weight[..., None] * falling[there]
        weights[here] += weight
    averaged: Pixels = total / weights[..., None]
    return averaged


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
