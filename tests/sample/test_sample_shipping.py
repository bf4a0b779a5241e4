"""What of a trained model ships."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny_shop import Shop

from imgrec.vision.model_folder import open_model, seal, write_settings
from sample import shipping
from sample.__main__ import main


@pytest.fixture
def trained(own_shop: Shop, tmp_path: Path) -> Path:
    """The tiny shop's model with both networks, the second a copy of the first."""
    folder = Path(shutil.copytree(own_shop.folder / "models" / "tiny", tmp_path / "trained"))
    for end in ("xml", "bin"):
        shutil.copyfile(folder / f"vgg16-fp16.{end}", folder / f"vgg16-int8.{end}")
    settings = open_model(folder).settings
    write_settings(folder, settings.model_copy(update={"precisions": ("int8", "fp16")}))
    seal(folder)
    return folder


def ship(model: Path, to: Path) -> str:
    return CliRunner().invoke(main, ["ship", str(model), "--to", str(to)]).output


def test_the_int8_network_ships_alone_and_the_card_stays(trained: Path, tmp_path: Path) -> None:
    target = tmp_path / "models" / "sample"
    assert "MB." in ship(trained, target)
    (target / "README.md").write_text("# A card\n")
    (target / "old.bin").write_bytes(b"of this model")
    assert "MB." in ship(trained, target)
    shipped = open_model(target).settings
    assert (shipped.name, shipped.precisions) == ("sample", ("int8",))
    assert shipped.labels == open_model(trained).settings.labels
    assert not list(target.glob("*fp16*"))
    assert not (target / "old.bin").exists()
    assert (target / "README.md").read_text() == "# A card\n"


def test_neither_the_trained_model_nor_other_files_are_overwritten(trained: Path, tmp_path: Path) -> None:
    assert "where the model ships to" in ship(trained, trained)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "best.weights.h5").write_bytes(b"hours of training")
    assert "something else than a model" in ship(trained, tmp_path / "models")
    assert open_model(trained).settings.precisions == ("int8", "fp16")
    assert (tmp_path / "models" / "best.weights.h5").exists()


def test_a_model_that_failed_its_check_or_is_too_large_does_not_ship(
    trained: Path, own_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no int8 network" in ship(own_shop.folder / "models" / "tiny", tmp_path / "sample")
    monkeypatch.setattr(shipping, "MOST_BYTES", 1000)
    assert "may ship" in ship(trained, tmp_path / "sample")
    assert not (tmp_path / "sample").exists()
