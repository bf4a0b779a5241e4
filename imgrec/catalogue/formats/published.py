"""Whether a shop's export says that a product is not for everybody's eyes."""

from functools import lru_cache

_OFF = frozenset(
    ["false", "no", "n", "off", "draft", "private", "pending", "hidden", "unpublished", "archived", "trash", "inactive",
     "disabled", "nein", "falsch", "entwurf", "non", "faux", "brouillon", "falso", "borrador", "bozza", "nee", "onwaar",
     "concept", "não", "rascunho", "nie", "fałsz", "szkic", "future", "scheduled", "auto-draft", "inherit", "deleted",
     "geplant", "privat", "privé", "privado", "privato", "prywatny", "deaktiviert", "nej", "falskt", "falsk", "utkast",
     "kladde", "nei", "usann", "ei", "epätosi", "luonnos", "ne", "nepravda", "koncept", "nem", "hamis", "vázlat",
     "hayır", "yanlış", "taslak", "нет", "ложь", "черновик", "いいえ", "下書き", "非公開", "否", "草稿"]
)  # fmt: skip
"""In the languages of most shops, for a spreadsheet translates FALSE."""


@lru_cache(maxsize=256)
def is_off(published: str) -> bool:
    """Whether this says that a product is not published: a word, or a number that is not above zero.

    A spreadsheet is kept from calculating by an apostrophe (`'-1`), which is no part of what is said.
    """
    said = published.strip().lstrip("'").strip().casefold()
    if said in _OFF:
        return True
    try:
        return float(said.replace(",", ".").replace("−", "-").replace("–", "-")) <= 0
    except ValueError:
        return False
