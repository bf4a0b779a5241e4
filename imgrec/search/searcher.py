"""The whole question: which products look like this photo? Model, index and catalogue, opened together."""

import difflib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from imgrec.catalogue.store import Catalogue, Product
from imgrec.config import Config, SearchSection
from imgrec.errors import CatalogueError, SearchIndexError
from imgrec.generations import POINTER
from imgrec.search.index import SearchIndex, open_index
from imgrec.search.scoping import Scoping, scope
from imgrec.vision.model_folder import SUMS, find_model, open_model
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.recogniser import Recogniser, load_recogniser
from imgrec.vision.vectors import Floats

SHOWN_CANDIDATES = 5
_SHORTEST_PREFIX = 2


@dataclass(frozen=True)
class Seen:
    """What the model saw in one photo: probabilities float32 (k,) and feature float32 (d,), L2 norm 1."""

    probabilities: Floats
    feature: Floats


@dataclass(frozen=True)
class Candidate:
    """A category and the model's probability of it."""

    name: str
    probability: float


@dataclass(frozen=True)
class Match:
    """A product that looks like the photo."""

    product: Product
    similarity: float


@dataclass(frozen=True)
class Answer:
    """What `imgrec search` prints and the bot sends."""

    category: Candidate
    candidates: tuple[Candidate, ...]
    scope: tuple[str, ...]
    threshold: float
    matches: tuple[Match, ...]
    best_similarity: float | None

    def as_json(self) -> dict[str, object]:
        """The contract's object."""
        return {
            "category": vars(self.category),
            "candidates": [vars(candidate) for candidate in self.candidates],
            "scope": list(self.scope),
            "threshold": self.threshold,
            "matches": [_match_as_json(match) for match in self.matches],
        }


class Searcher:
    """Answers photos. Its methods may be called from any one thread at a time; a context manager."""

    def __init__(self, recogniser: Recogniser, index: SearchIndex, catalogue: Catalogue, search: SearchSection) -> None:
        self.recogniser = recogniser
        self.index = index
        self.catalogue = catalogue
        self.settings = search
        self.categories = tuple(index.record.categories)

    @classmethod
    def open(cls, config: Config) -> Self:
        """Open catalogue, model and index. Raises CatalogueError, ModelError or SearchIndexError, with the way out."""
        catalogue = Catalogue.read(config.catalogue)
        try:
            if not catalogue.categories():
                raise CatalogueError(
                    f"The catalogue {config.catalogue.path} has no product with a photo. "
                    "Import some with: imgrec import FEED.csv"
                )
            model = open_model(config.model.path)
            index = open_index(config.index.path, model.sha256)
            if config.model.precision not in {"auto", index.record.precision}:
                raise SearchIndexError(
                    f"The index {index.folder} was made with the model's {index.record.precision} file, and "
                    f"model.precision is {config.model.precision}. Build it anew with: imgrec index"
                )
            return cls(load_recogniser(model, index.record.precision), index, catalogue, config.search)
        except BaseException:
            catalogue.close()
            raise

    def close(self) -> None:
        """Close the catalogue's file."""
        self.catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def unknown_categories(self) -> list[str]:
        """Categories on sale that the model does not know: nothing is found there until one is trained that does."""
        return sorted(set(self.catalogue.categories()) - set(self.recogniser.labels))

    @property
    def auto_threshold(self) -> float:
        """The threshold used where a chat or a command sets none."""
        configured = self.settings.threshold
        return self.recogniser.model.settings.threshold if configured == "auto" else configured

    @property
    def scoping(self) -> Scoping:
        """The scoping in force."""
        configured = self.settings.scoping
        return self.recogniser.model.settings.scoping if configured == "auto" else configured

    def see(self, photos: Sequence[Image.Image]) -> list[Seen]:
        """Recognise upright RGB images as one batch."""
        return self.see_pixels(self.recogniser.model.settings.preprocessing.batch(photos))

    def see_pixels(self, pixels: Pixels) -> list[Seen]:
        """Recognise uint8 (n, side, side, 3) RGB, as the model's preprocessing makes them."""
        recognition = self.recogniser.recognise_pixels(pixels)
        return [Seen(*pair) for pair in zip(recognition.probabilities, recognition.features, strict=True)]

    def answer(
        self, seen: Seen, category: str | None = None, threshold: float | None = None, top: int | None = None
    ) -> Answer:
        """Find similar products.

        Without a category the model's scope is searched. `threshold` (cosine) and `top` default to the configured ones.
        """
        labels = self.recogniser.labels
        order = np.argsort(-seen.probabilities, kind="stable")
        candidates = tuple(Candidate(labels[i], round(float(seen.probabilities[i]), 6)) for i in order)
        searched = (category,) if category else self._scope(seen.probabilities)
        least = self.auto_threshold if threshold is None else threshold
        nearest = self._on_sale(seen.feature, searched, top or self.settings.results)
        return Answer(
            candidates[0],
            candidates[:SHOWN_CANDIDATES],
            searched,
            least,
            tuple(match for match in nearest if match.similarity >= least),
            nearest[0].similarity if nearest else None,
        )

    def category_named(self, name: str) -> str:
        """The category meant by a name, whatever its capitals. Raises CatalogueError that names the nearest ones."""
        return nearest_category(name, self.categories)

    def _scope(self, probabilities: Floats) -> tuple[str, ...]:
        """The scope among categories that have photos: one that is sold out is not worth searching."""
        labels = self.recogniser.labels
        held = np.array([label in self.index.categories for label in labels])
        chosen = scope(np.where(held, probabilities, 0), self.scoping, self.settings.scope_mass)
        return tuple(labels[number] for number in chosen if held[number])

    def _on_sale(self, feature: Floats, categories: Sequence[str], top: int) -> list[Match]:
        """The nearest products still on sale in these categories; the index may be older than the catalogue."""
        asked = top
        while True:
            hits = self.index.search(feature, categories, asked)
            products = self.catalogue.products(hit.product_id for hit in hits)
            matches = [
                Match(products[hit.product_id], hit.similarity)
                for hit in hits
                if hit.product_id in products
                and not products[hit.product_id].retired
                and products[hit.product_id].category in categories
            ]
            if len(matches) >= top or len(hits) < asked:
                return matches[:top]
            asked *= 2


