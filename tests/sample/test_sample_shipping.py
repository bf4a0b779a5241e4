"""What of a trained model ships."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from narrow_vgg import make_narrow

from imgrec.sums import seal
from imgrec.vision.model_folder import LEARNED, open_model
from sample import shipping
from sample.__main__ import main


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A model with some of what training leaves beside the network, and more that is nobody's business."""
    folder = make_narrow(tmp_path / "trained").path
    (folder / "training.yaml").write_text("epochs: 1\n")
    (folder / LEARNED).write_bytes(b"photos")
    (folder / "notes.txt").write_text("of the engineer")
    seal(folder)
    return folder


def ship(model: Path, to: Path) -> str:
    return CliRunner().invoke(main, ["ship", str(model), "--to", str(to)]).output


def test_a_model_ships_under_the_name_of_its_folder_and_the_card_stays(trained: Path, tmp_path: Path) -> None:
    target = tmp_path / "models" / "sample"
    assert "MB." in ship(trained, target)
    (target / "README.md").write_text("# A card\n")
    (target / "old.bin").write_bytes(b"of this model")
    assert "MB." in ship(trained, target)
    shipped = open_model(target)
    assert shipped.settings.name == "sample"
    assert shipped.sha256 == open_model(trained).sha256  # it sees the same
    names = {"README.md", "SHA256SUMS", "learned.npy", "metrics.json", "model.yaml", "network.bin", "network.xml"}
    assert {file.name for file in target.iterdir()} == names | {"training.yaml"}
    assert (target / "README.md").read_text() == "# A card\n"


def test_neither_the_trained_model_nor_other_files_are_overwritten(trained: Path, tmp_path: Path) -> None:
    assert "where the model ships to" in ship(trained, trained)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "best.weights.h5").write_bytes(b"hours of training")
    assert "something else than a model" in ship(trained, tmp_path / "models")
    assert open_model(trained).settings.name == "trained"
    assert (tmp_path / "models" / "best.weights.h5").exists()


def test_a_model_that_is_too_large_does_not_ship(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "MOST_BYTES", 1000)
    assert "may ship" in ship(trained, tmp_path / "sample")
    assert not (tmp_path / "sample").exists()
