"""What training learns from: the catalogue's photos with their labels, split without leaks."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
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
_SHARE = Counter(_FOLD_TO_SPLIT.values())


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


def at_most(examples: Examples, photos_a_category: int, seed: int) -> Examples:
    """So many photos of each category, or all it has, drawn by the seed; in their old order."""
    rng = np.random.default_rng(seed)
    rows = np.concatenate([
        rng.permutation(np.flatnonzero(examples.label == label))[:photos_a_category]
        for label in np.unique(examples.label)
    ])  # fmt: skip
    rows.sort()
    return Examples(
        tuple(examples.files[row] for row in rows),
        examples.label[rows],
        tuple(examples.kind[row] for row in rows),
        tuple(examples.group[row] for row in rows),
    )


def digest_of(labels: Sequence[str], examples: Mapping[str, Examples]) -> str:
    """The SHA-256 of which photos are in which split, in hex; photos are named by their content."""
    names = {split: [file.name for file in side.files] for split, side in examples.items()}
    return hashlib.sha256(json.dumps([labels, names]).encode()).hexdigest()


def split_products(photos: Sequence[CataloguePhoto], seed: int) -> dict[int, str]:
    """The split of every product, by product id: as recorded, else as its group has it, else drawn 7:2:1.

    Drawing is stratified by category and keeps a group on one side (scikit-learn's StratifiedGroupKFold, ten folds).
    Where a category that has its splits gained too few photos to be drawn from, each goes to the side that lacks most.
    """
    recorded = {photo.product_id: photo.split for photo in photos if photo.split}
    of_group: dict[str, str] = {}
    for photo in photos:
        if photo.split and of_group.setdefault(photo.group, photo.split) != photo.split:
            raise TrainingError(
                f"The products of group {photo.group!r} are in two splits, {of_group[photo.group]} and {photo.split}: "
                "what is trained on would be measured on. Give a group one split in the feed, or none."
            )
    _fill_up(photos, of_group)
    open_ = [photo for photo in photos if photo.group not in of_group]
    if open_:
        of_group |= {photo.group: split for photo, split in zip(open_, _draw(open_, seed), strict=True)}
    return {photo.product_id: recorded.get(photo.product_id) or of_group[photo.group] for photo in photos}


def _fill_up(photos: Sequence[CataloguePhoto], of_group: dict[str, str]) -> None:
    """Add to `of_group` the new groups of categories that have their splits and gained fewer photos than folds."""
    held = Counter((photo.category, of_group[photo.group]) for photo in photos if photo.group in of_group)
    gained = Counter(photo.category for photo in photos if photo.group not in of_group)
    few = {category for category, _ in held if 0 < gained[category] < _FOLDS}
    for photo in photos:
        if photo.category in few and photo.group not in of_group:
            of_group[photo.group] = min(SPLITS, key=lambda split: held[photo.category, split] / _SHARE[split])
            held[photo.category, of_group[photo.group]] += 1


def _draw(photos: Sequence[CataloguePhoto], seed: int) -> list[str]:
    categories = [photo.category for photo in photos]
    groups = [photo.group for photo in photos]
    category, least = min(Counter(categories).items(), key=lambda item: item[1])
    if least < _FOLDS:
        raise TrainingError(
            f"A category needs at least {_FOLDS} photos without a split to be split 7:2:1; {category} has {least}. "
            "Add products to it, drop it from the feed, or give the feed a split column."
        )
    if len(set(groups)) < _FOLDS:
        raise TrainingError(
            f"The photos without a split form {len(set(groups))} groups; at least {_FOLDS} are needed to split them "
            "7:2:1. Add products, or give the feed a split column."
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
