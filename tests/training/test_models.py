"""`imgrec models`: a model from pretrained weights, which models there are, and which one looks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from narrow_vgg import narrow_weights
from tiny_shop import CATEGORIES, COLOURS, Shop, draw_product, jpeg, write_config, write_feed

from imgrec.cli import main
from imgrec.errors import ImgrecError
from imgrec.models import see_that_it_is_not_served
from imgrec.search.generation import Expected, IndexRecord, Knowledge, write_record
from imgrec.search.likeness import Likeness
from imgrec.training import pretrained
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model, quick_identity

h5py = pytest.importorskip("h5py")

MAKE = ("--side-px", "32")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VGG-16 with few channels in the layout of Keras' download."""
    file = tmp_path_factory.mktemp("weights") / "narrow.h5"
    with h5py.File(file, "w") as stored:
        for name, (kernel, bias) in narrow_weights().convolutions.items():
            stored[f"{name}/{name}_W_1:0"], stored[f"{name}/{name}_b_1:0"] = kernel, bias
    return file


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for category in CATEGORIES:
        for colour in COLOURS:
            for seed in range(4):
                (folder / category).mkdir(exist_ok=True)
                (folder / category / f"{colour}-{seed}.jpg").write_bytes(jpeg(draw_product(category, colour, seed)))
    (folder / "broken.jpg").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("no photo either")
    return folder


Imgrec = Callable[..., Result]


@pytest.fixture
def imgrec(tmp_path: Path) -> Imgrec:
    """Runs the command in this process, on a configuration whose models are in `models`."""
    config = write_config(tmp_path)

    def run(*arguments: str | Path, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["--config", str(config), *map(str, arguments)])
        assert result.exit_code == exit_code, result.output
        return result

    return run


