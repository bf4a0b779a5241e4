"""Weights averaged over the last steps, tried at the end of each epoch and then put aside again.

B. Polyak and A. Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; the average is exponential.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from imgrec.vision.preprocessing import Pixels

_BATCHES = 24
_BATCH = 64


class KeepRawWeights(keras.callbacks.Callback):  # type: ignore[misc]
    """Takes the weights at an epoch's end, before Keras puts the average in their place, so that they can go on."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[NDArray[np.float32]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        self.weights = self.model.get_weights()


def refresh_statistics(network: Any, pixels: Pixels, seed: int) -> None:
    """Measure batch normalisation's means and variances anew, as those kept belong to the weights before averaging.

    pixels: uint8 (n, side, side, 3), of training. P. Izmailov et al., Averaging Weights Leads to Wider Optima and
    Better Generalization, 2018, section 3.2.
    """
    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not norms:
        return
    rows = np.random.default_rng(seed).permutation(len(pixels))[: _BATCHES * _BATCH]
    batches = np.array_split(rows, -(-len(rows) // _BATCH))  # of one size, as each counts the same
    momentum = [layer.momentum for layer in norms]
    try:
        for done, batch in enumerate(batches):
            for layer in norms:  # a plain mean over the batches, whatever stood there before
                layer.momentum = done / (done + 1)
            network(pixels[np.sort(batch)], training=True)
    finally:
        for layer, value in zip(norms, momentum, strict=True):
            layer.momentum = value
