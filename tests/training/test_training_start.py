# ruff: noqa: E402 - Keras may be absent
"""A run may go on from the weights of a finished one, and says what is wrong with those that do not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from imgrec.errors import TrainingError
from imgrec.progress import Silent
from imgrec.training.pixels import PhotoCache
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


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, TrainingSettings]:
    """A network whose weights were saved, and the settings that start from them."""
    keras.utils.set_random_seed(1)
    network = build_vgg16(CATEGORIES, SETTINGS, metric_classes=KINDS)
    file = tmp_path_factory.mktemp("finished") / "finished.weights.h5"
    network.save_weights(file)
    return network, SETTINGS.model_copy(update={"start_from": str(file)})


def started(settings: TrainingSettings, run: Path, categories: int = CATEGORIES, classes: int = GROUPS) -> Any:
    keras.utils.set_random_seed(2)
    network = build_vgg16(categories, settings, metric_classes=classes)
    load_start(network, settings, PhotoCache({"train": ()}, run, settings, Silent()), run, Silent())
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


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> TrainingSettings:
    """Settings that start from a finished network without batch normalisation."""
    keras.utils.set_random_seed(1)
    file = tmp_path_factory.mktemp("full") / "full.weights.h5"
    settings = SETTINGS.model_copy(update={"weights": "imagenet", "start_from": str(file)})
    build_vgg16(CATEGORIES, settings, metric_classes=KINDS).save_weights(file)
    return settings


@pytest.fixture
def slim(plain: TrainingSettings, tmp_path: Path) -> TrainingSettings:
    """Settings that slim it, in a run that has read its photos."""
    photos = np.random.default_rng(0).integers(0, 256, (64, SETTINGS.side_px, SETTINGS.side_px, 3), np.uint8)
    np.save(tmp_path / f"train-{SETTINGS.side_px}px.npy", photos)
    return plain.model_copy(update={"slim": 2.0})


def test_a_finished_network_can_be_slimmed(slim: TrainingSettings, tmp_path: Path):
    source = started(slim.model_copy(update={"slim": 1.0}), tmp_path, classes=KINDS)
    network = started(slim, tmp_path, classes=KINDS)
    full, fewer = (one.get_layer("block3_conv1").kernel.shape[2] for one in (source, network))
    assert fewer < full
    assert all(same(network, source, name) for name in ("embedding", "metric", "logits"))


def test_a_network_is_slimmed_once_in_a_run(slim: TrainingSettings, tmp_path: Path):
    first = started(slim, tmp_path)
    (tmp_path / f"train-{SETTINGS.side_px}px.npy").unlink()
    again = started(slim, tmp_path)
    assert all(same(again, first, layer.name) for layer in first.layers)


def test_one_that_was_slimmed_before_goes_on_as_it_is(slim: TrainingSettings, tmp_path: Path):
    before = started(slim, tmp_path, classes=KINDS)
    file = tmp_path / "slim.weights.h5"
    before.save_weights(file)
    later = started(slim.model_copy(update={"start_from": str(file)}), tmp_path / "later", classes=KINDS)
    assert all(same(later, before, layer.name) for layer in before.layers)
