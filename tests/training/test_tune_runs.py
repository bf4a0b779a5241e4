# ruff: noqa: E402 - Keras may be absent
"""A tune goes on where it was killed, counts what fails, prunes what lags, and ends with a recipe that trains."""

import json
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from tiny_shop import Shop, write_config, write_feed
from watched import Listener

pytest.importorskip("keras")
optuna = pytest.importorskip("optuna")

from imgrec.catalogue.store import Catalogue
from imgrec.cli import main
from imgrec.commands.console import INTERRUPTED
from imgrec.config import load_config
from imgrec.errors import TrainingError
from imgrec.progress import Silent
from imgrec.training import tune as tuning
from imgrec.training.examples import at_most, load_examples
from imgrec.training.fit import Epoch
from imgrec.training.recipes import settings_from
from imgrec.training.search_space import Choices, Range, SearchSpace
from imgrec.training.settings import TrainingSettings
from imgrec.training.study import Outcome
from imgrec.training.tune import Findings, Limits, Plan, tune
from imgrec.training.tune_report import as_json, best_recipe, caveats, draw

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras under NumPy 2
]

SETTINGS = TrainingSettings(
    weights="none", epochs=2, batch_size=8, side_px=32, width=0.0625, dtype="float32", augmentation="none",
    optimizer="sgd", learning_rate=1e-3, normalisation="none", feature_layer="block5",
)  # fmt: skip
SPACE = SearchSpace({
    "learning_rate": Range(low=1e-4, high=1e-2, log=True),
    "optimizer": Choices(choices=("adam", "adamw", "sgd")),
    "dropout": Range(low=0, high=0.6),
})  # fmt: skip
PLAN = Plan(SETTINGS, SPACE, photos_a_category=6)
REAL_PLAN = Plan(SETTINGS, SPACE, photos_a_category=6, objective="retrieval")

TUNE_AND_DIE_IN_ITS_SECOND_EPOCH = """
import os, signal, sys
from test_tune_runs import REAL_PLAN, Catalogue, Limits, Path, Silent, load_config, tune

class Killer(Silent):
    def say(self, line):
        if line.startswith("Trial 1 of 2: Epoch   1"):
            os.kill(os.getpid(), signal.SIGKILL)

with Catalogue.open(load_config(Path(sys.argv[1]), {}).catalogue) as catalogue:
    tune(catalogue, Path(sys.argv[2]), REAL_PLAN, Limits(trials=2), Killer())
"""


class PrunesTrial(optuna.pruners.BasePruner):
    """Finds one trial wanting, by its number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        return bool(trial.user_attrs["number"] == self.number)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three categories of twelve products, imported."""
    folder = tmp_path_factory.mktemp("imported")
    made = Shop(folder, write_feed(folder, 12), write_config(folder))
    made.bring_in()
    return made


@pytest.fixture
def catalogue(imported: Shop) -> Iterator[Catalogue]:
    with Catalogue.open(load_config(imported.config, {}).catalogue) as opened:
        yield opened


