"""Who is trained on, who validates, who tests: 7:2:1 without leaks, the same way every time."""

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from imgrec.catalogue.duplicates import NEAR_BITS, as_hashes, clusters
from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.store import CataloguePhoto
from imgrec.errors import TrainingError

_FOLDS = 10
_FOLD_TO_SPLIT = dict(enumerate(["train"] * 7 + ["validation"] * 2 + ["test"]))
_SHARE = Counter(_FOLD_TO_SPLIT.values())

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Splits:
    """The split of every product, by product id.

    `family`, in the order of the photos: the number of those that belong together, being of one product, one group, or
    near-identical. `torn_families`: near-identical photos that the feed itself put into two splits.
    """

    of_product: Mapping[int, str]
    family: tuple[int, ...]
    torn_families: int


def look_alikes(photos: Sequence[CataloguePhoto]) -> Numbers:
    """The number of its cluster of near-identical pictures for every photo: (n,). Without a hash, of equal files."""
    unhashed: dict[str, int] = {}
    number = np.empty(len(photos), np.int64)
    hashed = [row for row, photo in enumerate(photos) if photo.perceptual_hash is not None]
    number[hashed] = clusters(as_hashes([photos[row].perceptual_hash or b"" for row in hashed]), NEAR_BITS)
    for row, photo in enumerate(photos):
        if photo.perceptual_hash is None:
            number[row] = len(photos) + unhashed.setdefault(photo.sha256, len(unhashed))
    return number


def families(photos: Sequence[CataloguePhoto]) -> Numbers:
    """The number of its family for every photo: (n,). Of one product, one group or near-identical, at any remove."""
    products, groups = [photo.product_id for photo in photos], [photo.group for photo in photos]
    return np.array(_joined(products, groups, look_alikes(photos)), np.int64)


def split_photos(photos: Sequence[CataloguePhoto], look_alike: Sequence[int] | Numbers, seed: int) -> Splits:
    """Give every product a split and keep what belongs together on one side.

    `look_alike` numbers near-identical pictures alike. A split of the feed stands, and its family follows it. So does a
    split that was drawn before, unless its family follows a feed, or now joins families of several splits: then all of
    them are trained on, for nothing that a model may have learnt from is to be measured on. The others are drawn,
    stratified by category (scikit-learn's StratifiedGroupKFold, ten folds); families of categories that have fewer
    than ten to draw from go, one by one, to the side that lacks most.

    Raises TrainingError when the feed puts a group into two splits. Where near-identical pictures are in two of its
    splits they stay there, and are counted.
    """
    products = [photo.product_id for photo in photos]
    groups = [photo.group for photo in photos]
    group_split = _of_groups(photos, _joined(products, groups))
    family = _joined(products, groups, look_alike)

    members: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(family):
        members[number].append(row)
    of_family: dict[int, str] = {}
    torn = 0
    for number, rows in members.items():
        of_feed = {split for row in rows if (split := group_split[row])}
        known = of_feed or {split for row in rows if (split := photos[row].split)}
        torn += len(of_feed) > 1
        if known:
            of_family[number] = min(known, key=SPLITS.index)
    open_ = {number: rows for number, rows in members.items() if number not in of_family}
    held = Counter(
        (photo.category or "", of_family[number])
        for photo, number in zip(photos, family, strict=True)
        if number in of_family
    )  # fmt: skip
    of_family |= _drawn(photos, open_, held, seed)
    of_product = {
        photo.product_id: group_split[row] or of_family[family[row]] for row, photo in enumerate(photos)
    }  # fmt: skip
    return Splits(of_product, tuple(family), torn)


def _joined(*keys: Iterable[Hashable]) -> list[int]:
    """Number the rows so that those with one key in common, at any remove, have one number."""
    columns = [list(column) for column in keys]
    count = len(columns[0])
    first: dict[tuple[int, Hashable], int] = {}
    ends = [
        first.setdefault((number, key), row) for number, column in enumerate(columns) for row, key in enumerate(column)
    ]
    starts = list(range(count)) * len(columns)
    graph = coo_array((np.ones(len(ends), bool), (starts, ends)), shape=(count, count))
    found: list[int] = connected_components(graph, directed=False)[1].tolist()
    return found


def _of_groups(photos: Sequence[CataloguePhoto], group: Sequence[int]) -> list[str | None]:
    """The feed's split of each photo's group, if it has one."""
    of_group: dict[int, str] = {}
    for photo, number in zip(photos, group, strict=True):
        split = photo.feed_split
        if split and of_group.setdefault(number, split) != split:
            raise TrainingError(
                f"The products of group {photo.group!r} are in two splits, {of_group[number]} and {split}: "
                "what is trained on would be measured on. Give a group one split in the feed, or none."
            )
    return [of_group.get(number) for number in group]


def _drawn(
    photos: Sequence[CataloguePhoto], families: Mapping[int, list[int]], held: Counter[tuple[str, str]], seed: int
) -> dict[int, str]:
    """A split for each family of rows. `held` counts the photos that have theirs, by category and split."""
    category = {
        number: Counter(photos[row].category or "" for row in rows).most_common(1)[0][0]
        for number, rows in families.items()
    }
    gained = Counter(category.values())
    few = [number for number in families if gained[category[number]] < _FOLDS]
    many = {number: rows for number, rows in families.items() if gained[category[number]] >= _FOLDS}
    random.Random(seed).shuffle(few)  # noqa: S311 - drawn by lot, not for secrecy
    drawn: dict[int, str] = {}
    for number in sorted(few, key=lambda number: -len(families[number])):
        drawn[number] = min(SPLITS, key=lambda split: held[category[number], split] / _SHARE[split])
        held[category[number], drawn[number]] += len(families[number])
    if many:
        from sklearn.model_selection import StratifiedGroupKFold  # takes a second to load, and families do without

        numbers = [number for number, rows in many.items() for _ in rows]
        folding = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
        folds = folding.split(numbers, [category[number] for number in numbers], numbers)
        for fold, (_, rows_of_fold) in enumerate(folds):
            for row in rows_of_fold:
                drawn[numbers[row]] = _FOLD_TO_SPLIT[fold]
    return drawn
