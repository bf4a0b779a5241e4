"""One training run from a catalogue to a sealed model folder."""

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import yaml

from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.store import Catalogue
from imgrec.database import utc_now
from imgrec.errors import TrainingError
from imgrec.generations import write_atomically
from imgrec.progress import Reporter
from imgrec.training.calibrate import (
    FIRST,
    Gallery,
    expected_calibration_error,
    fit_temperature,
    fit_threshold,
    share_in_own_category,
    shown_matches,
)
from imgrec.training.examples import Examples, load_examples
from imgrec.training.export import export_fp16, export_int8, precisions_in, run_in_chunks
from imgrec.training.fit import Epoch, fit, history_csv
from imgrec.training.pixels import Labelled, cached_pixels
from imgrec.training.pretrained import download_imagenet, read_h5
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import build_vgg16, convolution_shapes, load_convolutions
from imgrec.vision.model_folder import ModelFolder, ModelSettings, find_model, open_model, seal, write_settings
from imgrec.vision.recogniser import Floats, softmax, unit_rows

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Options:
    """How to treat what is there already, and what soft scoping covers."""

    restart: bool = False
    replace: bool = False
    scope_mass: float = 0.9


def train(
    catalogue: Catalogue, target: Path, settings: TrainingSettings, options: Options, report: Reporter
) -> ModelFolder:
    """Train on the catalogue and write the model to the folder `target`, going on where an earlier run stopped.

    Until it is finished, the run lives in `target` + ".training". Raises TrainingError when the name is taken, the
    catalogue is not fit for training, or an unfinished run differs in settings or photos.
    """
    if not _NAME.fullmatch(target.name) or target.name.endswith(".training"):
        raise TrainingError(f"A model cannot be named {target.name!r}; use letters, digits, '.', '_' and '-'.")
    if target.exists() and not options.replace:
        raise TrainingError(f"{target} exists already. Choose another --name, or overwrite it with --replace.")
    labels, examples = load_examples(catalogue, settings.seed)
    report.say(
        f"{len(labels)} categories; photos: " + ", ".join(f"{len(side):,} {split}" for split, side in examples.items())
    )
    run = target.with_name(f"{target.name}.training")
    _open_run(run, settings, labels, examples, options.restart)
    keras.utils.set_random_seed(settings.seed)
    network = build_vgg16(len(labels), settings, _dtype(settings))
    if not settings.from_scratch and not any(run.glob("checkpoint-*")):
        _load_pretrained(network, settings, report)
    sides = {split: _pixels(split, side, settings, run, report) for split, side in examples.items()}
    history = fit(network, sides["train"], sides["validation"], settings, run, report)

    draft = run / "model"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    _finish(network, settings, labels, examples, sides, history, draft, options, report)
    _swap_in(draft, target)
    shutil.rmtree(run)
    return open_model(target)


def model_target(model_path: Path, name: str) -> tuple[Path, bool]:
    """Where `model.path` has a model called `name` go, and whether CURRENT is to point at it afterwards.

    A `model.path` that ends in the name, or already is a model's folder, is taken to name models themselves; any other
    is the folder of models.
    """
    if model_path.name == name:
        return model_path, False
    if find_model(model_path) == model_path:
        return model_path.with_name(name), False
    return model_path / name, True


def _open_run(
    run: Path, settings: TrainingSettings, labels: tuple[str, ...], examples: dict[str, Examples], restart: bool
) -> None:
    """Start a run's folder, or see that the one there is of the same settings and photos.

    One that holds no finished epoch is nobody's loss, and is started over where they differ.
    """
    if restart:
        shutil.rmtree(run, ignore_errors=True)
    photos = hashlib.sha256(
        json.dumps([labels, {split: [file.name for file in side.files] for split, side in examples.items()}]).encode()
    ).hexdigest()
    wanted = {**settings.model_dump(mode="json"), "photos_sha256": photos}
    file = run / "settings.yaml"
    if not file.exists():
        write_atomically(file, yaml.safe_dump(wanted, sort_keys=False).encode())
        return
    begun = yaml.safe_load(file.read_text(encoding="utf-8"))
    different = [f"{key}: {begun.get(key)} -> {value}" for key, value in wanted.items() if begun.get(key) != value]
    if different and not any(run.glob("checkpoint-*")):
        _open_run(run, settings, labels, examples, restart=True)
    elif different:
        changes = "; ".join(change if "sha256" not in change else "the catalogue's photos" for change in different)
        raise TrainingError(
            f"An unfinished run in {run} was begun with other settings ({changes}). "
            "Go on with the old ones, or start over with --restart."
        )


def _pixels(split: str, side: Examples, settings: TrainingSettings, run: Path, report: Reporter) -> Labelled:
    with report.stage(f"Reading {split} photos", len(side)) as advance:
        pixels = cached_pixels(side.files, settings.preprocessing, run / f"{split}.npy", lambda: advance(1, ""))
    return Labelled(pixels, side.label)


def _dtype(settings: TrainingSettings) -> str:
    """mixed_bfloat16 pays where the processor multiplies it in hardware (AMX) or there is a GPU; else it crawls."""
    if settings.dtype != "auto":
        return settings.dtype
    cpuinfo = Path("/proc/cpuinfo")
    has_amx = cpuinfo.is_file() and "amx_bf16" in cpuinfo.read_text(encoding="utf-8", errors="replace")
    return "mixed_bfloat16" if has_amx or keras.distribution.list_devices("gpu") else "float32"


