"""What a button carries: a version, a letter, and whole numbers, in at most 64 bytes.

Buttons live as long as their message, so an old one may come back years later: `parse` returns None for what this
version does not know, and a letter is never given a new meaning without a new version. Letters of before: h, l, t.
"""

from dataclasses import astuple, dataclass, fields
from typing import ClassVar, get_args

VERSION = "1"


@dataclass(frozen=True)
class Vote:
    """👍 (+1) or 👎 (-1) on a query's answer; rank 0 is the whole of it, else its product of that rank."""

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
class ChooseCategory:
    """Set the chat's category; 0 is auto."""

    letter: ClassVar[str] = "k"
    category_id: int


@dataclass(frozen=True)
class ChooseLikeness:
    """Set how alike products have to be in this chat, in thousandths of likeness; AUTO_PERMILLE is auto."""

    letter: ClassVar[str] = "s"
    permille: int


@dataclass(frozen=True)
class More:
    """Show a query's products from this rank on."""

    letter: ClassVar[str] = "m"
    query_id: int
    first: int


@dataclass(frozen=True)
class OpenProduct:
    """Show the product that has this rank in a query's answer by itself."""

    letter: ClassVar[str] = "o"
    query_id: int
    rank: int


@dataclass(frozen=True)
class MoreLike:
    """Ask a query again for what is more like its product of this rank."""

    letter: ClassVar[str] = "a"
    query_id: int
    rank: int


@dataclass(frozen=True)
class LessLike:
    """Ask a query again for what is not like its product of this rank."""

    letter: ClassVar[str] = "n"
    query_id: int
    rank: int


@dataclass(frozen=True)
class ShowParts:
    """Show the parts of a query's photo to choose from."""

    letter: ClassVar[str] = "b"
    query_id: int


@dataclass(frozen=True)
class AskPart:
    """Ask a query again for a part of its photo, a box in thousandths of it."""

    letter: ClassVar[str] = "B"
    query_id: int
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Why:
    """Show where a query's photo and its product of this rank agree."""

    letter: ClassVar[str] = "z"
    query_id: int
    rank: int


@dataclass(frozen=True)
class UnderPrice:
    """Ask a query again for products that cost at most this, in thousandths of the currency's unit."""

    letter: ClassVar[str] = "u"
    query_id: int
    thousandths: int


@dataclass(frozen=True)
class WithoutWords:
    """Ask a query again without what narrowed it."""

    letter: ClassVar[str] = "d"
    query_id: int


@dataclass(frozen=True)
class PicturesMissing:
    """Send the pictures of a query's answer again: when they were sent, it was not known whether they arrived."""

    letter: ClassVar[str] = "p"
    query_id: int


@dataclass(frozen=True)
class MakeWish:
    """Tell me when something like it comes in: what a query asked."""

    letter: ClassVar[str] = "w"
    query_id: int


@dataclass(frozen=True)
class StopWish:
    """Do not tell me any more; `below`: one of BELOW_ANSWER, BELOW_LIST and BELOW_TOLD, where the button stands."""

    letter: ClassVar[str] = "x"
    query_id: int
    below: int


@dataclass(frozen=True)
class Forget:
    """Delete all there is of this user, who asked for it (sure 1), or nothing (0)."""

    letter: ClassVar[str] = "f"
    user_id: int
    sure: int


@dataclass(frozen=True)
class KeepPhotos:
    """Whether the shop may keep this private chat's photos: 1 or 0."""

    letter: ClassVar[str] = "q"
    agreed: int


@dataclass(frozen=True)
class CategoryPage:
    """Show this page of the categories, the first being 0."""

    letter: ClassVar[str] = "K"
    page: int


@dataclass(frozen=True)
class ChooseResults:
    """Set how many products an answer in this chat shows at once; 0 is auto."""

    letter: ClassVar[str] = "r"
    results: int


@dataclass(frozen=True)
class ChooseLanguage:
    """Set the chat's language, by the bytes of its code as a number; 0 is as the profile has it."""

    letter: ClassVar[str] = "g"
    code: int


@dataclass(frozen=True)
class OpenSetting:
    """Show a setting by its number (settings.py), in the message that shows all of them; 0 is all of them."""

    letter: ClassVar[str] = "e"
    number: int


@dataclass(frozen=True)
class HistoryPage:
    """Show this page of what somebody asked, the first being 0."""

    letter: ClassVar[str] = "y"
    page: int


@dataclass(frozen=True)
class AskAgain:
    """Answer an earlier query anew."""

    letter: ClassVar[str] = "Y"
    query_id: int


@dataclass(frozen=True)
class Save:
    """Save a product, or no longer; it has this rank in a query's answer, 0 being what was asked about."""

    letter: ClassVar[str] = "j"
    query_id: int
    rank: int
    product_id: int


@dataclass(frozen=True)
class SavedAfter:
    """Show the products that were saved before this one, by the number it is kept under."""

    letter: ClassVar[str] = "J"
    number: int


@dataclass(frozen=True)
class OpenSaved:
    """Show a saved product by itself; its place is the number it has in the list."""

    letter: ClassVar[str] = "O"
    place: int
    product_id: int


@dataclass(frozen=True)
class RemoveSaved:
    """Save this product of the list no longer."""

    letter: ClassVar[str] = "X"
    place: int
    product_id: int


@dataclass(frozen=True)
class Removing:
    """Let the numbers below a list of saved products remove them (1), or open them (0)."""

    letter: ClassVar[str] = "R"
    on: int


AUTO = 0
AUTO_PERMILLE = 9999  # no likeness at all is 0
MOST_RESULTS = 10
BELOW_ANSWER, BELOW_LIST, BELOW_TOLD = range(3)
_LARGEST = 2**63 - 1  # what SQLite holds
_MOST_RANKS = 100  # of an answer

Tap = (
    Vote | OtherCategory | More | OpenProduct | ChooseCategory | ChooseLikeness | UnderPrice | WithoutWords
    | PicturesMissing | MakeWish | StopWish | Forget | KeepPhotos | CategoryPage | ChooseResults | ChooseLanguage
    | OpenSetting | HistoryPage | AskAgain | Save | SavedAfter | OpenSaved | RemoveSaved | Removing
    | MoreLike | LessLike | ShowParts | AskPart | Why
)  # fmt: skip
TAPS: tuple[type[Tap], ...] = get_args(Tap)


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
    match tap:
        case Vote(_, rank, vote):
            return 0 <= rank <= _MOST_RANKS and vote in (1, -1)
        case More(_, rank) | OpenProduct(_, rank) | MoreLike(_, rank) | LessLike(_, rank) | Why(_, rank):
            return 0 < rank <= _MOST_RANKS
        case StopWish(_, below):
            return BELOW_ANSWER <= below <= BELOW_TOLD
        case AskPart(_, left, top, right, bottom):
            return 0 <= left < right <= 1000 and 0 <= top < bottom <= 1000
        case UnderPrice(_, thousandths):
            return thousandths > 0
        case ChooseLikeness(permille):
            return 0 <= permille <= 1000 or permille == AUTO_PERMILLE
        case Forget(_, yes) | KeepPhotos(yes):
            return yes in (0, 1)
        case ChooseResults(results):
            return 0 <= results <= MOST_RESULTS
        case Save(_, rank):
            return rank >= 0
        case CategoryPage(number) | HistoryPage(number) | OpenSaved(number) | RemoveSaved(number):
            return number >= 0
        case _:
            return True
