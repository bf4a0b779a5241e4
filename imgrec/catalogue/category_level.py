"""How deep in a feed's own tree of categories the shop's categories are taken from."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from imgrec.catalogue.feed import FeedRow, Outcome

_LOOKED_AT = 1_000
"""Products at the beginning of a feed that the others are taken to be like."""
_DEEPEST = 4
_MOST_ALIKE = 0.9
"""A level at which more of the products than this are of one category tells too little of them."""
_STILL_ALIKE = 0.98
"""The same of the level that the categories are of already, so that they do not change with every feed."""


def level_of(rows: Iterable[tuple[int, Outcome]], categories_of: Callable[[list[str]], Mapping[str, str]]) -> int:
    """The broadest level at which the first products are of several categories, 1 being the top of the tree.

    A shop for lamps whose feed files all of them under "Home & Garden" gets the names below that; 1 where no level
    tells them apart. `categories_of` tells which categories products of these ids have already: the level that these
    are of is kept while it tells anything apart.
    """
    paths = {row.id: row.path for _, row in islice(rows, _LOOKED_AT) if isinstance(row, FeedRow) and row.path}
    levels = range(1, min(_DEEPEST, max(map(len, paths.values()), default=1)) + 1)
    counts = {level: Counter(at_level(path, level) for path in paths.values()) for level in levels}
    before = categories_of(list(paths))
    as_before = {
        level: sum(at_level(paths[id_], level) == category for id_, category in before.items()) for level in levels
    }
    kept = max(levels, key=lambda level: as_before[level])
    if 2 * as_before[kept] > len(before) and _tells_apart(counts[kept], _STILL_ALIKE):
        return kept
    return next((level for level in levels if _tells_apart(counts[level], _MOST_ALIKE)), 1)


def at_level(path: tuple[str, ...], level: int) -> str:
    """The category of a product that stands there in the tree; its deepest one where that is higher up."""
    return path[min(level, len(path)) - 1]


def _tells_apart(counts: Counter[str], most_alike: float) -> bool:
    return bool(counts) and counts.most_common(1)[0][1] <= most_alike * counts.total()
