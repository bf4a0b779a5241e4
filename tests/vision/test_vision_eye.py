"""The exported network, run: features, logits, and the last block's map."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_shop import CATEGORIES, COLOURS, draw_product

from imgrec.errors import ModelError
from imgrec.sums import seal
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import ModelFolder, open_model
from imgrec.vision.vectors import softmax, unit_rows

PHOTOS = [draw_product(category, colour, seed=900) for category in CATEGORIES for colour in COLOURS]


def test_a_batch_says_what_its_photos_say_one_by_one(eye: Eye):
    together = eye.look(PHOTOS)
    alone = [eye.look([photo]) for photo in PHOTOS]
    assert np.allclose(together.features, np.concatenate([one.features for one in alone]), atol=2e-3)
    assert np.allclose(softmax(together.logits), softmax(np.concatenate([one.logits for one in alone])), atol=2e-2)
    assert not np.allclose(together.features[0], together.features[-1], atol=1e-2)


def test_features_have_length_one_and_the_size_the_model_states(eye: Eye):
    seen = eye.look(PHOTOS)
    assert seen.features.dtype == np.float16
    assert seen.features.shape == (len(PHOTOS), eye.model.settings.feature.dim)
    assert seen.logits.shape == (len(PHOTOS), len(CATEGORIES))
    assert np.allclose(np.linalg.norm(seen.features.astype(np.float64), axis=1), 1, atol=2e-3)
    assert len(seen.take(slice(2, 5))) == 3


def test_labels_are_the_categories_in_the_order_of_the_logits(eye: Eye):
    labels = eye.model.settings.labels
    assert labels == tuple(sorted(CATEGORIES))
    right = [labels[number] for number in eye.look(PHOTOS).logits.argmax(axis=1)]
    truth = [category for category in CATEGORIES for _ in COLOURS]
    assert np.mean(np.array(right) == np.array(truth)) > 0.5  # a third by chance


def test_the_last_map_has_a_place_for_every_part_of_the_photo(eye: Eye):
    seen = eye.last_map(PHOTOS[:2])
    side = eye.preprocessing.side_px // 16
    assert (seen.shape[0], seen.shape[2:]) == (2, (side, side))
    assert (seen >= 0).all()
    assert seen.any()


def test_float32_can_always_be_had_and_is_nearly_what_the_best_arithmetic_says(model: ModelFolder, eye: Eye):
    exact = Eye(model, "float32")
    assert exact.arithmetic == "float32"
    cosine = (exact.look(PHOTOS).features.astype(np.float64) * eye.look(PHOTOS).features.astype(np.float64)).sum(axis=1)
    assert cosine.min() > 0.995


@pytest.mark.parametrize(
    ("alike", "own", "other", "can"),
    [({}, "float32", "float32", True), ({}, "float32", "bfloat16", False), ({}, "bfloat16", "bfloat16", True),
     ({"bfloat16": 0.991}, "float32", "bfloat16", True), ({"bfloat16": 0.991}, "bfloat16", "float32", True),
     ({"bfloat16": 0.98}, "bfloat16", "float32", False)],
)  # fmt: skip
def test_two_arithmetics_are_compared_only_where_that_was_measured(model: ModelFolder, alike, own, other, can):
    eye = Eye(replace(model, settings=model.settings.model_copy(update={"alike": alike})), "float32")
    eye.arithmetic = own
    assert eye.can_be_compared_with(other) is can


def test_a_network_that_does_not_load_is_one_clear_error(model: ModelFolder, tmp_path: Path):
    folder = Path(shutil.copytree(model.path, tmp_path / "broken"))
    (folder / "network.xml").write_text("<net")
    seal(folder)
    with pytest.raises(ModelError, match=r"network\.xml does not load") as refused:
        Eye(open_model(folder))
    assert "\n" not in str(refused.value)


def test_it_looks_with_the_very_network_that_was_checked_or_not_at_all(model: ModelFolder, tmp_path: Path):
    folder = Path(shutil.copytree(model.path, tmp_path / "changing"))
    opened = open_model(folder)
    weights = bytearray((folder / "network.bin").read_bytes())
    weights[-1] ^= 1
    (folder / "network.bin").write_bytes(weights)
    seal(folder)
    with pytest.raises(ModelError, match="has changed since it was opened"):
        Eye(opened)
    (folder / "network.bin").unlink()
    with pytest.raises(ModelError, match=r"network\.bin cannot be read"):
        Eye(opened)


def test_softmax_and_unit_rows_hold_at_the_extremes():
    assert np.allclose(softmax(np.array([[1e4, 0, -1e4], [0, 0, 0]], np.float32)), [[1, 0, 0], [1 / 3] * 3])
    assert np.allclose(unit_rows(np.array([[3, 4], [0, 0]], np.float32)), [[0.6, 0.8], [0, 0]])