def _load_pretrained(network: Any, settings: TrainingSettings, report: Reporter) -> None:
    if settings.batch_norm:
        raise TrainingError(
            "Pretrained VGG-16 weights belong to a network without batch normalisation: "
            "use --normalisation none, or --weights none."
        )
    if settings.weights_file is None:
        if settings.width != 1:
            raise TrainingError("The ImageNet weights need the full --width 1.")
        report.say("Loading ImageNet weights.")
        load_convolutions(network, download_imagenet())
    else:
        load_convolutions(network, read_h5(settings.weights_file, convolution_shapes(network)))


def _finish(
    network: Any,
    settings: TrainingSettings,
    labels: tuple[str, ...],
    examples: dict[str, Examples],
    sides: dict[str, Labelled],
    history: list[Epoch],
    folder: Path,
    options: Options,
    report: Reporter,
) -> None:
    """Export, measure what was exported, calibrate on the validation photos, and write the model's files."""
    report.say("Exporting.")
    fp16 = export_fp16(network, settings, len(labels), folder)
    logits: dict[str, Floats] = {}
    galleries: dict[str, Gallery] = {}
    for split in SPLITS:
        with report.stage(f"Measuring on {split} photos", len(examples[split])) as advance:
            if not len(examples[split]):
                continue
            logits[split], features = run_in_chunks(fp16, sides[split].pixels, lambda done: advance(done, ""))
        side = examples[split]
        galleries[split] = Gallery(unit_rows(features), side.label, side.kind, side.group)
    int8 = export_int8(fp16, sides["train"].pixels, sides["validation"], folder, settings.seed)
    if not int8.passed:
        report.say(f"The int8 file failed its check (cosine {int8.cosine:.3f}); the model keeps half precision only.")

    validation = galleries["validation"]
    temperature = fit_temperature(logits["validation"], validation.label)
    probabilities = softmax(logits["validation"] / np.float32(temperature))
    gallery = _joined(galleries["train"], validation)
    scoping, scoping_figures, shown = _choose_scoping(validation, probabilities, gallery, options.scope_mass)
    threshold, rule = fit_threshold(shown, gallery, settings.seed)
    metrics = {
        "accuracy": {split: _accuracy(logits[split], examples[split].label, 1) for split in logits},
        "accuracy_top3": {split: _accuracy(logits[split], examples[split].label, 3) for split in logits},
        "photos": {split: len(side) for split, side in examples.items()},
        "calibration_error": {
            "before": expected_calibration_error(softmax(logits["validation"]), validation.label),
            "after": expected_calibration_error(probabilities, validation.label),
        },
        "temperature": temperature,
        "threshold": {"value": threshold, "rule": rule},
        "scoping": scoping_figures,
        "int8": int8.as_json(),
    }
    write_atomically(folder / "metrics.json", json.dumps(metrics, indent=2).encode())
    write_atomically(folder / "history.csv", history_csv(history))
    write_atomically(
        folder / "training.yaml", yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False).encode()
    )
    write_settings(
        folder,
        ModelSettings(
            name=folder.parent.name.removesuffix(".training"), created_utc=utc_now(), labels=labels,
            preprocessing=settings.preprocessing, feature_layer=settings.feature_layer,
            feature_dim=validation.features.shape[1], temperature=temperature, threshold=threshold,
            threshold_rule=rule, scoping=scoping, precisions=precisions_in(folder),
        ),
    )  # fmt: skip
    seal(folder)


def _choose_scoping(
    validation: Gallery, probabilities: Floats, gallery: Gallery, mass: float
) -> tuple[Any, dict[str, object], Any]:
    """Hard or soft, whichever finds more: the query's kind among the first ten, else its own category in scope."""
    figures: dict[str, object] = {}
    score: dict[str, float] = {}
    shown = {}
    for scoping in ("hard", "soft"):
        shown[scoping], found = shown_matches(validation, probabilities, gallery, scoping, mass)
        in_scope, searched = share_in_own_category(validation, probabilities, scoping, mass)
        score[scoping] = in_scope if found is None else found
        figures[scoping] = {
            f"kind_in_first_{FIRST}": found, "own_category_searched": in_scope, "categories_searched": searched,
        }  # fmt: skip
    chosen = "soft" if score["soft"] > score["hard"] else "hard"
    return chosen, {"chosen": chosen, **figures}, shown[chosen]


def _joined(first: Gallery, second: Gallery) -> Gallery:
    return Gallery(
        np.concatenate([first.features, second.features]), np.concatenate([first.label, second.label]),
        (*first.kind, *second.kind), (*first.group, *second.group),
    )  # fmt: skip


def _accuracy(logits: Floats, label: Any, k: int) -> float:
    """Share of photos whose label is among the k likeliest."""
    first = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float((first == label[:, None]).any(axis=1).mean())


def _swap_in(draft: Path, target: Path) -> None:
    """Put the finished folder in place; one that stood there is moved aside first and removed last."""
    old = target.with_name(f"{target.name}.old-{os.getpid()}")
    if target.exists():
        target.replace(old)
    draft.replace(target)
    shutil.rmtree(old, ignore_errors=True)
