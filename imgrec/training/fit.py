"""The training loop: epochs that can be interrupted, and a run folder from which they go on.

checkpoint-007.weights.h5   the network and the optimiser after seven epochs; only the newest is kept
best.weights.h5             the network of the epoch with the best validation accuracy
history.csv                 a line for each epoch
tensorboard/                the same for TensorBoard
settings.yaml               what the run was started with
*.npy                       photos, decoded and resized once
"""

import contextlib
import csv
import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from imgrec.generations import write_atomically
from imgrec.progress import Advance, Reporter
from imgrec.training.averaging import KeepRawWeights, refresh_statistics
from imgrec.training.backend import has_gpu
from imgrec.training.pixels import PhotoCache, TrainingBatches, predict
from imgrec.training.settings import TrainingSettings
from imgrec.training.targets import Targets
from imgrec.training.vgg16 import freeze_below
from imgrec.training.views import Views
from imgrec.vision.vectors import softmax

_LEAST_RATE = 0.01  # of the peak, at the end of the cosine


@dataclass(frozen=True)
class Epoch:
    """A line of history.csv. Losses are cross-entropies in nats; accuracies are shares, 0 to 1.

    `loss` and `accuracy` are of training photos as they were shown, augmented and mixed; `loss` may hold the
    embedding's share too. Those of validation are of photos as they are, at the epoch's side.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    side_px: int


@dataclass(frozen=True)
class Lesson:
    """What a run learns from: photos by split, targets of the training photos, labels of the validation photos.

    views: what the blocks that never learn see of the photos, where that is computed once.
    """

    photos: PhotoCache
    targets: Targets
    validation_label: Any
    views: Views | None = None

    @property
    def metric_classes(self) -> int:
        """How many classes the embedding tells apart; 0 where none is trained."""
        return self.targets["metric"].shape[1] if "metric" in self.targets else 0


def fit(
    network: Any,
    lesson: Lesson,
    settings: TrainingSettings,
    run: Path,
    report: Reporter,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train a network built by `build_vgg16`, going on from the newest checkpoint in `run`; ends with the best weights.

    Every epoch depends on the weights, the optimiser, the seed and its own number alone, so that a run which was
    killed and resumed does what an undisturbed one does, as far as the arithmetic of several threads repeats itself.
    `on_epoch` is called after each, and may raise to end the run.
    """
    trainer, history = _resume(network, lesson, settings, run)
    if history:
        report.say(f"Going on after epoch {len(history)} of {settings.total_epochs}.")
    while len(history) < settings.total_epochs and not out_of_patience(history, settings):
        number = len(history) + 1
        if trainer.train_from != settings.train_from(settings.stage_of(number)):
            trainer = Trainer(network, lesson, settings, number)
        with trainer.trained_for(number, report) as epoch:
            best = epoch.validation_accuracy > max(_at_this_side(history, epoch), default=-1.0)
            history.append(epoch)
            if best:
                _save_weights(network, run / "best.weights.h5")
        _save_checkpoint(trainer, history, run)
        report.say(_in_words(history, best, settings))
        on_epoch(epoch)
    network.load_weights(run / "best.weights.h5")
    return history


