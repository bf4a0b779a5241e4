"""What the three generations of Amazon's product data have in common."""

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence

from imgrec.catalogue.departments import department_named, first_department
from imgrec.catalogue.feed import MOST_PHOTOS, Reason, Relation, Unusable, cleaned, cleaned_html, is_url, needed, shown
from imgrec.catalogue.formats.json_lines import read_value
from imgrec.catalogue.prices import Price, read_price

_NO_PHOTO = "/x-site/icons/no-img"  # Amazon's own "no image available"
_SHOWN_SIZE = re.compile(r"\._[^/]*_(\.\w+)$")  # the size an address asks for: 41sTOlcsmjL._SX50_SY65_.jpg
_RANK = re.compile(r"([0-9][0-9,]{0,20})")


def asin(value: object) -> str:
    """A product's id. Raises Unusable when there is none."""
    return needed(cleaned(value) if isinstance(value, str) else None, Reason.MISSING_ID, "the asin")


def texts(value: object) -> list[str]:
    """The texts of a list, entities resolved, in order and each once; none when it is no list."""
    found = (cleaned_html(item) for item in value) if isinstance(value, list) else ()
    return list(dict.fromkeys(text for text in found if text))


def listed(value: object) -> list[object]:
    """A list as it is, or as text within the JSON; whatever else there is becomes one of its own."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        with contextlib.suppress(ValueError, RecursionError):
            value = read_value(value.strip())
    return value if isinstance(value, list) else [value] if value else []


def department(names: Sequence[str], paths: Sequence[Sequence[str]]) -> tuple[str, str | None]:
    """(department, kind) of a product.

    `names` is what its record calls its category, the surest first; the first that names a department decides. `paths`
    are the category paths, broad to fine: the kind is the end of the first that leads to the department. Raises
    Unusable when no name is a department's.
    """
    if not names:
        raise Unusable(Reason.MISSING_CATEGORY, "it names no category")
    found = first_department(names)
    if found is None:
        raise Unusable(
            Reason.UNKNOWN_DEPARTMENT, f"no department is called {', '.join(map(shown, dict.fromkeys(names)))}"
        )
    leading = (path for path in paths if len(path) > 1 and department_named(path[0]) == found)
    return found, next((path[-1] for path in leading), None)


def photos(addresses: Iterable[object]) -> tuple[str, ...]:
    """The addresses that can be photos, each once, at most ten. Raises Unusable when none can."""
    usable = dict.fromkeys(
        address.strip()
        for address in addresses
        if isinstance(address, str) and is_url(address.strip()) and _NO_PHOTO not in address
    )
    if not usable:
        raise Unusable(Reason.MISSING_IMAGE, "it has no photo")
    return tuple(usable)[:MOST_PHOTOS]


def full_size(address: object) -> object:
    """A thumbnail's address turned into that of the photo it was made from."""
    return _SHOWN_SIZE.sub(r"\1", address) if isinstance(address, str) else address


def price(value: object) -> Price:
    """A price, in US dollars unless it says otherwise."""
    return read_price(value, "USD")


def rank(value: object) -> int | None:
    """A sales rank as a number, or within a text such as `>#29,137 in Sports & Outdoors (See Top 100)`."""
    if isinstance(value, str):
        found = _RANK.search(value)
        value = int(found[1].replace(",", "")) if found else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15 else None


def related(lists: Mapping[Relation, object]) -> dict[Relation, tuple[str, ...]]:
    """The ids of related products by relation, in order and each once; empty lists are left out."""
    found = {relation: _ids(ids) for relation, ids in lists.items() if ids and isinstance(ids, list)}
    return {relation: ids for relation, ids in found.items() if ids}


def _ids(values: list[str]) -> tuple[str, ...]:
    with contextlib.suppress(TypeError):  # something among them is no text
        if "".join(values).isalnum():  # so it is but for damaged records
            return tuple(dict.fromkeys(values))
    return tuple(texts(values))
