# ruff: noqa: E402 - Keras may be absent
"""A training run survives being killed, refuses to be mixed up with another, and swaps its model in whole."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from csv_rows import read_rows
from tiny_shop import Shop, write_config, write_feed

keras = pytest.importorskip("keras")

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, FeaturesSection, load_config
from imgrec.errors import ModelError, TrainingError, WeightsError
from imgrec.progress import Silent
from imgrec.search.build import look_at_all
from imgrec.training.places import keras_weights, model_target
from imgrec.training.recipes import settings_from
from imgrec.training.run import Options, train
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.training.vgg16 import build_vgg16, convolution_shapes
from imgrec.vision.eye import Eye
from imgrec.vision.learned import read_learned
from imgrec.vision.model_folder import FeatureSettings, open_model

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

SETTINGS = TrainingSettings(
    weights="narrow.h5", epochs=10, batch_size=8, side_px=48, width=0.0625, dtype="float32", learning_rate=1e-3,
    mixing=0.5, ema=0.8, dropout=0.3, weight_decay=0.05, metric="kind", embedding_dim=8, feature_layer="embedding",
    stages=(Stage(share=0.3, scale=0.7, train_from="top"), Stage(share=0.7)),
)  # fmt: skip
TIMES_KILLED = 3
TOLERANCE = 1e-3
SEED = 9  # of the moments


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three categories of twelve products, imported; and weights to start from."""
    folder = tmp_path_factory.mktemp("imported")
    made = Shop(folder, write_feed(folder, 12), write_config(folder))
    made.bring_in()
    rng = np.random.default_rng(0)
    with h5py.File(folder / "narrow.h5", "w") as stored:
        for name, shape in convolution_shapes(build_vgg16(3, SETTINGS)).items():
            stored[f"{name}/{name}/kernel:0"] = rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape)
            stored[f"{name}/{name}/bias:0"] = np.zeros(shape[-1])
    return made


@pytest.fixture(scope="module")
def settings(imported: Shop) -> TrainingSettings:
    return SETTINGS.model_copy(update={"weights": str(imported.folder / "narrow.h5")})


@pytest.fixture(scope="module")
def config(imported: Shop) -> Config:
    return load_config(imported.config, {})


@pytest.fixture
def catalogue(config: Config) -> Iterator[Catalogue]:
    with Catalogue.open(config.catalogue) as opened:
        yield opened


