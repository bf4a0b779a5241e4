"""Which models to measure."""

from collections.abc import Sequence
from dataclasses import dataclass

from imgrec.config import Config
from imgrec.errors import ModelError
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import model_named, open_model


@dataclass(frozen=True)
class Candidate:
    """A model to measure; `name` is told apart from those of the others."""

    name: str
    eye: Eye


def candidates(names: Sequence[str], config: Config) -> list[Candidate]:
    """Open the models named (none: the configured one). Raises ModelError where a name means no usable model."""
    folders = [model_named(name, config.model.path) for name in names] or [config.model.path]
    models = [open_model(folder) for folder in folders]
    seen: dict[str, str] = {}
    for name, model in zip(names, models, strict=False):
        if model.sha256 in seen:
            raise ModelError(f"{name} is the same model as {seen[model.sha256]}. Name each model once.")
        seen[model.sha256] = name
    titles = [model.settings.name for model in models]
    return [
        Candidate(title if titles.count(title) == 1 else str(model.path), Eye(model, config.model.arithmetic))
        for title, model in zip(titles, models, strict=True)
    ]
