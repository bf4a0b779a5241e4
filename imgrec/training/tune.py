"""Many short training runs on few photos, to find the settings that suit a catalogue.

study.db        every trial, in Optuna's own format
study.yaml      what the study was begun with
trial-007/      the run folder of the trial that is running
photos/         photos decoded and resized once for all trials, until the study is done
"""

import logging
import math
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

import keras
import optuna
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError

from imgrec.catalogue.store import Catalogue
from imgrec.errors import TrainingError
from imgrec.progress import Advance, Reporter
from imgrec.training.compare import compare_features
from imgrec.training.examples import LEARNED_FROM, Examples, at_most, digest_of, load_examples
from imgrec.training.fit import Epoch, fit
from imgrec.training.pixels import PhotoCache
from imgrec.training.run import build, started
from imgrec.training.search_space import SearchSpace, Values
from imgrec.training.settings import TrainingSettings
from imgrec.training.study import (
    Outcome,
    PrunerName,
    Row,
    ask,
    best_of,
    importances,
    in_words,
    open_folder,
    opened,
    pruner,
    replace_unfinished,
    rows,
)

Objective = Literal["accuracy", "retrieval"]

LEAST_STEPS = 40
"""Before so many a trial is not judged: the averages that batch normalisation keeps, by which validation photos are
measured, still remember where they began (its momentum of 0.9 to the power of 40 is 1.5 %)."""
_BATCH = 64
_STEPS_AN_AVERAGE_NEEDS = 3  # times the steps it reaches back


@dataclass(frozen=True)
class Plan:
    """What a study is of: one goes on only with the plan it was begun with.

    objective: accuracy, the best validation accuracy of a trial's epochs at its final side; or retrieval, what
    validation photos find with the best of its features (`Found.score`).
    """

    settings: TrainingSettings
    space: SearchSpace
    photos_a_category: int
    objective: Objective = "accuracy"

    def as_plain(self, photos_sha256: str) -> dict[str, object]:
        """What is kept in study.yaml and compared."""
        return {
            **self.settings.model_dump(mode="json"),
            **{f"space of {name}": kind for name, kind in self.space.as_plain().items()},
            "photos_per_category": self.photos_a_category,
            "objective": self.objective,
            "photos_sha256": photos_sha256,
        }


@dataclass(frozen=True)
class Limits:
    """How far to go this time."""

    trials: int
    timeout_s: float = math.inf
    pruner: PrunerName = "median"
    restart: bool = False


@dataclass(frozen=True)
class Findings:
    """What a study has found so far; `photos` are counted by split, `importances` are by setting."""

    plan: Plan
    rows: list[Row]
    importances: dict[str, float]
    photos: dict[str, int]

    @property
    def best(self) -> Row | None:
        """The best of the trials that ran to their end."""
        return best_of(self.rows)

    def best_settings(self) -> TrainingSettings:
        """Those of the best trial. Raises TrainingError when none ran to its end."""
        if self.best is None:
            ended = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes().items())
            raise TrainingError(f"No trial ran to its end so far ({ended or 'none has ended'}), so none is the best.")
        return self.plan.space.settings_of(self.plan.settings, self.best.settings)

    def outcomes(self) -> dict[str, int]:
        """How many trials ended in which way."""
        found = [row.outcome for row in self.rows]
        return {str(outcome): found.count(outcome) for outcome in Outcome if outcome in found}


