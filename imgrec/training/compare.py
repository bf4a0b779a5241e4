"""Exported networks measured on the photos of a run, and the features they could serve compared."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.catalogue.feed import SPLITS
from imgrec.progress import Reporter
from imgrec.training.calibrate import fit_temperature
from imgrec.training.choose import Choice, choose
from imgrec.training.examples import Examples
from imgrec.training.export import export_fp16, run_in_chunks
from imgrec.training.pixels import PhotoCache
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import Feature, possible_features
from imgrec.vision.vectors import Floats, softmax

Outputs = dict[str, dict[str, Floats]]
"""What a network said: by output, then by split, float32 (n, d)."""


def compare_features(
    network: Any,
    settings: TrainingSettings,
    examples: Mapping[str, Examples],
    photos: PhotoCache,
    scope_mass: float,
    report: Reporter,
) -> tuple[Feature, Choice, dict[str, object]]:
    """The feature that the validation photos favour of those the settings leave open, how it does, and all figures.

    Measured in half precision; `network` is a trained one of `build_vgg16`.
    """
    features = {str(feature): feature for feature in possible_features(settings)}
    with tempfile.TemporaryDirectory() as scratch:
        every = export_fp16(network, settings.side_px, features, Path(scratch) / "every.xml", settings.mirrored)
        outputs = measure(every, photos, settings.side_px, "Comparing features", report, ("train", "validation"))
    logits = outputs.pop("logits")["validation"]
    probabilities = softmax(logits / np.float32(fit_temperature(logits, examples["validation"].label)))
    by_name = {name: outputs[name] for name in features}
    best, figures = choose(examples, by_name, probabilities, scope_mass, settings.whitening_dim, settings.wanted)
    return features[best.output], best, figures


def measure(
    network: Path, photos: PhotoCache, side_px: int, title: str, report: Reporter, splits: Sequence[str] = SPLITS
) -> Outputs:
    """What an exported network says of each split that has photos."""
    outputs: Outputs = {}
    for split in splits:
        if count := len(photos.files[split]):
            pixels = photos.pixels(split, side_px)
            with report.stage(f"{title} on {split} photos", count) as advance:
                said = run_in_chunks(network, pixels, lambda done, advance=advance: advance(done, ""))
            for name, values in said.items():
                outputs.setdefault(name, {})[split] = values
    return outputs
