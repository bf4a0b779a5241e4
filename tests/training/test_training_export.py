"""Weights in 8 bits: how they are rounded, what that is found to change, and what follows from it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from narrow_vgg import JOINED, narrow_weights
from tiny_shop import CATEGORIES, COLOURS, draw_product

from imgrec.errors import ModelError
from imgrec.training import export as exporting
from imgrec.training.export import Design, export, in_batches
from imgrec.training.graph import LARGEST, in_eight_bits
from imgrec.vision.eye import compile_network
from imgrec.vision.model_folder import NETWORK
from imgrec.vision.vectors import unit_rows

RNG = np.random.default_rng(0)
PIXELS = np.stack([
    np.asarray(draw_product(category, colour, seed, 32), np.uint8)
    for category in CATEGORIES for colour in COLOURS for seed in range(5)
])  # fmt: skip


DESIGN = Design(narrow_weights(), 32, JOINED)


def test_each_weight_is_within_half_a_step_of_its_own_channel_and_position():
    kernel = (RNG.standard_normal((8, 16, 3, 3)) * 10.0 ** RNG.integers(-3, 3, (8, 1, 3, 3))).astype(np.float32)
    kernel[2], kernel[:, :, 1, 1] = 0, 0
    whole, scale = in_eight_bits(kernel)
    assert (whole.dtype, whole.shape, scale.shape) == (np.int8, kernel.shape, (8, 1, 3, 3))
    assert np.abs(whole).max() == LARGEST
    step = np.abs(kernel).max(axis=1, keepdims=True) / LARGEST
    assert (np.abs(whole * scale - kernel) <= 0.501 * step).all()


def test_what_is_stored_sees_what_the_weights_see_and_the_figures_say_how_nearly(tmp_path: Path):
    exported = export(DESIGN, tmp_path, in_batches(PIXELS))
    measured = exported.fidelity
    assert measured
    assert (exported.bits, measured.photos) == (8, len(PIXELS))
    assert exported.settings.model_dump() == {
        "layers": ("block4", "block5"), "pooling": "gem", "mirrored": False, "dim": 128,
    }  # fmt: skip
    unrounded, stored = (
        compile_network(network, "float32")({"pixels": PIXELS})["features"]
        for network in (DESIGN.graph(eight_bits=False), tmp_path / NETWORK[0])
    )
    assert np.allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-5)
    cosine = np.einsum("ij,ij->i", unit_rows(unrounded), unit_rows(stored)).mean()
    assert measured.cosine == pytest.approx(float(cosine), abs=1e-5)
    assert 0.99 < measured.cosine_whitened <= measured.cosine <= 1
    assert 0.8 < measured.nearest_in_common <= 1
    assert set(exported.alike) <= {"bfloat16"}
    assert all(0.5 < share <= 1 for share in exported.alike.values())
    assert exported.as_json()["cosine"] == measured.cosine


def test_without_photos_nothing_is_said_of_how_like_it_is(tmp_path: Path):
    for photos in (None, lambda: iter(())):
        exported = export(DESIGN, tmp_path, photos)
        assert (exported.fidelity, exported.alike, exported.bits) == (None, {}, 8)
        assert exported.as_json() == {"weight_bits": 8, "photos": 0}
        assert (tmp_path / NETWORK[0]).is_file()


def test_weights_that_do_not_bear_rounding_are_refused_or_kept_in_16_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exporting, "LEAST_COSINE", 1.01)  # out of reach
    with pytest.raises(ModelError, match=r"have a cosine of 0\.9\d+ to those of unrounded ones, on 60 photos"):
        export(DESIGN, tmp_path, in_batches(PIXELS))
    exported = export(DESIGN, tmp_path, in_batches(PIXELS), or_in_16_bits=True)
    assert exported.bits == 16
    assert exported.fidelity
    assert exported.fidelity.cosine_whitened > 0.9999
    weights = sum(kernel.size for kernel, _ in DESIGN.weights.convolutions.values())
    assert 2 * weights < (tmp_path / NETWORK[1]).stat().st_size < 2.2 * weights


def test_a_network_with_a_softmax_puts_its_logits_out_and_one_without_does_not(tmp_path: Path):
    dense = {"logits": (RNG.standard_normal((64, 5)).astype(np.float32), np.zeros(5, np.float32))}
    for design, names in (
        (DESIGN, {"features", "map"}),
        (replace(DESIGN, weights=replace(DESIGN.weights, dense=dense)), {"features", "map", "logits"}),
    ):
        export(design, tmp_path, None)
        said = compile_network(tmp_path / NETWORK[0])({"pixels": PIXELS[:2]})
        outputs = {port.get_any_name(): np.shape(values) for port, values in said.items()}
        assert set(outputs) == names
        assert outputs["map"] == (2, 64, 2, 2)


def test_a_thousand_photos_are_measured_at_most_drawn_evenly_from_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporting, "MOST_MEASURED", 20)
    drawn = np.concatenate(list(in_batches(PIXELS)()))
    assert np.array_equal(drawn, PIXELS[::3])
