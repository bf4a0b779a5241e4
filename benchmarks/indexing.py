"""Photos to features by the path of `imgrec index`, beside the network alone and decoding alone, on the same photos.

Ways take turns at portions of 512 photos. The network alone looks at as many that were made ready before, all at once:
nothing that looks can be faster. Decoding alone is all that is done with a photo before the network has it.
"""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import cpu_count
from pathlib import Path

import numpy as np
from features import linked
from measuring import Report, Taken, Value, a_model, held_mb, photo_options

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.features.colours import dominant_colours
from imgrec.features.fill import fill
from imgrec.features.looking import BATCH, Here
from imgrec.features.store import FeatureStore
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.preprocessing import Pixels

PORTION = 512
NETWORK, DECODING, INDEXING = "the network alone", "decoding alone", "indexing"


def main() -> None:
    parser = photo_options(__doc__)
    parser.add_argument("--photos", type=int, default=5000, help="how many of the feed's photos")
    parser.add_argument("--arithmetic", choices=("auto", "float32", "bfloat16"), default="auto", help="of the network")
    options = parser.parse_args()

    eye = Eye(a_model(parser, options.model), options.arithmetic)
    with Report(__doc__, options) as report, tempfile.TemporaryDirectory() as folder:
        contents = linked(options.feed, options.photos, Path(folder) / "photos")
        portions = [contents[at : at + PORTION] for at in range(0, len(contents), PORTION)]
        photos, store = PhotoStore(Path(folder) / "photos"), FeatureStore(Path(folder) / "features", eye)
        prepared = made_ready(eye, photos, contents[:PORTION])
        taken: dict[str, Taken[int]] = {name: Taken() for name in (NETWORK, DECODING, INDEXING)}
        eye.look_at_pixels(prepared[:64])  # its memory is fetched
        memory = [held_mb()]
        for portion in portions:
            looked = taken[NETWORK].run(lambda: len(eye.look_at_pixels(prepared[: len(portion)])))  # noqa: B023
            decoded = taken[DECODING].run(lambda: len(made_ready(eye, photos, portion)))  # noqa: B023
            unreadable = taken[INDEXING].run(
                partial(fill, store, Here(eye, photos), "shop", portion, lambda count, note: None)
            )
            assert (looked, decoded, unreadable) == (len(portion), len(portion), 0)
            memory.append(held_mb())
        assert store.held("shop") == set(contents)
        model, side = eye.model.settings.name, eye.preprocessing.side_px
        title = f"{len(contents)} photos, {model} at {side} px in {eye.arithmetic}, portions of {len(portions[0])}"
        more: dict[str, dict[str, Value]] = {
            name: {"processor ms a photo": round(1000 * sum(one.busy) / len(contents), 2)}
            for name, one in taken.items()
        }
        report.times(title, taken, "s", beside=NETWORK, count=len(portions[0]), of_what="photos", busy=True, more=more)
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


def made_ready(eye: Eye, photos: PhotoStore, contents: Sequence[str]) -> Pixels:
    """What is done with photos before the network sees them, on all cores; their colours, too, which are let go."""

    def batch(start: int) -> Pixels:
        some = contents[start : start + BATCH]
        decoded = [decode_photo(photos.source(content), eye.preprocessing.side_px) for content in some]
        for photo in decoded:
            dominant_colours(photo)
        return eye.preprocessing.batch(decoded)

    with ThreadPoolExecutor(cpu_count()) as pool:
        return np.concatenate(list(pool.map(batch, range(0, len(contents), BATCH))))


if __name__ == "__main__":
    main()
