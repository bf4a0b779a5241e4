"""Figures of the log, counted by hand for a handful of queries."""

from itertools import count

import pytest

from imgrec.evaluation.log_report import report_on_log
from imgrec.figures import Share
from imgrec.log.reader import JudgedMatch, LoggedQuery


@pytest.fixture
def query():
    ids = count(1)

    def make(**columns) -> LoggedQuery:
        usual = {
            "id": next(ids), "kind_of_query": "photo", "parent_id": None, "predicted_category": "Balls",
            "category": "Balls", "category_source": "predicted", "threshold": 0.5, "outcome": "answered",
            "total_ms": 10.0, "votes_for": 0, "votes_against": 0,
        }  # fmt: skip
        return LoggedQuery(**{**usual, **columns})

    return make


def failed(query, outcome: str) -> LoggedQuery:
    nothing = dict.fromkeys(("predicted_category", "category", "category_source", "threshold", "total_ms"))
    return query(outcome=outcome, **nothing)


def test_queries_are_counted_by_outcome_and_answered_is_a_share_of_those_searched(query):
    queries = [query(), query(), query(outcome="nothing_similar")]
    queries += [failed(query, outcome) for outcome in ("unreadable", "too_large", "failed", "failed")]
    report = report_on_log(queries)
    assert report.outcomes == {
        "answered": 2, "nothing_similar": 1, "unreadable": 1, "too_large": 1, "failed": 2,
    }  # fmt: skip
    assert report.answered == Share(2, 3)
    shown = report.as_json()
    assert (shown["queries"], shown["answered"], shown["empty"]) == (7, 2, 1)


def test_approval_counts_votes_by_the_category_used_and_by_threshold(query):
    report = report_on_log([
        query(votes_for=3, votes_against=1),
        query(category="Boxes", category_source="tap", threshold=0.62, votes_for=1),
        query(category=None, predicted_category="Tents", threshold=0.549, votes_against=2),  # several were searched
        query(category="Rods"),
    ])  # fmt: skip
    assert report.approval == Share(4, 7)
    assert report.approval_by_category == {"Balls": Share(3, 4), "Boxes": Share(1, 1), "Tents": Share(0, 2)}
    assert report.approval_by_threshold == {"0.50-0.55": Share(3, 6), "0.60-0.65": Share(1, 1)}


@pytest.mark.parametrize(
    ("threshold", "step"),
    [(0.0, "0.00-0.05"), (0.15, "0.15-0.20"), (0.3, "0.30-0.35"), (0.7, "0.70-0.75"), (0.9999, "0.95-1.00"),
     (-0.02, "-0.05-0.00"), (-0.3, "-0.30--0.25"), (-1.0, "-1.00--0.95")],
)  # fmt: skip
def test_a_threshold_falls_into_the_step_it_lies_in(query, threshold, step):
    report = report_on_log([query(threshold=threshold, votes_for=1)])
    assert report.approval_by_threshold == {step: Share(1, 1)}


def test_a_correction_is_another_category_wanted_after_the_predicted_one(query):
    photo, other, chosen = query(), query(), query(category="Boxes", category_source="chat")
    several = query(category=None)
    report = report_on_log([
        photo, other, chosen, several,
        query(kind_of_query="other_category", parent_id=photo.id, category="Boxes", category_source="tap"),
        query(kind_of_query="other_category", parent_id=photo.id, category="Tents", category_source="tap"),
        query(kind_of_query="other_category", parent_id=chosen.id, category="Tents", category_source="tap"),
        query(kind_of_query="other_category", parent_id=several.id, category="Balls", category_source="tap"),
        query(kind_of_query="other_category", parent_id=other.id, category=None, category_source=None),
        query(kind_of_query="other_category", parent_id=999, category="Boxes", category_source="tap"),
    ])  # fmt: skip
    assert report.corrections == {"Balls -> Boxes": 1, "Balls -> Tents": 1}
    assert report.corrected == Share(1, 3)


def test_latency_is_that_of_the_queries_that_ended(query):
    report = report_on_log([query(total_ms=ms) for ms in (10.0, 20.0, 30.0)] + [failed(query, "failed")])
    assert report.latency_ms == {"p50": 20.0, "p90": 28.0, "p95": 29.0, "p99": 29.8}


def judged(likeness: float, likes: int, dislikes: int) -> list[JudgedMatch]:
    liked = [True] * likes + [False] * dislikes
    return [JudgedMatch(likeness, is_liked, f"shopper {number % 5}") for number, is_liked in enumerate(liked)]


def test_likeness_is_held_against_the_votes_on_single_products_by_degree():
    report = report_on_log([], [
        *judged(0.4, 12, 12), *judged(0.9, 28, 1), *judged(0.95, 10, 0), *judged(0.7, 7, 23), *judged(0.1, 19, 0)
    ])  # fmt: skip
    assert list(report.judged) == ["very similar", "similar", "somewhat similar", "hardly similar"]
    assert report.judged["very similar"].liked == Share(38, 39)
    assert report.judged["very similar"].said == pytest.approx((29 * 0.9 + 10 * 0.95) / 39)
    assert [one.verdict for one in report.judged.values()] == [
        "as said", "less than said", "as said", "too few to tell"
    ]  # fmt: skip
    assert report.judges == 5
    assert str(report.judged["similar"]).startswith("said 70.0%, liked 23.3% (7 of 30; 95 % interval")
    assert str(report.judged["hardly similar"]) == "too few to tell: 19 votes of 20"
    assert report.as_json()["likeness"]["similar"]["verdict"] == "less than said"


def test_more_may_be_liked_than_was_said():
    assert report_on_log([], judged(0.4, 40, 2)).judged["somewhat similar"].verdict == "more than said"


def test_an_empty_log_has_figures_too():
    shown = report_on_log([]).as_json()
    assert (shown["queries"], shown["outcomes"], shown["corrections"]) == (0, {}, {})
    assert shown["approval"] == Share(0, 0).as_json()
    assert shown["latency_ms"]["p50"] is None
    assert (shown["likeness"], shown["likeness_judges"]) == ({}, 0)
