"""Fixtures every test may use."""

import contextlib
import importlib.util
import os
import signal
from pathlib import Path

import pytest
from filelock import FileLock
from object_storage import s3, s3_port  # noqa: F401 - fixtures
from tiny_shop import TRAINING, Shop, write_config, write_feed

with contextlib.suppress(ImportError):
    import mitsuba  # noqa: F401 - loaded after TensorFlow it crashes, and a test file may bring that in first
os.environ.setdefault("PTB_TIMEDELTA", "true")  # as `python -m bot` does, before anything imports telegram
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background jobs ignore Ctrl-C, and so would theirs
    signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
LONGEST = (
    "bot/test_bot_swaps.py", "sample/test_sample_model.py", "test_open.py", "features/test_features_by_ray.py",
    "search/test_search_index_builds.py", "search/test_search_milvus.py",
    "page/test_chat_page.py", "bot/test_bot_wishes.py", "bot/test_bot_words.py", "faults/test_faults_quick.py",
    "bot/test_bot_start.py", "bot/test_bot_answers.py", "training/test_training_runs.py",
    "training/test_training_start.py", "test_real_photos.py", "test_cli.py", "evaluation/test_page.py",
    "sandbox/test_sandbox_companion.py", "training/test_tune_runs.py", "search/test_search_damage.py",
    "sample/test_sample_views.py", "search/test_search_answers.py", "bot/test_bot_steering.py",
    "bot/test_bot_refining.py", "bot/test_bot_links.py", "bot/test_bot_saved.py", "bot/test_bot_groups.py",
    "evaluation/test_search_report.py", "search/test_search_lean_imports.py", "training/test_training_fit.py",
    "training/test_training_views.py", "page/test_chat_page_mishaps.py", "page/test_chat_page_with_the_bot.py",
)  # fmt: skip
"""The files that take longest, the longest first; those at the head make a shop each, which others then find made."""


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
    """The longest first, or one of them, begun last, would keep everybody waiting."""
    place = {TESTS / file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