class Trainer:
    """The network compiled for the part of the run, around an epoch, in which the same layers learn."""

    def __init__(self, network: Any, lesson: Lesson, settings: TrainingSettings, epoch: int) -> None:
        self.network = network
        self.lesson = lesson
        self.settings = settings
        self.train_from = settings.train_from(settings.stage_of(epoch))
        freeze_below(network, self.train_from)
        steps = -(-len(lesson.targets["logits"]) // settings.batch_size)
        self.source = lesson.views or lesson.photos
        self.model = self.source.part(network)
        self.model.compile(
            optimizer=optimizer(settings, steps, _first_of_part(settings, epoch)),
            loss=dict.fromkeys(lesson.targets, cross_entropy),
            loss_weights={name: settings.metric_weight if name == "metric" else 1.0 for name in lesson.targets},
            metrics={"logits": [keras.metrics.CategoricalAccuracy(name="accuracy")]},
            jit_compile=_jit_compile(),
        )
        self.model.optimizer.build(self.model.trainable_variables)

    @contextlib.contextmanager
    def trained_for(self, number: int, report: Reporter) -> Iterator[Epoch]:
        """Train an epoch. Within this the network has the weights that were measured, after it those that go on."""
        stage = self.settings.stage_of(number)
        side_px = self.settings.side_px_of(stage)
        take, validation = self.source.training(stage, number), self.source.validation(stage)
        started = time.monotonic()  # what is read or looked at once is no part of what an epoch takes
        batches = TrainingBatches(take, self.lesson.targets, self.settings, number)
        _seed_dropout(self.network, self.settings.seed, number)
        raw = KeepRawWeights()
        with report.stage(f"Epoch {number} of {self.settings.total_epochs}", len(batches)) as advance:
            callbacks = [_ShowSteps(advance), *([raw] if self.settings.ema else [])]
            logs = self.model.fit(batches, verbose=0, callbacks=callbacks, shuffle=False).history
        if self.settings.ema:
            # Copies: JAX frees the arrays of a network it predicts with, and these are the optimiser's averages too.
            self.model.set_weights(self.model.get_weights())
            refresh_statistics(self.network, self.lesson.photos.pixels("train", side_px), self.settings.seed)
        loss, accuracy = _measure(self.model, validation, self.lesson.validation_label)
        yield Epoch(
            number, logs["loss"][-1], _accuracy_in(logs), loss, accuracy, round(time.monotonic() - started, 1), side_px
        )
        if self.settings.ema:
            self.model.set_weights(raw.weights)


def cross_entropy(target: Any, logits: Any) -> Any:
    """The cross-entropy of each row; one of zeros costs nothing and teaches nothing. Both (n, classes).

    Written out, because TensorFlow's fused version has the gradient softmax(logits) - target, whatever the target sums
    to: it would drive every photo of an unknown class away from all classes.
    """
    return -keras.ops.sum(target * keras.ops.log_softmax(logits, axis=-1), axis=-1)


class RateSchedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A linear warm-up of this optimiser, times a cosine over the whole run (or a constant).

    I. Loshchilov and F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, section 3 (no restarts).
    """

    def __init__(self, peak: float, warm_up_steps: int, first_step: int, total_steps: int, cosine: bool) -> None:
        self.peak = peak
        self.warm_up_steps = warm_up_steps
        self.first_step = first_step
        self.total_steps = total_steps
        self.cosine = cosine

    def __call__(self, step: Any) -> Any:
        """The rate at a step of this optimiser."""
        step = keras.ops.cast(step, "float32")
        rate = self.peak * keras.ops.minimum(1.0, (step + 1) / max(1, self.warm_up_steps))
        if not self.cosine:
            return rate
        done = keras.ops.minimum(1.0, (step + self.first_step) / self.total_steps)
        return rate * (_LEAST_RATE + (1 - _LEAST_RATE) * 0.5 * (1 + keras.ops.cos(math.pi * done)))

    def get_config(self) -> dict[str, Any]:
        """What it was made with."""
        return dict(vars(self))


def optimizer(settings: TrainingSettings, steps: int, first_epoch: int) -> Any:
    """The settings' optimiser for the run from `first_epoch` on; `steps` make an epoch."""
    rate = RateSchedule(
        settings.peak_learning_rate, round(settings.warm_up_epochs * steps), (first_epoch - 1) * steps,
        settings.total_epochs * steps, settings.schedule == "cosine",
    )  # fmt: skip
    kinds: dict[str, Callable[..., Any]] = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": partial(keras.optimizers.SGD, momentum=0.9, nesterov=True),
    }
    made = kinds[settings.optimizer](
        rate, weight_decay=settings.weight_decay, use_ema=settings.ema > 0, ema_momentum=settings.ema
    )
    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def out_of_patience(history: list[Epoch], settings: TrainingSettings) -> bool:
    """Whether the last epochs brought nothing better; only those of the last stage, at the final side, are asked."""
    stage = settings.stage_of(settings.total_epochs)
    last = [epoch.validation_accuracy for epoch in history if settings.stage_of(epoch.epoch) == stage]
    return 0 < settings.patience < len(last) and max(last[-settings.patience :]) <= max(last[: -settings.patience])


