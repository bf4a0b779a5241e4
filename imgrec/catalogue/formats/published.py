"""Whether a shop's export says that a product is not for everybody's eyes."""

from functools import lru_cache

_OFF = frozenset(
    ["false", "no", "n", "off", "draft", "private", "pending", "hidden", "unpublished", "archived", "trash", "inactive",
     "disabled", "nein", "falsch", "entwurf", "non", "faux", "brouillon", "falso", "borrador", "bozza", "nee", "onwaar",
     "concept", "não", "rascunho", "nie", "fałsz", "szkic", "future", "scheduled", "auto-draft", "inherit", "deleted",
     "geplant", "privat", "privé", "privado", "privato", "prywatny", "deaktiviert", "nej", "falskt", "falsk", "utkast",
     "kladde", "nei", "usann", "ei", "epätosi", "luonnos", "ne", "nepravda", "koncept", "nem", "hamis", "vázlat",
     "hayır", "yanlış", "taslak", "нет", "ложь", "черновик", "いいえ", "下書き", "非公開", "否", "草稿", "inaktiv",
     "inactif", "désactivé", "inactivo", "desactivado", "inattivo", "disattivato", "inactief", "inativo", "nieaktywny",
     "unlisted", "invisible", "not visible individually"]
)  # fmt: skip
"""In the languages of most shops, for a spreadsheet translates FALSE."""

_ON = frozenset(
    ["true", "yes", "y", "on", "publish", "published", "public", "active", "enabled", "online", "live", "visible", "ja",
     "wahr", "aktiv", "aktiviert", "veröffentlicht", "sichtbar", "oui", "vrai", "actif", "activé", "publié", "sí", "si",
     "verdadero", "activo", "activado", "publicado", "vero", "attivo", "attivato", "pubblicato", "waar", "actief",
     "gepubliceerd", "sim", "verdadeiro", "ativo", "tak", "prawda", "aktywny", "opublikowany", "catalog", "search",
     "catalog, search", "both", "everywhere"]
)  # fmt: skip


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


@lru_cache(maxsize=256)
def is_on(published: str) -> bool:
    """Whether this says that a product is published: a word, or the number one."""
    said = published.strip().lstrip("'").strip().casefold()
    return said in _ON or said in ("1", "1.0", "1,0")
