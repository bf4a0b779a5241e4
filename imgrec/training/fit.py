"""The training loop: epochs that can be interrupted, and a run folder from which they go on.

checkpoint-007.weights.h5   the network and the optimiser after seven epochs; only the newest is kept
best.weights.h5             the network of the epoch with the best validation accuracy
history.csv                 a line for each epoch
settings.yaml               what the run was started with
*.npy                       photos, decoded and resized once
"""

import csv
import io
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from imgrec.generations import write_atomically
from imgrec.progress import Advance, Reporter
from imgrec.training.pixels import Labelled, TrainingBatches, predict
from imgrec.training.settings import TrainingSettings

_WARM_UP_EPOCHS = 1


@dataclass(frozen=True)
class Epoch:
    """A line of history.csv. Losses are cross-entropies in nats; accuracies are shares, 0 to 1."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


def fit(
    network: Any, train: Labelled, validation: Labelled, settings: TrainingSettings, run: Path, report: Reporter
) -> list[Epoch]:
    """Train a network built by `build_vgg16`, going on from the newest checkpoint in `run`; ends with the best weights.

    Every epoch depends on the weights, the optimiser, the seed and its own number alone, so that a run which was
    killed and resumed does what an undisturbed one does, as far as the arithmetic of several threads repeats itself.
    """
    classifier = _classifier(network, settings, steps=-(-len(train.pixels) // settings.batch_size))
    categories = network.output["logits"].shape[-1]
    history = _resume(classifier, run)
    if history:
        report.say(f"Going on after epoch {history[-1].epoch} of {settings.epochs}.")
    for number in range(len(history) + 1, settings.epochs + 1):
        started = time.monotonic()
        batches = TrainingBatches(
            train.pixels, train.label, categories, settings.batch_size,
            settings.augmentation == "standard", settings.seed, epoch=number,
        )  # fmt: skip
        _seed_dropout(network, settings.seed, epoch=number)
        with report.stage(f"Epoch {number} of {settings.epochs}", len(batches)) as advance:
            result = classifier.fit(batches, verbose=0, callbacks=[_ShowSteps(advance)], shuffle=False).history
        loss, accuracy = _measure(network, validation)
        epoch = Epoch(
            number, result["loss"][-1], result["accuracy"][-1], loss, accuracy, round(time.monotonic() - started, 1)
        )
        best = accuracy > max((past.validation_accuracy for past in history), default=-1.0)
        history.append(epoch)
        _save(classifier, history, run, best)
        left_s = (settings.epochs - number) * sum(past.seconds for past in history) / len(history)
        report.say(
            f"Epoch {number:3d} of {settings.epochs}: accuracy {epoch.accuracy:.1%}, validation {accuracy:.1%}"
            f"{' (best so far)' if best else ''}, loss {epoch.loss:.3f} / {loss:.3f}, {epoch.seconds:.0f} s"
            f"{f'; about {left_s / 60:.0f} min left' if left_s >= 60 else ''}"
        )
    network.load_weights(run / "best.weights.h5")
    return history


def history_csv(history: list[Epoch]) -> bytes:
    """The history as CSV with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(Epoch.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    return text.getvalue().encode()


def _classifier(network: Any, settings: TrainingSettings, steps: int) -> Any:
    """The part of the network that the loss sees, compiled: Adam, linear warm-up, then a cosine to nearly nothing."""
    total, warm_up = steps * settings.epochs, min(steps * _WARM_UP_EPOCHS, steps * settings.epochs // 2)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.peak_learning_rate / 100, warmup_target=settings.peak_learning_rate,
        warmup_steps=warm_up, decay_steps=max(1, total - warm_up), alpha=0.01,
    )  # fmt: skip
    classifier = keras.Model(network.input, network.output["logits"])
    classifier.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    classifier.optimizer.build(classifier.trainable_variables)
    return classifier


def _seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Checkpoints do not hold the state of its random numbers, so each epoch begins with a state of its own."""
    dropout = network.get_layer("dropout")
    if dropout.rate:
        dropout.seed_generator.state.assign(np.array([seed, epoch], np.uint32))


def _measure(network: Any, examples: Labelled) -> tuple[float, float]:
    """Cross-entropy and accuracy of the network on these photos."""
    logits, _ = predict(network, examples.pixels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probability[np.arange(len(examples.label)), examples.label].mean()
    return float(loss), float((logits.argmax(axis=1) == examples.label).mean())


def _save(classifier: Any, history: list[Epoch], run: Path, best: bool) -> None:
    """Write what the next epoch needs; a crash at any point leaves an older checkpoint that is whole."""
    if best:
        _save_weights(classifier, run / "best.weights.h5")
    write_atomically(run / "history.csv", history_csv(history))
    newest = run / f"checkpoint-{len(history):03d}.weights.h5"
    _save_weights(classifier, newest)
    for older in set(run.glob("checkpoint-*.weights.h5")) - {newest}:
        older.unlink()


def _save_weights(classifier: Any, file: Path) -> None:
    draft = file.with_name(f"draft-{file.name}")
    classifier.save_weights(draft)
    draft.replace(file)


def _resume(classifier: Any, run: Path) -> list[Epoch]:
    """Load the newest checkpoint, if there is one, and return the history up to it."""
    checkpoints = sorted(run.glob("checkpoint-*.weights.h5"))
    if not checkpoints:
        return []
    classifier.load_weights(checkpoints[-1])
    done = int(checkpoints[-1].name.split("-")[1].split(".")[0])
    with (run / "history.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:done]
    return [Epoch(int(row["epoch"]), *(float(row[name]) for name in list(row)[1:])) for row in rows]


class _ShowSteps(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, advance: Advance) -> None:
        super().__init__()
        self.advance = advance

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        self.advance(1, f"loss {logs.get('loss', 0):.3f}, accuracy {logs.get('accuracy', 0):.1%}")
