"""A model from pretrained weights as they are: nothing is trained, and nothing of the shop is needed."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.database import utc_now
from imgrec.errors import ModelError, PhotoError
from imgrec.generations import swap_in, write_atomically
from imgrec.progress import Reporter
from imgrec.sums import seal
from imgrec.training.export import MOST_MEASURED, Design, Exported, export
from imgrec.training.weights import CREDIT, Feature, Weights
from imgrec.vision.decode import decode_photo
from imgrec.vision.model_folder import ModelFolder, ModelSettings, open_model, write_settings
from imgrec.vision.preprocessing import Pixels, Preprocessing

CARD = "README.md"
LEAST_PHOTOS = 200
"""From so many photos on, measuring on a catalogue's own says something."""

_BATCH = 16
_ORIGIN = """\
VGG-16 by Karen Simonyan and Andrew Zisserman, Visual Geometry Group, University of Oxford: [Very Deep Convolutional
Networks for Large-Scale Image Recognition](https://arxiv.org/abs/1409.1556), 2015. Weights trained on ImageNet,
released by them under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), in Keras' port. What was changed: the
weights are rounded to 8 bits, colours come in the order red, green, blue, and the classifier is left out.
"""
_FITS = {"pad": "padded to a square", "crop": "the central square", "stretch": "stretched to a square"}


@dataclass(frozen=True)
class Wish:
    """What a model is to be. source: where the weights come from, in a word; imagenets: whether they are ImageNet's."""

    name: str
    weights: Weights
    source: str
    imagenets: bool
    preprocessing: Preprocessing
    feature: Feature
    mirrored: bool

    @property
    def made_from(self) -> str:
        """In words."""
        if self.imagenets:
            return f"VGG-16's ImageNet weights ({CREDIT}), as they are"
        return f"the convolutions of {self.source}, as they are"


def make_model(wish: Wish, target: Path, photos: Sequence[Path], replace: bool, report: Reporter) -> ModelFolder:
    """Write the model to the folder `target`, measured on photos where some are given.

    Raises ModelError when the folder exists and is not to be replaced, or the weights do not bear rounding.
    """
    if target.exists() and not replace:
        raise ModelError(f"{target} exists already. Choose another name, or overwrite it with --replace.")
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        exported = _exported(wish, draft, _drawn_evenly(photos), report)
        settings = ModelSettings(
            name=wish.name, created_utc=utc_now(), made_from=wish.made_from, preprocessing=wish.preprocessing,
            feature=exported.settings, alike=exported.alike,
        )  # fmt: skip
        write_settings(draft, settings)
        write_atomically(draft / "metrics.json", json.dumps({"export": exported.as_json()}, indent=2).encode())
        seal(draft)
        (draft / CARD).write_text(_card(wish, exported), encoding="utf-8")  # behind the seal: people may write on it
        swap_in(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return open_model(target)


def _drawn_evenly(photos: Sequence[Path]) -> list[Path]:
    """At most so many as an export is measured on."""
    every = max(1.0, len(photos) / MOST_MEASURED)
    return [photos[int(number * every)] for number in range(min(len(photos), MOST_MEASURED))]


def _exported(wish: Wish, folder: Path, photos: Sequence[Path], report: Reporter) -> Exported:
    design = Design(wish.weights, wish.preprocessing.side_px, wish.feature, wish.mirrored)
    if not photos:
        return export(design, folder, None)
    with report.stage("Comparing with unrounded weights", len(photos)) as advance:

        def batches() -> Iterator[Pixels]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                for start in range(0, len(photos), _BATCH):
                    batch = photos[start : start + _BATCH]
                    squares = pool.map(lambda file: _square(file, wish.preprocessing), batch)
                    readable = [square for square in squares if square is not None]
                    if readable:
                        yield np.stack(readable)
                    advance(len(batch), "")

        return export(design, folder, batches)


def _square(file: Path, preprocessing: Preprocessing) -> Pixels | None:
    try:
        return preprocessing.square(decode_photo(file, enough_px=preprocessing.side_px))
    except PhotoError:
        return None


def _card(wish: Wish, exported: Exported) -> str:
    side, feature = wish.preprocessing.side_px, exported.settings
    pooled = {"gem": "generalised means (GeM)", "average": "averages"}[feature.pooling]
    rows = {
        "input": f"RGB, {side} x {side} px, {_FITS[wish.preprocessing.fit]}",
        "feature": f"{pooled} of {' and '.join(feature.layers)}, each of L2 norm 1, joined: {feature.dim:,} numbers",
        "weights": f"{exported.bits} bits each, with a scale for each channel and position; computed in floating point",
    }
    if feature.mirrored:
        rows["a photo"] = "is looked at with its mirror image, and the two averaged"
    if measured := exported.fidelity:
        rows["against unrounded weights"] = (
            f"cosine of features {measured.cosine:.5f}, whitened {measured.cosine_whitened:.5f}; of each photo's ten "
            f"nearest others {measured.nearest_in_common * 100:.1f} % in common, on {measured.photos:,} photos"
        )
        for arithmetic, share in measured.alike.items():
            rows[f"in {arithmetic} against float32"] = (
                f"of each photo's ten nearest others {share * 100:.1f} % in common"
            )
    lines = [f"| {name} | {what} |" for name, what in rows.items()]
    origin = _ORIGIN if wish.imagenets else f"The convolutions of {wish.source}, rounded to 8 bits.\n"
    table = "\n".join(["|  |  |", "|---|---|", *lines])
    return f"# {wish.name}\n\n{origin}\n{table}\n\nMade with: `imgrec models make`.\n"
