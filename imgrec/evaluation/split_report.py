"""How well the search does on the catalogue's own photos: a split as queries against the index, as the bot searches."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from imgrec.catalogue.store import CataloguePhoto
from imgrec.evaluation.outputs import network_outputs
from imgrec.evaluation.retrieval import SHOWN, success_at
from imgrec.evaluation.retrieval_report import (
    RetrievalFigures,
    Served,
    resampling_of_queries,
    retrieval_figures,
    search_all_ways,
)
from imgrec.evaluation.search_report import FIRST, SearchReport
from imgrec.evaluation.splits import check_split, sides_of
from imgrec.evaluation.truth import as_columns
from imgrec.figures import Share
from imgrec.progress import Reporter
from imgrec.search.index import SearchIndex
from imgrec.search.judging import judge
from imgrec.search.ranking import UNKNOWN, Bools, Gallery, Photos, nearest, searched
from imgrec.search.searcher import Searcher
from imgrec.vision.vectors import Floats


def report_on_split(
    searcher: Searcher, split: str, cache: Path, seed: int, report: Reporter
) -> tuple[SearchReport, RetrievalFigures]:
    """Ask every photo of the split, its own product and group left out.

    Returns the figures that query files have too (`product_first` means nothing here and is None), and the retrieval
    figures of every scoping. Raises CatalogueError when the split has no photos.
    """
    recogniser = searcher.recogniser
    photos = [photo for photo in searcher.catalogue.on_sale() if photo.category in recogniser.labels]
    if unknown := searcher.unknown_categories:
        report.say(f"The model does not know {', '.join(unknown)}: photos of these are left out.")
    sides = sides_of(photos, seed)
    check_split(split, sides)
    features, indexed = _indexed(photos, searcher.index, report)
    columns = as_columns(photos, recogniser.labels, features)
    rows = sides[split].rows
    outputs = network_outputs(recogniser, searcher.catalogue, [photos[row].sha256 for row in rows], cache, report)
    rows = rows[outputs.readable]
    seen = recogniser.read(outputs.logits[outputs.readable], outputs.pooled[outputs.readable])
    queries = replace(columns.take(rows), features=np.asarray(seen.features @ searcher.index.rotation, np.float32))
    served = Served(searcher.scoping, searcher.settings.scope_mass, searcher.auto_threshold)
    gallery = columns.take(indexed)
    run = search_all_ways(queries, gallery, seen.probabilities, recogniser.labels, served)
    figures = _as_for_query_files(queries, Gallery(gallery), seen.probabilities, served, len(outputs.readable))
    return figures, retrieval_figures(run, resampling_of_queries(run, seed))


def _indexed(photos: Sequence[CataloguePhoto], index: SearchIndex, report: Reporter) -> tuple[Floats, Bools]:
    """The index's features of these photos, as it rotated them, and which of the photos it holds on their shelf."""
    at = {(photo.photo_id, photo.product_id, photo.category): row for row, photo in enumerate(photos)}
    features = np.zeros((len(photos), index.rotation.shape[0]), np.float32)
    held = np.zeros(len(photos), bool)
    strays = 0
    for name, category in index.categories.items():
        rows = [
            at.get((photo, product, name), UNKNOWN)
            for photo, product in zip(category.photo.tolist(), category.product.tolist(), strict=True)
        ]
        found = np.array(rows) != UNKNOWN
        target = np.array(rows)[found]
        features[target] = np.concatenate([category.head, category.tail], axis=1)[found]
        held[target] = True
        strays += int((~found).sum())
    if strays or not held.all():
        report.say(
            f"The index is older than the catalogue: {strays:,} of its photos are no longer on sale where it has them, "
            f"{int((~held).sum()):,} on sale are not in it. Bring it up to date with: imgrec index"
        )
    return features, held


def _as_for_query_files(
    queries: Photos, gallery: Gallery, probabilities: Floats, served: Served, asked: int
) -> SearchReport:
    """The figures of `report_on_search`, of all readable queries."""
    held = np.isin(np.arange(probabilities.shape[1]), gallery.products.label)
    in_scope = searched(probabilities, held, served.scoping, served.scope_mass)
    judged = judge(queries, nearest(queries, gallery, in_scope, SHOWN), gallery)
    count, with_kind = len(queries), int((queries.kind != UNKNOWN).sum())
    return SearchReport(
        queries=asked,
        unreadable=asked - count,
        threshold=served.threshold,
        scoping=served.scoping,
        category_right=Share(int((probabilities.argmax(axis=1) == queries.label).sum()), count),
        category_in_scope=Share(int(in_scope[np.arange(count), queries.label].sum()), count),
        kind_in_first={k: Share(int(success_at(judged.right, k).sum()), with_kind) for k in FIRST},
        product_first=None,
        answered=Share(int((judged.similarity[:, 0] >= served.threshold).sum()), count),
    )
