"""Named sets of training settings: a recipe is a YAML file of TrainingSettings, whole or in part."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from imgrec.errors import TrainingError
from imgrec.training.settings import TrainingSettings

_RETIRED = {"whitening_dim"}
"""Settings that older models were trained with; features are whitened when an index is built."""


def recipe_names() -> list[str]:
    """The recipes that come with imgrec."""
    return sorted(file.name.removesuffix(".yaml") for file in files(__name__).iterdir() if file.name.endswith(".yaml"))


def default_recipe(weights: str | None) -> str:
    """The recipe that is taken where none is named: ours, for pretrained weights or from scratch (`none`)."""
    return "scratch" if weights == "none" else "best"


def settings_from(recipe: str, changes: Mapping[str, object]) -> TrainingSettings:
    """The settings of a recipe, by its name or its file, with some of them changed.

    Raises TrainingError when there is no such recipe, it is not one, or a value is not allowed.
    """
    values = _read(recipe)
    unknown = [name for name in values if name not in TrainingSettings.model_fields]
    if unknown:
        near = get_close_matches(str(unknown[0]), list(TrainingSettings.model_fields), n=1)
        raise TrainingError(
            f"The recipe {recipe} has an unknown setting {unknown[0]!r}{f'; did you mean {near[0]}?' if near else '.'}"
        )
    try:
        return TrainingSettings.model_validate({**values, **changes})
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        said = problem["msg"].removeprefix("Value error, ")
        if not where:
            raise TrainingError(f"These settings do not go together: {said}.") from None
        blame = f"--{where.replace('_', '-')}" if where in changes else f"{where} in the recipe {recipe}"
        if said.startswith("Input should "):
            raise TrainingError(f"{blame} is {problem['input']!r}; it {said.removeprefix('Input ')}.") from None
        raise TrainingError(f"{blame}: {said}.") from None


def recipe_text(settings: TrainingSettings) -> str:
    """The settings as a recipe's text, every one of them; what is `auto` or left open stays so."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)


def _read(recipe: str) -> dict[str, Any]:
    if recipe in recipe_names():
        text = files(__name__).joinpath(f"{recipe}.yaml").read_text(encoding="utf-8")
    elif Path(recipe).is_file():
        text = Path(recipe).read_text(encoding="utf-8", errors="replace")
    else:
        raise TrainingError(f"There is no recipe {recipe}; name a YAML file or one of: {', '.join(recipe_names())}.")
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TrainingError(f"The recipe {recipe} is not YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(values, dict):
        raise TrainingError(f"The recipe {recipe} holds no settings; write one a line, such as: epochs: 12")
    return {name: value for name, value in values.items() if name not in _RETIRED}
