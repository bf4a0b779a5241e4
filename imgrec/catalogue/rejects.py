"""The rows of a feed that cannot be used, listed in a file, and how each kind is mended."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from imgrec.catalogue.feed import Reason, Rejection

MOST_LISTED = 100_000

FIXES = {
    Reason.BAD_ROW: "mend the line: as many fields as the header, quotes closed, valid CSV or JSON",
    Reason.BAD_ENCODING: "export the feed as UTF-8, or say with --encoding which one it is in",
    Reason.MISSING_ID: "give the product an id; nothing is retired meanwhile, for the row may be any product's",
    Reason.DUPLICATE_ID: "give each product an id of its own; until then the first row counts",
    Reason.MISSING_CATEGORY: "name a category",
    Reason.UNKNOWN_DEPARTMENT: "nothing, where it is none of the twenty departments; else import the feed as csv",
    Reason.MISSING_IMAGE: "name a photo: a path relative to the feed, or a URL",
    Reason.BAD_SALES_RANK: "write a whole number, or leave it blank",
    Reason.BAD_SPLIT: "write train, validation or test, or leave it blank",
    Reason.PHOTO_OUTSIDE_FEED: "put the photo, or a link to it, into the feed's folder: no other files are read",
    Reason.PHOTO_NOT_FOUND: "put the photo there, or correct the path, which is relative to the feed",
    Reason.PHOTO_UNREADABLE: "replace the file by a JPEG, PNG, WebP or other image",
    Reason.PHOTO_TOO_LARGE: "crop or shrink the photo",
    Reason.NOT_PUBLISHED: "publish it, if it is to be found; it was left out on purpose",
    Reason.PART_OF_PRODUCT: "nothing: it belongs to another row's product",
    Reason.NOT_SAMPLED: "draw more with --per-category; it needs a title",
}
"""What to do about each reason, as the screen, the file and docs/feeds.md say it."""


class RejectsFile:
    """A CSV of unusable rows, made when the first one comes; an older one is removed. It ends after 100,000."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream: TextIO | None = None
        self.listed = 0

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.stream:
            self.stream.close()

    def write(self, rejection: Rejection, feed: str) -> None:
        """Append a row: line in the feed, id, reason, detail, the feed's name, and what to do."""
        if self.stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.stream = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            csv.writer(self.stream).writerow(["line", "id", "reason", "detail", "feed", "fix"])
        self.listed += 1
        if self.listed <= MOST_LISTED:
            csv.writer(self.stream).writerow(
                [rejection.line, rejection.id, rejection.reason, rejection.detail, feed, FIXES[rejection.reason]]
            )


def fixes_in_words(rejected: Counter[str]) -> Iterator[str]:
    """A line for each fault that rows were rejected for, most frequent first: how often, and what to do."""
    for reason, count in rejected.most_common():
        if Reason(reason).is_a_fault:
            yield f"  {count:,} {reason}: {FIXES[Reason(reason)]}"
