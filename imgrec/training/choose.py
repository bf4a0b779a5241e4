"""Which feature: whatever finds most of the query's own kind, or the group most often, on validation photos.

The candidates are the outputs the settings leave open (vgg16.possible_features), each whitened, as an index searches
them, and looked for in all categories: how far a search is narrowed is settled when an index is built.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from imgrec.search.judging import Judged, judge
from imgrec.search.measures import SHOWN, recall_at, success_at
from imgrec.search.ranking import Gallery, Photos, Ranked, nearest, numbered, numbered_kinds
from imgrec.search.whitening import DIM, Whitening
from imgrec.training.examples import LEARNED_FROM, Examples
from imgrec.training.settings import Wanted
from imgrec.vision.vectors import Floats


@dataclass(frozen=True)
class Found:
    """What the validation photos find by one feature, among training and validation photos of other groups.

    kind: recall at ten of what is of their own kind. group: the share with another photo of their group first, of those
    that have another. category: with one of their own category first. None where there is nothing to find.
    """

    kind: float | None
    group: float | None
    category: float

    def score(self, wanted: Wanted) -> float:
        """What features are compared by; where what is wanted is unknown, the category."""
        found = {"kind": self.kind, "group": self.group}[wanted]
        return self.category if found is None else found

    def as_json(self) -> dict[str, float | None]:
        """The figures by their names."""
        return {
            f"kind_recall_at_{SHOWN}": self.kind, "group_first": self.group, "category_first": self.category,
        }  # fmt: skip


def choose(
    examples: Mapping[str, Examples], outputs: Mapping[str, Mapping[str, Floats]], wanted: Wanted = "kind"
) -> tuple[str, dict[str, Found]]:
    """The name of the best output, of equal ones the first; and what each finds.

    outputs: by name, then by split, float32 (n, d).
    """
    found = {name: find(examples, of_split) for name, of_split in outputs.items()}
    return max(found, key=lambda name: found[name].score(wanted)), found


def find(examples: Mapping[str, Examples], features: Mapping[str, Floats]) -> Found:
    """What validation photos find by a feature, float32 (n, d) by split; whitened on the training photos."""
    whitening = Whitening.fit(features["train"], DIM)
    photos = _photos(examples, {split: whitening(features[split]) for split in LEARNED_FROM})
    queries, gallery = photos.take(photos.product >= len(examples["train"])), Gallery(photos)
    ranked = _ranked(queries, gallery, SHOWN)
    label = gallery.products.label[ranked.product[:, 0]]
    own = (label == queries.label) & (ranked.product[:, 0] >= 0)
    return Found(
        _kind_recall(judge(queries, ranked, gallery)), _group_first(queries, photos), float(own.mean())
    )  # fmt: skip


def _ranked(queries: Photos, gallery: Gallery, depth: int) -> Ranked:
    labels = int(max(queries.label.max(), gallery.products.label.max())) + 1
    return nearest(queries, gallery, np.ones((len(queries), labels + 1), bool), depth)


def _kind_recall(judged: Judged) -> float | None:
    """Recall at ten, of the queries for which there is something to find: among ten there nearly always is one, so that
    success would tell features apart by chance.
    """
    can_be_found = judged.relevant > 0
    found = recall_at(judged.right[can_be_found], judged.relevant[can_be_found], SHOWN)
    return float(found.mean()) if len(found) else None


def _group_first(queries: Photos, photos: Photos) -> float | None:
    """The share of queries whose most similar photo is another of their group, where there is another."""
    of_group = replace(photos, kind=photos.group, group=photos.product)
    gallery, queries = Gallery(of_group), replace(queries, kind=queries.group, group=queries.product)
    judged = judge(queries, _ranked(queries, gallery, 1), gallery)
    can_be_found = judged.relevant > 0
    return float(success_at(judged.right, 1)[can_be_found].mean()) if can_be_found.any() else None


def _photos(examples: Mapping[str, Examples], features: Mapping[str, Floats]) -> Photos:
    """Training photos, then validation photos, each a product of its own."""
    sides = [examples[split] for split in LEARNED_FROM]
    label = np.concatenate([side.label for side in sides])
    return Photos(
        features=np.concatenate([features[split] for split in LEARNED_FROM]), product=np.arange(len(label)),
        label=label, kind=numbered_kinds(label.tolist(), [kind for side in sides for kind in side.kind]),
        group=numbered([group for side in sides for group in side.group]), rank=np.zeros(len(label), np.int64),
    )  # fmt: skip
