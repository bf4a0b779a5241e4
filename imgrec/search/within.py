"""How photos differ that are to be found by each other: what the whitening scales down.

Two such differences are known. A photo and the same as a telephone would have taken it differ in light, ground and
camera. Photos of one kind of thing, shirts, differ in what makes the kind wide, and are what a shopper calls similar.
Scaling the spread within classes to be equal in all directions is A. O. Hatch, S. Kajarekar and A. Stolcke,
Within-Class Covariance Normalization for SVM-Based Speaker Recognition, 2006.
"""

import numpy as np

from imgrec.search.ranking import UNKNOWN
from imgrec.search.trial import ShopPhotos
from imgrec.vision.vectors import Bools, Floats, Ints

_MOST_OF_A_KIND = 20
"""A kind of more photos counts as one of so many, so that no large one is all there is to it."""

_KINDS_TO_TELEPHONES = 0.5
"""How much kinds count to telephones' views, however many there are of each. More finds kinds better still, and the
very product worse (docs/experiments.md)."""


def differences(shop: ShopPhotos, rows: Bools) -> Floats:
    """Of these photos, bool (n,): float32 (m, d), in features; (0, d) where they have neither views nor kinds."""
    views = rows[shop.telephone]
    as_they_are = shop.seen.features[shop.telephone[views]].astype(np.float32)
    by_telephone = as_they_are - shop.by_telephone.features[views]
    of_kinds = _within(shop.seen.features[rows].astype(np.float32), shop.photos.kind[rows])
    if len(of_kinds) and len(by_telephone):
        of_kinds *= np.float32(np.sqrt(_KINDS_TO_TELEPHONES * len(by_telephone) / len(of_kinds)))
    return np.concatenate([by_telephone, of_kinds])


def _within(features: Floats, kind: Ints) -> Floats:
    """How far photos (n, d) are from the mean of their kind, for those of a kind that has another."""
    parts = [np.empty((0, features.shape[1]), np.float32)]
    for number in np.unique(kind[kind != UNKNOWN]):
        of_kind = features[kind == number]
        if (count := len(of_kind)) > 1:  # the mean of few stands too near to each of them
            weight = min(count, _MOST_OF_A_KIND) / (count - 1)
            parts.append((of_kind - of_kind.mean(axis=0)) * np.float32(np.sqrt(weight)))
    return np.concatenate(parts)
