"""From a trained network to a model folder: choose its feature, export it, measure what was exported."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.database import utc_now
from imgrec.evaluation.classification import confidence_bins, expected_calibration_error
from imgrec.generations import write_atomically
from imgrec.progress import Reporter
from imgrec.training.calibrate import fit_temperature, fit_threshold
from imgrec.training.choose import Choice, choose
from imgrec.training.compare import compare_features, measure
from imgrec.training.curves import draw_calibration, draw_history
from imgrec.training.examples import Examples
from imgrec.training.export import export_fp16, export_int8, precisions_in
from imgrec.training.fit import Epoch, history_csv
from imgrec.training.pixels import Labelled, PhotoCache
from imgrec.training.recipes import recipe_text
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import Feature, possible_features
from imgrec.vision.model_folder import ModelSettings, seal, write_settings
from imgrec.vision.vectors import Floats, softmax


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
    candidates: dict[str, object] = {}
    feature = possible_features(settings)[0]
    if len(possible_features(settings)) > 1:
        feature, _, candidates = compare_features(
            trained.network, settings, trained.examples, trained.photos, scope_mass, report
        )
    report.say(f"Exporting, with {feature} as the feature.")
    fp16 = export_fp16(
        trained.network, settings.side_px, {"features": feature}, folder / "vgg16-fp16.xml", settings.mirrored
    )
    validation = Labelled(trained.pixels("validation"), trained.examples["validation"].label)
    int8 = export_int8(fp16, trained.pixels("train"), validation, settings.seed)
    if not int8.passed:
        report.say(f"The int8 file failed its check (cosine {int8.cosine:.3f}); the model keeps half precision only.")
    # All that follows is fitted on the file that will be served: where there is int8, it is nearly always the faster.
    served = precisions_in(folder)[0]
    network = folder / f"vgg16-{served}.xml"
    outputs = measure(network, trained.photos, settings.side_px, f"Measuring {served}", report)
    logits = outputs.pop("logits")
    temperature = fit_temperature(logits["validation"], validation.label)
    probabilities = softmax(logits["validation"] / np.float32(temperature))
    chosen, figures = choose(
        trained.examples, outputs, probabilities, scope_mass, settings.whitening_dim, settings.wanted
    )
    threshold, rule = fit_threshold(chosen.shown, chosen.photos, settings.seed)
    if chosen.whitening:
        chosen.whitening.save(folder)
    before = softmax(logits["validation"])
    metrics = {
        "measured_on": served,
        "accuracy": _accuracies(logits, trained.examples, first=1),
        "accuracy_top3": _accuracies(logits, trained.examples, first=3),
        "photos": {split: len(side) for split, side in trained.examples.items()},
        "calibration_error": {
            "before": expected_calibration_error(confidence_bins(before, validation.label)),
            "after": expected_calibration_error(confidence_bins(probabilities, validation.label)),
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
    write_atomically(
        folder / "calibration.svg", draw_calibration(before, probabilities, validation.label, chosen.shown, threshold)
    )
    write_atomically(folder / "training.yaml", recipe_text(settings).encode())
    write_settings(folder, _model_settings(trained, feature, chosen, temperature, threshold, rule, folder))
    seal(folder)


def _model_settings(
    trained: Trained, feature: Feature, chosen: Choice, temperature: float, threshold: float, rule: str, folder: Path
) -> ModelSettings:
    return ModelSettings(
        name=trained.name, created_utc=utc_now(), labels=trained.labels,
        preprocessing=trained.settings.preprocessing, feature_layer=str(feature),
        feature_dim=chosen.photos.features.shape[1], whitened=chosen.whitening is not None, temperature=temperature,
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
