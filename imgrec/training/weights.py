"""VGG-16 as plain arrays: what its layers are called, what they weigh, and where a feature can be taken.

Nothing here needs Keras: a network is exported from its weights, wherever they come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from imgrec.vision.vectors import Floats

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""(channels, convolutions) of each block."""

IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
KERNEL = (3, 3)
GEM_POWER = 3.0
GEM_FLOOR = 1e-6

CREDIT = "K. Simonyan and A. Zisserman, CC BY 4.0, in Keras' port"
"""Whom ImageNet's weights are owed to, and their licence."""

Pairs = Mapping[str, tuple[Floats, Floats]]


@dataclass(frozen=True, order=True)
class Feature:
    """Where a feature is taken: a block pooled over its positions, or a dense layer's output as it is.

    Layers may be joined by "+", each with L2 norm 1: what is seen low down beside what was learned on top.
    """

    layer: str
    pooling: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.layer, self.pooling)))

    @property
    def layers(self) -> tuple[str, ...]:
        """Those that are joined."""
        return tuple(self.layer.split("+"))


@dataclass(frozen=True)
class Weights:
    """What a network consists of, in RGB order.

    convolutions: kernel (3, 3, in, out) and shift (out,) by name, whatever normalises behind them folded in. dense:
    kernel (in, out) and bias (out,) by name, of fc1, fc2, embedding and logits those that there are. scale, offset:
    what pixels are multiplied by, and then added to, offset (3,). stands_on: what embedding and logits stand on, where
    there is no fc1: the last block's average, or the GeM of what that takes and of what it makes, each of length 1.
    """

    convolutions: Pairs
    dense: Pairs
    scale: float
    offset: NDArray[np.float32]
    stands_on: Literal["average", "gem"] = "average"

    @classmethod
    def pretrained(cls, convolutions: Pairs) -> Self:
        """ImageNet's convolutions alone: they take pixels less its mean."""
        return cls(convolutions, {}, 1.0, -np.array(IMAGENET_MEAN_RGB, np.float32))


def convolution_names() -> list[str]:
    """The thirteen, in order."""
    return [f"block{block}_conv{number}" for block, (_, n) in enumerate(BLOCKS, start=1) for number in range(1, n + 1)]
