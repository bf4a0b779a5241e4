"""The shop's model, opened."""

import pytest
from tiny_shop import Shop

from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import ModelFolder, open_model


@pytest.fixture(scope="session")
def model(shop: Shop) -> ModelFolder:
    return open_model(shop.folder / "models")


@pytest.fixture(scope="session")
def eye(model: ModelFolder) -> Eye:
    return Eye(model)
