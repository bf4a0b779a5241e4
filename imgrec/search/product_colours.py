"""Of which colours a product is: those its feed states, else those its title names, else those its photo shows.

What a feed states is read in every language, and counts for nothing where no word of it is a colour's (Oak). A title's
word counts as a whole word, in the languages the shop's titles are written in, and not where the brand has it as well
(Black & Decker). What a word is said of is not understood: orange juice is orange, and a charcoal grill grey.
"""

from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from imgrec.catalogue.store import Catalogue
from imgrec.catalogue.tokens import words_of
from imgrec.features.colour_names import COLOUR_NAMES, names_of
from imgrec.search.colour_words import COLOUR_WORDS
from imgrec.search.lexicon import Lexicon
from imgrec.vision.vectors import Ints

Names = NDArray[np.uint16]
"""Names of colours, a bit each, in the order of COLOUR_NAMES."""

_BETWEEN_WORDS = str.maketrans("-&", "  ")  # dark-blue, black&white

_RARELY = 5
"""A language whose own words so many times fewer titles have is none of the shop's: there petrol is no colour."""


def bits_of(names: Iterable[str]) -> np.uint16:
    """These names, as Names has them."""
    return np.uint16(sum(1 << COLOUR_NAMES.index(name) for name in set(names)))


def names_said(catalogue: Catalogue) -> Names:
    """What feeds state, else titles name, by product id: (largest id + 1,), 0 of those of which neither says anything.

    Titles are asked of the catalogue's index of words, a name at a time: none is read. Of what feeds state each text is
    read once.
    """
    languages = _languages(catalogue)
    named = np.zeros(catalogue.largest_id() + 1, np.uint16)
    for name in COLOUR_NAMES:
        products = catalogue.with_title([phrase for code in languages for phrase in _phrases(code, name)])
        named[products] |= _with_blue([name])
    phrases = {name: "|".join(words[name] for words in COLOUR_WORDS.values()) for name in COLOUR_NAMES}
    lexicon = Lexicon.from_strings({name: text.translate(_BETWEEN_WORDS) for name, text in phrases.items()})
    for colours, products in catalogue.by_colours():
        if stated := _with_blue(_names_in(colours, lexicon)):
            named[products] = stated
    return named


def names_of_products(product: Ints, dominant: NDArray[np.floating], said: Names | None = None) -> Names:
    """The names of each row's product: (n,).

    product: (n,), ids. dominant: (n, 3, 4), the photos' dominant colours; a product's first row is of the photo that is
    shown. said: as names_said gives it. Whether what is said to be blue is navy the photo tells.
    """
    _, first, at = np.unique(product, return_index=True, return_inverse=True)
    shown: Names = np.packbits(names_of(dominant[first]), axis=1, bitorder="little").view("<u2")[at, 0]
    if said is None:
        return shown
    own = said[product]
    darker = np.where(own & bits_of(["blue"]), shown & bits_of(["navy"]), 0)
    return np.where(own, own | darker, shown).astype(np.uint16)


def _with_blue(names: Collection[str]) -> np.uint16:
    """These names; navy is a blue."""
    return bits_of([*names, "blue"] if "navy" in names else names)


def _names_in(texts: Iterable[str], lexicon: Lexicon) -> set[str]:
    """The names that texts have words for, of which the longest counts: verde azulado is not verde."""
    names: set[str] = set()
    for text in texts:
        words, at = words_of(text.translate(_BETWEEN_WORDS)), 0
        while at < len(words):
            found, at = lexicon.match(words, at, *COLOUR_NAMES) or ((), at + 1)
            names.update(found)
    return names


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
