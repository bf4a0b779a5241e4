"""Which models there are, how good each was found, and which one is in use."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgrec.config import Config
from imgrec.errors import ModelError, SearchIndexError
from imgrec.generations import current
from imgrec.search.generation import read_record
from imgrec.vision.model_folder import (
    ModelSettings,
    find_model,
    known_models,
    open_model,
    quick_identity,
    read_settings,
)

_SHOWN_SHA256 = 12


@dataclass(frozen=True)
class KnownModel:
    """A model's folder, and what it says of itself; or the problem that makes it useless.

    looks: whether the next index is made with it. made_index: the generation of the present index, where that was made
    with it.
    """

    path: Path
    settings: ModelSettings | None
    sha256: str | None
    metrics: dict[str, Any]
    size_bytes: int
    looks: bool
    made_index: str | None
    problem: str | None = None

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        settings = self.settings
        described: dict[str, object] = {}
        if settings:
            described = {
                "created_utc": settings.created_utc, "made_from": settings.made_from,
                "labels": len(settings.labels), "side_px": settings.preprocessing.side_px,
                "feature": settings.feature.model_dump(mode="json"), "alike": settings.alike,
                "accuracy": self.metrics.get("accuracy", {}),
            }  # fmt: skip
        return {
            "name": self.path.name, "path": str(self.path), "sha256": self.sha256, **described,
            "size_bytes": self.size_bytes, "looks": self.looks, "made_index": self.made_index, "problem": self.problem,
        }  # fmt: skip

    def in_words(self) -> list[str]:
        """Name, date, what from, accuracy, what it sees, megabytes, whether in use."""
        if self.settings is None:
            return [self.path.name, "", self.problem or "", "", "", f"{self.size_bytes / 1e6:.1f}", ""]
        feature, side_px = self.settings.feature, self.settings.preprocessing.side_px
        sees = [f"{side_px} px", f"{'+'.join(feature.layers)} {feature.pooling}", f"{feature.dim:,} numbers"]
        uses = ["looks"] * self.looks + [f"made {self.made_index}"] * (self.made_index is not None)
        return [
            f"{self.path.name} ({(self.sha256 or '')[:_SHOWN_SHA256]})",
            self.settings.created_utc[:10],
            self.settings.made_from,
            ", ".join(f"{split} {share:.1%}" for split, share in self.metrics.get("accuracy", {}).items()),
            ", ".join(sees + ["mirrored"] * feature.mirrored),
            f"{self.size_bytes / 1e6:.1f}",
            ", ".join(uses),
        ]


def known(config: Config) -> list[KnownModel]:
    """The models in the folder of models, or beside the configured one."""
    looking = find_model(config.model.path)
    generation, made_with = _index_made_with(config.index.path)
    folders = dict.fromkeys([*([looking] if looking else []), *known_models(config.model.path)])
    return [_read(folder, folder == looking, generation, made_with) for folder in sorted(folders)]


def folder_to_use(config: Config, name: str) -> Path:
    """The folder of the model that is to look from now on, checked.

    Raises ModelError when there is none of this name, it is damaged, or `model.path` names a model itself.
    """
    path = config.model.path
    if find_model(path) == path:
        named = path.with_name(name)
        this_one = f"; or to {named}" if path != named and find_model(named) == named else ""
        raise ModelError(
            f"model.path is {path}, a model itself, so that one looks. Set model.path in the configuration to "
            f"{path.parent}, and give this command again{this_one}."
        )
    folder = path / name
    if Path(name).name != name or find_model(folder) != folder:
        there = ", ".join(sorted(model.name for model in known_models(path) if model.parent == path))
        ways = f"There are: {there}." if there else f"Make it with: imgrec models make {name}"
        raise ModelError(f"There is no model {name!r} in {path}. {ways}")
    return open_model(folder).path


def see_that_it_is_not_served(config: Config, target: Path) -> None:
    """A model that the present index was made with is not replaced: the index, and bots, could not be used without it.

    Raises ModelError where `target` is that one.
    """
    _, made_with = _index_made_with(config.index.path)
    try:
        served = made_with is not None and quick_identity(target) == made_with
    except ModelError:  # there is no model, or none that anything could have been made with
        return
    if served:
        raise ModelError(
            f"The present index was made with {target}, and a bot looks with it, so it is not replaced. Choose another "
            "name; afterwards: imgrec models use NAME"
        )


def _read(folder: Path, looks: bool, generation: str | None, made_with: str | None) -> KnownModel:
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    try:
        settings, sha256 = read_settings(folder), quick_identity(folder)
    except ModelError as error:
        return KnownModel(folder, None, None, {}, size, looks, None, str(error))
    made_index = generation if sha256 == made_with else None
    return KnownModel(folder, settings, sha256, _metrics(folder), size, looks, made_index)


def _index_made_with(path: Path) -> tuple[str | None, str | None]:
    """The name of the present index generation, and the identity of the model that looked; None where it is no use."""
    folder = current(path)
    try:
        return (folder.name, read_record(folder).model_sha256) if folder else (None, None)
    except SearchIndexError:
        return None, None


def _metrics(folder: Path) -> dict[str, Any]:
    """The figures there are; nothing where they cannot be read, as all of it is only shown."""
    try:
        content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
