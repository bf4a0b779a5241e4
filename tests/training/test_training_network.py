# ruff: noqa: E402 - Keras may be absent
"""The network is VGG-16, and the files exported from it say what it says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from imgrec.training import export
from imgrec.training.export import export_fp16, export_int8, precisions_in, run_in_chunks
from imgrec.training.pixels import Labelled, predict
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import BLOCKS, build_vgg16, convolution_shapes

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

NARROW = TrainingSettings(weights="none", side_px=32, width=0.125, dtype="float32")
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
PIXELS[::2] //= 3


def disturb(network: Any) -> None:
    """Give batch normalisation and biases values that training might, so that leaving them out shows."""
    rng = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            shape = gamma.shape
            layer.set_weights(
                [gamma * rng.uniform(0.7, 1.4, shape), beta + rng.normal(0, 0.2, shape),
                 mean + rng.normal(0, 0.2, shape), variance * rng.uniform(0.5, 1.5, shape)]
            )  # fmt: skip


@pytest.fixture(scope="module")
def network() -> Any:
    keras.utils.set_random_seed(0)
    network = build_vgg16(3, NARROW)
    disturb(network)
    return network


@pytest.fixture(scope="module")
def exported(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_fp16(network, NARROW, 3, tmp_path_factory.mktemp("exported"))


def test_a_vgg16_base_has_14_714_688_weights_in_thirteen_convolutions():
    network = build_vgg16(10, TrainingSettings(weights="imagenet", side_px=32))
    shapes = convolution_shapes(network)
    assert list(shapes) == [f"block{block}_conv{i}" for block, (_, n) in enumerate(BLOCKS, 1) for i in range(1, n + 1)]
    assert len(shapes) == 13
    assert all(shape[:2] == (3, 3) for shape in shapes.values())
    head = network.get_layer("logits").count_params()
    assert network.count_params() - head == 14_714_688
    assert head == 10 * (512 + 1)


def test_the_feature_is_the_chosen_block_averaged_and_of_length_one(network: Any):
    for layer, channels in (("block3", 32), ("block5", 64)):
        chosen = build_vgg16(3, NARROW.model_copy(update={"feature_layer": layer}))
        logits, features = predict(chosen, PIXELS)
        assert (logits.shape, features.shape) == ((6, 3), (6, channels))
        assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)


def test_from_scratch_it_has_batch_normalisation_and_pretrained_it_has_none():
    def normalised(**settings: Any) -> bool:
        layers = build_vgg16(2, NARROW.model_copy(update=settings)).layers
        return any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)

    assert normalised(weights="none")
    assert not normalised(weights="imagenet")
    assert not normalised(weights="none", normalisation="none")


def test_the_exported_file_agrees_with_keras_for_batches_of_any_size(network: Any, exported: Path):
    logits, features = predict(network, PIXELS)
    for count in (1, 6):
        exported_logits, exported_features = run_in_chunks(exported, PIXELS[:count])
        assert np.allclose(exported_features, features[:count], atol=0.01)
        assert np.allclose(exported_logits, logits[:count], atol=0.02 * np.abs(logits).max())
    assert np.abs(features[0] - features[1]).max() > 0.05  # or agreeing would mean nothing


def test_batch_normalisation_is_folded_into_the_convolutions(network: Any, exported: Path):
    from imgrec.vision.runtime import import_openvino

    graph = import_openvino().Core().read_model(exported)
    kinds = [node.get_type_name() for node in graph.get_ops()]
    assert "BatchNormInference" not in kinds
    assert kinds.count("Convolution") == 13
    assert kinds.count("Multiply") < 13  # scaling pixels and features; batch normalisations would be thirteen more
    assert graph.inputs[0].get_element_type().get_type_name() == "u8"


def test_a_mixed_precision_network_is_exported_with_the_same_weights(network: Any, exported: Path, tmp_path: Path):
    mixed = build_vgg16(3, NARROW, "mixed_bfloat16")
    mixed.set_weights(network.get_weights())
    again = export_fp16(mixed, NARROW, 3, tmp_path)
    assert np.allclose(run_in_chunks(again, PIXELS)[1], run_in_chunks(exported, PIXELS)[1], atol=1e-3)


def test_an_int8_file_that_fails_its_check_is_dropped(exported: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("nncf")
    logits, features = run_in_chunks(exported, PIXELS)
    validation = Labelled(PIXELS, logits.argmax(axis=1))
    monkeypatch.setattr(export, "LEAST_COSINE", -1.0)
    monkeypatch.setattr(export, "MOST_ACCURACY_LOST", 1.0)
    passed = export_int8(exported, PIXELS, validation, seed=0)
    assert passed.passed
    assert precisions_in(exported.parent) == ("int8", "fp16")
    assert (passed.photos, passed.accuracy_fp16) == (6, 1.0)
    int8 = run_in_chunks(exported.parent / "vgg16-int8.xml", PIXELS)[1]
    cosines = np.einsum("ij,ij->i", int8, features) / np.linalg.norm(int8, axis=1) / np.linalg.norm(features, axis=1)
    assert passed.cosine == pytest.approx(cosines.mean(), abs=1e-3)

    monkeypatch.setattr(export, "LEAST_COSINE", 1.01)  # out of reach
    failed = export_int8(exported, PIXELS, validation, seed=0)
    assert not failed.passed
    assert precisions_in(exported.parent) == ("fp16",)
    assert not list(exported.parent.glob("*int8*"))
