"""Feeds of one object a line, in JSON or as a Python literal: each line a FeedRow or a counted rejection."""

import json
import re
from collections.abc import Callable, Mapping

from imgrec.catalogue.feed import FeedRow, Numbered, Outcome, Reason, Unusable, shown
from imgrec.catalogue.formats.feed_file import LONGEST_LINE, FeedFile
from imgrec.catalogue.formats.python_literals import read_literal

Record = Mapping[str, object]
_ID = re.compile(r"""["'](?:parent_)?asin["']\s*:\s*[uU]?["']([^"'\\]{1,100})["']""")


def read_objects(feed: FeedFile, to_row: Callable[[Record], FeedRow], id_field: str) -> Numbered:
    """Read every line; `to_row` makes a row of its object, or raises Unusable. `id_field` names the product's id."""
    for number, line in feed.lines():
        yield number, _outcome(number, line, to_row, id_field)


def read_object(line: str) -> Record:
    """The object on a line. Raises Unusable when there is none."""
    try:
        value = read_value(line)
    except RecursionError:
        raise Unusable(Reason.BAD_ROW, "its lists or objects are nested too deeply") from None
    except ValueError as error:
        raise Unusable(Reason.BAD_ROW, f"neither JSON nor a Python literal: {error}") from None
    if not isinstance(value, dict):
        raise Unusable(Reason.BAD_ROW, f"not an object: {shown(value)}")
    return value


def read_value(line: str) -> object:
    """What a text holds in JSON, or as a Python literal. Raises ValueError or RecursionError where it is neither."""
    if line.startswith("{'"):
        return read_literal(line)
    try:
        return json.loads(line)
    except ValueError:
        if "'" in line:
            return read_literal(line)
        raise


def _outcome(number: int, line: bytes | None, to_row: Callable[[Record], FeedRow], id_field: str) -> Outcome:
    if line is None:
        return Unusable(Reason.BAD_ROW, f"the line is longer than {LONGEST_LINE:,} bytes").rejection(number, "")
    try:
        text = line.decode("utf-8").strip().removesuffix(",")  # as in a list of them
    except UnicodeDecodeError:
        text = line.decode("utf-8", "backslashreplace")
        return Unusable(Reason.BAD_ENCODING, "the line is not UTF-8").rejection(number, _id_in(text))
    try:
        record = read_object(text)
    except Unusable as unusable:
        return unusable.rejection(number, _id_in(text))
    try:
        return to_row(record)
    except Unusable as unusable:
        return unusable.rejection(number, record.get(id_field))


def _id_in(line: str) -> str:
    """The product's id on a line that cannot be read as a whole, if it can be made out."""
    found = _ID.search(line)
    return found[1] if found else ""
