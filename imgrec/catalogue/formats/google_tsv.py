"""Google Merchant's text feed: a table with tabs (or, as other catalogues have it, commas) between attributes."""

from imgrec.catalogue.feed import Numbered, Rejection, Unusable
from imgrec.catalogue.formats import google
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.tables import header_of, read_table

REQUIRED = ("id", "image link")


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    head = feed.text_head
    delimiter = delimiter_of(head)
    spelling = {attribute_name(column): column for column in header_of(head, delimiter)}
    required = [spelling.get(attribute_name(column), column) for column in REQUIRED]
    for row in read_table(feed, required, delimiter):
        if isinstance(row, Rejection):
            yield row.line, row
            continue
        attributes: dict[str, list[str]] = {}
        for column, value in row.fields.items():
            attributes.setdefault(attribute_name(column.partition("#")[0]), []).append(value)
        try:
            yield row.line, google.to_row(attributes)
        except Unusable as unusable:
            yield row.line, unusable.rejection(row.line, attributes["id"][0])


def delimiter_of(head: str) -> str:
    """The tab, unless the header has none."""
    return "\t" if "\t" in head.partition("\n")[0] else ","


def attribute_name(column: str) -> str:
    """A column's attribute, however it is spelled (`Image Link`, `g:image_link`)."""
    return column.removeprefix("g:").replace(" ", "_").replace("-", "_")
