"""How deep in a feed's own tree of categories the shop's categories are taken from."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from imgrec.catalogue.feed import Outcome

_ENOUGH = 2_000
"""Products after which a feed that names several top categories is known to."""
_DEEPEST = 4
_MOST_ALIKE = 0.9
"""A level at which more of the products than this are of one category tells too little of them."""


def level_of(rows: Iterable[tuple[int, Outcome]]) -> int:
    """The broadest level at which the products are of several categories, 1 being the top of the tree.

    A shop for lamps whose feed files all of them under "Home & Garden" gets the names below that; 1 where no level
    tells them apart. Reads to the end only where all that was read so far is of one category.
    """
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for number, (_, row) in enumerate(rows, 1):
        path = getattr(row, "path", ())
        for level in range(1, _DEEPEST + 1):
            if path:
                counts[level][at_level(path, level)] += 1
        if number >= _ENOUGH and _tells_apart(counts[1]):
            break
    return next((level for level in sorted(counts) if _tells_apart(counts[level])), 1)


def at_level(path: tuple[str, ...], level: int) -> str:
    """The category of a product that stands there in the tree; its deepest one where that is higher up."""
    return path[min(level, len(path)) - 1]


def _tells_apart(counts: Counter[str]) -> bool:
    return bool(counts) and counts.most_common(1)[0][1] <= _MOST_ALIKE * counts.total()
