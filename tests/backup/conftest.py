"""A shop with everything a backup holds: catalogue, photos, index, log, and the bot's database."""

import shutil
from pathlib import Path

import pytest
from backup_place import ANNA, BEN, Place
from narrow_vgg import make_narrow
from tiny_shop import write_config, write_feed

from imgrec.catalogue.importing import FeedPart, ImportOptions
from imgrec.opening import bring_in, build
from imgrec.progress import Silent


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "shop"
    feed = write_feed(folder, 8)
    make_narrow(folder / "models" / "narrow")
    place = Place(folder)
    write_config(folder, model={"path": "models/narrow"})
    bring_in(place.config, [FeedPart(feed, "shop", folder / "rejects.csv")], ImportOptions(), Silent())
    build(place.config, Silent())
    place.ask(1, ANNA)
    place.ask(2, BEN)
    place.message_comes_in(7, "of Anna's holiday")
    return folder


@pytest.fixture
def shop(original: Path, tmp_path: Path) -> Place:
    """The shop, to be changed."""
    shutil.copytree(original, tmp_path / "shop")
    return Place(tmp_path / "shop")


@pytest.fixture
def elsewhere(original: Path, tmp_path: Path) -> Place:
    """Another folder with the configuration and the model, and nothing else."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(original / "models", folder / "models")
    shutil.copy(original / "config.yaml", folder)
    return Place(folder)
