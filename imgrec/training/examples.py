"""What training learns from: the catalogue's photos with their labels, split without leaks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.errors import TrainingError

_FOLDS = 10
_FOLD_TO_SPLIT = dict(enumerate(["train"] * 7 + ["validation"] * 2 + ["test"]))


@dataclass(frozen=True)
class Examples:
    """Photos of one split. `label` is int (n,), an index into the labels; other fields are in the same order."""

    files: tuple[Path, ...]
    label: NDArray[np.int64]
    kind: tuple[str | None, ...]
    group: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.files)


def load_examples(catalogue: Catalogue, seed: int) -> tuple[tuple[str, ...], dict[str, Examples]]:
    """The labels (category names, sorted) and the examples of each split: train, validation, test.

    Where the feed names a split it stands; the other products are split 7:2:1, stratified by category, each group kept
    on one side, and that is recorded in the catalogue, so that it stays the same when products are added.
    Raises TrainingError when there are fewer than two categories, or one lacks photos for training or validation.
    """
    photos = list(catalogue.on_sale())
    labels = tuple(sorted({photo.category for photo in photos}))
    if len(labels) < 2:
        raise TrainingError(
            f"Training needs photos of at least two categories; the catalogue has {len(labels)}. "
            "Import a feed with: imgrec import FEED.csv"
        )
    splits = split_products(photos, seed)
    catalogue.assign_splits({photo.product_id: splits[photo.product_id] for photo in photos if photo.split is None})
    sides = {
        split: _examples([photo for photo in photos if splits[photo.product_id] == split], labels, catalogue)
        for split in SPLITS
    }
    _check_every_category(labels, sides)
    return labels, sides


def split_products(photos: Sequence[CataloguePhoto], seed: int) -> dict[int, str]:
    """The split of every product, by product id: as recorded, else as its group has it, else drawn 7:2:1.

    Drawing is stratified by category and keeps a group on one side (scikit-learn's StratifiedGroupKFold, ten folds).
    """
    recorded = {photo.product_id: photo.split for photo in photos if photo.split}
    of_group = {photo.group: recorded[photo.product_id] for photo in photos if photo.product_id in recorded}
    splits = {photo.product_id: recorded.get(photo.product_id) or of_group.get(photo.group) for photo in photos}
    open_ = [photo for photo in photos if splits[photo.product_id] is None]
    if open_:
        for photo, split in zip(open_, _draw(open_, seed), strict=True):
            splits[photo.product_id] = split
    return {product_id: split for product_id, split in splits.items() if split is not None}


def _draw(photos: Sequence[CataloguePhoto], seed: int) -> list[str]:
    categories = [photo.category for photo in photos]
    groups = [photo.group for photo in photos]
    folds = min(_FOLDS, *Counter(categories).values(), len(set(groups)))
    if folds < _FOLDS:
        least = min(Counter(categories).items(), key=lambda item: item[1])
        raise TrainingError(
            f"A category needs at least {_FOLDS} photos without a split to be split 7:2:1; {least[0]} has {least[1]}. "
            "Add products to it, drop it from the feed, or give the feed a split column."
        )
    drawn = [""] * len(photos)
    folding = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    for fold, (_, rows) in enumerate(folding.split(photos, categories, groups)):
        for row in rows:
            drawn[row] = _FOLD_TO_SPLIT[fold]
    return drawn


def _examples(photos: Sequence[CataloguePhoto], labels: Sequence[str], catalogue: Catalogue) -> Examples:
    number = {label: index for index, label in enumerate(labels)}
    return Examples(
        tuple(catalogue.photos.path(photo.sha256) for photo in photos),
        np.array([number[photo.category] for photo in photos], np.int64),
        tuple(photo.kind for photo in photos),
        tuple(photo.group for photo in photos),
    )


def _check_every_category(labels: Sequence[str], sides: dict[str, Examples]) -> None:
    for split in ("train", "validation"):
        present = set(sides[split].label.tolist())
        lacking = [label for number, label in enumerate(labels) if number not in present]
        if lacking:
            raise TrainingError(
                f"No {split} photos in {', '.join(lacking)}. Give every category some in the feed's split column, "
                "or leave the column out and they are split 7:2:1."
            )
