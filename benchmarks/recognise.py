"""A model in each arithmetic that the processor has, and beside Keras: one photo, and a batch of sixteen."""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from imgrec.errors import ModelError
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import ModelFolder, open_model
from imgrec.vision.preprocessing import Pixels

BATCHES = (1, 16)
Run = Callable[[Pixels], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("model", type=Path, help="a model's folder, or a folder of models")
    parser.add_argument("--runs", type=int, default=30, help="runs of each, interleaved")
    parser.add_argument("--without-keras", action="store_true", help="leave Keras out even where it is installed")
    options = parser.parse_args()

    try:
        model = open_model(options.model)
    except ModelError as error:
        parser.error(str(error))
    eyes = {eye.arithmetic: eye for eye in (Eye(model, "float32"), Eye(model))}
    ways: dict[str, Run] = {f"OpenVINO {name}": eye.look_at_pixels for name, eye in eyes.items()}
    if importlib.util.find_spec("keras") and not options.without_keras:
        ways["Keras float32"] = in_keras(model)

    side = model.settings.preprocessing.side_px
    print(f"{model.path.name}, {side} px, median of {options.runs} runs in milliseconds")
    print(f"{'':18}" + "".join(f"{f'batch of {n}':>14}{'a photo':>10}{'ratio':>8}" for n in BATCHES))
    pixels = np.random.default_rng(0).integers(0, 256, (max(BATCHES), side, side, 3), np.uint8)
    medians = {count: timed(ways, pixels[:count], options.runs) for count in BATCHES}
    first = next(iter(ways))
    for name in ways:
        columns = [(medians[n][name], medians[n][name] / n, medians[n][name] / medians[n][first]) for n in BATCHES]
        print(f"{name:18}" + "".join(f"{ms:14.1f}{each:10.1f}{ratio:7.1f}x" for ms, each, ratio in columns))


def in_keras(model: ModelFolder) -> Run:
    """The same network in Keras with random weights, which take as long as trained ones."""
    from imgrec.training.backend import quiet_import

    with quiet_import():
        from imgrec.training.settings import TrainingSettings
        from imgrec.training.vgg16 import build_vgg16
    settings = TrainingSettings(side_px=model.settings.preprocessing.side_px)
    return build_vgg16(max(2, len(model.settings.labels)), settings).predict_on_batch


def timed(ways: dict[str, Run], pixels: Pixels, runs: int) -> dict[str, float]:
    """The median milliseconds of each. Runs take turns, so that what else the machine does falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(runs + 1):
        for name, run in ways.items():
            start = time.perf_counter()
            run(pixels)
            if number:  # the first run allocates and compiles
                times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(taken) for name, taken in times.items()}


if __name__ == "__main__":
    main()
