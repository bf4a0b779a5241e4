"""Which category people mean by what they write."""

import difflib
import itertools
from collections.abc import Sequence

from imgrec.errors import CatalogueError

_SHORTEST_PREFIX = 2


def nearest_category(name: str, categories: Sequence[str]) -> str:
    """The category meant by a name, whatever its capitals. Raises CatalogueError that names the nearest ones."""
    if not categories:
        raise CatalogueError("This shop has no categories; all of it is searched.")
    by_folded = {category.casefold(): category for category in categories}
    folded = " ".join(name.split()).casefold()
    if folded in by_folded:
        return by_folded[folded]
    near = near_categories(name, categories)
    known = near or sorted(categories)
    raise CatalogueError(f"There is no category {name!r}. {'Nearest' if near else 'Known'}: {', '.join(known)}.")


def near_categories(name: str, categories: Sequence[str]) -> list[str]:
    """The categories that may be meant by a name that is none: a word of theirs begins alike, or it is a slip away."""
    wanted = name.casefold().split()
    near = [category for category in categories if _begins_alike(wanted, category.casefold().split())]
    by_folded = {category.casefold(): category for category in categories}
    slips = difflib.get_close_matches(" ".join(wanted), by_folded, n=3, cutoff=0.5)
    return near or [by_folded[folded] for folded in slips]


def _begins_alike(some: Sequence[str], others: Sequence[str]) -> bool:
    return any(
        min(len(one), len(other)) >= _SHORTEST_PREFIX and (one.startswith(other) or other.startswith(one))
        for one, other in itertools.product(some, others)
    )
