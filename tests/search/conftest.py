"""The shop's model and catalogue, opened, and indexes made of given features."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from imgrec.vision.recogniser import Recogniser, load_recogniser
from tiny_shop import Shop

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.search.files import (
    HEAD_DIM,
    CategoryFeatures,
    Floats,
    IndexRecord,
    principal_axes,
    split_features,
    write_category,
    write_record,
)
from imgrec.search.index import SearchIndex, open_index
from imgrec.vision.model_folder import open_model

Photos = tuple[Floats, Sequence[int], Sequence[int]]
"""Features (n, d) of a category's photos, and the product and the sales rank of each."""

MakeIndex = Callable[..., SearchIndex]


@pytest.fixture
def make_index(tmp_path: Path) -> MakeIndex:
    """Write a generation of the index from features, by category, and open it."""

    def make(categories: dict[str, Photos], rotation: Floats | None = None, scan_all: bool = False) -> SearchIndex:
        folder = tmp_path / f"generation-{len(list(tmp_path.iterdir())):06d}"
        folder.mkdir()
        every = np.concatenate([features for features, _, _ in categories.values()])
        rotation = principal_axes(every) if rotation is None else rotation
        head = every.shape[1] if scan_all else HEAD_DIM
        np.save(folder / "rotation.npy", rotation)
        ids = {name: number for number, name in enumerate(categories, start=1)}
        for name, (features, product, rank) in categories.items():
            names = np.array([f"{name} {row}".encode() for row in range(len(features))], "S64")
            photo = np.arange(len(features), dtype=np.int64)
            columns = (photo, np.array(product, np.int64), np.array(rank, np.int64), names)
            write_category(folder, ids[name], CategoryFeatures(*split_features(features @ rotation, head), *columns))
        write_record(
            folder,
            IndexRecord(
                model_sha256="a" * 64, precision="fp16", feature_dim=every.shape[1], built_utc="2025-01-01T00:00:00Z",
                photos=len(every), categories=ids,
            ),
        )  # fmt: skip
        return SearchIndex(folder)

    return make


@pytest.fixture(scope="session")
def recogniser(shop: Shop) -> Recogniser:
    """As the shop's index was made."""
    model = open_model(shop.folder / "models")
    return load_recogniser(model, open_index(shop.folder / "index", model.sha256).record.precision)


@pytest.fixture
def own_config(own_shop: Shop) -> Config:
    return load_config(own_shop.config, {})


@pytest.fixture
def own_catalogue(own_config: Config) -> Iterator[Catalogue]:
    with Catalogue.open(own_config.catalogue) as catalogue:
        yield catalogue
