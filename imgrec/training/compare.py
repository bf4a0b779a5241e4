"""A trained network run over the photos of a run, and the features it could serve compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from imgrec.progress import Reporter
from imgrec.training.choose import Found, choose
from imgrec.training.examples import LEARNED_FROM, Examples
from imgrec.training.export import run_in_chunks
from imgrec.training.graph import graph_of
from imgrec.training.pixels import PhotoCache
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import possible_features, weights_of
from imgrec.training.weights import Feature
from imgrec.vision.eye import Outputs, compile_network
from imgrec.vision.model_folder import Arithmetic
from imgrec.vision.vectors import Floats


@dataclass(frozen=True)
class Compared:
    """What comparing came to.

    feature: the one that the validation photos favour. found: what each finds, by name. seen: what was said of training
    and validation photos, with that feature.
    """

    feature: Feature
    found: Mapping[str, Found]
    seen: Mapping[str, Outputs]


def compare_features(
    network: Any,
    settings: TrainingSettings,
    examples: Mapping[str, Examples],
    photos: PhotoCache,
    report: Reporter,
    arithmetic: Literal["auto"] | Arithmetic = "auto",
) -> Compared:
    """Compare the features that the settings leave open, with weights in 8 bits, as they will be looked with.

    `network` is a trained one of `build_vgg16`.
    """
    features = {str(feature): feature for feature in possible_features(settings)}
    graph = graph_of(weights_of(network), settings.side_px, features, settings.mirrored, eight_bits=True)
    every, said = compile_network(graph, arithmetic), dict[str, dict[str, Floats]]()
    for split in LEARNED_FROM:
        pixels = photos.pixels(split, settings.side_px)
        with report.stage(f"Comparing features on {split} photos", len(pixels)) as advance:
            outputs = run_in_chunks(every, pixels, advance)
        for name, values in outputs.items():
            said.setdefault(name, {})[split] = values
    best, found = choose(examples, {name: said[name] for name in features}, settings.wanted)
    seen = {split: Outputs(said[best][split].astype(np.float16), said["logits"][split]) for split in LEARNED_FROM}
    return Compared(features[best], found, seen)
