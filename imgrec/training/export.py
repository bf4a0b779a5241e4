"""A network as a model's files, and how much of what it sees changes when its weights are rounded.

Weights are stored in 8 bits and computed with in floating point. That this is as good is measured with each export, on
photos, by what the search will compare: whitened features.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.errors import ModelError
from imgrec.progress import Advance
from imgrec.search.whitening import DIM, Whitening
from imgrec.training.graph import graph_of
from imgrec.training.weights import Feature, Weights
from imgrec.vision.eye import arithmetic_of, compile_network
from imgrec.vision.model_folder import NETWORK, Arithmetic, FeatureSettings
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.runtime import import_openvino
from imgrec.vision.vectors import Floats, unit_rows

LEAST_COSINE = 0.999
"""Of whitened features to those of unrounded weights, on average: below it weights are not rounded to 8 bits."""

MOST_MEASURED = 1000
"""Photos that an export is measured on."""

_NEAREST = 10
_PHOTOS_A_DIM = 4
_CHUNK = 16

Batches = Callable[[], Iterable[Pixels]]
"""Gives photos in batches, uint8 (n, side, side, 3), anew whenever it is called."""


@dataclass(frozen=True)
class Design:
    """All that a network's file depends on, but for how weights are stored."""

    weights: Weights
    side_px: int
    feature: Feature
    mirrored: bool = False

    def graph(self, eight_bits: bool) -> Any:
        """As an openvino.Model."""
        return graph_of(self.weights, self.side_px, {"features": self.feature}, self.mirrored, eight_bits)


@dataclass(frozen=True)
class Fidelity:
    """What is stored against the weights it was made from, on `photos` photos.

    cosine, cosine_whitened: of features to those of unrounded weights, on average. nearest_in_common: of the ten
    nearest other photos, the share that both find. alike: by arithmetic, the same share of what is stored, against
    itself in float32; only those that this processor has.
    """

    photos: int
    cosine: float
    cosine_whitened: float
    nearest_in_common: float
    alike: dict[Arithmetic, float]


@dataclass(frozen=True)
class Exported:
    """A network's files, written: how many bits a weight has, and what was measured, None without photos."""

    settings: FeatureSettings
    bits: int
    fidelity: Fidelity | None

    @property
    def alike(self) -> dict[Arithmetic, float]:
        """As the model's settings have it."""
        return dict(self.fidelity.alike) if self.fidelity else {}

    def as_json(self) -> dict[str, object]:
        """For metrics.json."""
        return {"weight_bits": self.bits, **(vars(self.fidelity) if self.fidelity else {"photos": 0})}


def export(design: Design, folder: Path, photos: Batches | None, or_in_16_bits: bool = False) -> Exported:
    """Write a network into a model's folder, and measure it on photos where there are some.

    Where rounding to 8 bits changes too much, weights are stored in 16 if that is allowed. Raises ModelError where not.
    """
    file = folder / NETWORK[0]
    _save(design.graph(eight_bits=True), file)
    bits, fidelity = 8, _measure(design, file, photos) if photos else None
    if fidelity and fidelity.cosine_whitened < LEAST_COSINE:
        if not or_in_16_bits:
            raise ModelError(
                f"Rounded to 8 bits these weights see something else: whitened features have a cosine of "
                f"{fidelity.cosine_whitened:.4f} to those of unrounded ones, on {fidelity.photos:,} photos; at least "
                f"{LEAST_COSINE} is wanted. Are the weights those of a trained VGG-16?"
            )
        _save(design.graph(eight_bits=False), file)
        bits, fidelity = 16, _measure(design, file, photos) if photos else None
    dim = import_openvino().Core().read_model(file).output("features").get_partial_shape()[1].get_length()
    settings = FeatureSettings(
        layers=design.feature.layers, pooling="gem" if design.feature.pooling == "gem" else "average",
        mirrored=design.mirrored, dim=dim,
    )  # fmt: skip
    return Exported(settings, bits, fidelity)


def run_in_chunks(network: Any, pixels: Pixels, advance: Advance = lambda done, note: None) -> dict[str, Floats]:
    """Run a compiled network over many photos. Returns its outputs by name, each float32 (n, d); but not the map."""
    chunks: list[dict[str, Floats]] = []
    for start, said in in_chunks(network, pixels):
        chunks.append({name: np.array(values, np.float32) for name, values in said.items() if name != "map"})
        advance(min(_CHUNK, len(pixels) - start), "")
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def in_chunks(network: Any, pixels: Pixels) -> Iterator[tuple[int, dict[str, Floats]]]:
    """What a compiled network says of some photos at a time: the first one's number, and the outputs by name."""
    for start in range(0, len(pixels), _CHUNK):
        said = network({"pixels": np.asarray(pixels[start : start + _CHUNK])})
        yield start, {port.get_any_name(): values for port, values in said.items()}


def in_batches(pixels: Pixels) -> Batches:
    """At most so many as an export is measured on, drawn evenly from all."""
    drawn = pixels[:: -(-len(pixels) // MOST_MEASURED)]
    return lambda: (np.asarray(drawn[start : start + _CHUNK]) for start in range(0, len(drawn), _CHUNK))


def _save(graph: Any, file: Path) -> None:
    import_openvino().save_model(graph, file, compress_to_fp16=True)


def _measure(design: Design, file: Path, photos: Batches) -> Fidelity | None:
    """None where there is no photo after all."""
    networks = {
        "unrounded": compile_network(design.graph(eight_bits=False), "float32"),
        "float32": compile_network(file, "float32"),
    }
    in_hardware = compile_network(file, "bfloat16")
    if arithmetic_of(in_hardware) == "bfloat16":
        networks["bfloat16"] = in_hardware
    rows: dict[str, list[Floats]] = {name: [] for name in networks}
    for pixels in photos():
        for name, network in networks.items():
            rows[name].append(np.array(network({"pixels": pixels})["features"], np.float32))
    if not rows["unrounded"]:
        return None
    seen = {name: np.concatenate(parts) for name, parts in rows.items()}
    count = len(seen["unrounded"])
    whitening = Whitening.fit(seen["unrounded"], max(1, min(DIM, count // _PHOTOS_A_DIM)))
    vectors = {name: whitening(features) for name, features in seen.items()}
    alike: dict[Arithmetic, float] = {}
    if "bfloat16" in vectors:
        alike["bfloat16"] = _in_common(vectors["float32"], vectors["bfloat16"])
    return Fidelity(
        count,
        _cosine(seen["unrounded"], seen["float32"]),
        _cosine(vectors["unrounded"], vectors["float32"]),
        _in_common(vectors["unrounded"], vectors["float32"]),
        alike,
    )


def _cosine(one: Floats, other: Floats) -> float:
    return round(float(np.einsum("ij,ij->i", unit_rows(one), unit_rows(other)).mean()), 6)


def _in_common(one: Floats, other: Floats) -> float:
    """Of each row's ten nearest others, the share that is the same in both."""
    nearest = min(_NEAREST, len(one) - 1)
    if nearest < 1:
        return 1.0
    found = []
    for vectors in (one, other):
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -np.inf)
        mask = np.zeros(similarity.shape, bool)
        np.put_along_axis(mask, np.argpartition(-similarity, nearest - 1, axis=1)[:, :nearest], True, axis=1)
        found.append(mask)
    return round(float((found[0] & found[1]).sum() / (nearest * len(one))), 4)
