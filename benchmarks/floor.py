"""What this machine can do at best: read memory, and multiply; and what follows for a search and for the network.

No search can be done before what it has to read was read once, and no network before its multiply-adds were done. How
fast this machine reads and multiplies is measured by what does nothing else: numpy over one slice a core; products of
large matrices in OpenBLAS and OpenVINO, and convolutions. The least of all turns counts, by the clock and in processor
time. Memory is read at several sizes, as an index may fit into the processor's cache where vectors do not.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from measuring import Report, Taken, Value, in_turns, options_of
from same_network import multiply_adds

from imgrec.vision.eye import arithmetic_of
from imgrec.vision.runtime import import_openvino

OTHERS_MB = 2000
LAYERS = 4


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--photos", type=int, default=470_000, help="of an index that is searched")
    parser.add_argument(
        "--bytes-a-row", type=int, nargs="+", default=[128, 256, 1024], help="leading codes, all codes, vectors"
    )
    parser.add_argument("--side-px", type=int, default=128, help="of the photos that the network takes")
    parser.add_argument(
        "--matrix", type=int, default=1024, help="side of the matrices that are multiplied, twice the channels"
    )
    parser.add_argument("--mb", type=int, default=OTHERS_MB, help="a size to read that fits into no cache")
    parser.add_argument("--runs", type=int, default=15, help="of each")
    options = parser.parse_args()
    with Report(__doc__, options) as report:
        floors: dict[str, dict[str, float]] = {}
        for size in options.bytes_a_row:
            floor = reading(report, size * options.photos, options.runs)
            floors[f"search, {size} bytes of each of {options.photos:,} photos"] = floor.in_ms(1)
        reading(report, options.mb * 1_000_000, options.runs)
        operations = 2 * multiply_adds(options.side_px)
        for arithmetic, floor in multiplying(report, options.matrix, options.runs).items():
            for count in (1, 16):
                photos = "one photo" if count == 1 else f"a batch of {count}"
                floors[f"network, {arithmetic}, {photos}"] = floor.in_ms(count * operations)
        report.table(f"the floor; the network: {operations / 1e9:.2f} G operations a photo", floors)


@dataclass(frozen=True)
class Least:
    """The least seconds that something took, by the clock and of all cores together: not in the same turn, maybe."""

    seconds: float
    busy: float

    @classmethod
    def of(cls, taken: Iterable[Taken[object]], parts: int = 1) -> Self:
        """Of several ways; for one of so many equal parts that each turn is made of."""
        ways = list(taken)
        return cls(min(min(one.seconds) for one in ways) / parts, min(min(one.busy) for one in ways) / parts)

    @classmethod
    def best(cls, several: Iterable[Self]) -> Self:
        """The least of each."""
        known = list(several)
        return cls(min(one.seconds for one in known), min(one.busy for one in known))

    def in_ms(self, times: int) -> dict[str, float]:
        """Of that much of it, as a row of a table."""
        return {"ms": self.seconds * times * 1000, "processor ms": self.busy * times * 1000}


def reading(report: Report, size: int, runs: int) -> Least:
    """Reading so many bytes."""
    cores = os.cpu_count() or 1
    parts = np.array_split(np.ones(size // 4, np.float32), cores)
    with ThreadPoolExecutor(cores) as pool:
        ways: dict[str, Callable[[None], object]] = {
            "dot products": lambda _: list(pool.map(lambda part: np.dot(part, part), parts)),
            "largest byte": lambda _: list(pool.map(lambda part: part.view(np.uint8).max(), parts)),
        }
        taken = in_turns(ways, [None] * runs)
    megabytes = size / 1e6
    more = {name: {"best, GB a second": size / min(one.seconds) / 1e9} for name, one in taken.items()}
    report.times(f"reading {megabytes:,.0f} MB, numpy, a thread on each core", taken, "ms", more=more)
    return Least.of(taken.values())


def multiplying(report: Report, side: int, runs: int) -> dict[str, Least]:
    """By arithmetic: one operation, in whichever way takes the least."""
    rng = np.random.default_rng(0)
    one, other = (rng.standard_normal((side, side), np.float32) for _ in range(2))
    photos = rng.standard_normal((4, side // 2, 16, 16), np.float32)
    ways: dict[str, Callable[[None], object]] = {"numpy float32, a product": lambda _: one @ other}
    operations = {"numpy float32, a product": 2 * side**3}
    arithmetics = {"numpy float32, a product": "float32"}
    for hint in ("f32", "bf16"):
        for what, graph, taken_in, needed in (
            ("products", products(other), one, 2 * LAYERS * side**3),
            ("convolutions", convolutions(photos, rng), photos, 2 * LAYERS * photos.size * 9 * photos.shape[1]),
        ):
            network = compiled(graph, hint)
            arithmetics[name := f"OpenVINO {arithmetic_of(network)}, {what}"] = arithmetic_of(network)
            ways[name] = partial(run_once, network, taken_in)
            operations[name] = needed
    taken = in_turns(ways, [None] * runs)
    more: dict[str, dict[str, Value]] = {
        name: {
            "best, GFLOP a second": needed / min(taken[name].seconds) / 1e9,
            "a processor second": needed / min(taken[name].busy) / 1e9,
        }
        for name, needed in operations.items()
    }
    title = f"multiplying: matrices of {side:,} x {side:,}; 3 x 3 convolutions of {side // 2} channels, 4 x 16 x 16"
    report.times(title, taken, "ms", more=more)
    return {
        kind: Least.best(Least.of([taken[name]], operations[name]) for name, of in arithmetics.items() if of == kind)
        for kind in dict.fromkeys(arithmetics.values())
    }


def run_once(network: Any, taken_in: np.ndarray, _: None) -> object:
    return network([taken_in])


def products(other: np.ndarray) -> Any:
    """Some in a row, so that numbers stay in the arithmetic that they are multiplied in."""
    op = import_openvino().opset13
    rows = x = op.parameter(other.shape, np.float32)
    for number in range(LAYERS):
        x = op.matmul(x, op.constant(np.roll(other, number, axis=0) / len(other) ** 0.5), False, False)
    return import_openvino().Model([x], [rows], "products")


def convolutions(photos: np.ndarray, rng: np.random.Generator) -> Any:
    """As block 4 of the network has them at full width, but of four photos."""
    op, one, channels = import_openvino().opset13, [1, 1], photos.shape[1]
    pixels = x = op.parameter(photos.shape, np.float32)
    for _ in range(LAYERS):
        kernel = rng.standard_normal((channels, channels, 3, 3), np.float32) * (2 / (9 * channels)) ** 0.5
        x = op.relu(op.convolution(x, op.constant(kernel.astype(np.float32)), one, one, one, one))
    return import_openvino().Model([x], [pixels], "convolutions")


def compiled(graph: Any, hint: str) -> Any:
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": hint}
    return import_openvino().Core().compile_model(graph, "CPU", options)


if __name__ == "__main__":
    main()
