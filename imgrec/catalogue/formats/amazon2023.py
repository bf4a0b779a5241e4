"""Amazon product data of 2023 (`meta_*.jsonl.gz`): a JSON object a line, one for all variants of a product.

What Hugging Face's `datasets` makes of the same files is read, too.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest

from imgrec.catalogue.feed import FeedRow, Numbered, Relation, cleaned_html
from imgrec.catalogue.formats import amazon
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.json_lines import Record, read_objects
from imgrec.catalogue.formats.stock import options_in

FIELDS = frozenset(["parent_asin", "main_category", "store", "bought_together"])
"""Of these a record of 2023 has some, `parent_asin` among them."""

_SHOWN_FIRST = "MAIN"


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    return read_objects(feed, to_row, "parent_asin")


def to_row(record: Record) -> FeedRow:
    """A record as a row. Raises Unusable when it has no id, photo or department."""
    external_id = amazon.asin(record.get("parent_asin"))
    path = amazon.texts(record.get("categories"))
    stated = cleaned_html(record.get("main_category"))
    department, kind = amazon.department([*([stated] if stated else []), *path[:1]], [path])
    image, *further_images = amazon.photos(_photos(record.get("images")))
    facts = _facts(record.get("details"))
    price = amazon.price(record.get("price"))
    return FeedRow(
        external_id, cleaned_html(record.get("title")), department, image, price.amount, price.currency,
        cleaned_html(record.get("store")) or cleaned_html(facts.get("Brand")),
        sales_rank=_rank(facts.get("Best Sellers Rank")), kind=kind, further_images=tuple(further_images),
        related=amazon.related({Relation.BOUGHT_TOGETHER: record.get("bought_together")}),
        unreadable_price=price.unreadable, colours=options_in([facts.get("Color")]),
    )  # fmt: skip


def _photos(images: object) -> Iterator[object]:
    """The largest address of each photo, the main one first."""
    rows = [row for image in amazon.listed(images) for row in _rows(image)]
    for image in sorted(rows, key=lambda image: image.get("variant") != _SHOWN_FIRST):
        yield image.get("hi_res") or image.get("large") or amazon.full_size(image.get("thumb"))


def _rows(image: object) -> list[Mapping[str, object]]:
    """One photo, or several as Hugging Face's `datasets` writes them: under each size the addresses of all."""
    if not isinstance(image, Mapping):
        return [{"large": image}]
    columns = {name: values for name, values in image.items() if isinstance(values, list)}
    return [dict(zip(columns, row, strict=True)) for row in zip_longest(*columns.values())] if columns else [image]


def _facts(details: object) -> Mapping[str, object]:
    """What else is known of a product, which `datasets` writes as JSON within the JSON."""
    if isinstance(details, str):
        with suppress(ValueError):
            details = json.loads(details)
    return details if isinstance(details, Mapping) else {}


def _rank(ranks: object) -> int | None:
    return amazon.rank(next(iter(ranks.values()), None) if isinstance(ranks, Mapping) else ranks)
