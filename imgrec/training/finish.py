"""From a trained network to a model folder: choose its feature, export it, measure what was exported."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from imgrec.catalogue.feed import SPLITS
from imgrec.database import utc_now
from imgrec.generations import write_atomically
from imgrec.progress import Reporter
from imgrec.training.calibrate import expected_calibration_error, fit_temperature, fit_threshold
from imgrec.training.choose import Choice, choose
from imgrec.training.curves import draw_calibration, draw_history
from imgrec.training.examples import Examples
from imgrec.training.export import export_fp16, export_int8, precisions_in, run_in_chunks
from imgrec.training.fit import Epoch, history_csv
from imgrec.training.pixels import Labelled, PhotoCache
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import Feature, possible_features
from imgrec.vision.model_folder import ModelSettings, seal, write_settings
from imgrec.vision.vectors import Floats, softmax

Outputs = dict[str, dict[str, Floats]]
"""What a network said: by output, then by split, float32 (n, d)."""


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it was trained with and from; `examples` are by split."""

    network: Any
    settings: TrainingSettings
    name: str
    labels: tuple[str, ...]
    examples: Mapping[str, Examples]
    photos: PhotoCache
    history: Sequence[Epoch]

    def pixels(self, split: str) -> NDArray[np.uint8]:
        """The photos of a split as the finished model takes them."""
        return self.photos.pixels(split, self.settings.side_px)


def finish_model(trained: Trained, folder: Path, scope_mass: float, report: Reporter) -> None:
    """Write a whole model into `folder`, which is empty: the network, its settings and its metrics, sealed by sums."""
    settings = trained.settings
    feature, candidates = _chosen_feature(trained, scope_mass, report)
    report.say(f"Exporting, with {feature} as the feature.")
    fp16 = export_fp16(trained.network, settings.side_px, {"features": feature}, folder / "vgg16-fp16.xml")
    validation = Labelled(trained.pixels("validation"), trained.examples["validation"].label)
    int8 = export_int8(fp16, trained.pixels("train"), validation, settings.seed)
    if not int8.passed:
        report.say(f"The int8 file failed its check (cosine {int8.cosine:.3f}); the model keeps half precision only.")
    # All that follows is fitted on the file that will be served: where there is int8, it is nearly always the faster.
    served = precisions_in(folder)[0]
    outputs = _measure(folder / f"vgg16-{served}.xml", trained, f"Measuring {served}", report)
    logits = outputs.pop("logits")
    temperature = fit_temperature(logits["validation"], validation.label)
    probabilities = softmax(logits["validation"] / np.float32(temperature))
    chosen, figures = choose(trained.examples, outputs, probabilities, scope_mass, settings.whitening_dim)
    threshold, rule = fit_threshold(chosen.shown, chosen.gallery, settings.seed)
    if chosen.whitening:
        chosen.whitening.save(folder)
    metrics = {
        "measured_on": served,
        "accuracy": _accuracies(logits, trained.examples, first=1),
        "accuracy_top3": _accuracies(logits, trained.examples, first=3),
        "photos": {split: len(side) for split, side in trained.examples.items()},
        "calibration_error": {
            "before": expected_calibration_error(softmax(logits["validation"]), validation.label),
            "after": expected_calibration_error(probabilities, validation.label),
        },
        "temperature": temperature,
        "threshold": {"value": threshold, "rule": rule},
        "retrieval": figures,
        "retrieval_of_candidates": candidates,
        "int8": int8.as_json(),
    }
    write_atomically(folder / "metrics.json", json.dumps(metrics, indent=2).encode())
    write_atomically(folder / "history.csv", history_csv(trained.history))
    write_atomically(folder / "history.svg", draw_history(trained.history))
    before = softmax(logits["validation"])
    write_atomically(
        folder / "calibration.svg", draw_calibration(before, probabilities, validation.label, chosen.shown, threshold)
    )
    write_atomically(
        folder / "training.yaml", yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False).encode()
    )
    write_settings(folder, _model_settings(trained, feature, chosen, temperature, threshold, rule, folder))
    seal(folder)


def _chosen_feature(trained: Trained, scope_mass: float, report: Reporter) -> tuple[Feature, dict[str, object]]:
    """The candidate that the validation photos favour, and the figures of all; measured in half precision."""
    features = {str(feature): feature for feature in possible_features(trained.settings)}
    if len(features) == 1:
        return next(iter(features.values())), {}
    with tempfile.TemporaryDirectory() as scratch:
        every = export_fp16(trained.network, trained.settings.side_px, features, Path(scratch) / "every.xml")
        outputs = _measure(every, trained, "Comparing features", report, splits=("train", "validation"))
    logits = outputs.pop("logits")["validation"]
    probabilities = softmax(logits / np.float32(fit_temperature(logits, trained.examples["validation"].label)))
    by_name = {name: outputs[name] for name in features}
    best, figures = choose(trained.examples, by_name, probabilities, scope_mass, trained.settings.whitening_dim)
    return features[best.output], figures


def _measure(network: Path, trained: Trained, title: str, report: Reporter, splits: Sequence[str] = SPLITS) -> Outputs:
    """What an exported network says of each split that has photos."""
    outputs: Outputs = {}
    for split in splits:
        if count := len(trained.examples[split]):
            with report.stage(f"{title} on {split} photos", count) as advance:
                said = run_in_chunks(network, trained.pixels(split), lambda done, advance=advance: advance(done, ""))
            for name, values in said.items():
                outputs.setdefault(name, {})[split] = values
    return outputs


def _model_settings(
    trained: Trained, feature: Feature, chosen: Choice, temperature: float, threshold: float, rule: str, folder: Path
) -> ModelSettings:
    return ModelSettings(
        name=trained.name, created_utc=utc_now(), labels=trained.labels,
        preprocessing=trained.settings.preprocessing, feature_layer=str(feature),
        feature_dim=chosen.gallery.features.shape[1], whitened=chosen.whitening is not None, temperature=temperature,
        threshold=threshold, threshold_rule=rule, scoping=chosen.scoping, precisions=precisions_in(folder),
    )  # fmt: skip


def _accuracies(logits: Mapping[str, Floats], examples: Mapping[str, Examples], first: int) -> dict[str, float]:
    """By split, the share of photos whose label is among the likeliest `first`."""
    return {
        split: float(
            (np.argsort(-values, axis=1, kind="stable")[:, :first] == examples[split].label[:, None]).any(axis=1).mean()
        )
        for split, values in logits.items()
    }
