"""What it costs to decode photos in guarded processes: beside decoding right here, and a new process for each photo."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measuring import Report, in_turns, options_of
from PIL import Image

from imgrec.vision.decode import decode_photo
from imgrec.vision.guard import GuardedDecoder

Decode = Callable[[bytes], object]

_ENOUGH_PX = 224
_KINDS = {
    "as Telegram sends them, 1280 x 960": (1280, 960, "JPEG"),
    "a telephone's file, 4000 x 3000": (4000, 3000, "JPEG"),
    "PNG, 1280 x 960": (1280, 960, "PNG"),
}
_GUARDED = "guarded"
_ALONE = "import sys; from imgrec.vision.decode import decode_photo; decode_photo(sys.stdin.buffer.read(), {enough})"


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("photo", type=Path, nargs="?", help="scaled to each size (default: one is made up)")
    parser.add_argument("--rounds", type=int, default=30, help="photos decoded in each way")
    options = parser.parse_args()
    picture = Image.open(options.photo).convert("RGB") if options.photo else made_up()
    with Report(__doc__, options) as report, GuardedDecoder(1) as decoder:
        ways: dict[str, Decode] = {
            _GUARDED: lambda photo: decoder.decode(photo, _ENOUGH_PX),
            "right here": lambda photo: decode_photo(photo, _ENOUGH_PX),
            "Pillow alone, shrunk as ours": by_pillow,
            "Pillow alone, every pixel": lambda photo: Image.open(io.BytesIO(photo)).convert("RGB"),
            "a new process each": by_a_new_process,
        }
        for kind, (width, height, form) in _KINDS.items():
            buffer = io.BytesIO()
            picture.resize((width, height)).save(buffer, form, quality=87)
            report.times(kind, in_turns(ways, [buffer.getvalue()] * options.rounds), "ms", beside=_GUARDED)


def by_pillow(photo: bytes) -> Image.Image:
    """The least there is to do: a JPEG is made smaller while it is decoded (`draft`), others are not."""
    image = Image.open(io.BytesIO(photo))
    scale = 2 * _ENOUGH_PX / min(image.size)
    image.draft("RGB", (round(image.width * scale), round(image.height * scale)))
    return image.convert("RGB")


def by_a_new_process(photo: bytes) -> None:
    subprocess.run([sys.executable, "-c", _ALONE.format(enough=_ENOUGH_PX)], input=photo, check=True)  # noqa: S603


def made_up() -> Image.Image:
    """Smooth colours with some noise, which compress about as a photo does."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).resize((4000, 3000), Image.Resampling.BICUBIC)
    noise = Image.effect_noise((4000, 3000), 20).convert("RGB")
    return Image.blend(coarse, noise, 0.2)


if __name__ == "__main__":
    main()
