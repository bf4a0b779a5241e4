"""Whether a product can be had, and in which sizes and colours, as feeds say it."""

import re
from collections.abc import Iterable
from functools import lru_cache

from imgrec.catalogue.feed import cleaned_html
from imgrec.catalogue.formats.tables import plain

_THERE = frozenset(
    ["in stock", "instock", "available", "available for order", "preorder", "pre order", "backorder", "on backorder",
     "onbackorder", "limited availability", "low stock", "yes", "true", "y", "in store only", "online only",
     "auf lager", "lieferbar", "verfugbar", "vorbestellung", "ja", "wahr", "en stock", "disponible", "oui", "vrai",
     "precommande", "si", "verdadero", "disponibile", "vero", "op voorraad", "leverbaar", "waar", "em estoque",
     "em stock", "disponivel", "sim", "w magazynie", "dostepny", "tak", "prawda"]
)  # fmt: skip
_GONE = frozenset(
    ["out of stock", "outofstock", "sold out", "soldout", "unavailable", "not available", "discontinued", "no", "false",
     "n", "nicht auf lager", "nicht lieferbar", "nicht verfugbar", "ausverkauft", "nein", "falsch", "en rupture",
     "rupture de stock", "epuise", "non", "faux", "indisponible", "agotado", "sin existencias", "no disponible",
     "falso", "esaurito", "non disponibile", "uitverkocht", "niet op voorraad", "nee", "onwaar", "esgotado",
     "fora de estoque", "sem estoque", "nao", "indisponivel", "brak w magazynie", "wyprzedany", "niedostepny",
     "nie", "falsz"]
)  # fmt: skip
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
SIZES = (
    "sizes", "size", "größe", "größen", "taille", "tailles", "talla", "tallas", "taglia", "taglie", "maat", "maten",
    "tamanho", "tamanhos", "rozmiar", "rozmiary",
)  # fmt: skip
COLOURS = (
    "colours", "colour", "colors", "color", "colour name", "color name", "farbe", "farben", "farbname",
    "farbbezeichnung", "couleur", "couleurs", "coloris", "colores", "colore", "colori", "kleur", "kleuren", "cor",
    "cores", "kolor", "kolory", "цвет", "रंग",
)  # fmt: skip
"""What columns, options and attributes are called that hold them; see `plain`."""

_MOST_OPTIONS = 40


@lru_cache(maxsize=1000)
def is_in_stock(said: str | None) -> bool | None:
    """What a feed says of a product's stock, in words of eight languages or as a number; None where it says nothing.

    What can be ordered although it is not there yet counts as there. `'-1` is a number that a spreadsheet was kept from
    calculating.
    """
    text = (said or "").strip().lstrip("'")
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", ".")) > 0
    word = plain(text.rpartition("/")[2])  # https://schema.org/InStock
    return True if word in _THERE else False if word in _GONE else None


def together(said: Iterable[bool | None]) -> bool | None:
    """Of a product, by what is said of its variants: there where one is, gone where all are."""
    known = [one for one in said if one is not None]
    return any(known) if known else None


@lru_cache(maxsize=1000)
def is_called(name: str, names: tuple[str, ...]) -> bool:
    """Whether an option or attribute has one of these names."""
    return plain(name) in map(plain, names)


def options_in(texts: Iterable[object]) -> tuple[str, ...]:
    """The sizes or colours that these fields name, each once, in order; a field may list several, or be no text."""
    options = (option.strip() for text in texts for option in re.split(r"[,;|]", cleaned_html(text) or ""))
    return tuple(dict.fromkeys(option for option in options if option))[:_MOST_OPTIONS]
