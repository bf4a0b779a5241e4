"""How long a run will take, reckoned from a moment of it."""

import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from imgrec.figures import counted
from imgrec.search.build import BY_TELEPHONE, STRANGERS
from imgrec.training.backend import multiplies_bfloat16
from imgrec.training.export import MOST_MEASURED
from imgrec.training.fit import Lesson
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import possible_features
from imgrec.vision.model_folder import Arithmetic

_BATCH = 16
_TRAINING = 3.0
"""A step costs so much more than a look with the same layers: there, and back for inputs and for weights."""
_NETWORKS_MEASURED = 2
"""That an export is measured with on validation photos: of unrounded weights, and of those stored."""


def forecast(
    network: Any, lesson: Lesson, settings: TrainingSettings, arithmetic: Literal["auto"] | Arithmetic = "auto"
) -> str:
    """In words, what the run will take on this machine: looking once, learning, and all that measures what came of it,
    the verdict beside the model that looks now, which has looked already, included.

    network: with its weights, of which what learns is trained on what `lesson` shows. arithmetic: as model.arithmetic.
    """
    training, validation = (len(lesson.photos.files[split]) for split in ("train", "validation"))
    total = sum(len(files) for files in lesson.photos.files.values())
    parts: dict[str, float] = {}
    epochs, side_px = settings.total_epochs, settings.side_px
    pixels = np.zeros((_BATCH, side_px, side_px, 3), np.uint8)
    whole_s = _seconds_a_photo(lambda: network.predict_on_batch(pixels))
    if lesson.views is None:
        of_epochs = sum((settings.side_px_of(settings.stage_of(number)) / side_px) ** 2
                        for number in range(1, epochs + 1))  # fmt: skip
        step_s = _TRAINING * whole_s
    else:
        frozen, count = lesson.views.frozen, lesson.views.count
        look_s = _seconds_a_photo(lambda: frozen.look(pixels))
        parts[f"{count} views of {training:,} photos"] = look_s * (count * training + validation)
        part, maps = lesson.views.part(network), np.zeros((_BATCH, *frozen.shape), np.float16)
        of_epochs = float(epochs)
        step_s = _TRAINING * _seconds_a_photo(lambda: part.predict_on_batch(maps))
    parts[counted(epochs, "epoch")] = of_epochs * step_s * (training + validation / _TRAINING)
    parts["figures"] = whole_s * _looks_at_the_end(training, validation, total, settings, arithmetic)
    said = ", ".join(f"{name} {_minutes(seconds)}" for name, seconds in parts.items())
    return f"About {_minutes(sum(parts.values()))} on this machine: {said}."


def _looks_at_the_end(
    training: int, validation: int, total: int, settings: TrainingSettings, arithmetic: Literal["auto"] | Arithmetic
) -> int:
    """Of the new network: to compare features, to measure the export, and at all photos and views that a verdict wants.

    An export is measured in all that the processor has. What was seen while features were compared is seen again in
    bfloat16 only. With its mirror image, a photo is looked at twice.
    """
    in_hardware = multiplies_bfloat16()
    compared = training + validation if len(possible_features(settings)) > 1 else 0
    exported = (_NETWORKS_MEASURED + in_hardware) * min(validation, MOST_MEASURED)
    seen = total + sum(min(total, draw.most) for draw in (BY_TELEPHONE, STRANGERS))
    again = compared if in_hardware and arithmetic != "float32" else 0
    return (exported + seen + again) * (2 if settings.mirrored else 1)


def _seconds_a_photo(look: Callable[[], object]) -> float:
    look()  # compiled, and its memory fetched
    began = time.perf_counter()
    look()
    return (time.perf_counter() - began) / _BATCH


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
