"""The Optuna study behind a tune: opened, gone on with after an interruption, and read as rows.

A trial that a killed or interrupted process left running is told to have failed, and another takes its place with the
same settings and the same number. Its own `Trial.number` in Optuna differs then; people are shown ours.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
import yaml
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from imgrec.errors import TrainingError
from imgrec.generations import write_atomically
from imgrec.training.search_space import SearchSpace, Values

PrunerName = Literal["median", "hyperband", "none"]

_STUDY = "tune"
_MOST_KILLS = 3
_MOST_POINTS = 24
_STARTUP_TRIALS = 5
"""Drawn at random before the sampler begins to learn from what it saw."""


class Outcome(StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    """Stopped early, as others were better at that epoch."""
    DIVERGED = "diverged"
    """The loss was no number any more."""
    OUT_OF_MEMORY = "out of memory"
    IMPOSSIBLE = "impossible"
    """Its settings do not go together."""
    KILLED = "killed"
    """Its process was killed so often that it was given up."""


@dataclass(frozen=True)
class Row:
    """A trial that ended. `accuracy` is the best validation accuracy, `score` the figure optimised; 0 to 1."""

    trial: int
    settings: Values
    outcome: Outcome
    score: float | None
    accuracy: float | None
    epochs: int
    seconds: float
    reason: str

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


def open_folder(folder: Path, wanted: dict[str, object], restart: bool) -> None:
    """Begin the folder of a study, or see that the one there was begun as is wanted now.

    A study of which no trial has ended is nobody's loss, and is started over where it differs. Raises TrainingError
    that names what differs otherwise.
    """
    if restart:
        shutil.rmtree(folder, ignore_errors=True)
    file = folder / "study.yaml"
    if not file.exists():
        write_atomically(file, yaml.safe_dump(wanted, sort_keys=False).encode())
        return
    different = _differences(_read(file), wanted)
    if not different:
        return
    with opened(folder) as study:
        ended = len(rows(study))
    if ended:
        raise TrainingError(
            f"The study in {folder} was begun with other settings ({'; '.join(different)}). "
            "Go on with the old ones, choose another --name, or start over with --restart."
        )
    open_folder(folder, wanted, restart=True)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[optuna.Study]:
    """The study in a folder, made when absent. Raises TrainingError when its file is damaged."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    file = folder / "study.db"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        storage = optuna.storages.RDBStorage(URL.create("sqlite", database=str(file)).render_as_string())
        try:
            yield optuna.create_study(storage=storage, study_name=_STUDY, direction="maximize", load_if_exists=True)
        finally:
            storage.remove_session()
            storage.engine.dispose()
    except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
        problem = " ".join(str(error.__cause__ or error).split())[:200]
        raise TrainingError(f"The study {file} cannot be used ({problem}). Start over with --restart.") from None


def replace_unfinished(study: optuna.Study) -> list[int]:
    """Fail the trials that nobody runs any more and put others in their place; returns their numbers.

    For the process that alone holds the study. What was killed three times is given up instead, as it may well be what
    kills the process.
    """
    replaced = []
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        attributes = dict(trial.user_attrs)
        kills = int(attributes.get("kills", 0)) + (0 if attributes.pop("interrupted", False) else 1)
        if "number" in attributes and kills < _MOST_KILLS:
            study.enqueue_trial(trial.params, user_attrs={**attributes, "kills": kills, "replaces": trial.number})
            replaced.append(int(attributes["number"]))
    return replaced


def ask(study: optuna.Study, space: SearchSpace, seed: int) -> tuple[optuna.Trial, FrozenTrial | None]:
    """The next trial, and the unfinished one in whose place it comes, if it does.

    What is drawn depends on the seed, the trial's number and the results before it alone, so that a study which was
    interrupted proposes what an undisturbed one does. A space of few points is walked through, each once.
    """
    trials = study.get_trials(deepcopy=False)
    number = 1 + max((int(trial.user_attrs.get("number", 0)) for trial in trials), default=0)
    waiting = any(trial.state is TrialState.WAITING for trial in trials)
    if not waiting and (points := space.points()) and space.size() <= _MOST_POINTS:
        left = [point for point in points if point not in [trial.params for trial in trials]]
        if left:
            study.enqueue_trial(left[np.random.default_rng([seed, number]).integers(len(left))])
    state = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    study.sampler = optuna.samplers.TPESampler(seed=state, n_startup_trials=_STARTUP_TRIALS)
    trial = study.ask()
    if "number" not in trial.user_attrs:
        trial.set_user_attr("number", number)
    replaces = trial.user_attrs.get("replaces")
    return trial, None if replaces is None else trials[int(replaces)]


def pruner(name: PrunerName, epochs: int) -> optuna.pruners.BasePruner:
    """What stops trials that fall behind others at the same epoch; none in the first half of the epochs.

    Before that ranks say little, as rates are high and have hardly begun to fall.
    """
    half = -(-epochs // 2)
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=half)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=half, max_resource=epochs, reduction_factor=2)
    return optuna.pruners.NopPruner()


def rows(study: optuna.Study) -> list[Row]:
    """The trials that ended and were not replaced: best score first, then by accuracy."""
    trials = study.get_trials(deepcopy=False)
    replaced = {trial.user_attrs.get("replaces") for trial in trials}
    ended = [
        _row(trial)
        for trial in trials
        if trial.state.is_finished() and trial.number not in replaced and "number" in trial.user_attrs
    ]
    return sorted(ended, key=lambda row: (-_or_lowest(row.score), -_or_lowest(row.accuracy), row.trial))


def best_of(found: list[Row]) -> Row | None:
    """The best of those that ran to their end."""
    return next((row for row in found if row.outcome is Outcome.COMPLETE), None)


def importances(study: optuna.Study, seed: int) -> dict[str, float]:
    """How much of the differences in score a random forest puts down to each setting; the shares sum to 1.

    Mean decrease in impurity over the complete trials, as optuna.importance has it. Empty with fewer than four of them,
    or when all scored alike.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < 4 or len({trial.value for trial in complete}) == 1:
        return {}
    evaluator = optuna.importance.MeanDecreaseImpurityImportanceEvaluator(seed=seed)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name.removesuffix("_times_default"): float(share) for name, share in shares.items()}


def in_words(values: Values) -> str:
    """A trial's settings in one line."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )


def _row(trial: FrozenTrial) -> Row:
    said: dict[str, Any] = trial.user_attrs
    accuracies = trial.intermediate_values
    outcome = Outcome(said.get("outcome", Outcome.KILLED))
    return Row(
        trial=int(said["number"]),
        settings=said.get("settings", {}),
        outcome=outcome,
        score=trial.value if outcome is Outcome.COMPLETE else None,
        accuracy=said.get("accuracy", max(accuracies.values(), default=None)),
        epochs=max(accuracies, default=0),
        seconds=round(float(said.get("seconds", 0)), 1),
        reason=said.get("reason", ""),
    )  # fmt: skip


def _or_lowest(score: float | None) -> float:
    return -1.0 if score is None else score


def _read(file: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict):
        raise TrainingError(f"{file} is damaged. Start the study over with --restart.")
    return content


def _differences(begun: dict[str, object], wanted: dict[str, object]) -> list[str]:
    return [
        "the catalogue's photos" if key == "photos_sha256" else f"{key}: {begun.get(key)} -> {wanted.get(key)}"
        for key in dict.fromkeys([*begun, *wanted])
        if begun.get(key) != wanted.get(key)
    ]
