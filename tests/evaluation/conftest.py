"""The shop's model and another one beside it, and the report on both."""

from collections.abc import Iterator

import pytest
from narrow_vgg import make_narrow
from tiny_shop import Shop

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.evaluation.candidates import candidates
from imgrec.evaluation.model_report import ModelReport, ModelRun, report_on_models
from imgrec.progress import Silent


@pytest.fixture(scope="session")
def two_models(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop with a second model, which was never trained and has no softmax of its own."""
    both = shop.copy_to(tmp_path_factory.mktemp("evaluated") / "shop")
    make_narrow(both.folder / "models" / "narrow")
    return both


@pytest.fixture(scope="session")
def evaluated_config(two_models: Shop) -> Config:
    return load_config(two_models.config, {})


@pytest.fixture(scope="session")
def evaluated_catalogue(evaluated_config: Config) -> Iterator[Catalogue]:
    with Catalogue.read(evaluated_config.catalogue) as catalogue:
        yield catalogue


@pytest.fixture(scope="session")
def evaluated(evaluated_config: Config) -> tuple[ModelReport, list[ModelRun]]:
    """The report on both models, test photos as queries."""
    return report_on_models(candidates(["tiny", "narrow"], evaluated_config), evaluated_config, "test", 0, Silent())