@pytest.fixture
def lessons(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has trials end as told instead of training: faults, and accuracies by epoch."""

    def teach(*endings: BaseException | list[float]) -> None:
        left = list(endings)

        def fit(*arguments: Any) -> list[Epoch]:
            on_epoch, ending = arguments[-1], left.pop(0)
            if isinstance(ending, BaseException):
                raise ending
            history = [Epoch(n, 1.0, 0.5, accuracy * 0 + 1, accuracy, 1.0, 32) for n, accuracy in enumerate(ending, 1)]
            for epoch in history:
                on_epoch(epoch)
            return history

        monkeypatch.setattr(tuning, "build", lambda *_: (None, None))
        monkeypatch.setattr(tuning, "started", lambda *_: None)
        monkeypatch.setattr(tuning, "fit", fit)

    return teach


def outcomes(findings: Findings) -> dict[int, Outcome]:
    return {row.trial: row.outcome for row in sorted(findings.rows, key=lambda row: row.trial)}


def test_a_killed_study_goes_on_within_its_trial_and_ends_with_a_recipe_that_training_takes(
    imported: Shop, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
):
    folder = imported.folder / "models" / "killed.tuning"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run(
        [sys.executable, "-c", TUNE_AND_DIE_IN_ITS_SECOND_EPOCH, str(imported.config), str(folder)],
        env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr

    monkeypatch.setattr(tuning, "pruner", lambda *_: PrunesTrial(2))
    monkeypatch.setattr(tuning, "LEAST_STEPS", 3)
    report = Listener()
    findings = tune(catalogue, folder, REAL_PLAN, Limits(trials=2), report)
    assert "Going on with trial 1, which was interrupted." in report.said
    assert "Trial 1 of 2: Going on after epoch 1 of 2." in report.said
    assert [line.split(":")[1][:10] for line in report.said if ": Epoch " in line] == [" Epoch   2", " Epoch   1"]
    first, second = findings.rows
    assert (first.trial, first.outcome, first.epochs) == (1, Outcome.COMPLETE, 2)
    assert first.settings == {"learning_rate": 1e-3, "optimizer": "sgd", "dropout": 0.2}  # the recipe's own
    assert first.score is not None
    assert 0 <= first.score <= 1
    assert (second.trial, second.outcome, second.epochs) == (2, Outcome.PRUNED, 1)
    assert sorted(path.name for path in folder.iterdir()) == ["study.db", "study.yaml"]

    recipe = folder / "best.yaml"
    recipe.write_text(best_recipe(findings, "killed"), encoding="utf-8")
    settings = settings_from(str(recipe), {})
    assert settings == findings.best_settings()
    assert (settings.learning_rate, settings.optimizer, settings.dropout) == (1e-3, "sgd", 0.2)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("imgrec.training.run.fit", interrupted)  # it would train; that it begins is enough here
    command = ["train", "--config", str(imported.config), "--name", "better", "--recipe", str(recipe), "--epochs", "9"]
    assert CliRunner().invoke(main, command).exit_code == INTERRUPTED
    begun = yaml.safe_load((folder.parent / "better.training" / "settings.yaml").read_text(encoding="utf-8"))
    del begun["photos_sha256"]
    assert TrainingSettings.model_validate(begun) == settings.model_copy(update={"epochs": 9})


def test_a_study_refuses_another_space_recipe_or_photos_and_stays(catalogue: Catalogue, tmp_path: Path, lessons):
    lessons([0.4, 0.5])
    before = tune(catalogue, tmp_path, PLAN, Limits(trials=1), Silent())
    for changed, difference in [
        (Plan(SETTINGS, SPACE.without(["dropout"]), 6), r"space of dropout: .* -> None"),
        (Plan(SETTINGS.model_copy(update={"epochs": 3}), SPACE, 6), "epochs: 2 -> 3"),
        (Plan(SETTINGS, SPACE, 5), "photos_per_category: 6 -> 5; the catalogue's photos"),
        (Plan(SETTINGS, SPACE, 6, "retrieval"), "objective: accuracy -> retrieval"),
    ]:
        with pytest.raises(TrainingError, match=rf"other settings \({difference}\).*--restart"):
            tune(catalogue, tmp_path, changed, Limits(trials=2), Silent())
    again = tune(catalogue, tmp_path, PLAN, Limits(trials=1), Silent())  # no lesson is left: nothing is trained
    assert again.rows == before.rows


def test_the_photos_of_a_study_are_few_of_each_category_and_drawn_by_the_seed(catalogue: Catalogue):
    labels, examples = load_examples(catalogue, 0, Silent())
    few, same, other = (at_most(examples["train"], 3, seed) for seed in (0, 0, 1))
    assert few.files == same.files
    assert few.files != other.files
    assert few.label.tolist() == sorted(few.label.tolist()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert len(labels) == 3
    every = {file: row for row, file in enumerate(examples["train"].files)}
    for file, label, kind, group in zip(few.files, few.label, few.kind, few.group, strict=True):
        row = every[file]
        assert (label, kind, group) == (
            examples["train"].label[row], examples["train"].kind[row], examples["train"].group[row],
        )  # fmt: skip
    assert at_most(examples["train"], 1000, 0).files == examples["train"].files


def test_trials_that_fail_are_counted_and_the_study_goes_on(catalogue: Catalogue, tmp_path: Path, lessons):
    class ResourceExhaustedError(Exception):
        pass

    lessons([0.4, 0.5], MemoryError(), [0.3, float("nan")], ResourceExhaustedError("OOM"), [0.2, 0.6])
    findings = tune(catalogue, tmp_path, PLAN, Limits(trials=5), Silent())
    assert outcomes(findings) == {
        1: Outcome.COMPLETE, 2: Outcome.OUT_OF_MEMORY, 3: Outcome.DIVERGED, 4: Outcome.OUT_OF_MEMORY,
        5: Outcome.COMPLETE,
    }  # fmt: skip
    assert findings.outcomes() == {"complete": 2, "diverged": 1, "out of memory": 2}
    assert [(row.trial, row.score) for row in findings.rows[:2]] == [(5, 0.6), (1, 0.5)]
    assert json.loads(json.dumps(as_json(findings)))["best_trial"] == 5
    assert draw(findings).startswith(b"<?xml")
    assert any("good to 3" in line for line in caveats(findings))  # with so few photos: 39 points


def test_a_trial_is_not_judged_before_it_had_enough_steps_to_show_anything(
    catalogue: Catalogue, tmp_path: Path, lessons, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tuning, "pruner", lambda *_: PrunesTrial(1))
    plan = Plan(SETTINGS.model_copy(update={"epochs": 20, "batch_size": 6}), SPACE, 6)  # three steps an epoch
    lessons([0.1] * 20)
    (row,) = tune(catalogue, tmp_path, plan, Limits(trials=1), Silent()).rows
    assert (row.outcome, row.epochs) == (Outcome.PRUNED, 14)  # 42 steps


def test_settings_that_do_not_go_together_are_a_counted_outcome(catalogue: Catalogue, tmp_path: Path, lessons):
    lessons([0.4, 0.5], [0.4, 0.5])
    space = SearchSpace({"feature_layer": Choices(choices=("auto", "fc2"))})
    findings = tune(catalogue, tmp_path, Plan(SETTINGS, space, 6), Limits(trials=9), Silent())
    failed = [row for row in findings.rows if row.outcome is Outcome.IMPOSSIBLE]
    assert [row.reason for row in failed] == ["the feature layer fc2 exists with --top dense only"]
    assert len(findings.rows) == 2  # a space of two points has no more to try


def test_when_every_trial_fails_there_is_no_best_and_that_is_said(catalogue: Catalogue, tmp_path: Path, lessons):
    lessons(MemoryError(), MemoryError())
    findings = tune(catalogue, tmp_path, PLAN, Limits(trials=2), Silent())
    with pytest.raises(TrainingError, match=r"No trial ran to its end so far \(2 out of memory\)"):
        findings.best_settings()
    assert draw(findings).startswith(b"<?xml")


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError("the disk is full")])
def test_what_ends_a_study_early_loses_no_trial(catalogue: Catalogue, tmp_path: Path, lessons, fault: BaseException):
    lessons([0.4, 0.5], fault, [0.2, 0.3])
    report = Listener()
    with pytest.raises(type(fault)):
        tune(catalogue, tmp_path, PLAN, Limits(trials=2), report)
    findings = tune(catalogue, tmp_path, PLAN, Limits(trials=2), report)
    assert outcomes(findings) == {1: Outcome.COMPLETE, 2: Outcome.COMPLETE}
    first, second = [line.partition(";")[0] for line in report.said if line.startswith("Trial 2 of 2: learning_rate")]
    assert first == second


def test_when_the_time_is_up_the_trial_is_put_aside_and_finished_next_time(
    catalogue: Catalogue, tmp_path: Path, lessons
):
    lessons([0.1, 0.2], [0.3, 0.4], [0.3, 0.4])
    clock = iter(range(1000))
    report = Listener()
    findings = tune(catalogue, tmp_path, PLAN, Limits(trials=2, timeout_s=7.5), report, lambda: float(next(clock)))
    assert outcomes(findings) == {1: Outcome.COMPLETE}
    assert report.said[-1] == "The time is up after 1 of 2 trials; the same command goes on."
    findings = tune(catalogue, tmp_path, PLAN, Limits(trials=2), report)
    assert outcomes(findings) == {1: Outcome.COMPLETE, 2: Outcome.COMPLETE}


def test_a_slow_average_of_weights_is_pointed_out_before_it_spoils_a_study(
    catalogue: Catalogue, tmp_path: Path, lessons
):
    lessons([0.4, 0.5], [0.4, 0.5])
    report = Listener()
    slow = Plan(SETTINGS.model_copy(update={"ema": 0.99}), SPACE, 6)
    tune(catalogue, tmp_path / "slow", slow, Limits(trials=1), report)
    assert any("averaged over about 100 steps (ema 0.99), and a trial has 6" in line for line in report.said)
    report.said.clear()
    tune(catalogue, tmp_path / "quick", PLAN, Limits(trials=1), report)
    assert not any("averaged" in line for line in report.said)


def test_the_command_prints_what_it_found_and_where_it_wrote_it(imported: Shop, tmp_path: Path, lessons):
    lessons([0.5])
    space = tmp_path / "space.yaml"
    space.write_text("dropout: [0.1, 0.3]\nbatch_size: [8, 16]\ntrain_from: [block1, top]\n", encoding="utf-8")
    out = tmp_path / "mine.yaml"
    command = [
        "--config", imported.config, "tune", "--name", "first", "--space", space, "--weights", "none", "--epochs", 1,
        "--recipe", Path(__file__).parent.parent / "tiny_recipe.yaml", "--photos-per-category", 6, "--batch-size", 16,
    ]  # fmt: skip
    refused = CliRunner().invoke(main, [*map(str, command), "--dropout", "0.1"])
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1] == (
        "Error: Nothing is left to search: every setting of the space is given as an option."
    )
    command += ["--trials", "1", "--out", out]
    result = CliRunner().invoke(main, [*map(str, command), "--json"])
    assert result.exit_code == 0, result.output
    assert "From scratch there is nothing to freeze, so train_from is not searched." in result.stderr
    assert "The recipe's own settings lie outside the space" in result.stderr
    said = json.loads(result.stdout)
    (trial,) = said["trials"]
    assert (trial["outcome"], trial["epochs"], trial["score"]) == ("complete", 1, 0.5)
    assert said["searched"] == {"dropout": [0.1, 0.3]}
    assert said["recipe"] == str(out)
    assert settings_from(str(out), {}).dropout == trial["settings"]["dropout"]
    assert Path(said["plot"]).read_bytes().startswith(b"<?xml")

    table = CliRunner().invoke(main, [*map(str, command)])  # the study is done: it is shown again
    assert re.search(r"1 +0\.[13] +50\.0% +1 +complete", table.stdout)
    photos = said["photos"]["validation"]
    margin = 196 * math.sqrt(0.25 / photos)
    assert f"A figure near 50% on {photos} photos is good to {margin:.1f} points either way" in table.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--name", "a.tuning"], 1, "cannot be named 'a.tuning'"),
        (["--name", "x", "--recipe", "none"], 1, "There is no recipe none"),
        (["--name", "x", "--space", "nowhere.yaml"], 1, "There is no space file nowhere.yaml"),
        (["--name", "x", "--trials", "0"], 2, "'--trials'"),
        (["--name", "x", "--timeout-min", "0"], 2, "'--timeout-min'"),
        (["--name", "x", "--objective", "beauty"], 2, "'--objective'"),
        ([], 2, "'--name'"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_begun(
    imported: Shop, arguments: list[str], code: int, complaint: str
):
    result = CliRunner().invoke(main, ["--config", str(imported.config), "tune", "--weights", "none", *arguments])
    assert (result.exit_code, result.stdout) == (code, "")
    assert complaint in result.stderr
    assert not (imported.folder / "models" / "x.tuning").exists()


def test_a_file_that_is_no_recipe_is_not_replaced_by_one(imported: Shop):
    result = CliRunner().invoke(
        main,
        ["--config", str(imported.config), "tune", "--name", "x", "--weights", "none", "--out", str(imported.feed)],
    )
    assert result.exit_code == 1
    assert f"{imported.feed} exists and is no recipe, so it is not replaced" in result.stderr


def test_the_default_space_is_printed_to_be_changed():
    result = CliRunner().invoke(main, ["tune", "--print-space"])
    assert result.exit_code == 0
    assert "optimizer: [adam, adamw, rmsprop, sgd]" in result.stdout
