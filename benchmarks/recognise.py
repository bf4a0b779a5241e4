"""Looking at photos: OpenVINO beside Keras and ONNX Runtime, the same network, one photo and a batch of sixteen.

The network is that of the model's folder, VGG-16 up to the blocks that its feature is made of, with the same weights
everywhere. What comes out is compared: `cosine` is the least, over photos, of features to those in float32. Keras takes
part where the extra `train` is installed, ONNX Runtime where onnxruntime, onnx and tf2onnx are, too.
"""

import tempfile
from pathlib import Path

import numpy as np
from measuring import MODEL, Report, Value, a_model, in_turns, options_of
from same_network import in_openvino, multiply_adds, peers, weights_in

from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import ModelFolder
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.vectors import Floats

BATCHES = (1, 16)
LEAST_COSINE = 0.995
SAMPLE = Path(__file__).resolve().parent.parent / "sample" / "customer"


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL, help="a model's folder")
    parser.add_argument("--photos", type=Path, default=SAMPLE, help="a folder of photos to look at")
    parser.add_argument("--runs", type=int, default=30, help="of each way")
    parser.add_argument("--without-peers", action="store_true", help="OpenVINO alone")
    options = parser.parse_args()

    model = a_model(parser, options.model)
    eyes = {eye.arithmetic: eye for eye in (Eye(model), Eye(model, "float32"))}
    ours = {f"imgrec, OpenVINO {name}": in_openvino(eye) for name, eye in eyes.items()}
    first, reference = next(iter(ours)), ours["imgrec, OpenVINO float32"]
    pixels = some_pixels(model, options.photos)
    with Report(__doc__, options) as report, tempfile.TemporaryDirectory() as folder:
        ways = ours if options.without_peers else ours | peers(model, Path(folder))
        side = model.settings.preprocessing.side_px
        needed = multiply_adds(side, weights_in(model))
        words = f"{model.path.name}, {side} px: {needed / 1e9:.2f} G multiply-adds a photo"
        report.note("multiply_adds", needed, words)
        for count in BATCHES:
            taken = in_turns(ways, [pixels[:count]] * options.runs)
            right = reference(pixels[:count])
            alike = {name: least_cosine(one.answers[-1], right) for name, one in taken.items()}
            title = "one photo" if count == 1 else f"a batch of {count}"
            more: dict[str, dict[str, Value]] = {name: {"cosine": round(cosine, 5)} for name, cosine in alike.items()}
            report.times(
                title, taken, "ms", beside=first, count=count, of_what="photos", busy=True, more=more,
                form={"cosine": ".5f"},
            )  # fmt: skip
            wrong = [name for name, cosine in alike.items() if cosine < LEAST_COSINE]
            assert not wrong, f"{', '.join(wrong)}: features differ, so this is not the same network: {alike}"


def some_pixels(model: ModelFolder, folder: Path) -> Pixels:
    """As many photos as the largest batch has."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"})
    chosen = [files[number % len(files)] for number in range(max(BATCHES))]
    preprocessing = model.settings.preprocessing
    return preprocessing.batch([decode_photo(file, preprocessing.side_px) for file in chosen])


def least_cosine(features: Floats, right: Floats) -> float:
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (np.asarray(features), right))
    return float(np.einsum("ij,ij->i", one, other).min())


if __name__ == "__main__":
    main()
