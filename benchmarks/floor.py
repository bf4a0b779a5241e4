"""What this machine can do at best: read memory, and multiply; and what follows for a search and for the network.

No search can be done before what it has to read was read once, and no network before its multiply-adds were done. How
fast this machine reads and multiplies is measured by what does nothing else: numpy over one slice a core, and products
of large matrices in OpenBLAS and OpenVINO. The least of all turns counts. Memory is read at several sizes, as an index
may fit into the processor's cache where vectors do not.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from measuring import Report, Taken, Value, in_turns, options_of
from same_network import multiply_adds

from imgrec.vision.eye import arithmetic_of
from imgrec.vision.runtime import import_openvino

OTHERS_MB = 2000


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--photos", type=int, default=470_000, help="of an index that is searched")
    parser.add_argument(
        "--bytes-a-row", type=int, nargs="+", default=[160, 256, 1024], help="leading codes, all codes, vectors"
    )
    parser.add_argument("--side-px", type=int, default=128, help="of the photos that the network takes")
    parser.add_argument("--matrix", type=int, default=3072, help="side of the matrices that are multiplied")
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
    """By arithmetic: one operation."""
    rng = np.random.default_rng(0)
    one, other = (rng.standard_normal((side, side), np.float32) for _ in range(2))
    ways: dict[str, Callable[[None], object]] = {"numpy float32": lambda _: one @ other}
    arithmetics = {"numpy float32": "float32"}
    for hint in ("f32", "bf16"):
        network = product_in_openvino(other, hint)
        arithmetic = arithmetic_of(network)
        arithmetics[name := f"OpenVINO {arithmetic}"] = arithmetic
        ways[name] = lambda _, network=network: network([one])
    taken = in_turns(ways, [None] * runs)
    operations = 2 * side**3
    best = {name: operations / min(each.seconds) for name, each in taken.items()}
    more: dict[str, dict[str, Value]] = {
        name: {
            "best, GFLOP a second": a_second / 1e9,
            "a processor second": operations / min(taken[name].busy) / 1e9,
        }
        for name, a_second in best.items()
    }
    report.times(f"multiplying two matrices of {side:,} x {side:,}", taken, "ms", more=more)
    return {
        kind: Least.of((taken[name] for name, of in arithmetics.items() if of == kind), operations)
        for kind in arithmetics.values()
    }


def product_in_openvino(other: np.ndarray, hint: str) -> Any:
    openvino = import_openvino()
    op = openvino.opset13
    rows = op.parameter(other.shape, np.float32)
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": hint}
    graph = openvino.Model([op.matmul(rows, op.constant(other), False, False)], [rows], "product")
    return openvino.Core().compile_model(graph, "CPU", options)


if __name__ == "__main__":
    main()
