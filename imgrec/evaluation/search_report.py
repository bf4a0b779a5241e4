"""How well the search does on photos whose truth is known: query files, asked of what serves now.

The photos are decoded, looked at and forgotten: nothing of them is kept.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.bootstrap import Resampling
from imgrec.catalogue.store import Product
from imgrec.errors import FeedError, PhotoError
from imgrec.evaluation.confidence import Confidence
from imgrec.figures import Share
from imgrec.progress import Reporter
from imgrec.search.answer import Answer, Match
from imgrec.search.serving import Serving
from imgrec.vision.guard import GuardedDecoder
from imgrec.vision.vectors import Ints

FIRST = (1, 3, 10)
CATEGORY_FIRST = 3
SEVERAL = 3
"""Products that make an answer worth leafing through."""

_COLUMNS = ("photo", "category")
_BATCH = 16
_MORE_THAN_A_GROUP = 60


@dataclass(frozen=True)
class TruthRow:
    """A query photo and what is known of it; `product_id` is the feed's own id."""

    photo: Path
    category: str | None
    kind: str | None
    product_id: str | None


@dataclass(frozen=True)
class ShownShare:
    """Of `count` matches shown, the `hits` that are right; the interval is over queries, whose matches go together."""

    hits: int
    count: int
    low: float | None
    high: float | None

    @classmethod
    def of(cls, right: Ints, judged: Ints, group: Sequence[object], seed: int) -> "ShownShare":
        """right, judged: int64 (q,), matches of each query. group: queries that are drawn together."""
        names = {name: number for number, name in enumerate(dict.fromkeys(group))}
        ratio = Resampling([names[name] for name in group], seed).ratio(right, judged)
        return cls(int(right.sum()), int(judged.sum()), ratio.low, ratio.high)

    def as_json(self) -> dict[str, object]:
        """As every share."""
        share = self.hits / self.count if self.count else None
        return {"hits": self.hits, "count": self.count, "share": share, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return "none"
        interval = f"95 % interval {self.low:.1%} to {self.high:.1%}"
        return f"{self.hits / self.count:.1%} ({self.hits} of {self.count}; {interval})"


@dataclass(frozen=True)
class SearchReport:
    """Figures of the search as the bot does it: its generation, its scoping, its threshold.

    Of queries with a category, where the shop tells categories apart: category_right, category_in_first_3, and
    category_in_scope, those whose category was searched. kind_in_first[k]: of queries with a kind, those with a product
    of that kind (and category) among the first k, whatever the threshold; kind_in_first_held: of those for which the
    catalogue has such a product. product_first: of queries with a product id, those whose first match is that very
    product. answered, shown_three: those shown a product, at least three. shown_right: of all matches shown to queries
    with a kind, those of that kind; matches of which that cannot be told are left out.
    """

    queries: int
    unreadable: int
    threshold: float
    likeness: float
    scoping: str
    head: str
    category_right: Share
    category_in_first_3: Share
    category_in_scope: Share
    kind_in_first: dict[int, Share]
    kind_in_first_held: dict[int, Share]
    product_first: Share | None
    answered: Share
    shown_three: Share
    shown_right: ShownShare
    note: str = ""
    confidence: Confidence | None = None
    """None where the photos are the shop's own."""

    def as_json(self) -> dict[str, object]:
        """The same as plain objects."""
        return {
            "queries": self.queries,
            "unreadable": self.unreadable,
            "threshold": self.threshold,
            "likeness": self.likeness,
            "scoping": self.scoping,
            "head": self.head,
            "category_accuracy": self.category_right.as_json(),
            "category_in_first_3": self.category_in_first_3.as_json(),
            "category_in_scope": self.category_in_scope.as_json(),
            "kind_in_first": {str(k): share.as_json() for k, share in self.kind_in_first.items()},
            "kind_in_first_held": {str(k): share.as_json() for k, share in self.kind_in_first_held.items()},
            "product_first": self.product_first and self.product_first.as_json(),
            "answered": self.answered.as_json(),
            "shown_three": self.shown_three.as_json(),
            "shown_right": self.shown_right.as_json(),
            "note": self.note,
            "confidence": self.confidence and self.confidence.as_json(),
        }


def read_queries(file: Path) -> list[TruthRow]:
    """Read a query file: CSV with `photo` (relative to the file) and `category`, optionally `kind` and `product_id`.

    A category may be blank: it is not known then. Raises FeedError when the file cannot be read, lacks a column, or has
    no rows.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            header = reader.fieldnames or []
            missing = [column for column in _COLUMNS if column not in header]
            if missing:
                raise FeedError(
                    f"The query file {file} lacks the column {missing[0]}; it needs at least photo,category."
                )
            rows = [_truth(file, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FeedError(f"The query file {file} cannot be read: {error}.") from None
    if not rows:
        raise FeedError(f"The query file {file} has no rows below its header.")
    return rows


def _truth(file: Path, line: int, row: dict[str, str | None]) -> TruthRow:
    photo, category = row["photo"], row["category"]
    if not photo or category is None:
        raise FeedError(f"The query file {file}, line {line}: it needs a photo, and a category (blank: not known).")
    return TruthRow(file.parent / photo, category or None, row.get("kind") or None, row.get("product_id") or None)


@dataclass(frozen=True)
class _Asked:
    """A query and its answer. matches: the most similar ones, whatever the threshold, its own left out where asked for.

    shown: as many of them as a shopper would see.
    """

    row: TruthRow
    answer: Answer
    matches: Sequence[Match]
    shown: Sequence[Match]

    def kind_in_first(self, k: int) -> bool:
        return any(_of_kind(match.product, self.row) for match in self.matches[:k])

    @property
    def right(self) -> int:
        """Matches shown that are of the query's kind."""
        return sum(_of_kind(match.product, self.row) for match in self.shown)

    @property
    def judged(self) -> int:
        """Matches shown of which that can be told."""
        return sum(not (m.product.kind is None and _same_category(m.product.category, self.row)) for m in self.shown)


def report_on_search(
    serving: Serving, rows: Sequence[TruthRow], exclude_own: bool, seed: int, report: Reporter
) -> SearchReport:
    """Ask every query and compare with the truth.

    `exclude_own` leaves out the query's own product and its group (near-identical pictures), so that photos of the
    catalogue itself can serve as queries; `product_first` then means nothing and is None.
    """
    own = _Own(serving, rows if exclude_own else ())
    asked = []
    for row, answer in _answers(serving, rows, exclude_own, report):
        if answer is not None:
            others = [one for one in answer.matches if not own.has(one.product.product_id, one.product.group, row)]
            shown = [match for match in others[: serving.settings.results] if match.similarity >= serving.threshold]
            asked.append(_Asked(row, answer, others, shown))
    told_apart = [one for one in asked if one.row.category and one.answer.category]
    with_kind = [one for one in asked if one.row.kind]
    of_held = _HeldKinds(serving, own)
    held = [one for one in with_kind if of_held.has(one.row)]
    with_product = [one for one in asked if one.row.product_id]
    return SearchReport(
        queries=len(rows),
        unreadable=len(rows) - len(asked),
        threshold=serving.threshold,
        likeness=round(serving.knowledge.likeness.of(serving.threshold), 4),
        scoping=serving.scoping,
        head=serving.knowledge.head,
        category_right=Share.of([_names(one.answer, 1)[0] == one.row.category for one in told_apart]),
        category_in_first_3=Share.of([one.row.category in _names(one.answer, CATEGORY_FIRST) for one in told_apart]),
        category_in_scope=Share.of([one.row.category in one.answer.scope for one in told_apart]),
        kind_in_first={k: Share.of([one.kind_in_first(k) for one in with_kind]) for k in FIRST},
        kind_in_first_held={k: Share.of([one.kind_in_first(k) for one in held]) for k in FIRST},
        product_first=None
        if exclude_own
        else Share.of([bool(one.matches) and one.matches[0].product.id == one.row.product_id for one in with_product]),
        answered=Share.of([bool(one.shown) for one in asked]),
        shown_three=Share.of([len(one.shown) >= SEVERAL for one in asked]),
        shown_right=ShownShare.of(
            np.array([one.right for one in with_kind], np.int64),
            np.array([one.judged for one in with_kind], np.int64),
            [one.row.product_id or number for number, one in enumerate(with_kind)],
            seed,
        ),
        confidence=Confidence.of([one.answer for one in asked]),
    )


def confidence_in_strangers(serving: Serving, rows: Sequence[TruthRow], report: Reporter) -> Confidence:
    """How sure the shop is of a category of photos that show nothing it sells."""
    return Confidence.of([answer for _, answer in _answers(serving, rows, False, report) if answer is not None])


def _answers(
    serving: Serving, rows: Sequence[TruthRow], exclude_own: bool, report: Reporter
) -> Iterator[tuple[TruthRow, Answer | None]]:
    """Each query's answer whatever the threshold, or None where the photo cannot be read."""
    top = max(*FIRST, serving.settings.results) + (_MORE_THAN_A_GROUP if exclude_own else 0)
    with report.stage("Asking", len(rows)) as advance, GuardedDecoder(1) as decoder:
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            photos = {}
            for number, row in enumerate(batch):
                try:
                    photos[number] = decoder.decode(row.photo, serving.preprocessing.side_px)
                except PhotoError as error:
                    report.say(f"{row.photo}: {error}")
            seen = dict(zip(photos, serving.see(list(photos.values())), strict=True)) if photos else {}
            for number, row in enumerate(batch):
                yield row, serving.answer(seen[number], threshold=-1, top=top) if number in seen else None
            advance(len(batch), "")


class _Own:
    """Which products are a query's own, or of its group: by the feed's id."""

    def __init__(self, serving: Serving, rows: Sequence[TruthRow]) -> None:
        ids = {row.product_id for row in rows if row.product_id}
        products = {id_: serving.catalogue.products_by_feed_id(id_) for id_ in ids}
        self._groups = {id_: {product.group for product in found if product.group} for id_, found in products.items()}
        self._ids = {id_: {product.product_id for product in found} for id_, found in products.items()}

    def has(self, product_id: int, group: str | None, row: TruthRow) -> bool:
        """Whether this product is the query's own, or of its group."""
        id_ = row.product_id or ""
        return product_id in self._ids.get(id_, ()) or group in self._groups.get(id_, ())


class _HeldKinds:
    """Which queries the catalogue could satisfy: those of whose kind there is a product other than their own."""

    def __init__(self, serving: Serving, own: _Own) -> None:
        self._own = own
        self._of_kind: dict[str, list[tuple[str | None, int, str]]] = {}
        for photo in serving.catalogue.on_sale():
            if photo.kind:
                self._of_kind.setdefault(photo.kind, []).append((photo.category, photo.product_id, photo.group))

    def has(self, row: TruthRow) -> bool:
        """Whether there is something to find."""
        return any(
            _same_category(category, row) and not self._own.has(product, group, row)
            for category, product, group in self._of_kind.get(row.kind or "", ())
        )


def _of_kind(product: Product, row: TruthRow) -> bool:
    return row.kind is not None and product.kind == row.kind and _same_category(product.category, row)


def _same_category(category: str | None, row: TruthRow) -> bool:
    """Where the product or the query has none, its kind alone decides."""
    return category is None or row.category is None or category == row.category


def _names(answer: Answer, first: int) -> list[str]:
    return [candidate.name for candidate in answer.candidates[:first]]
