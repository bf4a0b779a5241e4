"""A slimmed network has the multiplications that were asked for, and sees what the full one sees as far as it can."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from narrow_vgg import JOINED, narrow_weights

from imgrec.progress import Silent
from imgrec.training.channels import MOST_SLIM, channels, multiplications
from imgrec.training.graph import graph_of
from imgrec.training.slimming import slimmed
from imgrec.training.weights import Weights, convolution_names
from imgrec.vision.eye import compile_network
from imgrec.vision.vectors import Floats

SIDE_PX = 32


@pytest.fixture(scope="module")
def photos() -> Any:
    """Coloured planes that meet at an edge, under a little noise: uint8 (n, side, side, 3)."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 256, (160, 1, 1, 3)) + np.zeros((160, SIDE_PX, SIDE_PX, 3))
    for photo in drawn:
        top, left = rng.integers(0, SIDE_PX, 2)
        photo[top:, left:] = rng.integers(0, 256, 3)
    return np.clip(drawn + rng.normal(0, 12, drawn.shape), 0, 255).astype(np.uint8)


def doubled(weights: Weights) -> Weights:
    """Every channel but the last convolutions' of blocks 4 and 5 twice, each of the two counting half above."""
    convolutions, twice = {}, False
    for name, (kernel, shift) in weights.convolutions.items():
        wider = kernel.repeat(2, axis=2) / 2 if twice else kernel
        twice = name not in {"block4_conv3", "block5_conv3"}
        convolutions[name] = (wider.repeat(2, axis=3), shift.repeat(2)) if twice else (wider, shift)
    return replace(weights, convolutions=convolutions)


def outputs_of(weights: Weights) -> dict[str, int]:
    return {name: len(shift) for name, (_, shift) in weights.convolutions.items()}


def seen(weights: Weights, pixels: Any) -> Floats:
    network = compile_network(graph_of(weights, SIDE_PX, {"features": JOINED}), "float32")
    return np.array(network({"pixels": pixels})["features"])


def alike(one: Weights, other: Weights, pixels: Any) -> float:
    return float(np.einsum("ij,ij->i", seen(one, pixels), seen(other, pixels)).mean())


def test_the_full_network_multiplies_as_often_as_vgg_16() -> None:
    assert multiplications(channels()) == 15_346_630_656  # 224 px; the paper's configuration D
    assert list(channels()) == convolution_names()


@pytest.mark.parametrize("slim", [1.3, 2, 4, MOST_SLIM])
@pytest.mark.parametrize("width", [1.0, 0.25])
def test_so_many_times_fewer_multiplications(slim: float, width: float) -> None:
    full, slim_one = channels(width), channels(width, slim)
    assert slim <= multiplications(full) / multiplications(slim_one) < slim * 1.25
    assert all(0 < slim_one[name] <= full[name] for name in full)


@pytest.mark.parametrize("slim", [1.0, 4.0])
def test_features_keep_all_their_channels(slim: float) -> None:
    assert {channels(1.0, slim)[name] for name in ("block4_conv3", "block5_conv3")} == {512}


def test_what_is_there_twice_is_dropped_once_and_nothing_is_lost(photos: Any) -> None:
    plain = narrow_weights()
    twice = doubled(plain)
    assert alike(plain, twice, photos) == pytest.approx(1, abs=1e-4)
    slim_one = slimmed(twice, outputs_of(plain), photos, Silent())
    assert outputs_of(slim_one) == outputs_of(plain)
    assert alike(plain, slim_one, photos) > 0.99


def test_fitted_kernels_see_more_than_the_same_channels_as_they_were(photos: Any) -> None:
    full = narrow_weights()
    fewer = channels(0.125, 2)
    fitted = slimmed(full, fewer, photos, Silent())
    assert outputs_of(fitted) == fewer
    first = {name: (full.convolutions[name][0][..., :count], full.convolutions[name][1][:count])
             for name, count in fewer.items()}  # fmt: skip
    before, cut = 3, {}
    for name, (kernel, shift) in first.items():
        cut[name], before = (kernel[:, :, :before], shift), len(shift)
    assert alike(full, fitted, photos) > alike(full, replace(full, convolutions=cut), photos)
    assert alike(full, fitted, photos) > 0.9


def test_what_stands_on_the_blocks_stays_as_it_is(photos: Any) -> None:
    dense = {"logits": (np.ones((64, 3), np.float32), np.zeros(3, np.float32))}
    full = replace(narrow_weights(), dense=dense)
    assert slimmed(full, channels(0.125, 3), photos, Silent()).dense is dense
