"""A model folder is found, checked file by file, and named by its sums."""

import shutil
from pathlib import Path

import pytest

from imgrec.errors import ModelError
from imgrec.generations import point_to
from imgrec.sums import SUMS, seal
from imgrec.vision.model_folder import (
    SETTINGS,
    ModelFolder,
    find_model,
    model_of,
    open_model,
    write_settings,
)


@pytest.fixture
def own_model(model: ModelFolder, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model.path, tmp_path / "models" / "mine"))


def test_a_copied_model_is_the_same_model(model: ModelFolder, own_model: Path):
    assert open_model(own_model).sha256 == model.sha256


def test_every_file_is_checked_and_the_damaged_one_named(own_model: Path):
    files = [file for file in own_model.iterdir() if file.name != SUMS]
    assert {"model.yaml", "network.xml", "network.bin", "metrics.json", "history.csv", "learned.npy"} <= {
        f.name for f in files
    }
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
        with pytest.raises(ModelError, match="Copy or make"):
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
    for name in ("first", "imgrec", "imagenet"):
        (models / name).mkdir(parents=True)
        (models / name / SETTINGS).touch()
    assert find_model(models / "first") == models / "first"
    assert find_model(models) == models / "imagenet"
    point_to(models, "first")
    assert find_model(models) == models / "first"
    point_to(models, "gone")
    assert find_model(models) == models / "imagenet"


def test_no_model_says_how_to_make_one_and_an_older_one_how_to_renew_it(tmp_path: Path):
    with pytest.raises(ModelError, match="imgrec models make imagenet"):
        open_model(tmp_path)
    (tmp_path / SETTINGS).write_text("format: 1\nname: old\ntemperature: 1.2\n")
    seal(tmp_path)
    with pytest.raises(ModelError, match=r"older imgrec.*imgrec train --name NEW --reuse OLD"):
        open_model(tmp_path)


def test_the_identity_is_that_of_what_it_sees_and_of_nothing_else(model: ModelFolder, own_model: Path):
    def changed(**update: object) -> str:
        write_settings(own_model, model.settings.model_copy(update=update))
        seal(own_model)
        return open_model(own_model).sha256

    assert changed(name="another", created_utc="2020", made_from="hearsay", alike={"bfloat16": 0.5}) == model.sha256
    (own_model / "metrics.json").write_text("{}")
    assert changed() == model.sha256
    assert changed(preprocessing=model.settings.preprocessing.model_copy(update={"fit": "crop"})) != model.sha256
    assert changed(labels=()) != model.sha256
    (own_model / "network.bin").write_bytes(b"other weights")
    assert changed() != model.sha256


def test_a_model_is_found_by_its_identity_wherever_it_lies_among_the_models(model: ModelFolder, own_model: Path):
    models = own_model.parent
    assert model_of(model.sha256, models).path == own_model
    assert model_of(model.sha256, own_model).path == own_model
    with pytest.raises(ModelError, match=r"is not at .*imgrec index"):
        model_of("f" * 64, models)


def test_a_model_that_is_damaged_is_said_to_be_so_and_its_twin_looks_instead(model: ModelFolder, own_model: Path):
    damaged = own_model / "network.bin"
    damaged.write_bytes(b"")
    models = own_model.parent
    (models / "stranger").mkdir()
    (models / "stranger" / SETTINGS).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"network\.bin differs from its sum"):
        model_of(model.sha256, models)
    twin = Path(shutil.copytree(model.path, models / "twin"))
    assert model_of(model.sha256, models).path == twin
