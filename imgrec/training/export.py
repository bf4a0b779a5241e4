"""A trained network as OpenVINO files: half precision always, int8 where it passes its check."""

import contextlib
import logging
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.training.graph import graph_of
from imgrec.training.pixels import Labelled
from imgrec.training.vgg16 import Feature
from imgrec.vision.model_folder import Precision
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.recogniser import compile_network
from imgrec.vision.runtime import import_nncf, import_openvino
from imgrec.vision.vectors import Floats, unit_rows

CALIBRATION_PHOTOS = 300
LEAST_COSINE = 0.99
MOST_ACCURACY_LOST = 0.01
_MOST_COMPARED = 1000
_CHUNK = 16


@dataclass(frozen=True)
class Int8Check:
    """int8 against half precision on validation photos: mean cosine of their features, accuracy of each."""

    photos: int
    cosine: float
    accuracy_fp16: float
    accuracy_int8: float

    @property
    def passed(self) -> bool:
        """Whether the int8 file is good enough to be used."""
        return self.cosine >= LEAST_COSINE and self.accuracy_fp16 - self.accuracy_int8 <= MOST_ACCURACY_LOST

    def as_json(self) -> dict[str, object]:
        """The figures, and the verdict."""
        return {**asdict(self), "passed": self.passed}


def export_fp16(
    network: Any, side_px: int, features: Mapping[str, Feature], file: Path, mirrored: bool = False
) -> Path:
    """Write a network as `file` (.xml, and .bin beside it), with its logits and these features, by name, as outputs."""
    import_openvino().save_model(graph_of(network, side_px, features, mirrored), file, compress_to_fp16=True)
    return file


def export_int8(fp16: Path, training: Pixels, validation: Labelled, seed: int) -> Int8Check:
    """Quantise with NNCF, calibrated on training photos, and write vgg16-int8.xml/.bin beside fp16 if the check passes.

    training: uint8 (n, side, side, 3).
    """
    openvino, nncf = import_openvino(), import_nncf()
    nncf.set_log_level(logging.ERROR)
    rows = np.random.default_rng(seed).permutation(len(training))[:CALIBRATION_PHOTOS]
    with _stdout_to_stderr():
        graph = openvino.Core().read_model(fp16)
        samples = nncf.Dataset([np.asarray(training[row])[None] for row in rows])
        quantised = nncf.quantize(graph, samples, subset_size=len(rows), preset=nncf.QuantizationPreset.MIXED)
    file = fp16.with_name("vgg16-int8.xml")
    openvino.save_model(quantised, file, compress_to_fp16=True)
    check = _compare(fp16, file, validation)
    if not check.passed:
        for part in (file, file.with_suffix(".bin")):
            part.unlink()
    return check


def run_in_chunks(file: Path, pixels: Pixels, on_photos: Any = lambda done: None) -> dict[str, Floats]:
    """Run an exported network over many photos. Returns its outputs by name, each float32 (n, d)."""
    network = compile_network(file)
    chunks: list[dict[str, Floats]] = []
    for start in range(0, len(pixels), _CHUNK):
        outputs = network({"pixels": np.asarray(pixels[start : start + _CHUNK])})
        chunks.append({port.get_any_name(): np.array(values, np.float32) for port, values in outputs.items()})
        on_photos(len(chunks[-1]["logits"]))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def precisions_in(folder: Path) -> tuple[Precision, ...]:
    """The precisions a model folder holds."""
    known: tuple[Precision, ...] = ("int8", "fp16")
    return tuple(precision for precision in known if (folder / f"vgg16-{precision}.xml").is_file())


def _compare(reference: Path, quantised: Path, examples: Labelled) -> Int8Check:
    """On at most a thousand photos, drawn evenly from all."""
    every = -(-len(examples.label) // _MOST_COMPARED)
    pixels, label = examples.pixels[::every], examples.label[::every]
    full, int8 = run_in_chunks(reference, pixels), run_in_chunks(quantised, pixels)
    cosine = float(np.einsum("ij,ij->i", unit_rows(full["features"]), unit_rows(int8["features"])).mean())
    right, right8 = (float((outputs["logits"].argmax(axis=1) == label).mean()) for outputs in (full, int8))
    return Int8Check(len(label), cosine, right, right8)


@contextlib.contextmanager
def _stdout_to_stderr() -> Any:
    """Libraries print their progress; stdout belongs to data."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
