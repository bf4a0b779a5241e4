"""The exported network, run: probabilities, features, and the faster of its two files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from imgrec.vision.recogniser import Recogniser, load_recogniser
from tiny_shop import CATEGORIES, COLOURS, draw_product

from imgrec.errors import ModelError
from imgrec.vision.model_folder import ModelFolder, open_model, seal, write_settings
from imgrec.vision.vectors import softmax, unit_rows


@pytest.fixture(scope="session")
def both_precisions(model: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The shop's model with a file in each precision, whatever training made of int8."""
    folder = Path(shutil.copytree(model.path, tmp_path_factory.mktemp("model") / "both"))
    for suffix in ("xml", "bin"):
        shutil.copy(folder / f"vgg16-fp16.{suffix}", folder / f"vgg16-int8.{suffix}")
    write_settings(folder, model.settings.model_copy(update={"precisions": ("int8", "fp16")}))
    seal(folder)
    return open_model(folder)


PHOTOS = [draw_product(category, colour, seed=900) for category in CATEGORIES for colour in COLOURS]


def test_a_batch_says_what_its_photos_say_one_by_one(recogniser: Recogniser):
    together = recogniser.recognise(PHOTOS)
    alone = [recogniser.recognise([photo]) for photo in PHOTOS]
    assert np.allclose(together.features, np.concatenate([one.features for one in alone]), atol=2e-3)
    assert np.allclose(together.probabilities, np.concatenate([one.probabilities for one in alone]), atol=5e-3)
    assert not np.allclose(together.features[0], together.features[-1], atol=1e-2)


def test_features_have_length_one_and_probabilities_sum_to_one(recogniser: Recogniser):
    seen = recogniser.recognise(PHOTOS)
    assert seen.features.shape == (len(PHOTOS), recogniser.model.settings.feature_dim)
    assert seen.probabilities.shape == (len(PHOTOS), len(CATEGORIES))
    assert np.allclose(np.linalg.norm(seen.features, axis=1), 1, atol=1e-6)
    assert np.allclose(seen.probabilities.sum(axis=1), 1, atol=1e-6)
    assert (seen.probabilities >= 0).all()


def test_labels_are_the_categories_in_the_order_of_the_outputs(recogniser: Recogniser):
    assert recogniser.labels == tuple(sorted(CATEGORIES))
    predicted = recogniser.recognise(PHOTOS).probabilities.argmax(axis=1)
    right = [recogniser.labels[number] for number in predicted]
    truth = [category for category in CATEGORIES for _ in COLOURS]
    assert np.mean(np.array(right) == np.array(truth)) > 0.5  # a third by chance


def test_the_temperature_softens_the_probabilities(model: ModelFolder, recogniser: Recogniser):
    hot = Recogniser(ModelFolder(model.path, model.settings.model_copy(update={"temperature": 50.0}), "hot"), "fp16")
    assert hot.recognise(PHOTOS).probabilities.max() < recogniser.recognise(PHOTOS).probabilities.max()
    assert np.abs(hot.recognise(PHOTOS).probabilities - 1 / len(CATEGORIES)).max() < 0.15


def test_auto_measures_once_and_remembers(both_precisions: ModelFolder, tmp_path: Path):
    speeds = tmp_path / "speeds.json"
    load_recogniser(both_precisions, "auto", speeds)
    [(key, measured)] = json.loads(speeds.read_text()).items()
    assert both_precisions.sha256 in key
    assert set(measured) == {"int8", "fp16"}
    assert all(ms > 0 for ms in measured.values())
    for faster, slower in (("int8", "fp16"), ("fp16", "int8")):
        remembered = json.dumps({key: {faster: 1.0, slower: 1000.0}})
        speeds.write_text(remembered)
        assert load_recogniser(both_precisions, "auto", speeds).precision == faster
        assert speeds.read_text() == remembered


def test_auto_survives_speeds_that_are_damaged_or_cannot_be_kept(both_precisions: ModelFolder, tmp_path: Path):
    for content in ("", "[]", '{"half'):
        (tmp_path / "speeds.json").write_text(content)
        assert load_recogniser(both_precisions, "auto", tmp_path / "speeds.json").precision in {"int8", "fp16"}
        assert json.loads((tmp_path / "speeds.json").read_text())
    (tmp_path / "file").touch()
    assert load_recogniser(both_precisions, "auto", tmp_path / "file" / "speeds.json").precision in {"int8", "fp16"}


def test_a_precision_the_model_lacks_is_refused(model: ModelFolder):
    half = ModelFolder(model.path, model.settings.model_copy(update={"precisions": ("fp16",)}), model.sha256)
    assert load_recogniser(half, "auto").precision == "fp16"
    with pytest.raises(ModelError, match="has no int8 file, only fp16"):
        load_recogniser(half, "int8")


def test_a_network_that_does_not_load_is_one_clear_error(model: ModelFolder, tmp_path: Path):
    folder = Path(shutil.copytree(model.path, tmp_path / "broken"))
    (folder / "vgg16-fp16.xml").write_text("<net")
    with pytest.raises(ModelError, match=r"vgg16-fp16\.xml does not load") as refused:
        Recogniser(ModelFolder(folder, model.settings, "broken"), "fp16")
    assert "\n" not in str(refused.value)


def test_softmax_and_unit_rows_hold_at_the_extremes():
    assert np.allclose(softmax(np.array([[1e4, 0, -1e4], [0, 0, 0]], np.float32)), [[1, 0, 0], [1 / 3] * 3])
    assert np.allclose(unit_rows(np.array([[3, 4], [0, 0]], np.float32)), [[0.6, 0.8], [0, 0]])
