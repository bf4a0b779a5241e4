"""Keras and its backend: found, or said to be missing, and imported without the greetings of its native libraries."""

import contextlib
import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from imgrec.errors import TrainingError

BACKENDS = ("tensorflow", "jax", "torch")
"""What Keras can train with here; it takes the one that KERAS_BACKEND or its own keras.json names, else the first."""


@contextlib.contextmanager
def training_packages() -> Iterator[None]:
    """Import what training needs within this. Raises TrainingError that says which package or backend is missing."""
    _check_named_backend()
    try:
        with quiet_import():
            _check_backend_trains(importlib.import_module("keras").backend.backend())
            yield
    except ImportError as error:
        raise TrainingError(_missing(error)) from None


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Import Keras and its backend within this; what they print is shown only when the import fails.

    Their C++ parts write to file descriptor 2 before any logging setting of theirs is read.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def has_gpu() -> bool:
    """Whether Keras' backend sees one."""
    keras = importlib.import_module("keras")
    match keras.backend.backend():
        case "torch":
            return bool(importlib.import_module("torch").cuda.is_available())
        case "jax":  # raises where it is asked to list what it lacks
            return str(importlib.import_module("jax").default_backend()) == "gpu"
        case _:
            return bool(keras.distribution.list_devices("gpu"))


def multiplies_bfloat16(*by: str) -> bool:
    """Whether the processor has instructions for it: those named, as Linux names them, or any. Elsewhere: no."""
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8", errors="replace") if cpuinfo.is_file() else ""
    return any(name in flags for name in by or ("amx_bf16", "avx512_bf16"))


def _check_named_backend() -> None:
    named = os.environ.get("KERAS_BACKEND")
    if named and named not in BACKENDS:
        raise TrainingError(f"KERAS_BACKEND is {named!r}; imgrec trains with one of: {', '.join(BACKENDS)}.")


def _check_backend_trains(backend: str) -> None:
    if backend not in BACKENDS:
        raise TrainingError(
            f"Keras is set to its backend {backend}, which cannot train: set KERAS_BACKEND to {', '.join(BACKENDS)}."
        )


def _missing(error: ImportError) -> str:
    package = (error.name or str(error)).partition(".")[0]
    if package not in BACKENDS:
        return f"Training needs packages that are not installed ({package}): pip install 'imgrec[train]'"
    others = [name for name in BACKENDS if name != package and importlib.util.find_spec(name)]
    ways = [f"KERAS_BACKEND={name} imgrec train ..." for name in others]
    return (
        f"Keras is to train with {package}, which is not installed: "
        + ", or ".join([f"pip install {package}", *(f"use {way}" for way in ways)])
        + ("." if ways else f" (or another backend, named in KERAS_BACKEND: {', '.join(BACKENDS)}).")
    )
