"""The exported network, run: features, logits, and the last block's map."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from narrow_vgg import make_narrow
from tiny_shop import CATEGORIES, COLOURS, draw_product

from imgrec.errors import ModelError
from imgrec.sums import seal
from imgrec.vision import eye as eye_module
from imgrec.vision.cores import Cores
from imgrec.vision.eye import Eye, compile_network
from imgrec.vision.model_folder import ModelFolder, open_model
from imgrec.vision.preprocessing import Pixels
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
    _, seen = eye.look_where(eye.preprocessing.batch(PHOTOS[:2]))
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


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Eye:
    return Eye(make_narrow(tmp_path_factory.mktemp("eyes") / "narrow"))


def test_however_many_photos_come_together_each_is_seen_as_when_it_is_alone(narrow: Eye):
    pixels = narrow.preprocessing.batch(PHOTOS)
    alone = np.concatenate([narrow.look_at_pixels(one[None]).features for one in pixels])
    assert not np.allclose(alone[0], alone[-1], atol=1e-2)
    for count in (2, 3, 5, len(pixels)):
        together = narrow.look_at_pixels(pixels[:count])
        assert together.logits.shape == (count, 0)
        assert np.allclose(together.features, alone[:count], atol=2e-3)


def test_a_photo_alone_is_looked_at_by_one_core_where_others_wait(narrow: Eye, monkeypatch: pytest.MonkeyPatch):
    photo, look, looked = narrow.preprocessing.batch(PHOTOS[:1]), Cores.look, []

    def counted(cores: Cores, pixels: Any, take: Any) -> Any:
        looked.append(len(pixels))
        return look(cores, pixels, take)

    monkeypatch.setattr(Cores, "look", counted)
    alone = narrow.look_at_pixels(photo).features
    assert not looked
    assert np.allclose(narrow.look_at_pixels(photo, others_wait=True).features, alone, atol=2e-3)
    assert looked == [1]


def test_threads_that_look_at_the_same_time_each_get_their_own(narrow: Eye):
    pixels = narrow.preprocessing.batch(PHOTOS)
    batches = [pixels[at : at + count] for at in range(6) for count in (1, 3, 6)]
    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(narrow.look_at_pixels, batches * 4))
    expected = [narrow.look_at_pixels(batch).features for batch in batches]
    for one, other in zip(seen, expected * 4, strict=True):
        assert np.array_equal(one.features, other)


def test_what_fails_on_one_core_is_raised_and_the_next_photos_are_looked_at(narrow: Eye):
    pixels = narrow.preprocessing.batch(PHOTOS)
    cores = Cores(compile_network(narrow.model.network, each_core_alone=True))
    said = cores.look(pixels, lambda said: len(said["features"]))
    assert sum(said) == len(pixels)

    def refuse(said: Any) -> int:
        if np.allclose(said["features"][0], of_third, atol=2e-3):
            raise MemoryError("too many at once")
        return len(said["features"])

    of_third = narrow.look_at_pixels(pixels[sum(said[:2]) :][:1]).features[0]  # the first of the third portion
    for _ in range(5):  # a request that failed is free again
        with pytest.raises(MemoryError):
            cores.look(pixels, refuse)
    assert sum(cores.look(pixels, lambda said: len(said["features"]))) == len(pixels)


def test_every_request_has_looked_in_one_thread_before_several_do(narrow: Eye, monkeypatch: pytest.MonkeyPatch):
    looks: list[tuple[int, int]] = []
    look = Cores._look

    def noted(cores: Cores, pixels: Pixels, take: Any) -> Any:
        looks.append((threading.get_ident(), len(pixels)))
        return look(cores, pixels, take)

    monkeypatch.setattr(Cores, "_look", noted)  # in the first looks at the same time OpenVINO would wait for itself
    network = compile_network(narrow.model.network, each_core_alone=True)
    Cores(network)
    assert looks == [(threading.get_ident(), 1)] * network.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")


def test_with_threads_of_its_own_it_stays_within_them(narrow: Eye, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(eye_module, "Cores", None)  # would fail
    held = Eye(narrow.model, threads=1)
    assert np.allclose(held.look(PHOTOS).features, narrow.look(PHOTOS).features, atol=2e-3)
