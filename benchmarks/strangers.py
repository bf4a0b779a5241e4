"""How sure a shop is of photos of what it does not sell: each category named is left out of the shop in turn.

The shop is what the catalogue has of the other categories, without the photos of one split. Those are asked as what is
sold, and all of the category left out as what is not; as they are, and as telephones take those that were looked at so.
Nothing is fitted on any of them. "before" is the softmax alone, "after" what is served.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measuring import Report, options_of

from imgrec.bootstrap import Resampling
from imgrec.catalogue.splits import families
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.commands.console import reporter
from imgrec.config import Config, load_config
from imgrec.evaluation.confidence import CONFIDENT
from imgrec.features.store import ABSENT
from imgrec.search.build import LookedAt, look_at_all, shop_photos
from imgrec.search.learned import Learned
from imgrec.search.learning import learn
from imgrec.search.sold import LEAST_SOLD, energy_of
from imgrec.search.trial import ShopPhotos
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.model_folder import open_model
from imgrec.vision.vectors import Bools, Floats, Ints, softmax


@dataclass(frozen=True)
class Shop:
    """A shop, what it learned, and the eye it looks with."""

    photos: ShopPhotos
    learned: Learned
    eye: Eye

    def asked(self, outputs: Outputs) -> tuple[Floats, Floats]:
        """Of n photos: the softmax, float32 (n, labels), and the probability that each is sold, float32 (n,)."""
        knowledge, whitening = self.learned.knowledge, self.learned.whitening
        vectors = whitening(outputs.features)
        logits = self.learned.logits(outputs, vectors, self.eye.model.settings.labels)
        logits = logits / np.float32(knowledge.temperature)
        if knowledge.sold is None:
            return softmax(logits), np.ones(len(logits), np.float32)
        cosine = vectors @ whitening(self.photos.seen.features).T
        elsewhere = logits.argmax(axis=1)[:, None] != self.photos.photos.label[None, :]
        return softmax(logits), knowledge.sold.of(np.where(elsewhere, -1, cosine).max(axis=1), energy_of(logits))


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("left_out", nargs="+", help="categories of the catalogue")
    parser.add_argument("--split", default="test", help="whose photos are asked as what is sold")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="of the catalogue")
    options = parser.parse_args()
    config = load_config(options.config, {})
    eye = Eye(open_model(config.model.path), config.model.arithmetic)
    looked = look_at_all(config, eye, reporter())
    with Catalogue.read(config.catalogue) as catalogue:
        photos = looked.readable(catalogue.on_sale())
    with Report(__doc__, options) as report:
        for category in options.left_out:
            tell_figures(report, category, options.split, photos, looked, eye, config)


def tell_figures(
    report: Report, left_out: str, split: str, photos: Sequence[CataloguePhoto], looked: LookedAt, eye: Eye,
    config: Config,
) -> None:  # fmt: skip
    family = families(photos)
    strange = np.array([photo.category == left_out for photo in photos])
    asked = np.array([photo.split == split for photo in photos]) & ~strange
    kept = [photo for photo, out in zip(photos, strange | asked, strict=True) if not out]
    shop_of = shop_photos(kept, looked, eye)
    learned = learn(shop_of, eye.model.settings.labels, config.search.scope_mass, config.search.results)
    shop = Shop(shop_of, learned, eye)
    rows: dict[str, dict[str, str]] = {}
    label = np.array([shop_of.labels.index(p.category) if p.category in shop_of.labels else -1 for p in photos])
    for view, seen in (("as they are", looked.seen_in(photos)), ("by telephone", looked.by_telephone)):
        at = seen.rows_of([photo.sha256 for photo in photos])
        for name, chosen in (("sold", asked), ("not sold", strange)):
            among = np.flatnonzero(chosen & (at != ABSENT))
            if len(among):
                rows[f"{name}, {view}"] = figures(shop, seen.outputs.take(at[among]), label[among], family[among])
    report.table(f"{left_out} is not sold; {len(shop_of):,} photos are; {learned.knowledge.sold}", rows)


def figures(shop: Shop, outputs: Outputs, label: Ints, family: Ints) -> dict[str, str]:
    """Shares with their 95 % intervals."""
    probabilities, sold = shop.asked(outputs)
    by_family, sure = Resampling(family, 0), probabilities.max(axis=1)
    before, after = sure >= CONFIDENT, sure * sold >= CONFIDENT
    right = probabilities.argmax(axis=1) == label
    told = {
        "photos": f"{len(label):,}", "confident before": str(by_family.share(before)),
        "after": str(by_family.share(after)), "change": str(by_family.difference(after, before)),
        "said to be nothing": str(by_family.share(sold < LEAST_SOLD)),
    }  # fmt: skip
    if (label >= 0).all():
        told["category right"] = f"{by_family.share(right)}{_of_confident(right, after)}"
    return told


def _of_confident(right: Bools, confident: Bools) -> str:
    return f", of the confident {right[confident].mean():.1%}" if confident.any() else ""


if __name__ == "__main__":
    main()
