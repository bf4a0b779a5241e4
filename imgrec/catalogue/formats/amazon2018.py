"""Amazon product data of 2018 (`meta_*.json.gz`): a JSON object a line."""

import re
from collections.abc import Iterator

from imgrec.catalogue.feed import FeedRow, Numbered, Relation, cleaned_html
from imgrec.catalogue.formats import amazon
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.json_lines import Record, read_objects

FIELDS = frozenset(["imageURL", "imageURLHighRes", "main_cat", "category", "also_buy", "also_view"])
"""Of these a record of 2018 has some, beside its asin."""

_SCRIPT = re.compile(r"^\s*<|getTime\(|function\s*\(")  # some titles are a scrap of the page they were taken from


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    return read_objects(feed, to_row, "asin")


def to_row(record: Record) -> FeedRow:
    """A record as a row. Raises Unusable when it has no id, photo or department."""
    external_id = amazon.asin(record.get("asin"))
    path = amazon.texts(record.get("category"))
    # Behind its categories a path of 2018 lists properties ("100% Cotton", "Imported"): its end is no kind.
    department, _ = amazon.department([*_main_category(record), *path[:1]], [])
    image, *further_images = amazon.photos(_photos(record))
    price = amazon.price(record.get("price"))
    return FeedRow(
        external_id, _title(record.get("title")), department, image, price.amount, price.currency,
        cleaned_html(record.get("brand")), sales_rank=_rank(record.get("rank")), further_images=tuple(further_images),
        related=amazon.related(
            {Relation.ALSO_BOUGHT: record.get("also_buy"), Relation.ALSO_VIEWED: record.get("also_view")}
        ),
        unreadable_price=price.unreadable,
    )  # fmt: skip


def _main_category(record: Record) -> list[str]:
    stated = record.get("main_cat")  # a name, or the markup of a picture of one
    return [stated] if isinstance(stated, str) and stated.strip() else []


def _photos(record: Record) -> Iterator[object]:
    high = amazon.listed(record.get("imageURLHighRes"))
    yield from high or map(amazon.full_size, amazon.listed(record.get("imageURL") or record.get("image")))


def _title(value: object) -> str | None:
    return None if isinstance(value, str) and _SCRIPT.search(value) else cleaned_html(value)


def _rank(value: object) -> int | None:
    return amazon.rank(next(iter(value), None) if isinstance(value, list) else value)
