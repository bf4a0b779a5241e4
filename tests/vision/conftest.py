"""The shop's model, opened."""

import pytest
from imgrec.vision.recogniser import Recogniser
from tiny_shop import Shop

from imgrec.vision.model_folder import ModelFolder, open_model


@pytest.fixture(scope="session")
def model(shop: Shop) -> ModelFolder:
    return open_model(shop.folder / "models")


@pytest.fixture(scope="session")
def recogniser(model: ModelFolder) -> Recogniser:
    return Recogniser(model, "fp16")
