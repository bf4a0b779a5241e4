"""The weights that a network starts from: ImageNet's, a file's, or those of a finished run; slimmed where asked for."""

import warnings
from pathlib import Path
from typing import Any

import h5py

from imgrec.errors import TrainingError
from imgrec.progress import Reporter
from imgrec.training.channels import channels
from imgrec.training.fit import Epoch, read_history
from imgrec.training.pixels import PhotoCache
from imgrec.training.places import keras_weights
from imgrec.training.pretrained import download_imagenet, read_h5
from imgrec.training.recovery import recover
from imgrec.training.settings import TrainingSettings
from imgrec.training.slimming import slimmed
from imgrec.training.vgg16 import build_vgg16, convolution_shapes, load_convolutions, weights_of

_CLASSES = "layers/cosine_logits/vars/0"
"""Where Keras keeps the directions of the embedding's classes, (embedding_dim, classes)."""
_KERNEL = "layers/conv2d/vars/0"
"""And the first convolution's kernel, (3, 3, 3, channels)."""


def load_start(network: Any, settings: TrainingSettings, photos: PhotoCache, run: Path, report: Reporter) -> None:
    """The weights that the settings start from; none where `run` holds a checkpoint of all of them.

    Raises TrainingError or WeightsError when they cannot be had or do not go with the settings.
    """
    if any(run.glob("checkpoint-*")) and settings.first_block == 1:
        return
    if settings.slim > 1 and not _is_slim(network, settings):
        _load_slimmed(network, settings, photos, run, report)
    elif settings.start_from is not None:
        report.say(f"Starting from {settings.start_from}.")
        _go_on_from(network, settings, Path(settings.start_from))
    elif not settings.from_scratch:
        _load_pretrained(network, settings, report)


def take_finished(network: Any, model: Path) -> list[Epoch]:
    """Load the weights of a finished model; returns the history of the run that made them.

    Raises TrainingError when they are not there or belong to another network.
    """
    weights, history = keras_weights(model), model / "history.csv"
    if not (weights.is_file() and history.is_file()):
        raise TrainingError(f"There is no finished model {model} with its Keras weights {weights} to take.")
    _load(
        network, weights,
        f"start from its own: --recipe {model / 'training.yaml'} (to slim it, with --start-from {weights} in place of "
        "--reuse)",
    )  # fmt: skip
    return read_history(history)


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


def _load_slimmed(network: Any, settings: TrainingSettings, photos: PhotoCache, run: Path, report: Reporter) -> None:
    """What the full network would start from, slimmed: once in a run, as frozen blocks look once with what came out."""
    made = run / "slimmed.weights.h5"
    if not made.exists():
        whole = settings.model_copy(update={"slim": 1.0})
        classes = next((layer.classes for layer in network.layers if layer.name == "metric"), 0)
        full = build_vgg16(network.get_layer("logits").units, whole, metric_classes=classes)
        load_start(full, whole, photos, run, report)
        _take_over(network, full)
        of_photos = photos.pixels("train", settings.side_px)
        outputs = channels(settings.width, settings.slim)
        load_convolutions(network, slimmed(weights_of(full), outputs, of_photos, report).convolutions)
        recover(network, weights_of(full), of_photos, settings, report)
        draft = run / f"draft-{made.name}"
        network.save_weights(draft)
        draft.replace(made)
    network.load_weights(made)


def _is_slim(network: Any, settings: TrainingSettings) -> bool:
    """Whether the settings start from a network that was slimmed before, and alike."""
    kernel = network.get_layer("block1_conv1").kernel
    return settings.start_from is not None and _stored_shape(Path(settings.start_from), _KERNEL) == kernel.shape


def _go_on_from(network: Any, settings: TrainingSettings, weights: Path) -> None:
    """Load all that the two networks have in common: an embedding, or what it tells apart, may be new."""
    _, classes = _stored_shape(weights, _CLASSES) or (0, 0)
    source = build_vgg16(network.get_layer("logits").units, settings, metric_classes=classes)
    _load(source, weights, "give the recipe that made it, and the categories that it knew")
    _take_over(network, source)


def _stored_shape(weights: Path, place: str) -> tuple[int, ...] | None:
    """Of an array in a file of Keras weights; None where the file has no such array."""
    try:
        with h5py.File(weights) as stored:
            return tuple(stored[place].shape) if place in stored else None
    except FileNotFoundError:
        raise TrainingError(f"There are no weights {weights} to start from.") from None
    except OSError:
        raise TrainingError(f"{weights} is not an HDF5 file; name the .weights.h5 beside a finished model.") from None


def _take_over(network: Any, source: Any) -> None:
    """Copy the weights of all layers that the two have in common."""
    for layer in source.layers:
        ours = next((ours for ours in network.layers if ours.name == layer.name), None)
        if ours is not None and [one.shape for one in ours.weights] == [one.shape for one in layer.weights]:
            ours.set_weights(layer.get_weights())


def _load(network: Any, weights: Path, way_out: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras only warns of layers that the file lacks
            network.load_weights(weights)
    except (ValueError, UserWarning):
        raise TrainingError(f"{weights} belongs to another network than these settings make; {way_out}") from None
