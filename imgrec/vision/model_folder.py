"""A trained model on disk: what is in its folder, and how it is found, checked and named.

model.yaml          ModelSettings: labels, preprocessing, feature, temperature, threshold, scoping
vgg16-fp16.xml/bin  the network in OpenVINO's format, weights in half precision
vgg16-int8.xml/bin  the same quantised, where the check against full precision passed
training.yaml       the settings it was trained with
history.csv         loss and accuracy of each epoch
metrics.json        accuracy, calibration, threshold, checks of the export
SHA256SUMS          of all of these; its own SHA-256 is the model's identity, which index and log name
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from imgrec.errors import ModelError
from imgrec.generations import current, sha256_of, write_atomically
from imgrec.vision.preprocessing import Preprocessing

SETTINGS = "model.yaml"
SUMS = "SHA256SUMS"
SHIPPED = "sample"
WHITENING = "whitening.npy"
Precision = Literal["int8", "fp16"]


class ModelSettings(BaseModel):
    """What a reader of the model needs to know; stored as model.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str
    created_utc: str
    labels: tuple[str, ...] = Field(min_length=2, description="Category names, in the order of the network's outputs.")
    preprocessing: Preprocessing
    feature_layer: str
    feature_dim: int
    whitened: bool = Field(description="Whether features are whitened, by whitening.npy.")
    temperature: float = Field(gt=0, description="Divides the logits before the softmax.")
    threshold: float = Field(ge=-1, le=1, description="What search.threshold `auto` means.")
    threshold_rule: str = Field(description="How the threshold was found, in words.")
    scoping: Literal["hard", "soft"] = Field(description="What search.scoping `auto` means.")
    precisions: tuple[Precision, ...] = Field(min_length=1)


@dataclass(frozen=True)
class ModelFolder:
    """A checked model folder. `sha256` identifies the model."""

    path: Path
    settings: ModelSettings
    sha256: str

    def network(self, precision: Precision) -> Path:
        """The network's file in this precision."""
        return self.path / f"vgg16-{precision}.xml"


def open_model(path: Path) -> ModelFolder:
    """Find and check the model that `model.path` names.

    `path` is a model's folder, or a folder of models: then the one CURRENT points to, else the shipped `sample`.
    Raises ModelError when there is none, or a file is missing or differs from its recorded sum.
    """
    folder = find_model(path)
    if folder is None:
        raise ModelError(f"There is no model at {path}. Train one with: imgrec train --name NAME")
    listed = verify(folder)
    try:
        content = yaml.safe_load((folder / SETTINGS).read_text(encoding="utf-8"))
        settings = ModelSettings.model_validate(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        problem = " ".join(str(error).split())
        raise ModelError(f"{folder / SETTINGS} cannot be used: {problem}. Train the model again.") from None
    model = ModelFolder(folder, settings, identity(folder))
    networks = [model.network(precision) for precision in settings.precisions]
    needed = {name for file in networks for name in (file.name, file.with_suffix(".bin").name)}
    needed |= {WHITENING} if settings.whitened else set()
    for name in sorted(needed - listed):
        raise ModelError(f"{folder / SUMS} does not list {name}. Copy or train the model again.")
    return model


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
    known = sorted(
        {folder.parent.name for place in {configured, configured.parent} for folder in place.glob(f"*/{SETTINGS}")}
    )
    raise ModelError(
        f"There is no model {name!r}. Known: {', '.join(known)}."
        if known
        else f"There is no model {name!r}. Train one with: imgrec train --name NAME"
    )


def identity(folder: Path) -> str:
    """The SHA-256 that names the model in this folder."""
    return sha256_of(folder / SUMS)


def seal(folder: Path) -> None:
    """Write SHA256SUMS over every file of a finished model folder (`sha256sum -c` reads it)."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name != SUMS)
    write_atomically(folder / SUMS, "".join(f"{sha256_of(file)}  {file.name}\n" for file in files).encode())


def verify(folder: Path) -> set[str]:
    """Compare every file with SHA256SUMS, and return the names it lists.

    Raises ModelError that names the first file missing or different.
    """
    try:
        sums = (folder / SUMS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise ModelError(
            f"The model {folder} has no {SUMS}, so it cannot be trusted. Copy or train it again."
        ) from None
    recorded = [line.partition("  ")[::2] for line in sums.splitlines() if line.strip()]
    names = {name for _, name in recorded}
    if SETTINGS not in names:
        raise ModelError(f"{folder / SUMS} does not list {SETTINGS}. Copy or train the model again.")
    for digest, name in recorded:
        file = folder / Path(name).name
        if not name or not file.is_file():
            raise ModelError(f"The model {folder} lacks {name}. Copy or train it again.")
        if sha256_of(file) != digest:
            raise ModelError(
                f"{file} differs from its sum in {SUMS}: damaged or altered. Copy or train the model again."
            )
    return names


def write_settings(folder: Path, settings: ModelSettings) -> None:
    """Write model.yaml."""
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    write_atomically(folder / SETTINGS, text.encode())
