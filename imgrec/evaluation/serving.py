"""Which models to measure, and how each would be served with the present configuration."""

from collections.abc import Sequence

from imgrec.config import Config
from imgrec.errors import ModelError
from imgrec.evaluation.model_report import Candidate
from imgrec.evaluation.retrieval_report import Served
from imgrec.vision.model_folder import ModelFolder, model_named, open_model
from imgrec.vision.recogniser import load_recogniser


def candidates(names: Sequence[str], config: Config) -> list[Candidate]:
    """Open the models named (none: the current one). Raises ModelError where a name means no usable model."""
    folders = [model_named(name, config.model.path) for name in names] or [config.model.path]
    models = [open_model(folder) for folder in folders]
    seen: dict[str, str] = {}
    for name, model in zip(names, models, strict=False):
        if model.sha256 in seen:
            raise ModelError(f"{name} is the same model as {seen[model.sha256]}. Name each model once.")
        seen[model.sha256] = name
    titles = [model.settings.name for model in models]
    return [
        Candidate(
            title if titles.count(title) == 1 else str(model.path),
            load_recogniser(model, config.model.precision),
            _served(model, config),
        )
        for title, model in zip(titles, models, strict=True)
    ]


def _served(model: ModelFolder, config: Config) -> Served:
    """As the bot would search: what the configuration leaves to the model is the model's."""
    section = config.search
    return Served(
        scoping=model.settings.scoping if section.scoping == "auto" else section.scoping,
        scope_mass=section.scope_mass,
        threshold=model.settings.threshold if section.threshold == "auto" else section.threshold,
    )
