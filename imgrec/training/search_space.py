"""Which settings a study searches: for each of them a list of choices or a range, from a YAML file.

The default file, search_space.yaml, lies beside this module and explains the format.
"""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from imgrec.errors import TrainingError
from imgrec.training.settings import Stage, TrainFrom, TrainingSettings

if TYPE_CHECKING:
    import optuna

Value = str | int | float | bool
Values = dict[str, Value]

_DEPTH = "train_from"
_NEVER_SEARCHED = {
    "weights": "it decides what else can be searched; give it as an option",
    "start_from": "give it as an option",
    "epochs": "trials of different length cannot be compared; give it as an option",
    "stages": "search train_from, which stands for their depth",
}
_SIGNIFICANT = 3
_HARDLY = 1e-6


class Choices(BaseModel):
    """A setting that takes one of these values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choices: tuple[Value, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("names a value twice")
        return self


class Range(BaseModel):
    """A setting that takes a number from `low` to `high`, both included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    log: bool = False
    step: float | None = Field(None, gt=0)
    times_default: bool = False

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"with log: true, low must be above 0; it is {self.low:g}")
        if self.log and self.step:
            raise ValueError("has both log and step; choose one")
        steps = (self.high - self.low) / (self.step or 1)
        if self.step and abs(steps - round(steps)) > _HARDLY:
            raise ValueError(f"steps of {self.step:g} do not lead from {self.low:g} to {self.high:g}")
        if self.times_default and self.low <= 0:
            raise ValueError(f"multiples of the default must be above 0; low is {self.low:g}")
        return self


@dataclass(frozen=True)
class SearchSpace:
    """Dimensions by the name of their setting. Values of `learning_rate` may be multiples of its default."""

    dimensions: Mapping[str, Choices | Range]

    def without(self, names: Collection[str]) -> "SearchSpace":
        """The same space but for these settings."""
        return SearchSpace({name: kind for name, kind in self.dimensions.items() if name not in names})

    def suggested(self, trial: "optuna.Trial") -> Values:
        """What Optuna has this trial take, by the names of the parameters in the study."""
        return {_parameter(name, kind): _suggested(trial, name, kind) for name, kind in self.dimensions.items()}

    def values_with(self, base: TrainingSettings, parameters: Mapping[str, Value]) -> Values:
        """What a trial takes in each dimension, as a person wants to read it."""
        values = {name: _rounded(parameters[_parameter(name, kind)]) for name, kind in self.dimensions.items()}
        if _is_multiple(self.dimensions.get("learning_rate")):
            optimizer = values.get("optimizer", base.optimizer)
            default = _default_rate(base.model_copy(update={"optimizer": optimizer}))
            values["learning_rate"] = _rounded(default * float(values["learning_rate"]))
        return values

    def settings_of(self, base: TrainingSettings, values: Mapping[str, Value]) -> TrainingSettings:
        """The settings of a trial. Raises pydantic's ValidationError when these values do not go together."""
        changes: dict[str, object] = dict(values)
        if _DEPTH in changes:
            changes["stages"] = _not_below(str(changes.pop(_DEPTH)), base.stages)
        return TrainingSettings.model_validate({**base.model_dump(), **changes})

    def parameters_of(self, settings: TrainingSettings) -> Values | None:
        """The point of the space where these settings are, or None when they are outside it."""
        parameters: Values = {}
        for name, kind in self.dimensions.items():
            value = "block1" if name == _DEPTH else _value_of(settings, name)
            if _is_multiple(kind):
                value = _rounded(float(value) / _default_rate(settings))
            if not _contains(kind, value):
                return None
            parameters[_parameter(name, kind)] = value
        return parameters

    def points(self) -> Iterator[Values] | None:
        """Every point of a space of choices alone, else None."""
        kinds = list(self.dimensions.values())
        lists = [kind.choices for kind in kinds if isinstance(kind, Choices)]
        if len(lists) < len(kinds):
            return None
        return (dict(zip(self.dimensions, point, strict=True)) for point in itertools.product(*lists))

    def size(self) -> float:
        """How many points there are; infinite where there is a range."""
        return math.prod(
            len(kind.choices) if isinstance(kind, Choices) else math.inf for kind in self.dimensions.values()
        )

    def as_plain(self) -> dict[str, object]:
        """As a YAML file could say it."""
        return {
            name: list(kind.choices) if isinstance(kind, Choices) else kind.model_dump(exclude_defaults=True)
            for name, kind in self.dimensions.items()
        }


def default_space_text() -> str:
    """The default space as a YAML file with its explanations."""
    return files("imgrec.training").joinpath("search_space.yaml").read_text(encoding="utf-8")


