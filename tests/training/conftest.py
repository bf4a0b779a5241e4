"""Keras, imported once and quietly, where it is installed."""

import importlib.util

from imgrec.training.backend import quiet_import

if importlib.util.find_spec("keras"):
    with quiet_import():
        import keras  # noqa: F401
