"""Keras's backend, imported without the screenful of greetings that its native libraries print."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from imgrec.errors import TrainingError


@contextlib.contextmanager
def training_packages() -> Iterator[None]:
    """Import what training needs within this. Raises TrainingError that says which package is missing."""
    try:
        with quiet_import():
            yield
    except ImportError as error:
        raise TrainingError(
            f"Training needs packages that are not installed ({error.name}): pip install 'imgrec[train]'"
        ) from None


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Import Keras, TensorFlow or NNCF within this; what they print is shown only when the import fails.

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
