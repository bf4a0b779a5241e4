"""A trained model made small enough to ship: int8 alone, under a name of its own, sealed anew."""

import json
import shutil
from pathlib import Path

from imgrec.errors import ModelError
from imgrec.vision.model_folder import WHITENING, open_model, seal, write_settings

MOST_BYTES = 16_000_000
CARD = "README.md"
_BESIDE = ("history.csv", "history.svg", "calibration.svg", "metrics.json", "training.yaml")


def ship(trained: Path, target: Path) -> int:
    """Copy a model to `target` without its half-precision network; returns the bytes of what ships.

    A card that lies in `target` stays. Raises ModelError when the int8 network failed its check, or all of it is larger
    than MOST_BYTES.
    """
    model = open_model(trained)
    if "int8" not in model.settings.precisions:
        raise ModelError(f"{model.path} has no int8 network: its check failed. {_check_of(model.path)}")
    network = model.network("int8")
    files = [network, network.with_suffix(".bin"), *(model.path / name for name in _BESIDE)]
    files += [model.path / WHITENING] if model.settings.whitened else []
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise ModelError(f"{model.path} comes to {size / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB may ship.")
    target.mkdir(parents=True, exist_ok=True)
    card = target / CARD
    said = card.read_bytes() if card.exists() else None
    for old in target.iterdir():
        old.unlink()
    for file in files:
        shutil.copyfile(file, target / file.name)
    write_settings(target, model.settings.model_copy(update={"name": target.name, "precisions": ("int8",)}))
    seal(target)
    if said is not None:
        card.write_bytes(said)
    return size


def _check_of(folder: Path) -> str:
    figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["int8"]
    return f"The check found: {figures}."
