"""A trained network run over the photos of a run, and the features it could serve compared."""

from collections.abc import Mapping, Sequence
from typing import Any

from imgrec.catalogue.feed import SPLITS
from imgrec.progress import Reporter
from imgrec.training.choose import Found, choose
from imgrec.training.examples import Examples
from imgrec.training.export import run_in_chunks
from imgrec.training.graph import graph_of
from imgrec.training.pixels import PhotoCache
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import possible_features, weights_of
from imgrec.training.weights import Feature
from imgrec.vision.eye import compile_network
from imgrec.vision.vectors import Floats

Said = dict[str, dict[str, Floats]]
"""What a network said: by output, then by split, float32 (n, d)."""


def compare_features(
    network: Any,
    settings: TrainingSettings,
    examples: Mapping[str, Examples],
    photos: PhotoCache,
    report: Reporter,
) -> tuple[Feature, dict[str, Found]]:
    """The feature that the validation photos favour of those the settings leave open, and what each finds, by name.

    `network` is a trained one of `build_vgg16`.
    """
    features = {str(feature): feature for feature in possible_features(settings)}
    every = compile_network(graph_of(weights_of(network), settings.side_px, features, settings.mirrored))
    said = measure(every, photos, settings.side_px, "Comparing features", report, ("train", "validation"))
    best, found = choose(examples, {name: said[name] for name in features}, settings.wanted)
    return features[best], found


def measure(
    network: Any, photos: PhotoCache, side_px: int, title: str, report: Reporter, splits: Sequence[str] = SPLITS
) -> Said:
    """What a compiled network says of each split that has photos."""
    said: Said = {}
    for split in splits:
        if count := len(photos.files[split]):
            pixels = photos.pixels(split, side_px)
            with report.stage(f"{title} on {split} photos", count) as advance:
                outputs = run_in_chunks(network, pixels, lambda done, advance=advance: advance(done, ""))
            for name, values in outputs.items():
                said.setdefault(name, {})[split] = values
    return said
