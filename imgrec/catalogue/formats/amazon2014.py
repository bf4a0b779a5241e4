"""Amazon product data of 2014 (`meta_*.json.gz`): a Python literal a line, or strict JSON with the same fields."""

import contextlib
from collections.abc import Mapping, Sequence

from imgrec.catalogue.departments import department_named
from imgrec.catalogue.feed import FeedRow, Numbered, Relation, cleaned_html
from imgrec.catalogue.formats import amazon
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.json_lines import Record, read_objects

FIELDS = frozenset(["imUrl", "salesRank", "categories", "related"])
"""Of these a record of 2014 has some, beside its asin."""

RELATIONS = {relation.value: relation for relation in Relation}


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    return read_objects(feed, to_row, "asin")


def to_row(record: Record) -> FeedRow:
    """A record as a row. Raises Unusable when it has no id, photo or department."""
    external_id = amazon.asin(record.get("asin"))
    paths = _paths(record.get("categories"))
    ranks = record.get("salesRank")
    rank_name = _text(next(iter(ranks), None)) if isinstance(ranks, Mapping) else None
    department, kind = amazon.department(_names(paths, rank_name), paths)
    image, *further_images = amazon.photos([record.get("imUrl")])
    listed = record.get("related")
    links: Record = listed if isinstance(listed, Mapping) else {}
    price = amazon.price(record.get("price"))
    return FeedRow(
        external_id, _text(record.get("title")), department, image, price.amount, price.currency,
        _text(record.get("brand")), sales_rank=_rank(ranks), kind=kind, further_images=tuple(further_images),
        related=amazon.related({relation: links[name] for name, relation in RELATIONS.items() if name in links}),
        unreadable_price=price.unreadable,
    )  # fmt: skip


def _names(paths: Sequence[Sequence[str]], rank_name: str | None) -> list[str]:
    """What the record calls its category, the surest first.

    The heads of its paths in their order; where they lead to several departments, the one its sales rank is in.
    """
    heads = [path[0] for path in paths]
    if rank_name is None:
        return heads
    ranked_in = department_named(rank_name)
    return [*sorted(heads, key=lambda head: department_named(head) != ranked_in), rank_name]


def _paths(value: object) -> list[list[str]]:
    paths = [value] if isinstance(value, list) and value and isinstance(value[0], str) else value
    if not isinstance(paths, list):
        return []
    named = ([_text(name) for name in path] for path in paths if isinstance(path, list))
    return [kept for path in named if (kept := [name for name in path if name])]


def _rank(ranks: object) -> int | None:
    return amazon.rank(next(iter(ranks.values()), None)) if isinstance(ranks, Mapping) else None


def _text(value: object) -> str | None:
    r"""A text as it was before Python 2 wrote its UTF-8 bytes one by one (`Pok\xc3\xa9mon`)."""
    if isinstance(value, str) and not value.isascii():
        with contextlib.suppress(UnicodeError):  # then it was not written so
            value = value.encode("latin-1").decode("utf-8")
    return cleaned_html(value)
