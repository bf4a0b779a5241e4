"""A model on disk: the eye. What is in its folder, and how it is found, checked and named.

model.yaml          ModelSettings: preprocessing, feature, and the categories its softmax tells apart, if any
network.xml/.bin    the network in OpenVINO's format, weights in 8 bits, computed in floating point
learned.npy         which photos it was trained or chosen on, where it was trained (LearnedPhotos)
metrics.json, ...   figures, plots, training settings, a card: what people read, and nothing depends on
SHA256SUMS          of all of these but the card (README.md)

The model's identity is that of what it sees: network, preprocessing and feature. A new plot or another name changes
nothing that was seen with it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from imgrec.errors import ModelError
from imgrec.generations import current, sha256_of, write_atomically
from imgrec.sums import SUMS, recorded_sums
from imgrec.vision.preprocessing import Preprocessing

SETTINGS = "model.yaml"
NETWORK = ("network.xml", "network.bin")
LEARNED = "learned.npy"
SHIPPED = "imagenet"

Arithmetic = Literal["float32", "bfloat16"]
"""What a network's products are computed in: bfloat16 where the processor has it in hardware, else float32."""


class FeatureSettings(BaseModel):
    """What the network puts out of a photo: pooled outputs of its layers, each of L2 norm 1, joined to one of 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layers: tuple[str, ...] = Field(min_length=1, description="Such as block4 and block5, or an embedding.")
    pooling: Literal["average", "gem"] = Field(description="How a block's positions become one row.")
    mirrored: bool = Field(False, description="Whether a photo is looked at with its mirror image, and both averaged.")
    dim: int = Field(ge=1, description="Numbers in a feature.")


class ModelSettings(BaseModel):
    """What a reader of the model needs to know; stored as model.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = 2
    name: str
    created_utc: str
    made_from: str = Field(description="In words: which weights, trained on what.")
    preprocessing: Preprocessing
    feature: FeatureSettings
    labels: tuple[str, ...] = Field((), description="Categories its own softmax tells apart, in order of the logits.")
    alike: dict[Arithmetic, float] = Field(
        {},
        description="By arithmetic: the share of the ten nearest photos that it has in common with float32, measured.",
    )

    @property
    def what_it_sees(self) -> dict[str, object]:
        """The part that its identity rests on, beside the network itself."""
        return self.model_dump(mode="json", include={"preprocessing", "feature", "labels"})


@dataclass(frozen=True)
class ModelFolder:
    """A checked model folder. `sha256` identifies the model."""

    path: Path
    settings: ModelSettings
    sha256: str

    @property
    def network(self) -> Path:
        """The network's file."""
        return self.path / NETWORK[0]

    def read_network(self) -> tuple[bytes, bytes]:
        """The content of the network's two files: of this very model, whatever became of the files since it was opened.

        Raises ModelError when they are no longer those of this model.
        """
        try:
            graph, weights = ((self.path / name).read_bytes() for name in NETWORK)
        except OSError as error:
            raise ModelError(f"{error.filename} cannot be read. Copy or make the model again.") from None
        sums = {name: _sha256(content) for name, content in zip(NETWORK, (graph, weights), strict=True)}
        if _identity(sums, self.settings) != self.sha256:
            raise ModelError(f"The network of {self.path} has changed since it was opened. Give the command again.")
        return graph, weights


def open_model(path: Path) -> ModelFolder:
    """Find and check the model that `model.path` names.

    `path` is a model's folder, or a folder of models: then the one CURRENT points to, else the shipped `imagenet`.
    Raises ModelError when there is none, it is of an older format, or a file is missing or differs from its sum.
    """
    folder = find_model(path)
    if folder is None:
        raise ModelError(
            f"There is no model at {path}. Name one in model.path (models/imagenet comes with imgrec), or make one: "
            "imgrec models make imagenet"
        )
    sums = verify(folder)
    content = _content_of_settings(folder)
    if _sha256(content) != sums[SETTINGS]:
        raise _differs(folder / SETTINGS)
    settings = _settings_in(folder, content)
    for name in NETWORK:
        if name not in sums:
            raise ModelError(f"{folder / SUMS} does not list {name}. Copy or make the model again.")
    return ModelFolder(folder, settings, _identity(sums, settings))


def find_model(path: Path) -> Path | None:
    """The folder of the model that `path` names, or None; nothing in it is read."""
    candidates = (path, current(path), path / SHIPPED)
    return next((folder for folder in candidates if folder and (folder / SETTINGS).is_file()), None)


