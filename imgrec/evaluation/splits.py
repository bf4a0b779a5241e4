"""Photos by split, each with resamples of its own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from imgrec.bootstrap import Resampling
from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.store import CataloguePhoto
from imgrec.errors import CatalogueError
from imgrec.vision.vectors import Bools, Ints


@dataclass(frozen=True)
class Side:
    """One split: which photos it has, and resamples of them by family."""

    rows: Ints
    resampling: Resampling


def sides_of(photos: Sequence[CataloguePhoto], family: Ints, seed: int, among: Bools | None = None) -> dict[str, Side]:
    """The splits that have any of these photos; only of those among, bool (n,), where given.

    family: int64 (n,), equal for photos that are right or wrong together.
    """
    splits = np.array([photo.split or "" for photo in photos], object)
    counted = np.ones(len(photos), bool) if among is None else among
    rows = {split: np.flatnonzero((splits == split) & counted) for split in SPLITS}
    return {
        split: Side(numbers, Resampling(family[numbers], (seed, order)))
        for order, (split, numbers) in enumerate(rows.items())
        if len(numbers)
    }


def check_split(split: str, known: Collection[str]) -> None:
    """Raises CatalogueError when no photo is in this split."""
    if split not in known:
        raise CatalogueError(
            f"The catalogue has no photos in the split {split!r}, only in: {', '.join(known) or 'none'}. "
            "A feed names splits, or imgrec train assigns them."
        )
