"""What a button carries: a version, a letter, and whole numbers, in at most 64 bytes.

Buttons live as long as their message, so an old one may come back years later: `parse` returns None for what this
version does not know, and a letter is never given a new meaning without a new version.
"""

from dataclasses import astuple, dataclass, fields
from typing import ClassVar

VERSION = "1"


@dataclass(frozen=True)
class Vote:
    """👍 (+1) or 👎 (-1) on a query's answer; rank 0 is the whole of it."""

    letter: ClassVar[str] = "v"
    query_id: int
    rank: int
    vote: int


@dataclass(frozen=True)
class OtherCategory:
    """Ask a query's photo again, in this category."""

    letter: ClassVar[str] = "c"
    query_id: int
    category_id: int


@dataclass(frozen=True)
class LowerThreshold:
    """Lower the chat's threshold to this many thousandths of similarity, and ask a query's photo again.

    No button of today's. In the category that was tapped for it; AUTO_CATEGORY where none was.
    """

    letter: ClassVar[str] = "t"
    query_id: int
    permille: int
    category_id: int


@dataclass(frozen=True)
class ChooseCategory:
    """Set the chat's category; 0 is auto."""

    letter: ClassVar[str] = "k"
    category_id: int


@dataclass(frozen=True)
class ChooseThreshold:
    """Set the chat's threshold in thousandths of similarity; AUTO_PERMILLE is auto. No button of today's."""

    letter: ClassVar[str] = "h"
    permille: int


@dataclass(frozen=True)
class ChooseLikeness:
    """Set how alike products have to be in this chat, in thousandths of likeness; AUTO_PERMILLE is auto."""

    letter: ClassVar[str] = "s"
    permille: int


@dataclass(frozen=True)
class LessSimilar:
    """Ask a query's photo again for the nearest products, whatever their likeness; the chat's choice stays.

    In the category that was tapped for it; AUTO_CATEGORY where none was.
    """

    letter: ClassVar[str] = "l"
    query_id: int
    category_id: int


@dataclass(frozen=True)
class PicturesMissing:
    """Send the pictures of a query's answer again: when they were sent, it was not known whether they arrived."""

    letter: ClassVar[str] = "p"
    query_id: int


AUTO_CATEGORY = 0
AUTO_PERMILLE = 9999
_LARGEST = 2**63 - 1  # what SQLite holds

Tap = (
    Vote | OtherCategory | LessSimilar | ChooseCategory | ChooseLikeness | LowerThreshold | ChooseThreshold
    | PicturesMissing
)  # fmt: skip
TAPS: tuple[type[Tap], ...] = (
    Vote, OtherCategory, LessSimilar, ChooseCategory, ChooseLikeness, LowerThreshold, ChooseThreshold,
    PicturesMissing,
)  # fmt: skip


def encode(tap: Tap) -> str:
    """The callback data of a button."""
    return ":".join([VERSION, tap.letter, *(str(number) for number in astuple(tap))])


def parse(data: str | None) -> Tap | None:
    """What a button meant, or None when it is of another version or not ours."""
    version, _, rest = (data or "").partition(":")
    letter, *numbers = rest.split(":")
    for kind in TAPS:
        if version == VERSION and letter == kind.letter and len(numbers) == len(fields(kind)):
            try:
                tap = kind(*(int(number) for number in numbers))
            except ValueError:
                return None
            return tap if _is_possible(tap) else None
    return None


def _is_possible(tap: Tap) -> bool:
    """A client may send any numbers; these are the ones our own buttons can bear."""
    if any(not -_LARGEST <= number <= _LARGEST for number in astuple(tap)):
        return False
    if isinstance(tap, Vote):
        return tap.rank == 0 and tap.vote in (1, -1)
    if isinstance(tap, ChooseLikeness):
        return 0 <= tap.permille <= 1000 or tap.permille == AUTO_PERMILLE
    if isinstance(tap, LowerThreshold | ChooseThreshold):
        return abs(tap.permille) <= 1000 or tap == ChooseThreshold(AUTO_PERMILLE)
    return True
