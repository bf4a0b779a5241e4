"""What the network is taught to answer: smoothed categories, and the classes an embedding tells apart."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.training.examples import Examples
from imgrec.training.settings import TrainingSettings
from imgrec.training.targets import metric_labels, training_targets


def examples(label: list[int], kind: list[str | None], group: list[str] | None = None) -> Examples:
    groups = group or [f"group {row}" for row in range(len(label))]
    return Examples(tuple(Path(f"{row}.jpg") for row in range(len(label))), np.array(label), tuple(kind), tuple(groups))


SHOP = examples([0, 0, 0, 1, 1, 1, 1], ["red", "red", None, "red", "red", "blue", "green"])


def targets(of: Examples = SHOP, categories: int = 3, **settings: object) -> dict[str, np.ndarray]:
    return training_targets(of, categories, TrainingSettings.model_validate(settings))


def test_without_smoothing_a_target_is_the_category_and_nothing_else():
    assert np.array_equal(targets(label_smoothing=0)["logits"], np.eye(3)[SHOP.label])


def test_smoothing_spreads_its_share_evenly_and_rows_still_sum_to_one():
    logits = targets(label_smoothing=0.3)["logits"]
    assert logits.dtype == np.float32
    assert logits.sum(axis=1) == pytest.approx(np.ones(7))
    assert sorted(logits[0].tolist()) == pytest.approx([0.1, 0.1, 0.8])
    assert (logits.argmax(axis=1) == SHOP.label).all()


def test_without_an_embedding_there_is_nothing_more_to_answer():
    assert set(targets()) == {"logits"}
    assert set(targets(metric="kind")) == {"logits", "metric"}


def test_kinds_are_told_apart_within_their_category_and_lone_or_unknown_ones_are_not_asked_about():
    label, classes = metric_labels(SHOP, "kind")
    assert classes == 2  # red of one category and red of the other
    assert label.tolist() == [0, 0, -1, 1, 1, -1, -1]
    metric = targets(metric="kind", label_smoothing=0.1)["metric"]
    assert metric[[2, 5, 6]].tolist() == [[0, 0]] * 3
    assert metric[[0, 1, 3, 4]].sum(axis=1) == pytest.approx(np.ones(4))


def test_groups_and_categories_can_be_told_apart_too():
    grouped = examples([0, 0, 1, 1], [None] * 4, ["a", "a", "b", "b"])
    assert metric_labels(grouped, "group")[0].tolist() == [0, 0, 1, 1]
    assert metric_labels(grouped, "category")[0].tolist() == [0, 0, 1, 1]


def test_a_photo_that_is_alone_in_its_group_is_told_by_its_kind():
    mixed = examples([0] * 6, ["red"] * 4 + ["blue", None], ["a", "a", "b", "c", "d", "e"])
    assert metric_labels(mixed, "group")[0].tolist() == [0, 0, 1, 1, -1, -1]  # one blue thing is no class


@pytest.mark.parametrize("metric", ["kind", "group"])
@pytest.mark.parametrize("kind", [[None] * 4, ["red", "red", None, None]])
def test_where_there_are_no_two_classes_to_tell_apart_the_categories_serve(metric: str, kind: list[str | None]):
    label, classes = metric_labels(examples([0, 0, 1, 1], kind), metric)
    assert (label.tolist(), classes) == ([0, 0, 1, 1], 2)
