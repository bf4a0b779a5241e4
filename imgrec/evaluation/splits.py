"""Photos by split, each with resamples of its own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from imgrec.bootstrap import Resampling
from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.store import CataloguePhoto
from imgrec.errors import CatalogueError
from imgrec.search.ranking import Ints


@dataclass(frozen=True)
class Side:
    """One split: which photos it has, and resamples of them by group."""

    rows: Ints
    resampling: Resampling


def sides_of(photos: Sequence[CataloguePhoto], seed: int) -> dict[str, Side]:
    """The splits that have any of these photos."""
    splits = np.array([photo.split or "" for photo in photos], object)
    rows = {split: np.flatnonzero(splits == split) for split in SPLITS}
    return {
        split: Side(numbers, Resampling([photos[row].group for row in numbers.tolist()], (seed, order)))
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