@pytest.fixture(scope="module")
def both_runs(imported: Shop, settings: TrainingSettings) -> tuple[Path, Path, list[int]]:
    """The model of a run that nothing disturbed; where another was to go that was killed three times; after how many
    steps of its processes.
    """
    models = imported.folder / "models"
    script = Path(__file__).with_name("killed_at_random.py")
    dying = subprocess.Popen(
        [sys.executable, script, imported.config, models / "killed", settings.model_dump_json(), str(SEED),
         str(TIMES_KILLED)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        config = load_config(imported.config, {})
        with Catalogue.open(config.catalogue) as opened:
            model = train(opened, config, models / "undisturbed", settings, Options(), Silent())
        said, complaint = dying.communicate(timeout=300)
        assert dying.returncode == 0, complaint
    finally:
        dying.kill()
        dying.wait()
    assert not (models / "killed").exists()
    return model.path, models / "killed", json.loads(said)


@pytest.fixture
def undisturbed(both_runs: tuple[Path, Path, list[int]]) -> Path:
    return both_runs[0]


@pytest.fixture
def killed(both_runs: tuple[Path, Path, list[int]]) -> Path:
    return both_runs[1]


class Fails(Silent):
    def stage(self, title: str, total: int | None) -> Any:
        raise AssertionError(f"work was begun: {title}")


class NoEpoch(Silent):
    def stage(self, title: str, total: int | None) -> Any:
        assert not title.startswith("Epoch")
        return super().stage(title, total)


def history(model: Path) -> list[dict[str, str]]:
    return read_rows(model / "history.csv")


def test_a_killed_run_refuses_other_settings_and_names_them(
    killed: Path, catalogue: Catalogue, config: Config, settings: TrainingSettings
):
    other = settings.model_copy(update={"epochs": 5, "dropout": 0.4})
    with pytest.raises(TrainingError, match=r"epochs: 10 -> 5; dropout: 0\.3 -> 0\.4.*--restart"):
        train(catalogue, config, killed, other, Options(), Fails())


def test_a_killed_run_refuses_other_photos(
    killed: Path, catalogue: Catalogue, config: Config, settings: TrainingSettings
):
    catalogue.connection.execute("UPDATE products SET retired_utc = 'now' WHERE id = 1")
    try:
        with pytest.raises(TrainingError, match=r"other settings \(the catalogue's photos\)"):
            train(catalogue, config, killed, settings, Options(), Fails())
    finally:
        catalogue.connection.execute("UPDATE products SET retired_utc = NULL WHERE id = 1")


def test_the_moments_of_death_were_in_the_midst_of_epochs_and_at_their_ends(both_runs: tuple[Path, Path, list[int]]):
    steps_an_epoch = 4
    assert len(both_runs[2]) == TIMES_KILLED
    assert {steps % steps_an_epoch == 0 for steps in both_runs[2]} == {True, False}
    assert any(steps > steps_an_epoch for steps in both_runs[2])  # or no epoch would ever have been kept


def test_a_run_killed_three_times_ends_as_an_undisturbed_one_replacing_only_when_told(
    killed: Path, undisturbed: Path, catalogue: Catalogue, config: Config, settings: TrainingSettings
):
    killed.mkdir()
    (killed / "of an older model").touch()
    with pytest.raises(TrainingError, match=r"exists already.*--replace"):
        train(catalogue, config, killed, settings, Options(), Fails())
    assert (killed / "of an older model").exists()

    said: list[str] = []

    class Listening(Silent):
        def say(self, line: str) -> None:
            said.append(line)

    model = train(catalogue, config, killed, settings, Options(replace=True), Listening())
    done = next(int(line.split()[4]) for line in said if line.startswith("Going on after epoch"))
    assert 0 < done < 10
    epochs = [int(line.split()[1]) for line in said if line.startswith("Epoch ")]
    assert epochs == list(range(done + 1, 11))
    names = {path.name for path in killed.parent.iterdir()}
    assert names == {"killed", "killed.weights.h5", "undisturbed", "undisturbed.weights.h5", "tensorboard"}
    assert not (killed / "of an older model").exists()
    assert open_model(killed) == model

    resumed, straight = history(killed), history(undisturbed)
    assert [row["epoch"] for row in resumed] == [str(number) for number in range(1, 11)]
    assert [row["side_px"] for row in resumed] == ["32"] * 3 + ["48"] * 7
    for name in ("loss", "validation_loss"):
        ours, theirs = ([float(row[name]) for row in rows] for rows in (resumed, straight))
        assert ours == pytest.approx(theirs, rel=TOLERANCE)
    assert len({row["loss"] for row in straight}) == 10  # or there would be nothing to agree on
    one, other = (h5py.File(keras_weights(folder)) for folder in (killed, undisturbed))
    with one, other:
        compared: list[str] = []

        def compare(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
                largest = np.abs(other[name][()]).max(initial=0)
                assert np.abs(item[()] - other[name][()]).max(initial=0) <= TOLERANCE * max(largest, 0.1), name
                compared.append(name)

        one.visititems(compare)
    assert len(compared) >= 13 * 2 + 2 + 2 + 1  # of the convolutions, the two dense layers and the cosines


def test_a_finished_model_tells_all_about_itself(undisturbed: Path, settings: TrainingSettings):
    model = open_model(undisturbed)
    assert model.settings.name == "undisturbed"
    assert model.settings.labels == ("Balls", "Boxes", "Tents & Co")
    assert model.settings.preprocessing == settings.preprocessing
    assert model.settings.feature == FeatureSettings(layers=("embedding",), pooling="average", dim=8)
    photos = json.loads((undisturbed / "metrics.json").read_text())["photos"]
    assert model.settings.made_from == f"trained on {photos['train']} photos of 3 categories, from narrow.h5"
    files = {"training.yaml", "history.csv", "history.svg", "metrics.json", "learned.npy"}
    assert {file.name for file in undisturbed.iterdir()} >= files
    assert settings_from(str(undisturbed / "training.yaml"), {}) == settings  # its settings are a recipe
    metrics = json.loads((undisturbed / "metrics.json").read_text())
    assert set(metrics["accuracy"]) == set(metrics["photos"]) == {"train", "validation", "test"}
    assert 0 <= metrics["retrieval"]["kind_recall_at_10"] <= 1
    assert metrics["export"]["weight_bits"] in {8, 16}
    assert model.settings.alike == metrics["export"]["alike"]


def test_a_finished_model_knows_the_photos_it_was_trained_and_chosen_on_and_no_other(
    undisturbed: Path, catalogue: Catalogue
):
    learned, photos = read_learned(undisturbed), list(catalogue.on_sale())
    assert learned
    known = learned.knows([photo.sha256 for photo in photos], [photo.group for photo in photos])
    assert known.tolist() == [photo.split in {"train", "validation"} for photo in photos]
    assert 0 < known.sum() < len(photos)


def test_the_weights_of_a_finished_model_serve_another_feature_without_training(
    undisturbed: Path, catalogue: Catalogue, config: Config, settings: TrainingSettings
):
    other = settings.model_copy(update={"feature_layer": "block5", "pooling": "average"})
    model = train(catalogue, config, undisturbed.with_name("plain"), other, Options(reuse=undisturbed), NoEpoch())
    assert model.settings.feature == FeatureSettings(layers=("block5",), pooling="average", dim=32)
    assert history(model.path) == history(undisturbed)
    ours, theirs = (json.loads((path / "metrics.json").read_text()) for path in (model.path, undisturbed))
    within_a_photo = {split: pytest.approx(share, abs=1.01 / ours["photos"][split])
                      for split, share in theirs["accuracy"].items()}  # fmt: skip
    assert ours["accuracy"] == within_a_photo  # of weights in 8 bits or in 16, as the feature bears rounding
    assert not model.path.with_name("plain.training").exists()


def test_a_verdict_and_an_index_find_what_a_finished_model_sees(undisturbed: Path, config: Config):
    eye = Eye(open_model(undisturbed), config.model.arithmetic)
    seen = look_at_all(config, eye, Silent())
    assert (seen.computed, len(seen.on_sale.photos)) == (0, 36)


def test_photos_are_looked_at_once_to_compare_and_to_measure_and_not_again_after_an_interruption(
    undisturbed: Path, catalogue: Catalogue, config: Config, settings: TrainingSettings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr("imgrec.training.export.LEAST_COSINE", -1)  # 8 bits, however few the photos
    exact = {"model": config.model.model_copy(update={"arithmetic": "float32"})}
    config = config.model_copy(update={**exact, "features": FeaturesSection(path=tmp_path / "features")})
    looked: list[int] = []
    staged: list[tuple[str, int | None]] = []
    interrupts = [True]

    def look(self: Eye, pixels: Any, **_: Any) -> Any:
        looked.append(len(pixels))
        return plainly(self, pixels)

    class Interrupting(Silent):
        def stage(self, title: str, total: int | None) -> Any:
            staged.append((title, total))
            if title == "Looking at test photos" and interrupts:
                interrupts.clear()
                raise KeyboardInterrupt
            return super().stage(title, total)

    plainly = Eye.look_at_pixels
    monkeypatch.setattr(Eye, "look_at_pixels", look)
    target, reuse = undisturbed.with_name("open"), Options(reuse=undisturbed)
    left_open = settings.model_copy(update={"feature_layer": "block5", "pooling": "auto"})
    with pytest.raises(KeyboardInterrupt):
        train(catalogue, config, target, left_open, reuse, Interrupting())
    photos = {split: sum(photo.split == split for photo in catalogue.on_sale())
              for split in ("train", "validation", "test")}  # fmt: skip
    assert staged[-3:] == [(f"Looking at {split} photos", count) for split, count in photos.items()]
    assert looked == [photos["validation"]]  # to see whether what was compared stands for it
    [kept, _] = (tmp_path / "features").rglob("*.float32.npz")
    kept.rename(kept.with_name(kept.name.replace("float32", "bfloat16")))  # as a processor that has it would have left
    monkeypatch.setattr(Eye, "can_be_compared_with", lambda *_: True)
    model = train(catalogue, config, target, left_open, reuse, Interrupting())
    assert staged[-3:] == [(f"Looking at {split} photos", count * (split == "test")) for split, count in photos.items()]
    assert sum(looked) == 2 * photos["validation"] + photos["test"]
    metrics = json.loads((model.path / "metrics.json").read_text())
    assert metrics["retrieval"] in metrics["retrieval_of_candidates"].values()  # what was compared is what is measured
    assert metrics["measured_in"] == "bfloat16 and float32"


def test_weights_that_do_not_fit_the_settings_or_are_not_there_are_refused(
    undisturbed: Path, catalogue: Catalogue, config: Config, settings: TrainingSettings
):
    target = undisturbed.with_name("none")
    wider = settings.model_copy(update={"width": 0.125})
    with pytest.raises(TrainingError, match=r"belongs to another network.*--recipe .*undisturbed/training\.yaml"):
        train(catalogue, config, target, wider, Options(reuse=undisturbed), Silent())
    with pytest.raises(TrainingError, match=r"There is no finished model .* with its Keras weights"):
        train(catalogue, config, target, settings, Options(reuse=target), Silent())


def test_weights_that_cannot_be_had_fail_before_photos_are_read_and_leave_the_name_free(
    imported: Shop, catalogue: Catalogue, config: Config, monkeypatch: pytest.MonkeyPatch
):
    def unreachable(**_: Any) -> None:
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "VGG16", unreachable)
    target = imported.folder / "elsewhere" / "offline"
    pretrained = TrainingSettings(weights="imagenet", side_px=32, dtype="float32")
    with pytest.raises(WeightsError):
        train(catalogue, config, target, pretrained, Options(), Fails())
    narrow = pretrained.model_copy(update={"weights": str(imported.folder / "nowhere.h5"), "width": 0.0625})
    with pytest.raises(WeightsError, match=r"no weights file .*nowhere\.h5"):  # the way out that was offered is open
        train(catalogue, config, target, narrow, Options(), Fails())


def test_batch_normalisation_and_pretrained_weights_do_not_go_together(
    imported: Shop, catalogue: Catalogue, config: Config
):
    settings = TrainingSettings(weights="imagenet", side_px=32, normalisation="batch", width=0.0625)
    with pytest.raises(TrainingError, match="--normalisation none, or --weights none"):
        train(catalogue, config, imported.folder / "elsewhere" / "both", settings, Options(), Fails())


@pytest.mark.parametrize("name", ["", "..", "a/b", "../b", "/b", "b.training", "tensorboard", "-dash", "b c", "ü"])
def test_a_name_that_is_no_folders_name_is_refused(name: str, tmp_path: Path):
    with pytest.raises(ModelError, match="cannot be named"):
        model_target(tmp_path, name)


def test_a_model_goes_beside_the_others(tmp_path: Path):
    new = tmp_path / "models" / "new"
    assert model_target(tmp_path / "models", "new") == model_target(new, "new") == new
    (tmp_path / "models" / "old").mkdir(parents=True)
    (tmp_path / "models" / "old" / "model.yaml").touch()
    assert model_target(tmp_path / "models" / "old", "new") == new


def test_no_telemetry_package_was_loaded_by_training(undisturbed: Path):
    assert sys.modules["openvino_telemetry"] is None
    assert np.isfinite([float(row["loss"]) for row in history(undisturbed)]).all()