def history_csv(history: Sequence[Epoch]) -> bytes:
    """The history as CSV with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(Epoch.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    return text.getvalue().encode()


def read_history(file: Path) -> list[Epoch]:
    """What `history_csv` wrote."""
    with file.open(encoding="utf-8", newline="") as stream:
        return [_epoch_from(row) for row in csv.DictReader(stream)]


def _first_of_part(settings: TrainingSettings, epoch: int) -> int:
    """The first of the epochs up to this one in which the same layers learn, which the optimiser dates from."""
    part = settings.train_from(settings.stage_of(epoch))
    while epoch > 1 and settings.train_from(settings.stage_of(epoch - 1)) == part:
        epoch -= 1
    return epoch


def _jit_compile() -> bool | str:
    """XLA makes convolutions slower on a processor, where TensorFlow has oneDNN; elsewhere Keras decides."""
    return False if keras.backend.backend() == "tensorflow" and not has_gpu() else "auto"


def _seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Checkpoints do not hold the state of its random numbers, so each epoch begins with a state of its own."""
    dropouts = [layer for layer in network.layers if isinstance(layer, keras.layers.Dropout) and layer.rate]
    for number, layer in enumerate(dropouts):
        layer.seed_generator.state.assign(np.array([(seed + number) % 2**32, epoch], np.uint32))


def _measure(network: Any, photos: NDArray[Any], label: NDArray[np.int64]) -> tuple[float, float]:
    """Cross-entropy and accuracy of the network, or a part of it, on photos as that takes them."""
    logits = predict(network, photos)
    likelihood = softmax(logits)[np.arange(len(label)), label]
    right = logits.argmax(axis=1) == label
    return float(-np.log(np.maximum(likelihood, 1e-12)).mean()), float(right.mean())


def _at_this_side(history: list[Epoch], epoch: Epoch) -> Iterator[float]:
    """Validation accuracies so far that can be compared with this epoch's; of larger photos more can be expected."""
    return (past.validation_accuracy for past in history if past.side_px == epoch.side_px)


def _in_words(history: list[Epoch], best: bool, settings: TrainingSettings) -> str:
    epoch = history[-1]
    here = [past for past in history if past.side_px == epoch.side_px]
    second_s = sum(past.seconds for past in here) / len(here) / epoch.side_px**2
    sides = (settings.side_px_of(settings.stage_of(n)) for n in range(epoch.epoch + 1, settings.total_epochs + 1))
    left_s = sum(second_s * side_px**2 for side_px in sides)
    return (
        f"Epoch {epoch.epoch:3d} of {settings.total_epochs}: accuracy {epoch.accuracy:.1%}, "
        f"validation {epoch.validation_accuracy:.1%}{' (best so far)' if best else ''}, "
        f"loss {epoch.loss:.3f} / {epoch.validation_loss:.3f}, {epoch.seconds:.0f} s at {epoch.side_px} px"
        f"{f'; about {left_s / 60:.0f} min left' if left_s >= 60 else ''}"
    )


def _accuracy_in(logs: dict[str, list[float]]) -> float:
    """Keras puts the output's name in front where there are several."""
    return next(values[-1] for name, values in logs.items() if name.endswith("accuracy"))


def _save_checkpoint(trainer: Trainer, history: list[Epoch], run: Path) -> None:
    """Write what the next epoch needs; a crash at any point leaves an older checkpoint that is whole."""
    write_atomically(run / "history.csv", history_csv(history))
    newest = run / f"checkpoint-{len(history):03d}.weights.h5"
    _save_weights(trainer.model, newest)
    for older in set(run.glob("checkpoint-*.weights.h5")) - {newest}:
        older.unlink()


def _save_weights(model: Any, file: Path) -> None:
    draft = file.with_name(f"draft-{file.name}")
    model.save_weights(draft)
    draft.replace(file)


def _resume(network: Any, lesson: Lesson, settings: TrainingSettings, run: Path) -> tuple[Trainer, list[Epoch]]:
    """A trainer with the newest checkpoint loaded, if there is one, and the history up to it."""
    checkpoints = sorted(run.glob("checkpoint-*.weights.h5"))
    done = int(checkpoints[-1].name.split("-")[1].split(".")[0]) if checkpoints else 0
    trainer = Trainer(network, lesson, settings, max(1, done))
    if not done:
        return trainer, []
    trainer.model.load_weights(checkpoints[-1])
    return trainer, read_history(run / "history.csv")[:done]


def _epoch_from(row: dict[str, str]) -> Epoch:
    return Epoch(
        int(row["epoch"]), float(row["loss"]), float(row["accuracy"]), float(row["validation_loss"]),
        float(row["validation_accuracy"]), float(row["seconds"]), int(row["side_px"]),
    )  # fmt: skip


class _ShowSteps(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, advance: Advance) -> None:
        super().__init__()
        self.advance = advance

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        figures = {name: [value] for name, value in (logs or {}).items()}
        self.advance(1, f"loss {figures['loss'][0]:.3f}, accuracy {_accuracy_in(figures):.1%}")
