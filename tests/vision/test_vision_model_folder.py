"""A model folder is found, checked file by file, and named by its sums."""

import shutil
from pathlib import Path

import pytest

from imgrec.errors import ModelError
from imgrec.generations import point_to
from imgrec.vision.model_folder import SETTINGS, SUMS, ModelFolder, find_model, open_model, seal


@pytest.fixture
def own_model(model: ModelFolder, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model.path, tmp_path / "models" / "mine"))


def test_a_copied_model_is_the_same_model(model: ModelFolder, own_model: Path):
    assert open_model(own_model).sha256 == model.sha256


def test_every_file_is_checked_and_the_damaged_one_named(own_model: Path):
    files = [file for file in own_model.iterdir() if file.name != SUMS]
    assert {"model.yaml", "vgg16-fp16.xml", "vgg16-fp16.bin", "metrics.json", "history.csv"} <= {f.name for f in files}
    for file in files:
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(ModelError, match=f"{file.name} differs from its sum"):
            open_model(own_model)
        file.unlink()
        missing = f"lacks {file.name}" if file.name != SETTINGS else "There is no model at"
        with pytest.raises(ModelError, match=missing):
            open_model(own_model)
        file.write_bytes(whole)
    open_model(own_model)


def test_sums_that_are_damaged_are_one_clear_error(own_model: Path):
    sums = (own_model / SUMS).read_bytes()
    settings_end = sums.index(b"model.yaml\n") + len(b"model.yaml\n")
    for damaged in (b"", b"\xff\xfe\x00", sums[:20], sums[:settings_end], sums[: settings_end + 30]):
        (own_model / SUMS).write_bytes(damaged)
        with pytest.raises(ModelError, match="Copy or train"):
            open_model(own_model)
    (own_model / SUMS).unlink()
    with pytest.raises(ModelError, match="cannot be trusted"):
        open_model(own_model)


def test_settings_we_do_not_know_are_refused_in_one_line(own_model: Path):
    settings = own_model / SETTINGS
    settings.write_text(settings.read_text(encoding="utf-8") + "surprise: 1\n", encoding="utf-8")
    seal(own_model)
    with pytest.raises(ModelError, match="surprise") as refused:
        open_model(own_model)
    assert "\n" not in str(refused.value)


def test_a_path_names_a_model_or_a_folder_with_a_current_one_or_the_shipped_one(tmp_path: Path):
    models = tmp_path / "models"
    assert find_model(models) is None
    for name in ("first", "sample"):
        (models / name).mkdir(parents=True)
        (models / name / SETTINGS).touch()
    assert find_model(models / "first") == models / "first"
    assert find_model(models) == models / "sample"
    point_to(models, "first")
    assert find_model(models) == models / "first"
    point_to(models, "gone")
    assert find_model(models) == models / "sample"


def test_no_model_says_how_to_train_one(tmp_path: Path):
    with pytest.raises(ModelError, match="imgrec train --name NAME"):
        open_model(tmp_path)
