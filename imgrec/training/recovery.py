"""What slimming lost, learned back: all layers learn to see in the training photos what the full network sees there.

No label is asked for. A. Romero et al., FitNets: Hints for Thin Deep Nets, 2015, though what is to be alike is what
features are made of.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from imgrec.progress import Reporter
from imgrec.training.export import run_in_chunks
from imgrec.training.fit import optimizer
from imgrec.training.graph import graph_of
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import freeze_below, joined_generalised_means
from imgrec.training.weights import Feature, Weights
from imgrec.vision.eye import compile_network
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.vectors import Floats

_EPOCHS = 3
_RATE = 1e-4
_BATCH = 32
_BLOCKS = ("block4", "block5")


def recover(network: Any, full: Weights, photos: Pixels, settings: TrainingSettings, report: Reporter) -> None:
    """Teach a slimmed network of `build_vgg16` on photos uint8 (n, side, side, 3), mirrored or not.

    What is to be alike: the generalised means of blocks 4 and 5, each of length 1.
    """
    wanted = _seen_by(full, photos, report)
    freeze_below(network, "block1")
    seen = joined_generalised_means(*(network.get_layer(f"{block}_conv3_relu").output for block in _BLOCKS))
    pupil = keras.Model(network.input, seen)
    steps = -(-len(photos) // _BATCH)
    how = settings.model_copy(update={"epochs": _EPOCHS, "learning_rate": _RATE, "ema": 0.0, "weight_decay": 0.0})
    pupil.compile(optimizer=optimizer(how, steps, 1), loss=_distance, jit_compile=False)
    for epoch in range(1, _EPOCHS + 1):
        rng = np.random.default_rng((settings.seed, epoch))
        with report.stage(f"Learning back from the full network, epoch {epoch} of {_EPOCHS}", steps) as advance:
            for drawn in np.array_split(rng.permutation(len(photos)), steps):
                pixels = _some_mirrored(np.asarray(photos[np.sort(drawn)]), rng)
                loss = pupil.train_on_batch(pixels, wanted[np.sort(drawn)])
                advance(1, f"distance {float(np.squeeze(loss)):.3f}")


def _seen_by(full: Weights, photos: Pixels, report: Reporter) -> Floats:
    """Both blocks' rows side by side: float32 (n, 2 * d)."""
    features = {block: Feature(block, "gem") for block in _BLOCKS}
    network = compile_network(graph_of(full, photos.shape[1], features))
    with report.stage("Looking with the full network", len(photos)) as advance:
        said = run_in_chunks(network, photos, advance)
    return np.concatenate([said[block] for block in _BLOCKS], axis=1)


def _distance(wanted: Any, seen: Any) -> Any:
    return keras.ops.sum(keras.ops.square(wanted - seen), axis=-1)


def _some_mirrored(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    mirrored = rng.random(len(pixels)) < 0.5
    pixels[mirrored] = pixels[mirrored][:, :, ::-1]
    return pixels
