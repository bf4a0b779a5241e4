"""Whether a shop's export says that a product is not for everybody's eyes."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from imgrec.catalogue.feed import Reason, Unusable, shown
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.tables import Table, TableRow, printable

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

_OF_PUBLISHING = {"published": (), "product_online": ("2",), "visibility": ("none",)}
"""Fields that say whether a product is published, with what Magento and PrestaShop write of one that is not."""
_RARELY = 10  # so many times fewer


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


def telling(feed: FeedFile, table: Table) -> Iterator[str]:
    """The fields that say whether a product is published: what the first rows have there does, or it is mapped.

    A column of that name may hold other things, such as an order's status, or the year in which a book was published.
    A word that is not known, but rare beside "active" and the like, does not make it one of these: the night after the
    first "sold", all that is inactive would be on sale.
    """
    for field in _OF_PUBLISHING:
        said = Counter(table.beginning(field))
        others = [text for text in said if not (is_on(text) or _is_off(field, text))]
        rare = any(map(is_on, said)) and sum(said[text] for text in others) * _RARELY <= said.total()
        if not others or rare or field in feed.reading.columns:
            yield field
        elif off := next((text for text in said if _is_off(field, text)), None):
            column = table.called(field)
            feed.warn(
                f"has a column {column!r} that says {shown(printable(off))}, but also {shown(printable(others[0]))}: "
                "it was not taken to say which products are on sale. If it does: --map "
                + shlex.quote(f"{field}={column}")
            )


def _is_off(field: str, said: str) -> bool:
    return is_off(said) or said.strip().casefold() in _OF_PUBLISHING[field]


def check(row: TableRow, fields: Iterable[str]) -> None:
    """Raise Unusable where one of these fields of a row says that its product is not published."""
    for field in fields:
        if (said := row.fields.get(field)) and _is_off(field, said):
            raise Unusable(Reason.NOT_PUBLISHED, f"{field} says {shown(said)}")