def model_named(name: str, configured: Path) -> Path:
    """A model's folder by path, or by name in the folder of models or beside the configured model.

    Raises ModelError that lists the models there are.
    """
    beside = [configured / name, configured.parent / name]
    for folder in (*beside, Path(name)):
        if (folder / SETTINGS).is_file():
            return folder
    if found := find_model(Path(name)):  # a folder of models
        return found
    known = sorted({folder.name for folder in known_models(configured)})
    raise ModelError(
        f"There is no model {name!r}. Known: {', '.join(known)}."
        if known
        else f"There is no model {name!r}. Make one with: imgrec models make {name}, or imgrec train --name {name}"
    )


def known_models(configured: Path) -> Iterator[Path]:
    """The folders of all models in the folder of models, or beside the configured model."""
    place = configured.parent if (configured / SETTINGS).is_file() else configured
    for settings in sorted(place.glob(f"*/{SETTINGS}")):
        yield settings.parent


def model_of(sha256: str, configured: Path) -> ModelFolder:
    """The model with this identity: the configured one, or one beside it.

    Raises ModelError when it is not there, or damaged.
    """
    found = find_model(configured)
    damage: ModelError | None = None
    for folder in [*([found] if found else []), *known_models(configured)]:
        is_named_so = False
        try:
            is_named_so = quick_identity(folder) == sha256
            if is_named_so:
                return open_model(folder)
        except ModelError as error:
            damage = error if is_named_so else damage  # what is wrong with other models is not the matter here
    raise damage or ModelError(
        f"The model {sha256[:12]} that the index was made with is not at {configured}. Put it back there, or make an "
        "index with another one: imgrec index"
    )


def quick_identity(folder: Path) -> str:
    """A model's identity by its recorded sums, which are believed. Raises ModelError when it is not a model of ours."""
    return _identity(_recorded(folder), read_settings(folder))


def read_settings(folder: Path) -> ModelSettings:
    """Read model.yaml. Raises ModelError when it cannot be used, with the way out where an older imgrec wrote it."""
    return _settings_in(folder, _content_of_settings(folder))


def verify(folder: Path) -> dict[str, str]:
    """Compare every file with SHA256SUMS, and return the sums by name.

    Raises ModelError that names the first file missing or different.
    """
    sums = _recorded(folder)
    if SETTINGS not in sums:
        raise ModelError(f"{folder / SUMS} does not list {SETTINGS}. Copy or make the model again.")
    for name, digest in sums.items():
        file = folder / Path(name).name
        if not name or not file.is_file():
            raise ModelError(f"The model {folder} lacks {name}. Copy or make it again.")
        try:
            is_same = sha256_of(file) == digest
        except OSError as error:
            raise ModelError(f"{file} cannot be read ({error.strerror}). Copy or make the model again.") from None
        if not is_same:
            raise _differs(file)
    return sums


def write_settings(folder: Path, settings: ModelSettings) -> None:
    """Write model.yaml."""
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    write_atomically(folder / SETTINGS, text.encode())


def _content_of_settings(folder: Path) -> bytes:
    try:
        return (folder / SETTINGS).read_bytes()
    except OSError as error:
        raise _unusable_settings(folder, error) from None


def _settings_in(folder: Path, text: bytes) -> ModelSettings:
    try:
        content = yaml.safe_load(text.decode())
        if isinstance(content, dict) and content.get("format") == 1:
            raise ModelError(
                f"{folder} is a model of an older imgrec, with the shop's knowledge inside. Look with models/imagenet "
                "(model.path in the configuration), or make it one of now: imgrec train --name NEW --reuse OLD"
            )
        return ModelSettings.model_validate(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise _unusable_settings(folder, error) from None


def _unusable_settings(folder: Path, error: Exception) -> ModelError:
    problem = " ".join(str(error).split())
    return ModelError(f"{folder / SETTINGS} cannot be used: {problem}. Copy or make the model again.")


def _differs(file: Path) -> ModelError:
    return ModelError(f"{file} differs from its sum in {SUMS}: damaged or altered. Copy or make the model again.")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _recorded(folder: Path) -> dict[str, str]:
    try:
        return recorded_sums(folder)
    except OSError:
        raise ModelError(f"The model {folder} has no {SUMS}, so it cannot be trusted. Copy or make it again.") from None


def _identity(sums: dict[str, str], settings: ModelSettings) -> str:
    parts = [*(sums.get(name, "") for name in NETWORK), settings.what_it_sees]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
