"""A trained model made small enough to ship: int8 alone, under a name of its own, sealed anew."""

import json
import shutil
from pathlib import Path

from imgrec.errors import ModelError
from imgrec.generations import swap_in
from imgrec.vision.model_folder import SETTINGS, WHITENING, open_model, seal, write_settings

MOST_BYTES = 16_000_000
CARD = "README.md"
_BESIDE = ("history.csv", "history.svg", "calibration.svg", "metrics.json", "training.yaml")


def ship(trained: Path, target: Path) -> int:
    """Copy a model to `target` without its half-precision network; returns the bytes of what ships.

    A card that lies in `target` stays. Raises ModelError when the int8 network failed its check, all of it is larger
    than MOST_BYTES, or `target` is the model itself or a folder of something else.
    """
    model = open_model(trained)
    _see_that_it_may_be_replaced(target, model.path)
    if "int8" not in model.settings.precisions:
        raise ModelError(f"{model.path} has no int8 network: its check failed. {_check_of(model.path)}")
    network = model.network("int8")
    files = [network, network.with_suffix(".bin"), *(model.path / name for name in _BESIDE)]
    files += [model.path / WHITENING] if model.settings.whitened else []
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise ModelError(f"{model.path} comes to {size / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB may ship.")
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, draft / file.name)
    write_settings(draft, model.settings.model_copy(update={"name": target.name, "precisions": ("int8",)}))
    seal(draft)
    if (target / CARD).exists():
        shutil.copyfile(target / CARD, draft / CARD)
    swap_in(draft, target)
    return size


def _see_that_it_may_be_replaced(target: Path, trained: Path) -> None:
    if target.resolve() == trained.resolve():
        raise ModelError(f"{target} is where the model ships to; name the trained one that it is to be made of.")
    there = {file.name for file in target.iterdir()} if target.exists() else set()
    if there - {CARD} and SETTINGS not in there:
        raise ModelError(f"{target} holds something else than a model. Name another folder with --to.")


def _check_of(folder: Path) -> str:
    figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["int8"]
    return f"The check found: {figures}."
