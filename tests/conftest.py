"""Fixtures every test may use."""

import contextlib
import importlib.util
import os
from pathlib import Path

import pytest
from filelock import FileLock
from object_storage import s3, s3_port  # noqa: F401 - fixtures
from tiny_shop import TRAINING, Shop, write_config, write_feed

with contextlib.suppress(ImportError):
    import mitsuba  # noqa: F401 - loaded after TensorFlow it crashes, and a test file may bring that in first
os.environ.setdefault("PTB_TIMEDELTA", "true")  # as `python -m bot` does, before anything imports telegram


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Shop:
    """A shop imported, trained and indexed by the real commands. Tests share it and leave it as it is."""
    if importlib.util.find_spec("keras") is None:
        pytest.skip("a model is trained for this test: pip install -e '.[train]'")
    # Tests run in several processes; the first to come makes the shop for all of them.
    folder = tmp_path_factory.getbasetemp().parent / f"shop-{testrun_uid}"
    made = Shop(folder, folder / "shop.csv", folder / "config.yaml")
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            write_feed(folder)
            write_config(folder)
            made.imgrec("import", made.feed)
            made.imgrec("train", "--name", "tiny", *TRAINING)
            made.imgrec("models", "use", "tiny")
            made.imgrec("index")
    return made


@pytest.fixture
def own_shop(shop: Shop, tmp_path: Path) -> Shop:
    """A copy of the shop that a test may change."""
    return shop.copy_to(tmp_path / "shop")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One file that needs the shop first, then those that do not, then the others: nobody waits while it is made."""
    files = dict.fromkeys(item.path for item in items)
    with_shop = {item.path for item in items if {"shop", "own_shop"} & set(getattr(item, "fixturenames", ()))}
    needing = [file for file in files if file in with_shop]
    order = [*needing[:1], *(file for file in files if file not in with_shop), *needing[1:]]
    items.sort(key=lambda item: order.index(item.path))
