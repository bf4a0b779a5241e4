"""From a photo's bytes to its feature, as the bot does it for one photo: the stages, the peers, and a fresh start.

Peers are what one would write with them: Keras' load_img, preprocess_input and predict; Pillow and ONNX Runtime. The
network and its weights are the same, but they decode every pixel, right here, and stretch where ours pads: so the
features of a photo that is not square differ. A fresh start is a new process, to its first feature, and its memory.
"""

import io
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from measuring import MODEL, Process, Report, Taken, Value, a_model, in_turns, options_of, run_to_its_end
from PIL import Image
from same_network import Run, peers

from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.guard import GuardedDecoder
from imgrec.vision.model_folder import ModelFolder

PHOTO = Path(__file__).resolve().parent.parent / "sample" / "customer" / "watering-can-07-1.jpg"
TELEGRAMS_PX = (1280, 960)
OURS = "imgrec, guarded"
STARTS = {
    OURS: """
from imgrec.vision.eye import Eye
from imgrec.vision.guard import GuardedDecoder
from imgrec.vision.model_folder import open_model
eye = Eye(open_model(Path({model!r})))
with GuardedDecoder(1) as decoder:
    eye.look([decoder.decode(photo, eye.preprocessing.side_px)])
""",
    "Keras predict": """
import keras
from imgrec.training.vgg16 import GeneralisedMean
network = keras.saving.load_model({folder!r} + "/network.keras", custom_objects={{"GeneralisedMean": GeneralisedMean}})
image = keras.utils.load_img(io.BytesIO(photo), target_size=({side}, {side}))
network.predict(keras.utils.img_to_array(image, dtype="uint8")[None], verbose=0)
""",
    "ONNX Runtime": """
import numpy, onnxruntime
from PIL import Image
session = onnxruntime.InferenceSession({folder!r} + "/network.onnx", providers=["CPUExecutionProvider"])
image = Image.open(io.BytesIO(photo)).convert("RGB").resize(({side}, {side}))
session.run(None, {{"pixels": numpy.asarray(image)[None]}})
""",
}
BEFORE = "import io\nfrom pathlib import Path\nphoto = Path({photo!r}).read_bytes()"


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("photo", type=Path, nargs="?", default=PHOTO, help="made as large as Telegram sends them")
    parser.add_argument("--model", type=Path, default=MODEL, help="a model's folder")
    parser.add_argument("--runs", type=int, default=30, help="of each way")
    parser.add_argument("--starts", type=int, default=3, help="of each way, in a new process; 0: none")
    parser.add_argument("--without-peers", action="store_true", help="ours alone")
    options = parser.parse_args()
    model = a_model(parser, options.model)
    photo = as_telegram_sends(options.photo)
    eye = Eye(model)
    with Report(__doc__, options) as report, GuardedDecoder(1) as decoder, tempfile.TemporaryDirectory() as folder:
        networks = {} if options.without_peers else peers(model, Path(folder))
        side = model.settings.preprocessing.side_px
        image = decode_photo(photo, side)
        pixels = eye.preprocessing.batch([image])
        stages: dict[str, Callable[[None], object]] = {
            "decoded right here": lambda _: decode_photo(photo, side),
            "decoded, guarded": lambda _: decoder.decode(photo, side),
            "made square": lambda _: eye.preprocessing.batch([image]),
            f"looked at, {eye.arithmetic}": lambda _: eye.look_at_pixels(pixels),
        }
        width, height = Image.open(io.BytesIO(photo)).size
        title = f"a JPEG of {width} x {height}, {len(photo) / 1000:.0f} kB; {model.path.name}, {side} px"
        report.times(f"stages of ours: {title}", in_turns(stages, [None] * options.runs), "ms")
        ways: dict[str, Callable[[None], object]] = {
            OURS: lambda _: eye.look([decoder.decode(photo, side)]).features,
            "imgrec, right here": lambda _: eye.look([decode_photo(photo, side)]).features,
            **{name: partial(by_peer, name, network, photo, side) for name, network in networks.items()},
        }
        report.times("bytes to feature", in_turns(ways, [None] * options.runs), "ms", beside=OURS)
        if options.starts:
            names = [OURS, *(name for name in networks if name in STARTS)]
            (Path(folder) / "photo.jpg").write_bytes(photo)
            tell_starts(report, names, options.starts, model, Path(folder))


def as_telegram_sends(file: Path) -> bytes:
    buffer = io.BytesIO()
    Image.open(file).convert("RGB").resize(TELEGRAMS_PX).save(buffer, "JPEG", quality=87)
    return buffer.getvalue()


def by_peer(name: str, network: Run, photo: bytes, side: int, _: None = None) -> object:
    """As its documentation has it; the network takes RGB and subtracts the mean itself."""
    if name.startswith("Keras"):
        import keras

        image = keras.utils.load_img(io.BytesIO(photo), target_size=(side, side))
        return network(keras.utils.img_to_array(image, dtype="uint8")[None])
    return network(np.asarray(Image.open(io.BytesIO(photo)).convert("RGB").resize((side, side)))[None])


def tell_starts(report: Report, names: list[str], runs: int, model: ModelFolder, folder: Path) -> None:
    filled = {
        "model": str(model.path.resolve()), "folder": str(folder), "photo": str(folder / "photo.jpg"),
        "side": model.settings.preprocessing.side_px,
    }  # fmt: skip
    taken: dict[str, Taken[Process]] = {name: Taken() for name in names}
    for _ in range(runs):
        for name in names:
            process = run_to_its_end([sys.executable, "-c", (BEFORE + STARTS[name]).format(**filled)])
            assert process is not None
            taken[name].seconds.append(process.seconds)
            taken[name].busy.append(process.cpu_seconds)
            taken[name].answers.append(process)
    more: dict[str, dict[str, Value]] = {
        name: {"peak MB": max(process.peak_mb for process in one.answers)} for name, one in taken.items()
    }
    report.times("a new process, to its first feature", taken, "s", beside=OURS, busy=True, more=more)


if __name__ == "__main__":
    main()
