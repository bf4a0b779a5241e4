"""imgrec's own feed: a CSV file whose columns are named as the catalogue names them."""

from imgrec.catalogue.feed import SPLITS, FeedRow, Numbered, Reason, Rejection, Unusable, cleaned, needed
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.tables import TableRow, read_table
from imgrec.catalogue.prices import read_price

REQUIRED_COLUMNS = ("id", "title", "image")
OPTIONAL_COLUMNS = ("category", "price", "currency", "brand", "url", "sales_rank", "split", "group", "kind")
_LONGEST_RANK = 18  # digits that SQLite's integers hold


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    for row in read_table(feed, REQUIRED_COLUMNS, exact=True):
        if isinstance(row, Rejection):
            yield row.line, row
            continue
        try:
            yield row.line, _to_row(row)
        except Unusable as unusable:
            yield row.line, unusable.rejection(row.line, row.fields["id"])


def _to_row(row: TableRow) -> FeedRow:
    text = {name: cleaned(row.fields.get(name, "")) for name in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)}
    image = row.fields["image"].strip() or None  # a file's name may hold any spaces
    price = read_price(text["price"], text["currency"])
    return FeedRow(
        id=needed(text["id"], Reason.MISSING_ID, "the column id"),
        title=text["title"],
        category=text["category"],
        image=needed(image, Reason.MISSING_IMAGE, "the column image"),
        price=price.amount,
        currency=price.currency,
        brand=text["brand"],
        url=text["url"],
        sales_rank=_sales_rank(text["sales_rank"]),
        split=_split(text["split"]),
        group=text["group"],
        kind=text["kind"],
        unreadable_price=price.unreadable,
    )


def _split(text: str | None) -> str | None:
    if text is not None and text not in SPLITS:
        raise Unusable(Reason.BAD_SPLIT, f"split is {text!r}; it may be {', '.join(SPLITS)} or blank")
    return text


def _sales_rank(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_RANK:
        raise Unusable(Reason.BAD_SALES_RANK, f"sales_rank is {text!r}; it must be a whole number, or blank")
    return int(text)
