"""A shopper's text, or a name, as tokens: words, numbers and the few signs that mean something beside a photo."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

CURRENCY_SIGNS = "$€£¥￥₹₽₺₴₩₪₫฿₱₦₸₡₲₵৳₼₾₭₮៛₨"
_DASHES = "-–—−"
_COMPARISONS = "<>≤≥"
_JOINERS = "\u200c\u200d"  # within words of Hindi, Persian and others
_JOINS_NOTHING = re.compile(rf"[{_JOINERS}](?!\w)")  # but emoji
_KEPT = frozenset(CURRENCY_SIGNS + _DASHES + _COMPARISONS + _JOINERS + ".,'’&")

_IN_WORD = rf"[^\s.,'’&{re.escape(CURRENCY_SIGNS + _DASHES + _COMPARISONS)}]"
_NUMBER = r"\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d+(?:[.,'’]\d+)*"
_TOKEN = re.compile(
    rf"(?P<number>{_NUMBER})(?!{_IN_WORD})"
    rf"|(?P<glued>\d+(?:[.,]\d+)*)(?P<unit>[^\W\d_]{{1,8}})(?!{_IN_WORD})"
    rf"|(?P<word>{_IN_WORD}+(?:[-'’&]{_IN_WORD}+)*)"
    rf"|(?P<sign>[{re.escape(CURRENCY_SIGNS + _DASHES + _COMPARISONS)}])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text: `text` is folded, `start` and `end` are where it stands there.

    number: in ASCII's digits, that of a number, or of one glued to a unit, as in 20eur.
    """

    kind: Literal["number", "glued", "word", "sign"]
    text: str
    start: int
    end: int
    number: str = ""
    unit: str = ""


def tokens_of(text: str) -> list[Token]:
    """All tokens, in their order; punctuation, emoji and what else says nothing is left out. Linear in the text."""
    plain = "".join(char if char.isalnum() or char in _KEPT or _is_mark(char) else " " for char in text)
    tokens = []
    for found in _TOKEN.finditer(_JOINS_NOTHING.sub(" ", plain)):
        whole = fold(found[0])
        if found["number"]:
            tokens.append(Token("number", whole, *found.span(), _digits(found[0])))
        elif found["glued"]:
            tokens.append(Token("glued", whole, *found.span(), _digits(found["glued"]), fold(found["unit"])))
        elif found["sign"]:
            tokens.append(Token("sign", "-" if found[0] in _DASHES else found[0], *found.span()))
        elif any(map(str.isalnum, whole)):
            tokens.append(Token("word", whole, *found.span()))
    return tokens


def words_of(name: str) -> tuple[str, ...]:
    """The words and numbers of a name or phrase, folded."""
    return tuple(token.text for token in tokens_of(name) if token.kind != "sign")


def fold(word: str) -> str:
    """Without capitals, accents and joiners, so that `Türkis`, `turkis` and `TÜRKIS` are one, as they are to FTS5."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.lower())
    return unicodedata.normalize("NFC", "".join(char for char in apart if not _is_dropped(char)))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _is_dropped(char: str) -> bool:
    return "\u0300" <= char <= "\u036f" or char in _JOINERS


def _digits(number: str) -> str:
    """In ASCII's digits, whatever the script."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in number)