def tune(
    catalogue: Catalogue, folder: Path, plan: Plan, limits: Limits, report: Reporter,
    clock: Callable[[], float] = time.monotonic,
) -> Findings:  # fmt: skip
    """Run trials until there are as many as wanted, going on with the study in `folder` where there is one.

    Raises TrainingError when the study there is of another plan, or the catalogue is not fit for training.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of every trial that compiles anew
    until = clock() + limits.timeout_s
    labels, every = load_examples(catalogue, plan.settings.seed, report)
    examples = {split: at_most(every[split], plan.photos_a_category, plan.settings.seed) for split in LEARNED_FROM}
    photos = {split: len(side) for split, side in examples.items()}
    report.say(
        f"{len(labels)} categories, of each at most {plan.photos_a_category} photos of a split: "
        + ", ".join(f"{count:,} {split}" for split, count in photos.items())
    )
    _mention_slow_average(plan.settings, photos["train"], report)
    open_folder(folder, plan.as_plain(digest_of(labels, examples)), limits.restart)
    with opened(folder) as study:
        study.pruner = pruner(limits.pruner, plan.settings.total_epochs)
        bench = _Bench(study, folder, plan, examples, len(labels), report, clock, until)
        bench.run_up_to(int(min(limits.trials, plan.space.size())))
        return Findings(plan, rows(study), importances(study, plan.settings.seed), photos)


class _Diverged(Exception):  # noqa: N818 - an outcome, not an error
    """The loss is not a number."""


class _Impossible(Exception):  # noqa: N818 - an outcome, not an error
    """These settings do not go together."""


class _OutOfTime(Exception):  # noqa: N818 - an outcome, not an error
    """The time given is used up."""


class _Bench:
    """Runs the trials of a study one after the other."""

    def __init__(
        self, study: optuna.Study, folder: Path, plan: Plan, examples: Mapping[str, Examples], categories: int,
        report: Reporter, clock: Callable[[], float], until: float,
    ) -> None:  # fmt: skip
        self.study = study
        self.folder = folder
        self.plan = plan
        self.examples = examples
        self.categories = categories
        self.report = report
        self.clock = clock
        self.until = until

    def run_up_to(self, wanted: int) -> None:
        """Run trials until so many have ended, or the time is up."""
        if replaced := replace_unfinished(self.study):
            self.report.say(f"Going on with trial {', '.join(map(str, replaced))}, which was interrupted.")
        elif not self.study.trials:
            self._begin_with_recipe()
        try:
            while len(ended := rows(self.study)) < wanted:
                self._run_next(wanted, ended)
        except _OutOfTime:
            self.report.say(f"The time is up after {len(ended)} of {wanted} trials; the same command goes on.")
        else:
            shutil.rmtree(self.folder / "photos", ignore_errors=True)

    def _begin_with_recipe(self) -> None:
        """The recipe as it is comes first, so that every other trial can be compared with it."""
        parameters = self.plan.space.parameters_of(self.plan.settings)
        if parameters is not None:
            self.study.enqueue_trial(parameters)
        else:
            self.report.say("The recipe's own settings lie outside the space, so they are not tried.")

    def _run_next(self, wanted: int, ended: list[Row]) -> None:
        if self.clock() > self.until:
            raise _OutOfTime
        trial, before = ask(self.study, self.plan.space, self.plan.settings.seed)
        number = int(trial.user_attrs["number"])
        values = self.plan.space.values_with(self.plan.settings, self.plan.space.suggested(trial))
        trial.set_user_attr("settings", values)
        self.report.say(_announcement(number, wanted, values, ended))
        run = self.folder / f"trial-{number:03d}"
        if not (run / "history.csv").exists():  # an unfinished trial has been tidied away, so it starts over
            before = None
        if before is None:
            shutil.rmtree(run, ignore_errors=True)
        run.mkdir(exist_ok=True)
        outcome, score, reason = self._outcome(trial, before, values, run, f"Trial {number} of {wanted}")
        trial.set_user_attr("outcome", str(outcome))
        trial.set_user_attr("reason", reason)
        if outcome is Outcome.COMPLETE:
            self.study.tell(trial, score)
        else:
            self.study.tell(trial, state=TrialState.PRUNED if outcome is Outcome.PRUNED else TrialState.FAIL)
            self.report.say(f"Trial {number}: {outcome}{f' ({reason})' if reason else ''}.")
        shutil.rmtree(run, ignore_errors=True)
        keras.backend.clear_session(free_memory=True)

    def _outcome(
        self, trial: optuna.Trial, before: FrozenTrial | None, values: Values, run: Path, title: str
    ) -> tuple[Outcome, float | None, str]:
        """How the trial ended, its score if it ran to its end, and what is to be said of it."""
        try:
            return Outcome.COMPLETE, self._score(trial, before, values, run, title), ""
        except optuna.TrialPruned:
            return Outcome.PRUNED, None, ""
        except _Diverged:
            return Outcome.DIVERGED, None, "the loss is not a number"
        except _Impossible as error:
            return Outcome.IMPOSSIBLE, None, str(error)
        except Exception as error:  # each backend has an error of its own for this
            if not _is_of_memory(error):
                trial.set_user_attr("interrupted", True)
                raise
            return Outcome.OUT_OF_MEMORY, None, ""
        except KeyboardInterrupt:
            trial.set_user_attr("interrupted", True)
            raise

    def _score(self, trial: optuna.Trial, before: FrozenTrial | None, values: Values, run: Path, title: str) -> float:
        settings, report = self._settings(values), _Titled(self.report, title)
        files = {split: side.files for split, side in self.examples.items()}
        photos = PhotoCache(files, self.folder / "photos" / settings.fit, settings, report)
        try:
            network, lesson = build(self.examples, self.categories, photos, settings)
            lesson = started(network, lesson, settings, run, report)
        except TrainingError as error:
            raise _Impossible(str(error)) from None
        for epoch, accuracy in (before.intermediate_values if before else {}).items():
            trial.report(accuracy, epoch)
        steps = -(-len(self.examples["train"]) // settings.batch_size)
        watch = _Watch(trial, settings, steps, self.clock, self.until)
        history = fit(network, lesson, settings, run, report, watch.on_epoch)
        side_px = history[-1].side_px
        accuracy = max(epoch.validation_accuracy for epoch in history if epoch.side_px == side_px)
        trial.set_user_attr("accuracy", accuracy)
        if self.plan.objective == "retrieval":
            compared = compare_features(network, settings, self.examples, lesson.photos, report)
            score = compared.found[str(compared.feature)].score(settings.wanted)
        else:
            score = accuracy
        watch.note_time()
        return score

    def _settings(self, values: Values) -> TrainingSettings:
        try:
            return self.plan.space.settings_of(self.plan.settings, values)
        except ValidationError as error:
            raise _Impossible(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


class _Watch:
    """Tells the study of each epoch of a trial, and ends the trial where there is reason to."""

    def __init__(
        self, trial: optuna.Trial, settings: TrainingSettings, steps: int, clock: Callable[[], float], until: float
    ) -> None:
        self.trial = trial
        self.settings = settings
        self.steps = steps  # in an epoch
        self.clock = clock
        self.until = until
        self.began = clock() - float(trial.user_attrs.get("seconds", 0.0))  # with what it took before an interruption

    def on_epoch(self, epoch: Epoch) -> None:
        """Called by `fit`. Raises what ends the trial."""
        self.note_time()
        if not math.isfinite(epoch.loss + epoch.validation_loss):
            raise _Diverged
        self.trial.report(epoch.validation_accuracy, epoch.epoch)
        if epoch.epoch == self.settings.total_epochs:
            return
        if epoch.epoch * self.steps >= LEAST_STEPS and self.trial.should_prune():
            raise optuna.TrialPruned
        if self.clock() > self.until:
            raise _OutOfTime

    def note_time(self) -> None:
        """Record how long the trial has taken."""
        self.trial.set_user_attr("seconds", round(self.clock() - self.began, 1))


class _Titled:
    """A reporter whose every line says of which trial it is."""

    def __init__(self, report: Reporter, title: str) -> None:
        self.report = report
        self.title = title

    def stage(self, title: str, total: int | None) -> AbstractContextManager[Advance]:
        """A stage of the trial."""
        return self.report.stage(f"{self.title}: {title}", total)

    def say(self, line: str) -> None:
        """A line about the trial."""
        self.report.say(f"{self.title}: {line}")


def _announcement(number: int, wanted: int, values: Values, ended: list[Row]) -> str:
    parts = [f"Trial {number} of {wanted}: {in_words(values)}"]
    if best := best_of(ended):
        parts.append(f"best so far {best.score:.1%} (trial {best.trial})")
    if ended:
        left_s = median(row.seconds for row in ended) * (wanted - len(ended))
        parts.append(f"about {left_s / 60:.0f} min left" if left_s >= 60 else "less than a minute left")
    return "; ".join(parts)


def _mention_slow_average(settings: TrainingSettings, photos: int, report: Reporter) -> None:
    """Few photos make few steps, and an average over more than those still remembers the first weights."""
    steps = -(-photos // settings.batch_size) * settings.total_epochs
    reach = 1 / (1 - settings.ema)
    if settings.ema and steps < _STEPS_AN_AVERAGE_NEEDS * reach:
        report.say(
            f"Weights are averaged over about {reach:.0f} steps (ema {settings.ema:g}), and a trial has {steps}, so "
            "its accuracy lags behind: give --ema 0, more epochs or more photos."
        )


def _is_of_memory(error: Exception) -> bool:
    said = f"{type(error).__name__} {error}".lower()
    return isinstance(error, MemoryError) or any(
        sign in said for sign in ("resourceexhausted", "resource_exhausted", "out of memory", "outofmemory")
    )
