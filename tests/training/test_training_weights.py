# ruff: noqa: E402 - Keras may be absent
"""Pretrained weights: read from either layout, turned from BGR to RGB, refused with the way out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
h5py = pytest.importorskip("h5py")

from imgrec.errors import WeightsError
from imgrec.training.pretrained import are_imagenets, download_imagenet, read_h5
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import build_vgg16, convolution_shapes, load_convolutions
from imgrec.training.weights import BLOCKS

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

NARROW = TrainingSettings(weights="some.h5", side_px=32, width=0.0625, dtype="float32")


@pytest.fixture(scope="module")
def network() -> Any:
    return build_vgg16(3, NARROW)


@pytest.fixture(scope="module")
def weights(network: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias by layer name, as someone trained them on BGR pixels."""
    rng = np.random.default_rng(0)
    return {
        name: (
            rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape).astype(np.float32),
            rng.normal(0, 0.1, shape[-1]).astype(np.float32),
        )
        for name, shape in convolution_shapes(network).items()
    }


def write_older(file: Path, weights: dict) -> Path:
    with h5py.File(file, "w") as stored:
        stored.attrs["layer_names"] = [name.encode() for name in weights]
        for name, (kernel, bias) in weights.items():
            stored[f"{name}/{name}_W_1:0"], stored[f"{name}/{name}_b_1:0"] = kernel, bias
        stored["fc1/fc1_W_1:0"] = np.zeros((4, 4), np.float32)
    return file


def write_newer(file: Path, weights: dict) -> Path:
    with h5py.File(file, "w") as stored:
        for name, (kernel, bias) in weights.items():
            stored[f"model_weights/{name}/{name}/bias:0"] = bias
            stored[f"model_weights/{name}/{name}/kernel:0"] = kernel
        stored["model_weights/flatten"] = np.zeros(0, np.float32)
    return file


def trained_on_bgr(weights: dict) -> Any:
    """The network those weights come from: BGR pixels less ImageNet's mean in, block 5 averaged out."""
    x = pixels = keras.Input((32, 32, 3))
    for block, (_, convolutions) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            channels = weights[f"block{block}_conv{number}"][1].size
            x = keras.layers.Conv2D(
                channels, 3, padding="same", activation="relu", name=f"block{block}_conv{number}"
            )(x)  # fmt: skip
        if block < len(BLOCKS):
            x = keras.layers.MaxPooling2D()(x)
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x))
    for name, pair in weights.items():
        network.get_layer(name).set_weights(list(pair))
    return network


@pytest.mark.parametrize("write", [write_older, write_newer])
def test_either_layout_gives_the_network_it_was_trained_as(write: Any, network: Any, weights: dict, tmp_path: Path):
    load_convolutions(network, read_h5(write(tmp_path / "w.h5", weights), convolution_shapes(network)))
    rgb = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), np.uint8)
    rgb[..., 0] //= 4  # so that red and blue cannot be mistaken for each other
    expected = trained_on_bgr(weights).predict_on_batch(
        keras.applications.vgg16.preprocess_input(rgb.astype(np.float32))
    )
    pooled = keras.Model(network.input, network.get_layer("average").output)
    assert np.allclose(pooled.predict_on_batch(rgb), expected, rtol=1e-4, atol=1e-4)
    assert not np.allclose(pooled.predict_on_batch(rgb[..., ::-1]), expected, rtol=1e-2, atol=1e-2)


def test_a_layer_that_is_missing_is_named(network: Any, weights: dict, tmp_path: Path):
    lacking = {name: pair for name, pair in weights.items() if name != "block4_conv2"}
    with pytest.raises(WeightsError, match="no kernel and bias of block4_conv2"):
        read_h5(write_older(tmp_path / "w.h5", lacking), convolution_shapes(network))


def test_a_layer_of_another_shape_is_named_with_both_shapes(weights: dict, tmp_path: Path):
    wider = convolution_shapes(build_vgg16(3, NARROW.model_copy(update={"width": 0.125})))
    with pytest.raises(WeightsError, match=r"block1_conv1 has shape \(3, 3, 3, 4\), the network needs \(3, 3, 3, 8\)"):
        read_h5(write_newer(tmp_path / "w.h5", weights), wider)


def test_without_shapes_any_width_is_read_if_the_layers_fit_each_other(weights: dict, tmp_path: Path):
    read = read_h5(write_newer(tmp_path / "w.h5", weights))
    assert {name: kernel.shape for name, (kernel, _) in read.items()} == {n: k.shape for n, (k, _) in weights.items()}
    assert not are_imagenets(read)
    torn = {**weights, "block3_conv1": (weights["block3_conv1"][0][:, :, 1:], weights["block3_conv1"][1])}
    with pytest.raises(
        WeightsError, match=r"block3_conv1 has shape \(3, 3, 7, 16\), the network needs \(3, 3, 8, 16\)"
    ):
        read_h5(write_newer(tmp_path / "torn.h5", torn))


def test_a_file_that_is_missing_or_no_hdf5_is_refused_with_the_ways_out(network: Any, weights: dict, tmp_path: Path):
    (tmp_path / "page.h5").write_text("<html>Not found</html>")
    whole = write_older(tmp_path / "cut.h5", weights)
    whole.write_bytes(whole.read_bytes()[:2000])
    for name in ("page.h5", "cut.h5", "nowhere.h5"):
        with pytest.raises(WeightsError, match=rf"{name}.*--weights FILE\.h5 .* --weights none"):
            read_h5(tmp_path / name, convolution_shapes(network))


def test_a_failed_download_says_both_ways_out_in_one_line(monkeypatch: pytest.MonkeyPatch):
    def unreachable(**_: Any) -> None:
        raise Exception("URL fetch failure on https://storage.example/vgg16.h5: None --\n[Errno -2] Name unknown")

    monkeypatch.setattr(keras.applications, "VGG16", unreachable)
    with pytest.raises(WeightsError) as refused:
        download_imagenet()
    line = str(refused.value)
    assert "\n" not in line
    assert "Name unknown" in line
    assert "--weights FILE.h5" in line
    assert "--weights none" in line
