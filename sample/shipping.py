"""A trained model made one that ships: under a name of its own, small enough, sealed anew."""

import shutil
from pathlib import Path

from imgrec.errors import ModelError
from imgrec.generations import swap_in
from imgrec.sums import seal
from imgrec.vision.model_folder import LEARNED, NETWORK, SETTINGS, open_model, write_settings

MOST_BYTES = 16_000_000
CARD = "README.md"
_BESIDE = ("history.csv", "history.svg", "metrics.json", "training.yaml", LEARNED)


def ship(trained: Path, target: Path) -> int:
    """Copy a model to `target`, whose name it takes; returns the bytes of what ships.

    A card that lies in `target` stays. Raises ModelError when all of it is larger than MOST_BYTES (weights that are not
    in 8 bits are), or `target` is the model itself or a folder of something else.
    """
    model = open_model(trained)
    _see_that_it_may_be_replaced(target, model.path)
    files = [model.path / name for name in (*NETWORK, *_BESIDE) if (model.path / name).is_file()]
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise ModelError(f"{model.path} comes to {size / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB may ship.")
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, draft / file.name)
    write_settings(draft, model.settings.model_copy(update={"name": target.name}))
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
