"""The best and the worst queries as pictures: what was asked, what came back, and whether it was right."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from imgrec.catalogue.store import Catalogue, Product
from imgrec.errors import PhotoError
from imgrec.evaluation.model_report import ModelRun
from imgrec.search.measures import SHOWN, PerQuery, average_precision_at
from imgrec.vision.decode import decode_photo
from imgrec.vision.vectors import Ints

_QUERIES = 8
_MATCHES = 6
_SIDE_PX = 128
_QUALITY = 78


@dataclass(frozen=True)
class Shown:
    """A picture with what is written under it. `verdict`: right, wrong, unknown, or query. `picture`: a data URI."""

    picture: str | None
    title: str
    category: str | None
    kind: str | None
    verdict: str
    similarity: float | None


@dataclass(frozen=True)
class SheetRow:
    """A query, its first matches, its average precision, and how many products would have been right."""

    query: Shown
    matches: Sequence[Shown]
    average_precision: float
    relevant: int
    category_searched: bool


@dataclass(frozen=True)
class Sheet:
    """Queries that went best, and worst, each of another category as far as there are enough."""

    best: Sequence[SheetRow]
    worst: Sequence[SheetRow]


def sheet_of(run: ModelRun, catalogue: Catalogue) -> Sheet:
    """Choose the queries and make their pictures.

    Best and worst by average precision of the first ten, as served; of equals, those whose first match is the most
    similar: the surest, and the most surely wrong.
    """
    judged = run.retrieval.as_served.judged
    precision = average_precision_at(judged.right, judged.relevant, SHOWN)
    surest = np.where(np.isfinite(judged.similarity[:, 0]), judged.similarity[:, 0], -1)
    label = run.retrieval.queries.label
    best = _of_each_category(np.lexsort((-surest, -precision)), label)
    worst = _of_each_category(np.lexsort((-surest, precision)), label)
    return Sheet(
        [_row(run, query, precision, catalogue) for query in best],
        [_row(run, query, precision, catalogue) for query in worst if query not in best],
    )


def _of_each_category(order: Ints, label: Ints) -> list[int]:
    """The first of each category in this order, then the second of each, until there are enough."""
    rounds: dict[int, int] = {}
    places = []
    for at, query in enumerate(order.tolist()):
        category = int(label[query])
        rounds[category] = rounds.get(category, 0) + 1
        places.append((rounds[category], at, query))
    return [query for _, _, query in sorted(places)[:_QUERIES]]


def _row(run: ModelRun, query: int, precision: PerQuery, catalogue: Catalogue) -> SheetRow:
    retrieval, way = run.retrieval, run.retrieval.as_served
    found = [row for row in way.ranked.product[query, :_MATCHES].tolist() if row >= 0]
    ids = [int(retrieval.gallery.products.product[row]) for row in found]
    asked = run.queries[query]
    products = catalogue.products([asked.product_id, *ids])
    own = products[asked.product_id]
    return SheetRow(
        _shown(own, "query", None, catalogue.photos.path(asked.sha256)),
        [
            _shown(products[id_], _verdict(way.judged.right[query, at], way.judged.known[query, at]),
                   float(way.judged.similarity[query, at]), products[id_].photo)
            for at, id_ in enumerate(ids)
        ],
        float(precision[query]), int(way.judged.relevant[query]),
        bool(way.in_scope[query, retrieval.queries.label[query]]),
    )  # fmt: skip


def _verdict(right: np.bool_, known: np.bool_) -> str:
    return ("right" if right else "wrong") if known else "unknown"


def _shown(product: Product, verdict: str, similarity: float | None, photo: Path | None) -> Shown:
    picture = picture_of(photo) if photo else None
    return Shown(picture, product.name, product.category, product.kind, verdict, similarity)


def picture_of(photo: Path) -> str | None:
    """A photo as a small JPEG in a data URI, or None when it cannot be read."""
    try:
        image = decode_photo(photo, _SIDE_PX)
    except PhotoError:
        return None
    image.thumbnail((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
