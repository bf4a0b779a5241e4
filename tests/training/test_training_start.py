# ruff: noqa: E402 - Keras may be absent
"""A run may go on from the weights of a finished one, and says what is wrong with those that do not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from imgrec.errors import TrainingError
from imgrec.progress import Silent
from imgrec.training.settings import TrainingSettings
from imgrec.training.start import load_start
from imgrec.training.vgg16 import build_vgg16

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

SETTINGS = TrainingSettings(
    weights="none", side_px=32, width=0.0625, dtype="float32", metric="kind", embedding_dim=8, learning_rate=1e-3
)
CATEGORIES, KINDS, GROUPS = 3, 5, 11


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Any, TrainingSettings]:
    """A network whose weights were saved, and the settings that start from them."""
    keras.utils.set_random_seed(1)
    network = build_vgg16(CATEGORIES, SETTINGS, metric_classes=KINDS)
    network.save_weights(tmp_path / "finished.weights.h5")
    return network, SETTINGS.model_copy(update={"start_from": str(tmp_path / "finished.weights.h5")})


def started(settings: TrainingSettings, run: Path, categories: int = CATEGORIES, classes: int = GROUPS) -> Any:
    keras.utils.set_random_seed(2)
    network = build_vgg16(categories, settings, metric_classes=classes)
    load_start(network, settings, run, Silent())
    return network


def same(network: Any, other: Any, layer: str) -> bool:
    ours, theirs = (one.get_layer(layer).get_weights() for one in (network, other))
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_everything_is_taken_over_where_the_same_is_learned(finished: tuple[Any, TrainingSettings], tmp_path: Path):
    source, settings = finished
    network = started(settings, tmp_path, classes=KINDS)
    assert all(same(network, source, layer.name) for layer in source.layers)


def test_what_the_embedding_tells_apart_may_be_new(finished: tuple[Any, TrainingSettings], tmp_path: Path):
    source, settings = finished
    network = started(settings, tmp_path)
    assert network.get_layer("metric").kernel.shape == (8, GROUPS)
    assert all(same(network, source, layer.name) for layer in source.layers if layer.name != "metric")


@pytest.mark.parametrize("embedded", [True, False])
def test_an_embedding_may_be_begun_or_given_up(embedded: bool, tmp_path: Path):
    with_one, without = SETTINGS, SETTINGS.model_copy(update={"metric": "none"})
    before, now = (without, with_one) if embedded else (with_one, without)
    source = build_vgg16(CATEGORIES, before, metric_classes=0 if embedded else KINDS)
    file = tmp_path / "before.weights.h5"
    source.save_weights(file)
    settings = now.model_copy(update={"start_from": str(file)})
    network = started(settings, tmp_path, classes=KINDS if embedded else 0)
    assert same(network, source, "block5_conv3")
    assert same(network, source, "logits")


def test_a_checkpoint_is_worth_more_than_what_the_run_began_with(
    finished: tuple[Any, TrainingSettings], tmp_path: Path
):
    (tmp_path / "checkpoint-001.weights.h5").touch()
    source, settings = finished
    assert not same(started(settings, tmp_path), source, "block1_conv1")


def test_weights_of_another_network_are_refused(finished: tuple[Any, TrainingSettings], tmp_path: Path):
    _, settings = finished
    with pytest.raises(TrainingError, match=r"finished\.weights\.h5 belongs to another network.*the categories"):
        started(settings, tmp_path, categories=CATEGORIES + 1)
    with pytest.raises(TrainingError, match=r"belongs to another network.*the recipe that made it"):
        started(settings.model_copy(update={"width": 0.125}), tmp_path)


def test_weights_that_are_none_are_refused(tmp_path: Path):
    def start(name: str) -> TrainingSettings:
        return SETTINGS.model_copy(update={"start_from": str(tmp_path / name)})

    with pytest.raises(TrainingError, match=r"no weights .*nowhere\.weights\.h5"):
        started(start("nowhere.weights.h5"), tmp_path)
    (tmp_path / "words.h5").write_text("not weights")
    with pytest.raises(TrainingError, match=r"words\.h5 is not an HDF5 file; name the \.weights\.h5"):
        started(start("words.h5"), tmp_path)