def nearest_category(name: str, categories: Sequence[str]) -> str:
    """The category meant by a name, whatever its capitals. Raises CatalogueError that names the nearest ones."""
    by_folded = {category.casefold(): category for category in categories}
    folded = " ".join(name.split()).casefold()
    if folded in by_folded:
        return by_folded[folded]
    near = near_categories(name, categories)
    known = near or sorted(categories)
    raise CatalogueError(f"There is no category {name!r}. {'Nearest' if near else 'Known'}: {', '.join(known)}.")


def near_categories(name: str, categories: Sequence[str]) -> list[str]:
    """The categories that may be meant by a name that is none: a word of theirs begins alike, or it is a slip away."""
    wanted = name.casefold().split()
    near = [category for category in categories if _begins_alike(wanted, category.casefold().split())]
    by_folded = {category.casefold(): category for category in categories}
    slips = difflib.get_close_matches(" ".join(wanted), by_folded, n=3, cutoff=0.5)
    return near or [by_folded[folded] for folded in slips]


def _begins_alike(some: Sequence[str], others: Sequence[str]) -> bool:
    return any(
        min(len(one), len(other)) >= _SHORTEST_PREFIX and (one.startswith(other) or other.startswith(one))
        for one, other in itertools.product(some, others)
    )


def pointers(config: Config) -> tuple[str, ...]:
    """A cheap reading of which model and index are current; when it changes, there may be something new to open."""
    model = find_model(config.model.path)
    files = [config.index.path / POINTER, *([model / SUMS] if model else [])]
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return f"{file}: absent"
    return f"{file}: {status.st_mtime_ns} {status.st_ino}"


def _match_as_json(match: Match) -> dict[str, object]:
    product = match.product
    return {
        "product_id": product.product_id,
        "source": product.source,
        "id": product.id,
        "title": product.title,
        "price": product.price,
        "currency": product.currency,
        "brand": product.brand,
        "category": product.category,
        "similarity": match.similarity,
        "url": product.url,
        "photo": str(product.photo) if product.photo else None,
    }
