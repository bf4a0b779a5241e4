"""Whether a model is worth taking is said by differences that are not chance, on photos that neither learned from."""

from dataclasses import replace

import pytest
from tiny_shop import Shop

from imgrec.evaluation.model_report import ModelReport, ModelRun
from imgrec.evaluation.verdict import Compared, Verdict, verdict_of
from imgrec.figures import Estimate

NAMES = [
    "category right", "among the first three", "same kind first", "same kind among ten", "found among ten of its kind",
]  # fmt: skip


def compared(value: float, low: float, high: float) -> Compared:
    figure = Estimate(0.5, 0.4, 0.6, 100)
    return Compared("category right", figure, figure, Estimate(value, low, high, 100))


BETTER, WORSE, CHANCE = compared(0.05, 0.01, 0.09), compared(-0.05, -0.09, -0.01), compared(0.05, -0.01, 0.11)


@pytest.mark.parametrize(
    ("figures", "is_worth_it"),
    [
        ([BETTER, CHANCE], True),
        ([BETTER, BETTER], True),
        ([CHANCE, CHANCE], False),
        ([BETTER, WORSE], False),
        ([WORSE], False),
        ([], False),
    ],
)
def test_it_is_worth_it_where_something_is_better_and_nothing_worse(figures: list[Compared], is_worth_it: bool) -> None:
    assert Verdict("before", "after", figures).is_worth_it == is_worth_it


def test_figures_of_both_and_their_differences_are_those_of_the_report(
    evaluated: tuple[ModelReport, list[ModelRun]],
) -> None:
    report, _ = evaluated
    verdict = verdict_of(report)
    assert (verdict.before, verdict.after) == ("tiny", "narrow")
    assert [one.name for one in verdict.compared] == NAMES
    tiny, narrow = (model.recognition["test"].top1 for model in report.models)
    first = verdict.compared[0]
    assert (first.before, first.after) == (tiny, narrow)
    assert first.difference.value == pytest.approx(narrow.value - tiny.value)


def test_where_categories_are_not_told_apart_retrieval_alone_decides(
    evaluated: tuple[ModelReport, list[ModelRun]],
) -> None:
    report, _ = evaluated
    models = [replace(model, recognition={}) for model in report.models]
    assert [one.name for one in verdict_of(replace(report, models=models)).compared] == NAMES[2:]


def test_training_ends_with_the_figures_of_both_models_and_what_to_do(two_models: Shop) -> None:
    """The same weights with a feature of little use, so that it takes seconds, and is not worth it."""
    trained = two_models.imgrec("train", "--name", "other", "--reuse", "tiny", "--feature-layer", "block3")
    for name in ("tiny", "other", *NAMES):
        assert name in trained.stdout, name
    assert "times as long" in trained.stdout
    stays = "tiny goes on looking, and nothing has changed" in trained.stderr
    assert stays != ("Next: imgrec models use other" in trained.stderr)
