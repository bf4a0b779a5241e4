"""What words may mean in a shop: the brands, sizes and currencies of what is on sale, and the words of its titles."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imgrec.catalogue.filters import beginning, names_of_sizes
from imgrec.catalogue.tokens import words_of


@dataclass(frozen=True)
class Vocabulary:
    """brands: their words, folded -> the brand as it is written. sizes: what those that can be had are called, folded.

    currencies: ISO 4217 codes of its prices, the commonest first. has_prices: whether anything has one, be it without
    a currency. has_word: whether title or brand of anything on sale have a word that begins so.
    """

    brands: Mapping[tuple[str, ...], str]
    sizes: frozenset[str]
    currencies: tuple[str, ...]
    has_prices: bool
    has_word: Callable[[str], bool]


def read_vocabulary(connection: sqlite3.Connection) -> Vocabulary:
    """The vocabulary of a catalogue, as it is now; has_word asks it for as long as the connection is open."""
    said: dict[str, list[str]] = {"brand": [], "sizes": [], "currency": []}
    for kind, value in connection.execute("SELECT kind, value FROM vocabulary ORDER BY products DESC, value"):
        said[kind].append(value)

    def has_word(word: str) -> bool:
        found = connection.execute(
            "SELECT 1 FROM product_words JOIN products ON products.id = product_words.rowid "
            "WHERE product_words MATCH ? AND retired_utc IS NULL LIMIT 1",
            (beginning(word),),
        )
        return found.fetchone() is not None

    return Vocabulary(
        {words: brand for brand in reversed(said["brand"]) if (words := words_of(brand))},
        frozenset().union(*(names_of_sizes(json.loads(sizes)) for sizes in said["sizes"])),
        tuple(filter(None, said["currency"])),
        bool(said["currency"]),
        has_word,
    )
