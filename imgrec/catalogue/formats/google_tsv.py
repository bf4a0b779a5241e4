"""Google Merchant's text feed, which Meta and others read, too: a table, mostly with tabs between attributes."""

from imgrec.catalogue.feed import Numbered, Rejection, Unusable
from imgrec.catalogue.formats import google
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.tables import Table

NAMES = {attribute: (attribute,) for attribute in google.ATTRIBUTES}
"""An attribute's column is called as it is, however that is spelled (`Image Link`, `g:image_link`)."""

REQUIRED = ("id", "image_link")


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    table = Table(feed, NAMES, REQUIRED)
    # further columns of a name have numbers
    spelt = {column: column.partition("#")[0].replace(" ", "_") for column in table.columns}
    read_ones = {column: name for column, name in spelt.items() if name in NAMES}
    decimal_comma = table.decimal_comma("price", "sale_price")
    for row in table:
        if isinstance(row, Rejection):
            yield row.line, row
            continue
        attributes: dict[str, list[str]] = {}
        for column, name in read_ones.items():
            attributes.setdefault(name, []).append(row.fields[column])
        try:
            yield row.line, google.to_row(attributes, decimal_comma=decimal_comma)
        except Unusable as unusable:
            yield row.line, unusable.rejection(row.line, row.fields["id"])
