"""What training learns from: the catalogue's photos with their labels, split without leaks."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.repeated import hash_stored_photos
from imgrec.catalogue.splits import look_alikes, split_photos
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.errors import TrainingError
from imgrec.progress import Reporter

LEARNED_FROM = ("train", "validation")
"""The splits that a run trains or chooses on, each of which has photos of every category."""


@dataclass(frozen=True)
class Examples:
    """Photos of one split. `label` is int (n,), an index into the labels; other fields are in the same order."""

    files: tuple[Path, ...]
    label: NDArray[np.int64]
    kind: tuple[str | None, ...]
    group: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.files)


def load_examples(catalogue: Catalogue, seed: int, report: Reporter) -> tuple[tuple[str, ...], dict[str, Examples]]:
    """The labels (category names, sorted) and the examples of each split: train, validation, test.

    Where the feed names a split it stands; the other products are split 7:2:1, stratified by category, with groups and
    near-identical photos kept on one side, and that is recorded in the catalogue, so that it stays the same when
    products are added. An example's group is that of the first of its near-identical photos.
    Raises TrainingError when there are fewer than two categories, or one lacks photos for training or validation.
    """
    hash_stored_photos(catalogue, report)
    photos = [photo for photo in catalogue.on_sale() if photo.category]
    labels = tuple(sorted({photo.category for photo in photos if photo.category}))
    if len(labels) < 2:
        raise TrainingError(
            f"Training needs photos of at least two categories; the catalogue has {len(labels)}. "
            "Import a feed with: imgrec import FEED.csv"
        )
    splits = split_photos(photos, look_alikes(photos), seed)
    if splits.torn_families:
        report.say(
            f"Clusters of near-identical photos that the feed has in two splits: {splits.torn_families:,}. What is "
            "trained on is measured on there. List them with: imgrec photos --duplicates"
        )
    of_product = splits.of_product
    catalogue.assign_splits(
        {
            photo.product_id: of_product[photo.product_id]
            for photo in photos
            if not photo.feed_split and photo.split != of_product[photo.product_id]
        }
    )
    first_of_family: dict[int, str] = {}
    for photo, family in zip(photos, splits.family, strict=True):
        first_of_family.setdefault(family, photo.group)
    grouped = [
        replace(photo, group=first_of_family[family], split=of_product[photo.product_id])
        for photo, family in zip(photos, splits.family, strict=True)
    ]
    sides = {
        split: _examples([photo for photo in grouped if photo.split == split], labels, catalogue) for split in SPLITS
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


def _examples(photos: Sequence[CataloguePhoto], labels: Sequence[str], catalogue: Catalogue) -> Examples:
    number = {label: index for index, label in enumerate(labels)}
    return Examples(
        tuple(catalogue.photos.path(photo.sha256) for photo in photos),
        np.array([number[photo.category or ""] for photo in photos], np.int64),
        tuple(photo.kind for photo in photos),
        tuple(photo.group for photo in photos),
    )


def _check_every_category(labels: Sequence[str], sides: dict[str, Examples]) -> None:
    for split in LEARNED_FROM:
        present = set(sides[split].label.tolist())
        lacking = [label for number, label in enumerate(labels) if number not in present]
        if lacking:
            raise TrainingError(
                f"No {split} photos in {', '.join(lacking)}. Give every category some in the feed's split column, "
                "or leave the column out and they are split 7:2:1."
            )
