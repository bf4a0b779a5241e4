"""What the log says: how many were answered, what shoppers approved of, what they corrected, how fast it was."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from imgrec.figures import Share, counted, percentiles
from imgrec.log.reader import JudgedMatch, LoggedQuery
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.search.likeness import DEGREES, Degree, degree_of

THRESHOLD_STEP = 0.05
LEAST_JUDGED = 20
"""Votes on products of a degree from which on they are held against its likeness; the interval of fewer holds most."""

_PHOTOS = {KindOfQuery.PHOTO, KindOfQuery.FILE, KindOfQuery.ALBUM, KindOfQuery.STICKER, KindOfQuery.LINK}


@dataclass(frozen=True)
class Judged:
    """The votes on single products of one degree. said: their mean likeness; liked: the share of 👍."""

    said: float
    liked: Share

    @property
    def verdict(self) -> str:
        """Whether the interval of what was liked holds what was said."""
        if self.liked.interval is None or self.liked.count < LEAST_JUDGED:
            return "too few to tell"
        low, high = self.liked.interval
        return "less than said" if high < self.said else "more than said" if low > self.said else "as said"

    def as_json(self) -> dict[str, object]:
        """What was said, counts, share and interval of what was liked, and the verdict."""
        return {"said": round(self.said, 4), **self.liked.as_json(), "verdict": self.verdict}

    def __str__(self) -> str:
        if self.liked.count < LEAST_JUDGED:
            return f"{self.verdict}: {counted(self.liked.count, 'vote')} of {LEAST_JUDGED}"
        return f"said {self.said:.1%}, liked {self.liked}: {self.verdict}"


@dataclass(frozen=True)
class LogReport:
    """Figures of a log. Approval is the share of 👍 among votes on whole answers."""

    outcomes: Mapping[str, int]
    answered: Share
    approval: Share
    approval_by_category: Mapping[str, Share]
    approval_by_threshold: Mapping[str, Share]
    corrected: Share
    """Photos answered by the model's own category, after which the shopper asked for another one."""
    corrections: Mapping[str, int]
    """How often each "predicted -> wanted"."""
    latency_ms: Mapping[str, float | None]
    judged: Mapping[Degree, Judged]
    """Votes on single products against the likeness they were shown with; the most similar first."""
    judges: int
    """How many shoppers these votes are of."""

    def as_json(self) -> dict[str, object]:
        """The same as plain objects."""
        return {
            "queries": sum(self.outcomes.values()),
            "answered": self.outcomes.get(Outcome.ANSWERED, 0),
            "empty": self.outcomes.get(Outcome.NOTHING_SIMILAR, 0),
            "outcomes": dict(self.outcomes),
            "answered_share": self.answered.as_json(),
            "approval": self.approval.as_json(),
            "approval_by_category": {name: share.as_json() for name, share in self.approval_by_category.items()},
            "approval_by_threshold": {step: share.as_json() for step, share in self.approval_by_threshold.items()},
            "corrected": self.corrected.as_json(),
            "corrections": dict(self.corrections),
            "latency_ms": dict(self.latency_ms),
            "likeness": {degree: judged.as_json() for degree, judged in self.judged.items()},
            "likeness_judges": self.judges,
        }


def report_on_log(queries: Iterable[LoggedQuery], judged: Iterable[JudgedMatch] = ()) -> LogReport:
    """Compute the figures, in one pass over the queries and one over what was judged."""
    outcomes: Counter[str] = Counter()
    by_category: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    by_threshold: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    predicted: dict[int, str] = {}
    root: dict[int, int] = {}
    corrections: Counter[str] = Counter()
    corrected: set[int] = set()
    latencies: list[float] = []
    for query in queries:
        outcomes[query.outcome] += 1
        if query.total_ms is not None:
            latencies.append(query.total_ms)
        category = query.category or query.predicted_category
        if category and query.threshold is not None:
            for tally in (by_category[category], by_threshold[_step(query.threshold)]):
                tally[True] += query.votes_for
                tally[False] += query.votes_against
        if query.kind_of_query in _PHOTOS and query.category_source == "predicted" and query.predicted_category:
            predicted[query.id] = query.predicted_category
            root[query.id] = query.id
        if query.parent_id in root:  # asked again by a tap, perhaps below an answer that a tap had asked for
            root[query.id] = root[query.parent_id]
        if query.kind_of_query == KindOfQuery.OTHER_CATEGORY and query.id in root and query.category:
            before = predicted[root[query.id]]
            if query.category != before:  # of several categories searched, the predicted one can be tapped too
                corrections[f"{before} -> {query.category}"] += 1
                corrected.add(root[query.id])
    likeness: defaultdict[Degree, list[JudgedMatch]] = defaultdict(list)
    judges: set[str] = set()
    for match in judged:
        likeness[degree_of(match.likeness)].append(match)
        judges.add(match.user_key)
    approval = sum((tally for tally in by_category.values()), Counter())
    searched = outcomes[Outcome.ANSWERED] + outcomes[Outcome.NOTHING_SIMILAR]
    return LogReport(
        outcomes=dict(outcomes),
        answered=Share(outcomes[Outcome.ANSWERED], searched),
        approval=_share(approval),
        approval_by_category=_shares(by_category),
        approval_by_threshold=_shares(by_threshold),
        corrected=Share(len(corrected), len(predicted)),
        corrections=dict(corrections.most_common()),
        latency_ms=percentiles(latencies),
        judged={degree: _judged(likeness[degree]) for _, degree in DEGREES if degree in likeness},
        judges=len(judges),
    )


def _judged(matches: Sequence[JudgedMatch]) -> Judged:
    said = sum(match.likeness for match in matches) / len(matches)
    return Judged(said, Share.of([match.is_liked for match in matches]))


def _step(threshold: float) -> str:
    lower = math.floor(threshold / THRESHOLD_STEP + 1e-9) * THRESHOLD_STEP
    return f"{lower:.2f}-{lower + THRESHOLD_STEP:.2f}"


def _share(tally: Counter[bool]) -> Share:
    return Share(tally[True], tally[True] + tally[False])


def _shares(tallies: Mapping[str, Counter[bool]]) -> dict[str, Share]:
    return {name: _share(tally) for name, tally in sorted(tallies.items()) if sum(tally.values())}
