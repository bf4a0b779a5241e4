"""Photos to features by the path of `imgrec index`, beside the network alone and decoding alone, on the same photos.

Ways take turns at portions of 512 photos. The network alone looks at as many that were made ready before, all at once:
nothing that looks can be faster. Decoding alone is all that is done with a photo before the network has it.
"""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import cpu_count, sysconf
from pathlib import Path

import numpy as np
from features import linked
from measuring import MODEL, Report, Taken, a_feed, a_model, options_of

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.features.colours import dominant_colours
from imgrec.features.fill import fill
from imgrec.features.looking import Here
from imgrec.features.store import FeatureStore
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.preprocessing import Pixels

PORTION = 512
NETWORK, DECODING, INDEXING = "the network alone", "decoding alone", "indexing"


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument(
        "feed", type=Path, nargs="?", default=a_feed(), help="a CSV feed whose `image` names files by it"
    )
    parser.add_argument("--model", type=Path, default=MODEL, help="a model's folder")
    parser.add_argument("--photos", type=int, default=5000, help="how many of the feed's photos")
    parser.add_argument("--arithmetic", choices=("auto", "float32", "bfloat16"), default="auto", help="of the network")
    options = parser.parse_args()

    eye = Eye(a_model(parser, options.model), options.arithmetic)
    with Report(__doc__, options) as report, tempfile.TemporaryDirectory() as folder:
        contents = linked(options.feed, options.photos, Path(folder) / "photos")
        portions = [contents[at : at + PORTION] for at in range(0, len(contents), PORTION)]
        photos, store = PhotoStore(Path(folder) / "photos"), FeatureStore(Path(folder) / "features", eye)
        prepared = np.stack(made_ready(eye, photos, contents[:PORTION]))
        taken: dict[str, Taken[int]] = {name: Taken() for name in (NETWORK, DECODING, INDEXING)}
        eye.look_at_pixels(prepared[:64])  # its memory is fetched
        memory = [memory_mb()]
        for portion in portions:
            looked = taken[NETWORK].run(lambda: len(eye.look_at_pixels(prepared[: len(portion)])))  # noqa: B023
            decoded = taken[DECODING].run(lambda: len(made_ready(eye, photos, portion)))  # noqa: B023
            unreadable = taken[INDEXING].run(
                partial(fill, store, Here(eye, photos), "shop", portion, lambda count, note: None)
            )
            assert (looked, decoded, unreadable) == (len(portion), len(portion), 0)
            memory.append(memory_mb())
        assert store.held("shop") == set(contents)
        model, side = eye.model.settings.name, eye.preprocessing.side_px
        title = f"{len(contents)} photos, {model} at {side} px in {eye.arithmetic}, portions of {len(portions[0])}"
        report.times(title, taken, "s", beside=NETWORK, count=len(portions[0]), of_what="photos", busy=True)
        of_network = 1 / np.median(np.array(taken[INDEXING].seconds) / taken[NETWORK].seconds)
        by_processor = sum(taken[NETWORK].busy) / sum(taken[INDEXING].busy)
        report.note(
            "of_network", {"by_the_clock": round(of_network, 3), "by_processor_time": round(by_processor, 3)},
            f"\nIndexing at {of_network:.0%} of the network's own rate ({by_processor:.0%} by processor time)",
        )  # fmt: skip
        quarters = {
            name: memory[round(part * len(portions))]
            for name, part in {"start": 0, "a quarter": 0.25, "half": 0.5, "end": 1}.items()
        }
        report.note("memory_mb", quarters, "memory: " + ", ".join(f"{at} {mb} MB" for at, mb in quarters.items()))


def made_ready(eye: Eye, photos: PhotoStore, contents: Sequence[str]) -> list[Pixels]:
    """What is done with photos before the network sees them, on all cores; their colours, too, which are let go."""

    def one(content: str) -> Pixels:
        photo = decode_photo(photos.source(content), eye.preprocessing.side_px)
        dominant_colours(photo)
        return eye.preprocessing.square(photo)

    with ThreadPoolExecutor(cpu_count()) as pool:
        return list(pool.map(one, contents))


def memory_mb(process: str | int = "self") -> int:
    """What a process holds now, in millions of bytes; Linux alone tells."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * sysconf("SC_PAGE_SIZE") // 1_000_000


if __name__ == "__main__":
    main()
