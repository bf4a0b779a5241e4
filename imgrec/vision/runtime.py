"""The one door to OpenVINO: imported with its telemetry switched off.

On import it would otherwise look for a consent file, start a process and open connections to an analytics service. With
its telemetry package hidden it falls back to the stubs it ships for its absence.
"""

import importlib
import sys
from typing import Any

_TELEMETRY = ("openvino_telemetry", "openvino_telemetry.backend")


def import_openvino() -> Any:
    """The `openvino` module."""
    for telemetry in _TELEMETRY:
        sys.modules[telemetry] = None  # type: ignore[assignment]  # `import` of it now raises ImportError
    return importlib.import_module("openvino")
