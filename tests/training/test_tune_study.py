# ruff: noqa: E402 - Optuna may be absent
"""A study keeps every trial, puts others in the place of those that were killed, and proposes what it would have."""

from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna")

from imgrec.errors import TrainingError
from imgrec.training.search_space import Choices, Range, SearchSpace
from imgrec.training.study import (
    Outcome,
    ask,
    best_of,
    importances,
    open_folder,
    opened,
    pruner,
    replace_unfinished,
    rows,
)

SPACE = SearchSpace({"dropout": Range(low=0, high=0.6), "optimizer": Choices(choices=("adam", "sgd"))})
FEW = SearchSpace({"optimizer": Choices(choices=("adam", "sgd")), "mixing": Choices(choices=(0.0, 0.3, 0.6))})


def in_memory() -> optuna.Study:
    return optuna.create_study(direction="maximize")


def begin(study: optuna.Study, space: SearchSpace = SPACE) -> optuna.Trial:
    trial, _ = ask(study, space, seed=7)
    trial.set_user_attr("settings", space.suggested(trial))
    return trial


def end(study: optuna.Study, trial: optuna.Trial, score: float | None = None) -> None:
    """Complete a trial with the score its settings deserve: much dropout is good here."""
    trial.set_user_attr("outcome", "complete")
    study.tell(trial, trial.params["dropout"] if score is None else score)


def settings_by_number(study: optuna.Study) -> dict[int, object]:
    return {row.trial: row.settings for row in rows(study)}


def test_a_study_interrupted_again_and_again_tries_what_an_undisturbed_one_tries(tmp_path: Path):
    undisturbed = in_memory()
    for _ in range(9):
        end(undisturbed, begin(undisturbed))
    for _ in range(3):
        with opened(tmp_path) as study:
            replace_unfinished(study)
            for _ in range(3):
                end(study, begin(study))
            begin(study)  # and here the process is killed
    with opened(tmp_path) as study:
        assert settings_by_number(study) == settings_by_number(undisturbed)
        assert len({str(settings) for settings in settings_by_number(study).values()}) == 9


def test_a_trial_left_running_fails_and_another_goes_on_in_its_place(tmp_path: Path):
    with opened(tmp_path) as study:
        end(study, begin(study))
        left = begin(study)
        left.report(0.4, 1)
        left.report(0.5, 2)
        left.set_user_attr("seconds", 33.0)
    with opened(tmp_path) as study:
        assert [row.trial for row in rows(study)] == [1]
        assert replace_unfinished(study) == [2]
        trial, before = ask(study, SPACE, seed=7)
        assert before is not None
        assert before.state is optuna.trial.TrialState.FAIL
        assert before.intermediate_values == {1: 0.4, 2: 0.5}
        SPACE.suggested(trial)
        assert trial.params == before.params
        assert trial.user_attrs["number"] == 2
        assert trial.user_attrs["seconds"] == 33.0
        end(study, trial, 0.9)
        assert [(row.trial, row.outcome) for row in rows(study)] == [(2, Outcome.COMPLETE), (1, Outcome.COMPLETE)]


def test_what_kills_its_process_three_times_is_given_up_but_interruptions_do_not_count(tmp_path: Path):
    with opened(tmp_path) as study:
        for _ in range(5):
            begin(study).set_user_attr("interrupted", True)
            assert replace_unfinished(study) == [1]
        for kills in range(1, 4):
            begin(study)
            assert replace_unfinished(study) == ([1] if kills < 3 else [])
        assert [(row.trial, row.outcome) for row in rows(study)] == [(1, Outcome.KILLED)]
        assert begin(study).user_attrs["number"] == 2
        assert best_of(rows(study)) is None


def test_a_space_of_few_choices_is_walked_through_without_trying_anything_twice():
    study = in_memory()
    for number in range(6):
        end(study, begin(study, FEW), number / 10)
    tried = [tuple(row.settings.items()) for row in rows(study)]
    assert len(set(tried)) == FEW.size() == 6
    assert SPACE.size() == float("inf")


def test_later_trials_are_drawn_where_earlier_ones_did_well():
    study = in_memory()
    for _ in range(24):
        end(study, begin(study))
    dropout = {row.trial: float(row.settings["dropout"]) for row in rows(study)}
    assert sum(dropout[n] for n in range(15, 25)) / 10 > sum(dropout[n] for n in range(1, 6)) / 5
    assert importances(study, seed=0)["dropout"] > 0.8


def test_importances_want_some_trials_and_some_difference():
    study = in_memory()
    for _ in range(6):
        assert importances(study, seed=0) == {}
        end(study, begin(study), 0.5)
    end(study, begin(study), 0.6)
    assert sum(importances(study, seed=0).values()) == pytest.approx(1)


@pytest.mark.parametrize("name", ["median", "hyperband"])
def test_a_trial_far_behind_is_pruned_but_not_in_the_first_half(name):
    study = in_memory()
    study.pruner = pruner(name, epochs=9)
    for number in range(6):
        trial = begin(study)
        for epoch in range(1, 10):
            trial.report(0.5 + number / 100 + epoch / 100, epoch)
            assert not trial.should_prune()  # each is better than all before it
        end(study, trial, 0.6)
    behind = begin(study)
    for epoch in range(1, 10):
        behind.report(0.1, epoch)
        if behind.should_prune():
            break
    assert 5 <= epoch < 9
    study.pruner = pruner("none", epochs=9)
    assert not behind.should_prune()


def test_a_study_is_not_mixed_up_with_another_and_says_what_differs(tmp_path: Path):
    folder = tmp_path / "study"
    plan = {"dropout": 0.2, "space of dropout": {"low": 0.0, "high": 0.6}, "photos_sha256": "aa"}
    open_folder(folder, plan, restart=False)
    other = {"dropout": 0.2, "space of mixing": [0.0, 0.3], "photos_sha256": "bb"}
    open_folder(folder, other, restart=False)  # nothing was lost by that
    open_folder(folder, plan, restart=False)
    with opened(folder) as study:
        end(study, begin(study))
    open_folder(folder, plan, restart=False)
    with pytest.raises(TrainingError, match="other settings") as caught:
        open_folder(folder, other, restart=False)
    for difference in ("space of dropout: {'low': 0.0, 'high': 0.6} -> None", "space of mixing: None -> [0.0, 0.3]",
                       "the catalogue's photos", "--restart"):  # fmt: skip
        assert difference in str(caught.value)
    assert "dropout: 0.2" not in str(caught.value)
    with opened(folder) as study:
        assert len(rows(study)) == 1
    open_folder(folder, other, restart=True)
    with opened(folder) as study:
        assert rows(study) == []


def test_a_damaged_study_is_an_error_in_one_line(tmp_path: Path):
    (tmp_path / "study.db").write_bytes(b"no database at all " * 100)
    complaint = r"study\.db cannot be used \(file is not a database\)\. .*--restart"
    with pytest.raises(TrainingError, match=complaint), opened(tmp_path):
        pass
    (tmp_path / "study.yaml").write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"study\.yaml is damaged.*--restart"):
        open_folder(tmp_path, {"dropout": 0.2}, restart=False)
