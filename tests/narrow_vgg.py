"""A VGG-16 with an eighth of the channels and weights as training would begin: a model in a second, without Keras."""

from pathlib import Path

import numpy as np

from imgrec.progress import Silent
from imgrec.training.make import Wish, make_model
from imgrec.training.weights import BLOCKS, Feature, Weights
from imgrec.vision.model_folder import ModelFolder
from imgrec.vision.preprocessing import Preprocessing

JOINED = Feature("block4+block5", "gem")


def narrow_weights(seed: int = 0, width: float = 0.125) -> Weights:
    """Thirteen convolutions; another seed sees other things."""
    rng, before = np.random.default_rng(seed), 3
    convolutions = {}
    for block, (channels, count) in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            own = round(channels * width)
            kernel = rng.normal(0, np.sqrt(2 / (9 * before)), (3, 3, before, own)).astype(np.float32)
            convolutions[f"block{block}_conv{number}"] = (kernel, rng.normal(0, 0.1, own).astype(np.float32))
            before = own
    return Weights.pretrained(convolutions)


def make_narrow(folder: Path, seed: int = 0, side_px: int = 32, feature: Feature = JOINED) -> ModelFolder:
    """A model at `folder`, on which nothing was measured."""
    wish = Wish(
        folder.name, narrow_weights(seed), "a test", False, Preprocessing(side_px=side_px), feature, mirrored=False
    )  # fmt: skip
    return make_model(wish, folder, [], replace=False, report=Silent())
