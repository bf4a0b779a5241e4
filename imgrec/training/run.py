"""One training run from a catalogue to a sealed model folder."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import yaml

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config
from imgrec.errors import TrainingError
from imgrec.generations import swap_in, write_atomically
from imgrec.progress import Reporter
from imgrec.training.backend import has_gpu, multiplies_bfloat16
from imgrec.training.examples import Examples, digest_of, load_examples
from imgrec.training.finish import Trained, finish_model
from imgrec.training.fit import Lesson, fit
from imgrec.training.forecast import forecast
from imgrec.training.pixels import PhotoCache
from imgrec.training.places import TENSORBOARD, keras_weights
from imgrec.training.settings import TrainingSettings
from imgrec.training.start import load_start, take_finished
from imgrec.training.targets import training_targets
from imgrec.training.tensorboard import TensorBoardLog
from imgrec.training.vgg16 import build_vgg16, weights_of
from imgrec.training.views import FrozenBlocks, Views
from imgrec.vision.model_folder import ModelFolder, open_model

_VIEWS = 4


@dataclass(frozen=True)
class Options:
    """How to treat what is there already; `reuse` is a finished model whose weights are taken in place of training."""

    restart: bool = False
    replace: bool = False
    reuse: Path | None = None


def train(
    catalogue: Catalogue, config: Config, target: Path, settings: TrainingSettings, options: Options, report: Reporter
) -> ModelFolder:
    """Train on the catalogue and write the model to the folder `target`, going on where an earlier run stopped.

    config: of the catalogue; it says where features are kept, and in what arithmetic to look. Until it is finished, the
    run lives in `target` + ".training". Raises TrainingError when the name is taken, the catalogue is not fit for
    training, or an unfinished run differs in settings or photos.
    """
    if target.exists() and not options.replace:
        raise TrainingError(f"{target} exists already. Choose another --name, or overwrite it with --replace.")
    labels, examples = load_examples(catalogue, settings.seed, report)
    report.say(
        f"{len(labels)} categories; photos: " + ", ".join(f"{len(side):,} {split}" for split, side in examples.items())
    )
    run = target.with_name(f"{target.name}.training")
    _open_run(run, settings, labels, examples, options.restart)
    begun = any(run.glob("checkpoint-*"))
    photos = PhotoCache({split: side.files for split, side in examples.items()}, run, settings, report)
    network, lesson = build(examples, len(labels), photos, settings)
    if options.reuse:
        history = take_finished(network, options.reuse)
    else:
        lesson = started(network, lesson, settings, run, report)
        if not begun:
            report.say(forecast(network, lesson, settings, config.model.arithmetic))
        with TensorBoardLog(target.parent / TENSORBOARD / target.name, fresh=not begun) as board:
            history = fit(network, lesson, settings, run, report, board.write)

    draft = run / "model"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    trained = Trained(network, settings, target.name, labels, examples, photos, history)
    finish_model(trained, draft, config, report)
    network.save_weights(keras_weights(target))
    swap_in(draft, target)
    shutil.rmtree(run)
    return open_model(target)


def build(
    examples: Mapping[str, Examples], categories: int, photos: PhotoCache, settings: TrainingSettings
) -> tuple[Any, Lesson]:
    """The network, initialised at random, and what it is to learn."""
    keras.utils.set_random_seed(settings.seed)
    targets = training_targets(examples["train"], categories, settings)
    lesson = Lesson(photos, targets, examples["validation"].label)
    return build_vgg16(categories, settings, _dtype(settings), lesson.metric_classes), lesson


def started(network: Any, lesson: Lesson, settings: TrainingSettings, run: Path, report: Reporter) -> Lesson:
    """Load what the network starts from, and have frozen blocks look once at what is learned from, where that pays."""
    load_start(network, settings, lesson.photos, run, report)
    if settings.from_scratch or settings.first_block == 1 or settings.views == 0 or settings.changes_side:
        return lesson
    if settings.views is None and (has_gpu() or multiplies_bfloat16("amx_bf16")):
        return lesson
    frozen = FrozenBlocks(weights_of(network), settings.first_block, settings.side_px)
    count = {split: len(files) for split, files in lesson.photos.files.items()}
    fit_in = (frozen.photos_within(settings.views_gb) - count["validation"]) // count["train"]
    views = min(settings.views or _VIEWS, fit_in)
    if views < 1:
        report.say(f"A view of all photos takes more than --views-gb {settings.views_gb:g}, so none is kept.")
        return lesson
    return replace(lesson, views=Views(lesson.photos, frozen, views, settings, report))


def _open_run(
    run: Path, settings: TrainingSettings, labels: tuple[str, ...], examples: dict[str, Examples], restart: bool
) -> None:
    """Start a run's folder, or see that the one there is of the same settings and photos.

    One that holds no finished epoch is nobody's loss, and is started over where they differ.
    """
    if restart:
        shutil.rmtree(run, ignore_errors=True)
    wanted = {**settings.model_dump(mode="json"), "photos_sha256": digest_of(labels, examples)}
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


def _dtype(settings: TrainingSettings) -> str:
    """mixed_bfloat16 pays where there is a GPU, or the processor multiplies it in hardware; else it crawls.

    The latter is what oneDNN does for TensorFlow and PyTorch; JAX on a processor does not go through it.
    """
    if settings.dtype != "auto":
        return settings.dtype
    in_hardware = multiplies_bfloat16() and keras.backend.backend() != "jax"
    return "mixed_bfloat16" if has_gpu() or in_hardware else "float32"
