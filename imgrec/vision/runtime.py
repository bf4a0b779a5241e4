"""The one door to OpenVINO (and, for training, NNCF): imported with their telemetry switched off.

On import both would otherwise look for a consent file, start a process and open connections to an analytics service.
With their telemetry package hidden they fall back to the stubs they ship for its absence.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

_TELEMETRY = ("openvino_telemetry", "openvino_telemetry.backend")


def import_openvino() -> Any:
    """The `openvino` module."""
    return _import_silently("openvino")


def import_nncf() -> Any:
    """The `nncf` module; it comes with the `train` extra."""
    return _import_silently("nncf")


def _import_silently(name: str) -> ModuleType:
    for telemetry in _TELEMETRY:
        sys.modules[telemetry] = None  # type: ignore[assignment]  # `import` of it now raises ImportError
    return importlib.import_module(name)
