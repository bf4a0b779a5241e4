"""How well the search does on the catalogue's own photos: a split as queries, asked of what serves now."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from imgrec.catalogue.splits import families
from imgrec.catalogue.store import CataloguePhoto
from imgrec.config import Config
from imgrec.evaluation.retrieval_report import (
    RetrievalFigures,
    Served,
    resampling_of_queries,
    retrieval_figures,
    search_all_ways,
)
from imgrec.evaluation.search_report import CATEGORY_FIRST, FIRST, SEVERAL, SearchReport, ShownShare
from imgrec.evaluation.splits import check_split, sides_of
from imgrec.figures import Share
from imgrec.progress import Reporter
from imgrec.search.build import look_at_all
from imgrec.search.judging import judge
from imgrec.search.measures import SHOWN, among_first, success_at
from imgrec.search.ranking import UNKNOWN, Gallery, Photos, nearest, scoped
from imgrec.search.search_index import SearchIndex
from imgrec.search.serving import Serving
from imgrec.vision.vectors import Bools, Floats

FLATTERS = (
    "The index was fitted on {known:,} of these {count:,} photos, so that figures of categories, and of the search in "
    "the likeliest of them, flatter. What imgrec index prints is of photos left out in turn; photos of your customers "
    "are asked with --queries FILE."
)


def report_on_split(
    serving: Serving, config: Config, split: str, seed: int, report: Reporter
) -> tuple[SearchReport, RetrievalFigures]:
    """Ask every photo of the split, its own product, its group and near-identical photos left out.

    Returns the figures that query files have too (`product_first` means nothing here and is None), and the retrieval
    figures of every scoping. Raises CatalogueError when the split has no photos.
    """
    index, knowledge = serving.index, serving.knowledge
    all_photos, looked = list(serving.catalogue.on_sale()), look_at_all(config, serving.eye, report)
    readable = looked.readable(all_photos)
    photos = [photo for photo in readable if photo.category is None or photo.category in index.record.rows]
    if new := sorted({photo.category or "" for photo in readable} - {"", *index.record.rows}):
        report.say(
            f"The index does not know {', '.join(new)}: photos of these are left out. It will after: imgrec index"
        )
    family = families(photos)
    sides = sides_of(photos, family, seed)
    check_split(split, sides)
    labels = knowledge.labels or tuple(sorted(index.record.rows))
    vectors, indexed = _indexed(photos, index, report)
    columns = Photos.of(photos, labels, vectors, family)
    rows = sides[split].rows
    seen = looked.seen_in([photos[row] for row in rows.tolist()]).outputs
    queries = replace(columns.take(rows), features=index.learned.whitening(seen.features.astype(np.float32)))
    probabilities = serving.probabilities(seen)
    served = Served(serving.scoping, serving.settings.scope_mass, serving.threshold, knowledge.category_weight)
    gallery = columns.take(indexed)
    run = search_all_ways(queries, gallery, probabilities, labels, served)
    figures = _as_for_query_files(queries, Gallery(gallery), probabilities, served, serving, seed)
    asked = sum(photo.split == split and photo.category in {None, *index.record.rows} for photo in all_photos)
    note = FLATTERS.format(known=int(indexed[rows].sum()), count=len(rows)) if indexed[rows].any() else ""
    figures = replace(figures, queries=asked, unreadable=asked - len(rows), note=note)
    return figures, retrieval_figures(run, resampling_of_queries(run, seed))


def _indexed(photos: Sequence[CataloguePhoto], index: SearchIndex, report: Reporter) -> tuple[Floats, Bools]:
    """The index's vectors of these photos, and which of the photos it holds on their shelf."""
    shelf: dict[int, str] = {}
    for name, (start, end) in index.record.rows.items():
        shelf.update(dict.fromkeys(range(start, end), name))
    at = {(photo.photo_id, photo.product_id, photo.category): row for row, photo in enumerate(photos)}
    of_index = zip(index.register.photo.tolist(), index.register.product.tolist(), strict=True)
    place = np.array([at.get((*ids, shelf.get(row)), UNKNOWN) for row, ids in enumerate(of_index)], np.int64)
    found = place != UNKNOWN
    vectors = np.zeros((len(photos), index.learned.whitening.dim), np.float32)
    vectors[place[found]] = index.vectors(np.flatnonzero(found))
    held = np.isin(np.arange(len(photos)), place)
    if not found.all() or not held.all():
        report.say(
            f"The index is older than the catalogue: {int((~found).sum()):,} of its photos are no longer on sale where "
            f"it has them, {int((~held).sum()):,} on sale are not in it. Bring it up to date with: imgrec index"
        )
    return vectors, held


def _as_for_query_files(
    queries: Photos, gallery: Gallery, probabilities: Floats, served: Served, serving: Serving, seed: int
) -> SearchReport:
    """The figures of `report_on_search`."""
    count, has_kind = len(queries), queries.kind != UNKNOWN
    told = (queries.label != UNKNOWN) & bool(probabilities.shape[1])
    in_scope, joint = scoped(probabilities, gallery, served.scoping, served.scope_mass, served.category_weight)
    judged = judge(queries, nearest(queries, gallery, in_scope, SHOWN, joint), gallery)
    first = {k: success_at(judged.right, k) > 0 for k in FIRST}
    can = judged.relevant > 0
    shown = judged.above(served.threshold)
    most = serving.settings.results
    matches = np.isfinite(shown.similarity[:, :most]).sum(axis=1)
    own_searched = in_scope[np.arange(count), queries.label]
    return SearchReport(
        queries=count,
        unreadable=0,
        threshold=served.threshold,
        likeness=round(serving.knowledge.likeness.of(served.threshold), 4),
        scoping=served.scoping,
        head=serving.knowledge.head,
        category_right=Share.of(among_first(probabilities, queries.label, 1)[told]),
        category_in_first_3=Share.of(among_first(probabilities, queries.label, CATEGORY_FIRST)[told]),
        category_in_scope=Share.of(own_searched[told]),
        kind_in_first={k: Share.of(hits[has_kind]) for k, hits in first.items()},
        kind_in_first_held={k: Share.of(hits[can]) for k, hits in first.items()},
        product_first=None,
        answered=Share.of(matches > 0),
        shown_three=Share.of(matches >= SEVERAL),
        shown_right=ShownShare.of(
            shown.right[has_kind, :most].sum(axis=1), shown.known[has_kind, :most].sum(axis=1),
            queries.group[has_kind].tolist(), seed,
        ),
    )  # fmt: skip
