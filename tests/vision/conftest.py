"""The shop's model, opened."""

import pytest
from tiny_shop import Shop

from imgrec.vision.model_folder import ModelFolder, open_model
from imgrec.vision.recogniser import Recogniser


@pytest.fixture(scope="session")
def model(shop: Shop) -> ModelFolder:
    return open_model(shop.folder / "models")


@pytest.fixture(scope="session")
def recogniser(model: ModelFolder) -> Recogniser:
    return Recogniser(model, "fp16")
