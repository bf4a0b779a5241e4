"""From a trained network to a model folder: choose its feature, export it, measure what was exported, as it serves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.config import Config
from imgrec.database import utc_now
from imgrec.errors import TrainingError
from imgrec.features.fill import find_or_look
from imgrec.features.looking import Here
from imgrec.features.store import FeatureStore, as_contents
from imgrec.generations import write_atomically
from imgrec.progress import Reporter
from imgrec.search.measures import among_first
from imgrec.sums import seal
from imgrec.training.channels import channels, multiplications
from imgrec.training.choose import find
from imgrec.training.compare import Compared, compare_features
from imgrec.training.curves import draw_history
from imgrec.training.examples import LEARNED_FROM, Examples
from imgrec.training.export import LEAST_COSINE, Design, Exported, export, in_batches
from imgrec.training.fit import Epoch, history_csv
from imgrec.training.handing_on import Told, sees_the_same
from imgrec.training.pixels import PhotoCache
from imgrec.training.recipes import recipe_text
from imgrec.training.settings import TrainingSettings
from imgrec.training.vgg16 import possible_features, weights_of
from imgrec.training.weights import CREDIT, Feature
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.learned import LearnedPhotos
from imgrec.vision.model_folder import ModelSettings, open_model, write_settings


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it was trained with and from; `examples` are by split."""

    network: Any
    settings: TrainingSettings
    name: str
    labels: tuple[str, ...]
    examples: Mapping[str, Examples]
    photos: PhotoCache
    history: Sequence[Epoch]

    def pixels(self, split: str) -> NDArray[np.uint8]:
        """The photos of a split as the finished model takes them."""
        return self.photos.pixels(split, self.settings.side_px)

    @property
    def made_from(self) -> str:
        """In words."""
        settings = self.settings
        start = "scratch" if settings.from_scratch else f"ImageNet weights ({CREDIT})"
        if own := settings.start_from or settings.weights_file:
            start = Path(own).name
        made = f"trained on {len(self.examples['train']):,} photos of {len(self.labels)} categories, from {start}"
        return f"{made}, slimmed to {self.share_of_full:.0%} of its multiplications" if settings.slim > 1 else made

    @property
    def multiplications(self) -> int:
        """Of a look, in the convolutions."""
        outputs = channels(self.settings.width, self.settings.slim)
        return multiplications(outputs, self.settings.side_px) * (2 if self.settings.mirrored else 1)

    @property
    def share_of_full(self) -> float:
        """Of the multiplications that it would take without slimming."""
        full, now = channels(self.settings.width), channels(self.settings.width, self.settings.slim)
        return multiplications(now) / multiplications(full)


def finish_model(trained: Trained, folder: Path, config: Config, report: Reporter) -> None:
    """Write a whole model into `folder`, which is empty: the network, its settings and its metrics, sealed by sums.

    It is measured as it serves. What it sees in the photos is kept: an index, or a comparison of models, finds it.
    """
    settings, arithmetic = trained.settings, config.model.arithmetic
    feature, *others = possible_features(settings)
    compared = Compared(feature, found={}, seen={})
    if others:
        compared = compare_features(trained.network, settings, trained.examples, trained.photos, report, arithmetic)
    exported = _exported(trained, compared.feature, folder, report)
    write_atomically(folder / "history.csv", history_csv(trained.history))
    write_atomically(folder / "history.svg", draw_history(trained.history))
    write_atomically(folder / "training.yaml", recipe_text(settings).encode())
    _learned(trained.examples).save(folder)
    made = ModelSettings(
        name=trained.name, created_utc=utc_now(), made_from=trained.made_from, preprocessing=settings.preprocessing,
        feature=exported.settings, labels=trained.labels, alike=exported.alike,
    )  # fmt: skip
    write_settings(folder, made)
    seal(folder)
    eye = Eye(open_model(folder), arithmetic)
    store = FeatureStore(config.features_path, eye)
    seen = _seen_by(eye, store, trained, compared.seen, config, report)
    features = {split: outputs.features.astype(np.float32) for split, outputs in seen.items()}
    metrics = {
        "accuracy": _accuracies(seen, trained.examples, first=1),
        "accuracy_top3": _accuracies(seen, trained.examples, first=3),
        "photos": {split: len(side) for split, side in trained.examples.items()},
        "retrieval": find(trained.examples, features).as_json(),
        "retrieval_of_candidates": {name: found.as_json() for name, found in compared.found.items()},
        "multiplications": trained.multiplications,
        "measured_in": " and ".join(sorted(store.arithmetics("shop"))),
        "export": exported.as_json(),
    }
    write_atomically(folder / "metrics.json", json.dumps(metrics, indent=2).encode())
    seal(folder)


def _exported(trained: Trained, feature: Feature, folder: Path, report: Reporter) -> Exported:
    settings = trained.settings
    report.say(f"Exporting, with {feature} as the feature.")
    design = Design(weights_of(trained.network), settings.side_px, feature, settings.mirrored)
    exported = export(design, folder, in_batches(trained.pixels("validation")), or_in_16_bits=True)
    if exported.bits == 16:
        report.say(
            f"Rounded to 8 bits the weights would see something else (cosine below {LEAST_COSINE}), so they are kept "
            "in 16: the model is twice as large, and as fast."
        )
    return exported


def _seen_by(
    eye: Eye, store: FeatureStore, trained: Trained, said: Mapping[str, Outputs], config: Config, report: Reporter
) -> dict[str, Outputs]:
    """What the eye sees, of each split that has photos; what the store of features lacks is looked at, and kept.

    said: of some splits, by the network that was compared; it stands for a look where the eye says the same.
    Raises TrainingError that names a photo which does not decode.
    """
    photos = PhotoStore(config.catalogue.photos)
    if said and not sees_the_same(eye, trained.pixels("validation"), said["validation"]):
        said = {}
    seen: dict[str, Outputs] = {}
    for split, side in trained.examples.items():
        if not len(side):
            continue
        contents = as_contents(file.stem for file in side.files)  # a photo is named by its content
        looker = Told(eye, photos, contents, said[split]) if split in said else Here(eye, photos)
        found, _, unreadable = find_or_look(store, looker, "shop", f"Looking at {split} photos", contents, report)
        if unreadable:
            lost = side.files[int(found.is_there.argmin())]
            raise TrainingError(f"{lost} cannot be read. Remove the file and import its feed again.")
        seen[split] = store.all_of(found).outputs
    return seen


def _learned(examples: Mapping[str, Examples]) -> LearnedPhotos:
    """Those that were trained or chosen on; a stored photo is named by its content."""
    sides = [examples[split] for split in LEARNED_FROM]
    return LearnedPhotos.of(
        [file.stem for side in sides for file in side.files], [group for side in sides for group in side.group]
    )


def _accuracies(seen: Mapping[str, Outputs], examples: Mapping[str, Examples], first: int) -> dict[str, float]:
    """By split, the share of photos whose label is among the likeliest `first`."""
    return {
        split: float(among_first(outputs.logits, examples[split].label, first).mean())
        for split, outputs in seen.items()
    }
