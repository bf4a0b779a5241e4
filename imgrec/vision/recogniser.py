"""Photos in, category probabilities and feature vectors out: the trained network run by OpenVINO."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import platformdirs
from PIL import Image

from imgrec.errors import ModelError
from imgrec.generations import write_atomically
from imgrec.vision.model_folder import ModelFolder, Precision
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.runtime import import_openvino
from imgrec.vision.vectors import Floats, softmax, unit_rows
from imgrec.vision.whitening import Whitening


@dataclass(frozen=True)
class Recognition:
    """What the network says of n photos.

    probabilities: float32 (n, categories), calibrated, in the order of the model's labels, rows summing to 1.
    features: float32 (n, d), rows of L2 norm 1.
    """

    probabilities: Floats
    features: Floats


class Recogniser:
    """A model, loaded and compiled. Calls may come from any one thread at a time."""

    def __init__(self, model: ModelFolder, precision: Precision) -> None:
        self.model = model
        self.precision = precision
        self._network = compile_network(model.network(precision))
        self._feature: Callable[[Floats], Floats] = Whitening.load(model.path) if model.settings.whitened else unit_rows

    @property
    def labels(self) -> tuple[str, ...]:
        """Category names, in the order of the probabilities."""
        return self.model.settings.labels

    def recognise(self, photos: Sequence[Image.Image]) -> Recognition:
        """photos: upright RGB images of any size, run as one batch."""
        return self.recognise_pixels(self.model.settings.preprocessing.batch(photos))

    def recognise_pixels(self, pixels: Pixels) -> Recognition:
        """pixels: uint8 (n, side, side, 3) RGB, as the model's preprocessing makes them."""
        return self.read(*self.outputs(pixels))

    def outputs(self, pixels: Pixels) -> tuple[Floats, Floats]:
        """What the network itself puts out: logits float32 (n, categories) and pooled outputs float32 (n, d)."""
        return run_network(self._network, pixels)

    def read(self, logits: Floats, pooled: Floats) -> Recognition:
        """What those outputs mean: calibrated by the model's temperature, whitened where it whitens."""
        return Recognition(softmax(logits / self.model.settings.temperature), self._feature(pooled))


def load_recogniser(
    model: ModelFolder, precision: Literal["auto", "int8", "fp16"], speeds: Path | None = None
) -> Recogniser:
    """Load a model in the precision asked for; `auto` takes the one that is faster on this machine.

    That is measured once for each model and processor and remembered in `speeds` (by default a file in the user's
    cache folder), so that every command here uses the same file. Raises ModelError when the model lacks the precision.
    """
    available = model.settings.precisions
    if precision == "auto":
        return Recogniser(model, _fastest(model, speeds or _speeds_file()))
    if precision not in available:
        raise ModelError(
            f"The model {model.path} has no {precision} file, only {', '.join(available)}. Set model.precision to auto."
        )
    return Recogniser(model, precision)


def compile_network(file: Path) -> Any:
    """Read an OpenVINO network from disk and make it ready for batches of any size.

    Raises ModelError when the file does not load.
    """
    openvino = import_openvino()
    try:
        return openvino.Core().compile_model(file, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:200]
        raise ModelError(f"{file} does not load ({problem}). Train the model again.") from None


def run_network(network: Any, pixels: Pixels) -> tuple[Floats, Floats]:
    """pixels: uint8 (n, side, side, 3). Returns logits float32 (n, categories) and pooled outputs float32 (n, d)."""
    outputs = network({"pixels": pixels})
    return np.asarray(outputs["logits"], np.float32), np.asarray(outputs["features"], np.float32)


def _fastest(model: ModelFolder, speeds: Path) -> Precision:
    """int8 is faster where the processor multiplies bytes (AMX, VNNI), and can be slower where it does not."""
    available = model.settings.precisions
    if len(available) == 1:
        return available[0]
    key = f"{model.sha256} {_processor()}"
    remembered = _read_speeds(speeds)
    if key not in remembered:
        remembered[key] = {precision: _milliseconds(model, precision) for precision in available}
        _remember(speeds, remembered)
    return min(available, key=lambda precision: remembered[key].get(precision, float("inf")))


def _milliseconds(model: ModelFolder, precision: Precision, runs: int = 7) -> float:
    """The median time of one photo."""
    side = model.settings.preprocessing.side_px
    pixels = np.zeros((1, side, side, 3), np.uint8)
    network = compile_network(model.network(precision))
    run_network(network, pixels)  # the first run allocates
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run_network(network, pixels)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _speeds_file() -> Path:
    return platformdirs.user_cache_path("imgrec") / "speeds.json"


def _read_speeds(file: Path) -> dict[str, dict[str, float]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _remember(file: Path, speeds: dict[str, dict[str, float]]) -> None:
    try:
        write_atomically(file, json.dumps(speeds, indent=1).encode())
    except OSError:
        return  # a read-only home only means that the next start measures again


def _processor() -> str:
    """What this machine's processor is called, as far as the system tells, and how many of it we have."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name} x{os.cpu_count()}"
