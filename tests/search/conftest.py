"""The shop's eye and catalogue, opened, and indexes made of given vectors."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny_shop import Shop

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.search.generation import (
    HEAD,
    WHITENING,
    Expected,
    IndexRecord,
    Knowledge,
    Shelves,
    write_record,
    write_shelves,
)
from imgrec.search.head import Head
from imgrec.search.likeness import Likeness
from imgrec.search.search_index import SearchIndex
from imgrec.search.whitening import Whitening
from imgrec.sums import seal
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model
from imgrec.vision.vectors import Floats

Photos = tuple[Floats, Sequence[int], Sequence[int]]
"""Vectors (n, k) of a category's photos, and the product and the sales rank of each."""

MakeIndex = Callable[..., SearchIndex]


@pytest.fixture
def make_index(tmp_path: Path) -> MakeIndex:
    """Write a generation from vectors, by category ("" for products that have none: the last), and open it."""

    def make(categories: dict[str, Photos], category_weight: float = 0.0) -> SearchIndex:
        folder = tmp_path / f"generation-{len(list(tmp_path.iterdir())):06d}"
        folder.mkdir()
        vectors = np.concatenate([features for features, _, _ in categories.values()])
        ends = np.cumsum([len(features) for features, _, _ in categories.values()]).tolist()
        rows = {
            name: (end - len(part[0]), end) for (name, part), end in zip(categories.items(), ends, strict=True) if name
        }
        column = [np.concatenate([part[number] for part in categories.values()]) for number in (1, 2)]
        write_shelves(
            folder,
            Shelves(
                np.arange(len(vectors)), column[0].astype(np.int64), column[1].astype(np.int64),
                np.zeros((len(vectors), 3, 4), np.float16), vectors,
            ),
        )  # fmt: skip
        dim = vectors.shape[1]
        Whitening(np.eye(dim + 1, dim, dtype=np.float32)).save(folder / WHITENING)
        Head(np.zeros((dim + 1, len(rows)), np.float32)).save(folder / HEAD)
        knowledge = Knowledge(
            labels=tuple(rows), head="fitted", temperature=1, scoping="soft", threshold=0, threshold_rule="none",
            likeness=Likeness.unknown(), expected=Expected(photos=0, families=0), category_weight=category_weight,
        )  # fmt: skip
        write_record(
            folder,
            IndexRecord(
                model_sha256="a" * 64, model_name="none", arithmetic=("float32",), built_utc="2025-01-01T00:00:00Z",
                made_of="", photos=len(vectors), categories={name: n for n, name in enumerate(rows, start=1)},
                rows=rows, knowledge=knowledge,
            ),
        )  # fmt: skip
        seal(folder)
        return SearchIndex(folder)

    return make


@pytest.fixture(scope="session")
def eye(shop: Shop) -> Eye:
    """The shop's own."""
    return Eye(open_model(shop.folder / "models"))


@pytest.fixture
def own_config(own_shop: Shop) -> Config:
    return load_config(own_shop.config, {})


@pytest.fixture
def own_catalogue(own_config: Config) -> Iterator[Catalogue]:
    with Catalogue.open(own_config.catalogue) as catalogue:
        yield catalogue
