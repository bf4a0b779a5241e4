"""A shop of one kind, small enough to be photographed in a second."""

from pathlib import Path

import pytest

pytest.importorskip("mitsuba")
pytest.importorskip("trimesh")
pytest.importorskip("manifold3d")

from imgrec.progress import Silent
from sample import shop
from sample.jobs import take
from sample.kinds import KINDS
from sample.shop import Product


@pytest.fixture(scope="session")
def mugs() -> list[Product]:
    """The catalogue of a shop that sells five mugs."""
    return shop.catalogue(1, {"Home": (KINDS["mug"],)}, 5)


@pytest.fixture(scope="session")
def mug_shop(mugs: list[Product], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That shop, photographed at 16 px. Tests share it and leave it as it is."""
    folder = tmp_path_factory.mktemp("mugs")
    take(shop.sittings(mugs, folder, 16, 1), 1, Silent(), "")
    shop.write_feeds(mugs, folder)
    return folder
