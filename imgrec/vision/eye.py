"""The eye: photos in, features out (and logits, where it was trained to tell categories apart), run by OpenVINO."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from imgrec.errors import ModelError
from imgrec.vision.cores import Cores
from imgrec.vision.model_folder import Arithmetic, ModelFolder
from imgrec.vision.preprocessing import Pixels, Preprocessing
from imgrec.vision.runtime import import_openvino
from imgrec.vision.vectors import Floats, Halves, Table

ALIKE = 0.99
"""From this share of common nearest photos on, features of two arithmetics may be compared with each other."""


@dataclass(frozen=True)
class Outputs(Table):
    """What the network says of n photos, in order.

    features: float16 (n, d), rows of L2 norm 1, as the store keeps them: rounded once, and nowhere else.
    logits: float32 (n, labels); (n, 0) where the model has no softmax of its own.
    """

    features: Halves
    logits: Floats


class Eye:
    """A model, loaded and compiled. Any thread may call it, and several at the same time.

    All cores work on one photo, which is the soonest that it can be had. Of several photos, and of one where others
    wait for the cores, each core looks at some of its own, which is the most that can be had: nobody waits for another
    at the end of each layer.
    """

    def __init__(
        self, model: ModelFolder, arithmetic: Literal["auto"] | Arithmetic = "auto",
        content: tuple[bytes, bytes] | None = None, threads: int | None = None,
    ) -> None:  # fmt: skip
        """Load a model; `auto` computes in what this processor does best of what we know.

        content: what `model.read_network` gave, where the model's folder is on another machine. threads: as
        `compile_network`. Raises ModelError when the network does not load, or the processor has no such arithmetic.
        """
        self.model = model
        self._content = content or model.read_network()
        self._network = compile_network(model.network, arithmetic, self._content, threads)
        self.arithmetic: Arithmetic = arithmetic_of(self._network)
        if arithmetic not in {"auto", self.arithmetic}:
            raise ModelError(f"This processor does not compute in {arithmetic}, only in {self.arithmetic}.")
        self._may_spread = threads is None
        self._turn = threading.Lock()
        self._cores: Cores | None = None

    @property
    def preprocessing(self) -> Preprocessing:
        """How photos are made into pixels."""
        return self.model.settings.preprocessing

    def look(self, photos: Sequence[Image.Image]) -> Outputs:
        """photos: upright RGB images of any size, run as one batch."""
        return self.look_at_pixels(self.preprocessing.batch(photos))

    def look_at_pixels(self, pixels: Pixels, *, others_wait: bool = False) -> Outputs:
        """pixels: uint8 (n, side, side, 3) RGB, as the model's preprocessing makes them."""
        if (len(pixels) > 1 or others_wait) and self._may_spread:
            return Outputs.joined(self._each_core().look(pixels, self._outputs))
        with self._turn:
            return self._outputs(self._network({"pixels": pixels}))

    def look_where(self, pixels: Pixels) -> tuple[Outputs, Floats]:
        """The same, and what the last block sees where: float32 (n, channels, rows, columns). It takes no longer."""
        with self._turn:
            said = self._network({"pixels": pixels})
            return self._outputs(said), np.array(said["map"], np.float32)

    def _each_core(self) -> Cores:
        """Made when first needed: it takes a moment, and as much memory as the network did."""
        with self._turn:
            if self._cores is None:
                self._cores = Cores(
                    compile_network(self.model.network, self.arithmetic, self._content, each_core_alone=True)
                )
            return self._cores

    def _outputs(self, said: Any) -> Outputs:
        features = np.asarray(said["features"], np.float16)
        nothing = np.empty((len(features), 0), np.float32)
        labelled = bool(self.model.settings.labels)
        return Outputs(features, np.array(said["logits"], np.float32) if labelled else nothing)

    def can_be_compared_with(self, arithmetic: Arithmetic) -> bool:
        """Whether features computed in that arithmetic find the same as ours, as it was measured for this model."""
        alike = self.model.settings.alike
        kinds = {arithmetic, self.arithmetic}
        return len(kinds) == 1 or all(kind == "float32" or alike.get(kind, 0.0) >= ALIKE for kind in kinds)


def compile_network(
    file: Path | Any, arithmetic: Literal["auto"] | Arithmetic = "auto", content: tuple[bytes, bytes] | None = None,
    threads: int | None = None, *, each_core_alone: bool = False,
) -> Any:  # fmt: skip
    """Make an OpenVINO network ready for batches of any size.

    file: network.xml, or an openvino.Model. content: a network's two files', where they were read and checked before;
    else they are read here. OpenVINO itself would map the weights, and a file that is cut short later would end the
    process. threads: how many compute, on any cores, so
    that several processes may share a machine; else one on each core. each_core_alone: as `Cores` needs it; else all
    work on one batch. Raises ModelError when it does not load.
    """
    openvino = import_openvino()
    options: dict[str, object] = {"PERFORMANCE_HINT": "THROUGHPUT" if each_core_alone else "LATENCY"}
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    if threads is not None or each_core_alone:
        options["ENABLE_CPU_PINNING"] = False  # pinned, processes all take the first core; threads wait for a busy one
    if arithmetic != "auto":
        options["INFERENCE_PRECISION_HINT"] = {"float32": "f32", "bfloat16": "bf16"}[arithmetic]
    try:
        core = openvino.Core()
        if isinstance(file, Path):
            content = content or (file.read_bytes(), file.with_suffix(".bin").read_bytes())
        network = core.compile_model(core.read_model(*content) if content else file, "CPU", options)
        if arithmetic == "auto" and _precision(network) not in _KNOWN:  # float16, on some ARM: never measured
            return compile_network(file, "float32", content, threads, each_core_alone=each_core_alone)
        return network
    except (RuntimeError, OSError) as error:
        problem = " ".join(str(error).split())[:200]
        raise ModelError(f"{file} does not load ({problem}). Copy or make the model again.") from None


def arithmetic_of(network: Any) -> Arithmetic:
    """What a compiled network computes in."""
    return _KNOWN[_precision(network)]


_KNOWN: dict[str, Arithmetic] = {"f32": "float32", "bf16": "bfloat16"}


def _precision(network: Any) -> str:
    return str(network.get_property("INFERENCE_PRECISION_HINT").get_type_name())
