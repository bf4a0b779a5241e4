"""From a trained network to a model folder: export it, measure what was exported, let the validation photos decide."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from imgrec.catalogue.feed import SPLITS
from imgrec.database import utc_now
from imgrec.generations import write_atomically
from imgrec.progress import Reporter
from imgrec.search.scoping import Scoping
from imgrec.training.calibrate import (
    FIRST,
    Gallery,
    Shown,
    expected_calibration_error,
    fit_temperature,
    fit_threshold,
    share_in_own_category,
    shown_matches,
)
from imgrec.training.examples import Examples
from imgrec.training.export import export_fp16, export_int8, precisions_in, run_in_chunks
from imgrec.training.fit import Epoch, history_csv
from imgrec.training.pixels import Labelled
from imgrec.training.settings import TrainingSettings
from imgrec.vision.model_folder import ModelSettings, seal, write_settings
from imgrec.vision.vectors import Floats, softmax, unit_rows
from imgrec.vision.whitening import Whitening

_LEAST_WHITENED_DIM = 8


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it was trained with; `examples` and `sides` are by split, in the same order."""

    network: Any
    settings: TrainingSettings
    name: str
    labels: tuple[str, ...]
    examples: dict[str, Examples]
    sides: dict[str, Labelled]
    history: list[Epoch]


def finish_model(trained: Trained, folder: Path, scope_mass: float, report: Reporter) -> None:
    """Write a whole model into `folder`, which is empty: the network, its settings and its metrics, sealed by sums."""
    settings, label = trained.settings, {split: side.label for split, side in trained.examples.items()}
    report.say("Exporting.")
    fp16 = export_fp16(trained.network, settings, len(trained.labels), folder)
    int8 = export_int8(fp16, trained.sides["train"].pixels, trained.sides["validation"], settings.seed)
    if not int8.passed:
        report.say(f"The int8 file failed its check (cosine {int8.cosine:.3f}); the model keeps half precision only.")
    # All that follows is fitted on the file that will be served: where there is int8, it is nearly always the faster.
    served = precisions_in(folder)[0]
    logits, pooled = _measure(folder / f"vgg16-{served}.xml", trained, report)
    temperature = fit_temperature(logits["validation"], label["validation"])
    probabilities = softmax(logits["validation"] / np.float32(temperature))

    chosen, figures = _choose(trained, pooled, probabilities, scope_mass)
    threshold, rule = fit_threshold(chosen.shown, chosen.gallery, settings.seed)
    if isinstance(chosen.feature, Whitening):
        chosen.feature.save(folder)
    metrics = {
        "measured_on": served,
        "accuracy": {split: _accuracy(logits[split], label[split], 1) for split in logits},
        "accuracy_top3": {split: _accuracy(logits[split], label[split], 3) for split in logits},
        "photos": {split: len(side) for split, side in trained.examples.items()},
        "calibration_error": {
            "before": expected_calibration_error(softmax(logits["validation"]), label["validation"]),
            "after": expected_calibration_error(probabilities, label["validation"]),
        },
        "temperature": temperature,
        "threshold": {"value": threshold, "rule": rule},
        "retrieval": figures,
        "int8": int8.as_json(),
    }
    write_atomically(folder / "metrics.json", json.dumps(metrics, indent=2).encode())
    write_atomically(folder / "history.csv", history_csv(trained.history))
    write_atomically(
        folder / "training.yaml", yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False).encode()
    )
    write_settings(
        folder,
        ModelSettings(
            name=trained.name, created_utc=utc_now(), labels=trained.labels, preprocessing=settings.preprocessing,
            feature_layer=settings.feature_layer, feature_dim=chosen.gallery.features.shape[1],
            whitened=isinstance(chosen.feature, Whitening), temperature=temperature, threshold=threshold,
            threshold_rule=rule, scoping=chosen.scoping, precisions=precisions_in(folder),
        ),
    )  # fmt: skip
    seal(folder)


@dataclass(frozen=True)
class _Choice:
    """One way to make features and to scope, and what it showed the validation photos."""

    feature: Callable[[Floats], Floats]
    scoping: Scoping
    gallery: Gallery
    shown: Shown
    score: float


def _choose(
    trained: Trained, pooled: dict[str, Floats], probabilities: Floats, scope_mass: float
) -> tuple[_Choice, dict[str, object]]:
    """Plain or whitened features, hard or soft scoping: what finds the query's kind among the first ten most often.

    Where kinds are unknown there is nothing to find: features are whitened, and scoping is soft where that searches the
    query's own category more often.
    """
    whitening = Whitening.fit(pooled["train"], trained.settings.whitening_dim or 1)
    features: dict[str, Callable[[Floats], Floats]] = {"plain": unit_rows}
    if trained.settings.whitening_dim and whitening.affine.shape[1] >= _LEAST_WHITENED_DIM:
        features["whitened"] = whitening
    choices: list[_Choice] = []
    figures: dict[str, object] = {}
    for name, feature in features.items():
        validation = _gallery(trained.examples["validation"], feature(pooled["validation"]))
        gallery = _joined(_gallery(trained.examples["train"], feature(pooled["train"])), validation)
        scopings: tuple[Scoping, ...] = ("soft", "hard")
        for scoping in scopings:
            shown, found = shown_matches(validation, probabilities, gallery, scoping, scope_mass)
            in_scope, searched = share_in_own_category(validation, probabilities, scoping, scope_mass)
            choices.append(_Choice(feature, scoping, gallery, shown, in_scope if found is None else found))
            figures[f"{name}, {scoping}"] = {
                f"kind_in_first_{FIRST}": found, "own_category_searched": in_scope, "categories_searched": searched,
            }  # fmt: skip
    # Of equal scores the last: whitened rather than plain, and one category rather than several.
    best = max(reversed(choices), key=lambda choice: choice.score)
    return best, figures


def _measure(network: Path, trained: Trained, report: Reporter) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Logits and pooled outputs of the exported network, for each split that has photos."""
    logits, pooled = {}, {}
    for split in SPLITS:
        if count := len(trained.examples[split]):
            with report.stage(f"Measuring on {split} photos", count) as advance:
                logits[split], pooled[split] = run_in_chunks(
                    network, trained.sides[split].pixels, lambda done, advance=advance: advance(done, "")
                )
    return logits, pooled


def _gallery(side: Examples, features: Floats) -> Gallery:
    return Gallery(features, side.label, side.kind, side.group)


def _joined(first: Gallery, second: Gallery) -> Gallery:
    return Gallery(
        np.concatenate([first.features, second.features]), np.concatenate([first.label, second.label]),
        (*first.kind, *second.kind), (*first.group, *second.group),
    )  # fmt: skip


def _accuracy(logits: Floats, label: Any, k: int) -> float:
    """Share of photos whose label is among the k likeliest."""
    first = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float((first == label[:, None]).any(axis=1).mean())
