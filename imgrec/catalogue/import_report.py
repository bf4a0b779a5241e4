"""What became of a feed's rows, counted to the last one, for programs and for people."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.catalogue.feed import FeedRow, Reason, Rejection
from imgrec.catalogue.rejects import MOST_LISTED
from imgrec.catalogue.source_writer import Fate
from imgrec.figures import counted


@dataclass
class ImportReport:
    """What became of a feed's rows; read = imported + unchanged + the sum of rejected."""

    format: str = ""
    read: int = 0
    imported: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    retired: int = 0
    not_retired: int = 0
    """Products that the feed no longer names, and that are on sale all the same: it would have been too many."""
    kept_for_nameless_rows: bool = False
    rejects_file: Path | None = None
    unreadable_prices: int = 0
    unreadable_price: str = ""  # the first of them
    prices_without_currency: int = 0

    @property
    def taken(self) -> int:
        """How many rows are in the catalogue."""
        return self.imported + self.unchanged

    def count(self, fate: Fate) -> None:
        """Count what became of a row."""
        if isinstance(fate, Rejection):
            self.rejected[fate.reason] += 1
        elif fate:
            self.imported += 1
        else:
            self.unchanged += 1

    def count_price(self, row: FeedRow) -> None:
        """Count what the price of a row that is in lacks."""
        if row.unreadable_price:
            self.unreadable_prices += 1
            self.unreadable_price = self.unreadable_price or row.unreadable_price
        self.prices_without_currency += row.price is not None and row.currency is None

    def as_json(self) -> dict[str, object]:
        """The contract's object; `not_retired` is there where products were kept on sale that the feed lacks."""
        kept = {"not_retired": self.not_retired} if self.not_retired else {}
        return {
            "read": self.read,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "rejected": dict(sorted(self.rejected.items())),
            **kept,
        }

    def in_words(self) -> str:
        """One line for a person."""
        words = f"{counted(self.read, 'row')} read as {self.format}, {self.imported:,} imported"
        words += f", {self.unchanged:,} unchanged"
        if self.kept_for_nameless_rows:
            words += ", nothing retired because some rows have no readable id"
        if self.not_retired:
            words += f", nothing retired of {counted(self.not_retired, 'product')} that it lacks"
        if self.retired:
            words += f", {counted(self.retired, 'product')} retired"
        faults = Counter({name: count for name, count in self.rejected.items() if Reason(name).is_a_fault})
        left_out = self.rejected - faults
        if left_out:
            words += f", {left_out.total():,} left out ({counts_in_words(left_out)})"
        if faults:
            listed = f"listed in {self.rejects_file}"
            if faults.total() > MOST_LISTED:
                listed = f"the first {MOST_LISTED:,} {listed}"
            words += f", {faults.total():,} rejected ({counts_in_words(faults)}; {listed})"
        if self.unreadable_prices:
            words += (
                f", {self.unreadable_prices:,} without a price because it could not be understood (the first: "
                f"{self.unreadable_price!r})"
            )
        if self.prices_without_currency:
            words += f", {counted(self.prices_without_currency, 'price')} without a currency (name it: --currency EUR)"
        return words

    def add(self, other: "ImportReport") -> None:
        """Count another feed's rows to these."""
        self.read += other.read
        self.imported += other.imported
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.retired += other.retired
        self.not_retired += other.not_retired


def counts_in_words(counter: Counter[str]) -> str:
    """How many of each, most frequent first."""
    return ", ".join(f"{count:,} {reason}" for reason, count in counter.most_common())