def read_space(file: Path | None, base: TrainingSettings) -> SearchSpace:
    """The space in a file, or the default one, every value of it checked against what the setting allows.

    Raises TrainingError, with the file and the setting, when it is no such file or a value is not allowed.
    """
    named = f"The space {file}" if file else "The default space"
    content = _read(file, named)
    dimensions: dict[str, Choices | Range] = {}
    for name, said in content.items():
        try:
            dimensions[str(name)] = _dimension(str(name), said, base)
        except ValidationError as error:
            problem = error.errors()[0]
            where = " ".join(["", *(str(part) for part in problem["loc"])])
            raise TrainingError(f"{named}: {name}{where}: {problem['msg'].removeprefix('Value error, ')}.") from None
        except ValueError as error:
            raise TrainingError(f"{named}: {name}: {error}.".replace("?.", "?")) from None
    return SearchSpace(dimensions)


def _read(file: Path | None, named: str) -> dict[str, Any]:
    if file is not None and not file.is_file():
        raise TrainingError(f"There is no space file {file}. Write one to change with: imgrec tune --print-space")
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8") if file else default_space_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TrainingError(f"{named} is not YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(content, dict) or not content:
        raise TrainingError(f"{named} names nothing to search; write one setting a line, such as: dropout: [0, 0.3]")
    return content


def _dimension(name: str, said: object, base: TrainingSettings) -> Choices | Range:
    """Raises ValueError, of which pydantic's ValidationError is one."""
    if name in _NEVER_SEARCHED:
        raise ValueError(f"this setting is not searched: {_NEVER_SEARCHED[name]}")
    known = [*(field for field in TrainingSettings.model_fields if field not in _NEVER_SEARCHED), _DEPTH]
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise ValueError(f"there is no such setting{f'; did you mean {near[0]}?' if near else ''}")
    if isinstance(said, list):
        return Choices(choices=tuple(_allowed(name, value, base) for value in Choices(choices=tuple(said)).choices))
    if not isinstance(said, dict):
        raise ValueError(f"{said!r} is neither a list of choices nor a range such as {{low: 0.1, high: 0.5}}")
    found = Range.model_validate(said)
    if name == _DEPTH or not _is_number(name):
        raise ValueError("only numbers have ranges; give a list of choices")
    if found.times_default and name != "learning_rate":
        raise ValueError("only learning_rate can be given as multiples of its default")
    if not found.times_default:
        for bound in (found.low, found.high):
            _allowed(name, bound, base)
    return found


def _allowed(name: str, value: Value, base: TrainingSettings) -> Value:
    """The value as the setting takes it. Raises ValueError where it does not."""
    if name == _DEPTH:
        if value not in get_args(TrainFrom):
            raise ValueError(f"{value!r} is no part to train from; there are {', '.join(get_args(TrainFrom))}")
        return value
    try:
        return _value_of(TrainingSettings.model_validate({**base.model_dump(), name: value}), name)
    except ValidationError as error:
        problem = error.errors()[0]
        if not problem["loc"]:  # allowed by itself; whether it goes with the other values is each trial's to find out
            return value
        raise ValueError(f"{value!r}: {problem['msg']}") from None


def _suggested(trial: "optuna.Trial", name: str, kind: Choices | Range) -> Value:
    parameter = _parameter(name, kind)
    if isinstance(kind, Choices):
        return cast("Value", trial.suggest_categorical(parameter, kind.choices))
    if _is_whole(name):
        step = 1 if kind.step is None else int(kind.step)
        return trial.suggest_int(parameter, int(kind.low), int(kind.high), step=step, log=kind.log)
    return trial.suggest_float(parameter, kind.low, kind.high, step=kind.step, log=kind.log)


def _contains(kind: Choices | Range, value: Value) -> bool:
    if isinstance(kind, Choices):
        return value in kind.choices
    if isinstance(value, str) or not kind.low <= value <= kind.high:
        return False
    steps = (value - kind.low) / (kind.step or 1)
    return not kind.step or abs(steps - round(steps)) < _HARDLY


def _not_below(depth: str, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages, or one that is the whole run, none of them training below `depth`: block1 lowest, top highest."""
    staged = stages or (Stage(share=1),)
    return tuple(stage.model_copy(update={_DEPTH: max(stage.train_from, depth)}) for stage in staged)


def _parameter(name: str, kind: Choices | Range) -> str:
    return f"{name}_times_default" if _is_multiple(kind) else name


def _is_multiple(kind: Choices | Range | None) -> bool:
    return isinstance(kind, Range) and kind.times_default


def _default_rate(settings: TrainingSettings) -> float:
    return settings.model_copy(update={"learning_rate": None}).peak_learning_rate


def _value_of(settings: TrainingSettings, name: str) -> Value:
    if name == "learning_rate":
        return settings.peak_learning_rate
    value: Value = getattr(settings, name)
    return value


def _rounded(value: Value) -> Value:
    """To three significant digits: more would only be harder to read and to write down."""
    return float(f"{value:.{_SIGNIFICANT}g}") if isinstance(value, float) else value


def _is_number(name: str) -> bool:
    return _is_whole(name) or float in _kinds(name)


def _is_whole(name: str) -> bool:
    return int in _kinds(name)


def _kinds(name: str) -> tuple[object, ...]:
    kind = TrainingSettings.model_fields[name].annotation
    return (kind, *get_args(kind))
