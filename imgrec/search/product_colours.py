"""Of which colours a product is: those its title names; where that names none, those its photo shows.

A title's word counts as a whole word, in the languages the shop's titles are written in, and not where the brand has it
as well (Black & Decker). What a word is said of is not understood: orange juice is orange, and a charcoal grill grey.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from imgrec.catalogue.store import Catalogue
from imgrec.features.colour_names import COLOUR_NAMES, names_of
from imgrec.search.colour_words import COLOUR_WORDS
from imgrec.vision.vectors import Ints

Names = NDArray[np.uint16]
"""Names of colours, a bit each, in the order of COLOUR_NAMES."""

_RARELY = 5
"""A language whose own words so many times fewer titles have is none of the shop's: there petrol is no colour."""


def bits_of(names: Iterable[str]) -> np.uint16:
    """These names, as Names has them."""
    return np.uint16(sum(1 << COLOUR_NAMES.index(name) for name in set(names)))


def names_in_titles(catalogue: Catalogue) -> Names:
    """What titles name, by product id: (largest id + 1,), 0 of those that name nothing.

    Asked of the catalogue's index of words, a name at a time: no title is read.
    """
    languages = _languages(catalogue)
    named = np.zeros(catalogue.largest_id() + 1, np.uint16)
    for name in COLOUR_NAMES:
        products = catalogue.with_title([phrase for code in languages for phrase in _phrases(code, name)])
        named[products] |= bits_of({name, "blue"} if name == "navy" else {name})
    return named


def names_of_products(product: Ints, dominant: NDArray[np.floating], in_titles: Names | None = None) -> Names:
    """The names of each row's product: (n,).

    product: (n,), ids. dominant: (n, 3, 4), the photos' dominant colours; a product's first row is of the photo that is
    shown. in_titles: as names_in_titles gives them. Navy is a blue, and whether what a title calls blue is navy the
    photo says.
    """
    _, first, at = np.unique(product, return_index=True, return_inverse=True)
    shown: Names = np.packbits(names_of(dominant[first]), axis=1, bitorder="little").view("<u2")[at, 0]
    if in_titles is None:
        return shown
    said = in_titles[product]
    darker = np.where(said & bits_of(["blue"]), shown & bits_of(["navy"]), 0)
    return np.where(said, said | darker, shown).astype(np.uint16)


def _languages(catalogue: Catalogue) -> list[str]:
    """Those that the shop's titles are written in, by the words for colours that no other language has."""
    phrases = {code: {phrase for name in COLOUR_NAMES for phrase in _phrases(code, name)} for code in COLOUR_WORDS}
    titles = {}
    for code, own in phrases.items():
        others = set().union(*(of_other for other, of_other in phrases.items() if other != code))
        titles[code] = len(catalogue.with_title(sorted(own - others)))
    return [code for code, count in titles.items() if count * _RARELY >= max(titles.values())]


def _phrases(code: str, name: str) -> list[str]:
    """The phrases of a language for a name. The catalogue overlooks accents, but not how Russian leaves them out."""
    words = COLOUR_WORDS[code][name]
    return f"{words} | {words.replace('ё', 'е')}".split(" | ")
