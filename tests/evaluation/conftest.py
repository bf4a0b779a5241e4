"""The shop's model and another one made of it, and the report on both."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from tiny_shop import Shop

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.evaluation.model_report import ModelReport, ModelRun, report_on_models
from imgrec.evaluation.serving import candidates
from imgrec.progress import Silent
from imgrec.search.whitening import Whitening
from imgrec.vision.model_folder import SETTINGS, WHITENING, open_model, seal


def add_model(shop: Shop, name: str, **settings: object) -> Path:
    """A copy of the shop's model with other settings, sealed like any."""
    folder = shop.folder / "models" / name
    shutil.copytree(open_model(shop.folder / "models").path, folder)
    content = yaml.safe_load((folder / SETTINGS).read_text(encoding="utf-8"))
    (folder / SETTINGS).write_text(yaml.safe_dump({**content, "name": name, **settings}), encoding="utf-8")
    seal(folder)
    return folder


def whiten(folder: Path, dim: int, pooled_dim: int) -> None:
    """Give a model a whitening that keeps some of its outputs and stretches them."""
    Whitening(np.eye(pooled_dim + 1, dim, dtype=np.float32) * np.arange(1, dim + 1, dtype=np.float32)).save(folder)
    assert (folder / WHITENING).is_file()
    seal(folder)


@pytest.fixture(scope="session")
def two_models(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop with a second model: the same network, whitened, scoped hard and far too sure of itself."""
    both = shop.copy_to(tmp_path_factory.mktemp("evaluated") / "shop")
    folder = add_model(both, "sure", temperature=0.2, scoping="hard", threshold=0.5, whitened=True)
    pooled = open_model(both.folder / "models").settings.feature_dim
    whitening = both.folder / "models" / "tiny" / WHITENING
    whiten(folder, 8, np.load(whitening).shape[0] - 1 if whitening.is_file() else pooled)
    return both


@pytest.fixture(scope="session")
def evaluated_config(two_models: Shop) -> Config:
    return load_config(two_models.config, {})


@pytest.fixture(scope="session")
def evaluated_catalogue(evaluated_config: Config) -> Iterator[Catalogue]:
    with Catalogue.read(evaluated_config.catalogue) as catalogue:
        yield catalogue


@pytest.fixture(scope="session")
def evaluated(
    two_models: Shop, evaluated_config: Config, evaluated_catalogue: Catalogue
) -> tuple[ModelReport, list[ModelRun]]:
    """The report on both models, test photos as queries."""
    named = candidates(["tiny", "sure"], evaluated_config)
    return report_on_models(named, evaluated_catalogue, "test", two_models.folder / "cache", 0, Silent())
