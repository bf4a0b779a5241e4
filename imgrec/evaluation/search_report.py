"""How well the search does on photos whose truth is known: query files against catalogue, model and index."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.errors import FeedError, PhotoError
from imgrec.figures import Share
from imgrec.progress import Reporter
from imgrec.search.searcher import Answer, Match, Searcher
from imgrec.vision.decode import decode_photo

FIRST = (1, 3, 10)
_COLUMNS = ("photo", "category")
_BATCH = 16
_MORE_THAN_A_GROUP = 60


@dataclass(frozen=True)
class TruthRow:
    """A query photo and what is known of it; `product_id` is the feed's own id."""

    photo: Path
    category: str
    kind: str | None
    product_id: str | None


@dataclass(frozen=True)
class SearchReport:
    """Figures of the search as the bot would do it: its scoping, its index.

    `kind_in_first[k]`: of queries with a known kind, those with a product of that kind (and category) among the first
    k. `product_first`: of queries with a product id, those whose first match is that very product. `answered`: those
    with a match above the threshold.
    """

    queries: int
    unreadable: int
    threshold: float
    scoping: str
    category_right: Share
    category_in_scope: Share
    kind_in_first: dict[int, Share]
    product_first: Share | None
    answered: Share

    def as_json(self) -> dict[str, object]:
        """The same as plain objects."""
        return {
            "queries": self.queries,
            "unreadable": self.unreadable,
            "threshold": self.threshold,
            "scoping": self.scoping,
            "category_accuracy": self.category_right.as_json(),
            "category_in_scope": self.category_in_scope.as_json(),
            "kind_in_first": {str(k): share.as_json() for k, share in self.kind_in_first.items()},
            "product_first": self.product_first and self.product_first.as_json(),
            "answered": self.answered.as_json(),
        }


def read_queries(file: Path) -> list[TruthRow]:
    """Read a query file: CSV with `photo` (relative to the file) and `category`, optionally `kind` and `product_id`.

    Raises FeedError when it cannot be read, lacks a column, or has no rows.
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
    if not photo or not category:
        raise FeedError(f"The query file {file}, line {line}: photo and category must not be blank.")
    return TruthRow(file.parent / photo, category, row.get("kind") or None, row.get("product_id") or None)


def report_on_search(searcher: Searcher, rows: Sequence[TruthRow], exclude_own: bool, report: Reporter) -> SearchReport:
    """Ask every query and compare with the truth.

    `exclude_own` leaves out the query's own product and its group (near-identical pictures), so that photos of the
    catalogue itself can serve as queries; `product_first` then means nothing and is None.
    """
    own_groups = _groups_of(searcher, rows) if exclude_own else {}
    asked = [(row, answer) for row, answer in _answers(searcher, rows, report) if answer is not None]
    right = in_scope = shown = product_first = with_product = 0
    kinds = dict.fromkeys(FIRST, 0)
    with_kind = 0
    for row, answer in asked:
        matches = (
            [match for match in answer.matches if not _is_own(match, row, own_groups)]
            if exclude_own
            else answer.matches
        )
        right += answer.category.name == row.category
        in_scope += row.category in answer.scope
        shown += bool(matches) and matches[0].similarity >= searcher.auto_threshold
        if row.kind:
            with_kind += 1
            for k in FIRST:
                kinds[k] += any(m.product.kind == row.kind and m.product.category == row.category for m in matches[:k])
        if row.product_id and not exclude_own:
            with_product += 1
            product_first += bool(matches) and matches[0].product.id == row.product_id
    return SearchReport(
        queries=len(rows),
        unreadable=len(rows) - len(asked),
        threshold=searcher.auto_threshold,
        scoping=searcher.scoping,
        category_right=Share(right, len(asked)),
        category_in_scope=Share(in_scope, len(asked)),
        kind_in_first={k: Share(hits, with_kind) for k, hits in kinds.items()},
        product_first=None if exclude_own else Share(product_first, with_product),
        answered=Share(shown, len(asked)),
    )


def _answers(
    searcher: Searcher, rows: Sequence[TruthRow], report: Reporter
) -> Iterator[tuple[TruthRow, Answer | None]]:
    """Each query's answer whatever the threshold, or None where the photo cannot be read."""
    enough_px = searcher.recogniser.model.settings.preprocessing.side_px
    with report.stage("Asking", len(rows)) as advance:
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            photos = {}
            for number, row in enumerate(batch):
                try:
                    photos[number] = decode_photo(row.photo, enough_px)
                except PhotoError as error:
                    report.say(f"{row.photo}: {error}")
            seen = dict(zip(photos, searcher.see(list(photos.values())), strict=True)) if photos else {}
            for number, row in enumerate(batch):
                if number in seen:
                    yield row, searcher.answer(seen[number], threshold=-1, top=max(FIRST) + _MORE_THAN_A_GROUP)
                else:
                    yield row, None
            advance(len(batch), "")


def _groups_of(searcher: Searcher, rows: Sequence[TruthRow]) -> dict[str, set[str]]:
    """The groups each query's own product belongs to, by the feed's id."""
    ids = {row.product_id for row in rows if row.product_id}
    return {
        id_: {product.group for product in searcher.catalogue.products_by_feed_id(id_) if product.group} for id_ in ids
    }


def _is_own(match: Match, row: TruthRow, own_groups: dict[str, set[str]]) -> bool:
    if row.product_id is None:
        return False
    return match.product.id == row.product_id or match.product.group in own_groups.get(row.product_id, set())