@pytest.fixture
def two(imgrec: Imgrec, weights: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two models that differ in what they see."""
    imgrec("models", "make", "one", "--weights", weights, *MAKE)
    imgrec("models", "make", "other", "--weights", weights, *MAKE, "--layers", "block5", "--pooling", "average")
    return tmp_path / "models" / "one", tmp_path / "models" / "other"


def listed(imgrec: Imgrec) -> dict[str, Any]:
    return {model["name"]: model for model in json.loads(imgrec("models", "list", "--json").stdout)["models"]}


# ---------------------------------------------------------------------------------------------------------------- make


def test_a_model_is_made_of_a_file_of_weights_measured_on_photos_and_looks(
    imgrec: Imgrec, weights: Path, photos: Path, tmp_path: Path
):
    told = imgrec("models", "make", "narrow", "--weights", weights, *MAKE, "--check-on", photos)
    assert "Next: imgrec models use narrow" in told.output
    model = open_model(tmp_path / "models" / "narrow")
    assert model.settings.made_from == "the convolutions of narrow.h5, as they are"
    assert model.settings.labels == ()
    assert model.settings.feature.model_dump() == {
        "layers": ("block4", "block5"), "pooling": "gem", "mirrored": False, "dim": 128,
    }  # fmt: skip
    figures = json.loads((model.path / "metrics.json").read_text())["export"]
    assert figures["photos"] == 48  # the broken one is left out
    assert figures["cosine_whitened"] > 0.999
    assert figures["alike"] == model.settings.alike
    photo = decode_photo(photos / CATEGORIES[0] / "red-0.jpg", 32)
    eye = Eye(model)
    seen, last = eye.look([photo, photo]), eye.look_where(eye.preprocessing.batch([photo]))[1]
    assert (seen.features.shape, seen.logits.shape, last.shape) == ((2, 128), (2, 0), (1, 64, 2, 2))
    assert np.linalg.norm(seen.features.astype(float), axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert not (tmp_path / "models" / "CURRENT").exists()  # making is not using


def test_nothing_in_a_model_tells_where_it_was_made(imgrec: Imgrec, weights: Path, photos: Path, tmp_path: Path):
    imgrec("models", "make", "narrow", "--weights", weights, *MAKE, "--check-on", photos)
    for file in (tmp_path / "models" / "narrow").iterdir():
        content = file.read_bytes()
        for place in (tmp_path, weights.parent, photos, Path.cwd()):
            assert str(place).encode() not in content, file


def test_imagenets_weights_are_known_by_what_they_are_and_credited(
    imgrec: Imgrec, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pretrained, "are_imagenets", lambda weights: True)
    imgrec("models", "make", "imagenet", "--weights", weights, *MAKE)
    card = " ".join((tmp_path / "models" / "imagenet" / "README.md").read_text().split())
    for said in ("Karen Simonyan and Andrew Zisserman", "University of Oxford", "CC BY 4.0", "Keras' port",
                 "Very Deep Convolutional Networks for Large-Scale Image Recognition",
                 "rounded to 8 bits", "the classifier is left out"):  # fmt: skip
        assert said in card, said
    made_from = open_model(tmp_path / "models" / "imagenet").settings.made_from
    assert "K. Simonyan and A. Zisserman, CC BY 4.0" in made_from
    assert "narrow" not in made_from


def test_it_needs_no_keras_to_read_a_file_and_makes_the_same_model_again(
    imgrec: Imgrec, weights: Path, two: tuple[Path, Path], tmp_path: Path
):
    script = (
        "import sys; sys.modules['keras'] = sys.modules['tensorflow'] = None; from imgrec.cli import main; "
        "main(sys.argv[1:])"
    )
    subprocess.run(
        [sys.executable, "-c", script, "models", "make", "again", "--weights", str(weights), *MAKE],
        env={**os.environ, "IMGREC_CONFIG": str(tmp_path / "config.yaml")}, check=True, capture_output=True,
    )  # fmt: skip
    assert quick_identity(tmp_path / "models" / "again") == quick_identity(two[0]) != quick_identity(two[1])


def test_without_photos_it_says_that_nothing_was_measured(imgrec: Imgrec, weights: Path, tmp_path: Path):
    told = imgrec("models", "make", "narrow", "--weights", weights, *MAKE)
    assert "There are no photos to measure on" in told.output
    assert open_model(tmp_path / "models" / "narrow").settings.alike == {}


def test_the_catalogues_photos_are_measured_on_where_there_are_enough(
    imgrec: Imgrec, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Shop(tmp_path, write_feed(tmp_path, 4), tmp_path / "config.yaml").bring_in()
    monkeypatch.setattr("imgrec.training.make.LEAST_PHOTOS", 12)
    told = imgrec("models", "make", "narrow", "--weights", weights, *MAKE)
    assert "measured on" in told.output
    assert "12 photos" in told.output


def test_a_name_that_is_taken_is_kept_unless_it_is_to_be_replaced(
    imgrec: Imgrec, weights: Path, two: tuple[Path, Path]
):
    before = quick_identity(two[1])
    refused = imgrec("models", "make", "other", "--weights", weights, *MAKE, exit_code=1)
    assert "exists already. Choose another name, or overwrite it with --replace." in refused.output
    assert quick_identity(two[1]) == before
    imgrec("models", "make", "other", "--weights", weights, *MAKE, "--replace")
    assert quick_identity(two[1]) == quick_identity(two[0])


@pytest.mark.parametrize("layers", ["block6", "fc2", "block4,block5", "block4+block4", "", "block4+"])
def test_layers_that_are_none_are_wrong_arguments(imgrec: Imgrec, layers: str):
    assert "are no layers" in imgrec("models", "make", "x", "--layers", layers, exit_code=2).output


# ---------------------------------------------------------------------------------------------------------- list, use


def test_the_list_says_which_model_looks_and_which_one_the_index_was_made_with(
    imgrec: Imgrec, two: tuple[Path, Path], tmp_path: Path
):
    one, other = two
    write_generation(tmp_path / "index" / "generation-000003", quick_identity(other))
    (one.parent / "CURRENT").write_text("one\n")
    (one / "metrics.json").write_text(json.dumps({"accuracy": {"test": 0.875}}))
    old = one.parent / "old"
    old.mkdir()
    (old / "model.yaml").write_text("format: 1\n")

    found = listed(imgrec)
    assert list(found) == ["old", "one", "other"]
    assert (found["one"]["looks"], found["one"]["made_index"]) == (True, None)
    assert (found["other"]["looks"], found["other"]["made_index"]) == (False, "generation-000003")
    assert found["one"]["accuracy"] == {"test": 0.875}
    assert found["other"]["feature"]["layers"] == ["block5"]
    assert found["other"]["side_px"] == 32
    assert found["other"]["sha256"] == quick_identity(other)
    assert found["other"]["size_bytes"] == sum(file.stat().st_size for file in other.iterdir())
    assert "older imgrec" in found["old"]["problem"]
    shown = imgrec("models").output
    for said in ("looks", "made", "generation-000003", "test 87.5%", "32 px"):
        assert said in shown, said
    assert json.loads(imgrec("models", "--json").output) == json.loads(imgrec("models", "list", "--json").output)


def test_an_empty_folder_of_models_says_how_to_make_one(imgrec: Imgrec):
    assert "imgrec models make imagenet" in imgrec("models", exit_code=1).output


def test_using_a_model_makes_it_the_one_that_looks(imgrec: Imgrec, two: tuple[Path, Path]):
    assert "Next: imgrec index" in imgrec("models", "use", "other").output
    assert {name for name, model in listed(imgrec).items() if model["looks"]} == {"other"}
    imgrec("models", "use", "one")
    assert {name for name, model in listed(imgrec).items() if model["looks"]} == {"one"}


def test_where_there_is_an_index_it_is_built_with_the_model_before_anything_changes(
    imgrec: Imgrec, two: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[Path] = []

    def build(config: Any, report: Any) -> None:
        asked.append(config.model.path)
        assert not (tmp_path / "models" / "CURRENT").exists()
        if len(asked) == 1:
            raise ImgrecError("The disk is full.")

    opening: Any = ModuleType("imgrec.opening")
    opening.build = build
    monkeypatch.setitem(sys.modules, "imgrec.opening", opening)
    (tmp_path / "index" / "generation-000001").mkdir(parents=True)
    (tmp_path / "index" / "CURRENT").write_text("generation-000001\n")
    (tmp_path / "catalogue.db").touch()
    assert "The disk is full." in imgrec("models", "use", "other", exit_code=1).output
    assert not (tmp_path / "models" / "CURRENT").exists()
    imgrec("models", "use", "other")
    assert (tmp_path / "models" / "CURRENT").read_text() == "other\n"
    assert asked == [two[1], two[1]]


def test_a_model_that_is_not_there_or_damaged_is_not_used(imgrec: Imgrec, two: tuple[Path, Path], tmp_path: Path):
    assert "There is no model 'third'" in imgrec("models", "use", "third", exit_code=1).output
    assert "There are: one, other." in imgrec("models", "use", "../other", exit_code=1).output
    (two[1] / "network.bin").write_bytes(b"")
    assert "differs from its sum" in imgrec("models", "use", "other", exit_code=1).output
    assert not (tmp_path / "models" / "CURRENT").exists()


def test_where_the_configuration_names_a_model_itself_it_says_what_to_set(
    imgrec: Imgrec, two: tuple[Path, Path], tmp_path: Path
):
    write_config(tmp_path, model={"path": "models/one"})
    refused = imgrec("models", "use", "other", exit_code=1).output
    assert f"Set model.path in the configuration to {tmp_path / 'models'}" in refused
    assert str(two[1]) in refused
    assert list(listed(imgrec)) == ["one", "other"]


def test_the_model_that_the_index_was_made_with_is_not_replaced(two: tuple[Path, Path], tmp_path: Path):
    write_generation(tmp_path / "index" / "generation-000001", quick_identity(two[0]))
    config: Any = SimpleNamespace(index=SimpleNamespace(path=tmp_path / "index"))
    see_that_it_is_not_served(config, two[1])
    see_that_it_is_not_served(config, tmp_path / "models" / "new")
    with pytest.raises(ImgrecError, match=r"The present index was made with .*one, and a bot looks with it"):
        see_that_it_is_not_served(config, two[0])


def write_generation(folder: Path, model_sha256: str) -> None:
    """The present one, of no photos, made with this model."""
    folder.mkdir(parents=True)
    knowledge = Knowledge(
        labels=(), head="none", temperature=1, scoping="all", threshold=0, threshold_rule="none",
        likeness=Likeness.unknown(), expected=Expected(photos=0, families=0),
    )  # fmt: skip
    write_record(
        folder,
        IndexRecord(
            model_sha256=model_sha256, model_name="other", arithmetic=("float32",), built_utc="2025-01-01T00:00:00Z",
            made_of="", photos=0, categories={}, rows={}, knowledge=knowledge,
        ),
    )  # fmt: skip
    (folder.parent / "CURRENT").write_text(f"{folder.name}\n")
