"""The shop's eye and catalogue, opened, and indexes made of given vectors."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from milvus_process import milvus
from tiny_shop import Shop

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, IndexSection, load_config
from imgrec.generations import next_name
from imgrec.progress import Silent
from imgrec.search.engine import VectorsOf
from imgrec.search.engines import store_for
from imgrec.search.generation import HEAD, WHITENING, Expected, IndexRecord, Knowledge, Register, write_record
from imgrec.search.head import Head
from imgrec.search.likeness import Likeness
from imgrec.search.neighbours import Neighbours
from imgrec.search.product_colours import Names
from imgrec.search.search_index import SearchIndex
from imgrec.search.whitening import Whitening
from imgrec.sums import seal
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model
from imgrec.vision.vectors import Floats, Halves

__all__ = ["milvus"]

Photos = tuple[Floats, Sequence[int], Sequence[int]]
"""Vectors (n, k) of a category's photos, and the product and the sales rank of each."""

MakeIndex = Callable[..., SearchIndex]


@pytest.fixture
def index_section(tmp_path: Path) -> IndexSection:
    """Where `make_index` makes them: here. What is to hold for every engine has its own."""
    return IndexSection(path=tmp_path)


@pytest.fixture
def make_index(index_section: IndexSection) -> Iterator[MakeIndex]:
    """Write a generation from vectors, by category ("" for products that have none: the last), and open it.

    colours: the names of each photo's product; its dominant colours make a generation as older ones were.
    """
    made: list[SearchIndex] = []

    def make(
        categories: dict[str, Photos], category_weight: float = 0.0, colours: Names | Halves | None = None
    ) -> SearchIndex:
        folder = index_section.path / next_name(index_section.path)
        vectors = np.concatenate([features for features, _, _ in categories.values()])
        ends = np.cumsum([len(features) for features, _, _ in categories.values()]).tolist()
        rows = {
            name: (end - len(part[0]), end) for (name, part), end in zip(categories.items(), ends, strict=True) if name
        }
        product, rank = (
            np.concatenate([part[number] for part in categories.values()]).astype(np.int64) for number in (1, 2)
        )
        if colours is None:
            colours = np.zeros(len(vectors), np.uint16)
        knowledge = Knowledge(
            labels=tuple(rows), head="fitted", hears_neighbours=True, temperature=1, scoping="soft", threshold=0,
            threshold_rule="none", likeness=Likeness.unknown(), expected=Expected(photos=0, families=0),
            category_weight=category_weight,
        )  # fmt: skip
        record = IndexRecord(
            model_sha256="a" * 64, model_name="none", arithmetic=("float32",), built_utc="2025-01-01T00:00:00Z",
            made_of="", photos=len(vectors), categories={name: n for n, name in enumerate(rows, start=1)},
            rows=rows, knowledge=knowledge,
        )  # fmt: skip
        draft = index_section.path / ".draft"
        draft.mkdir(parents=True)
        register = Register(np.arange(len(vectors)), product, rank, colours)
        store_for(index_section).write(draft, record, register, VectorsOf.given(vectors), Silent())
        dim = vectors.shape[1]
        Whitening(np.eye(dim + 1, dim, dtype=np.float32)).save(draft / WHITENING)
        Head(np.zeros((dim + 1, len(rows)), np.float32)).save(draft / HEAD)
        labels = np.repeat(np.arange(len(rows)), [end - start for start, end in rows.values()])
        Neighbours(vectors[: len(labels)], labels, len(rows)).save(draft)
        write_record(draft, record)
        seal(draft)
        draft.replace(folder)
        made.append(SearchIndex(folder, index_section))
        return made[-1]

    yield make
    for index in made:
        index.close()


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
