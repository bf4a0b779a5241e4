"""Where models go, and what training keeps beside them."""

import re
from pathlib import Path

from imgrec.errors import ModelError
from imgrec.vision.model_folder import find_model

TENSORBOARD = "tensorboard"
"""The folder beside the models that holds their histories, for TensorBoard."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def model_target(model_path: Path, name: str) -> Path:
    """Where `model.path` has a model called `name` go.

    A `model.path` that ends in the name, or already is a model's folder, is taken to name models themselves; any other
    is the folder of models. Raises ModelError when it is no name for a folder of ours.
    """
    if not _NAME.fullmatch(name) or name.endswith((".training", ".tuning")) or name == TENSORBOARD:
        raise ModelError(f"A model cannot be named {name!r}; use letters, digits, '.', '_' and '-'.")
    if model_path.name == name and (not model_path.exists() or find_model(model_path) == model_path):
        return model_path
    if find_model(model_path) == model_path:
        return model_path.with_name(name)
    return model_path / name


def keras_weights(target: Path) -> Path:
    """Where a model's Keras weights lie: beside its folder, as only training wants their 60 MB."""
    return target.with_name(f"{target.name}.weights.h5")
