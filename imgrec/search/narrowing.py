"""What a shopper's words beside a photo ask for: "red leather under 20, by Acme" read as filters, and what is not."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from imgrec.catalogue.filters import Filters
from imgrec.catalogue.prices import NO_PRICE, Price
from imgrec.catalogue.tokens import tokens_of
from imgrec.catalogue.vocabulary import Vocabulary
from imgrec.features.colour_names import COLOUR_NAMES
from imgrec.search.lexicon import ENGLISH, Lexicon
from imgrec.search.price_words import PriceReader

Kind = Literal["colour", "without_colour", "most_price", "least_price", "brand", "size", "title", "without_title"]

_MOST_LOOKUPS = 30  # words looked for in titles; of a longer text the rest is not understood
_MOST_GUESSES = 3  # misspelt brands looked for
_LEAST_GUESSED = 4  # letters of one
_ALIKE, _ALIKE_UNASKED = 0.75, 0.88  # difflib's ratio of a brand and a word behind "by", and of any other word
_LONGEST_BRAND = 6  # words
_KINDS_IN_WORDS = {"most_price": "highest price", "least_price": "lowest price"}
_LONGEST_SIZE = 4  # letters of what may be one that the shop does not have
_SAY_NOTHING = ("stop", "by", "size", "between", "to", "and")


@dataclass(frozen=True)
class Used:
    """Something understood.

    value: a colour's name, a price as a decimal, a brand as the shop writes it, a size, or what a word of the title
    begins with. words: the shopper's own. currency: that of a price, where the shop names one.
    """

    kind: Kind
    value: str
    words: str
    currency: str | None = None


@dataclass(frozen=True)
class Narrowing:
    """What a text comes to: filters, what they were understood from, and the shopper's words that were of no use.

    Words that say nothing, such as "a" and "please", are in neither list.
    """

    filters: Filters
    used: tuple[Used, ...]
    unused: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """What `imgrec search --json` has of it."""
        return {"used": [asdict(one) for one in self.used], "unused": list(self.unused)}

    def in_words(self) -> str:
        """Such as: Understood: red (colour). Could not be used: cheap."""
        kinds = (_KINDS_IN_WORDS.get(one.kind, one.kind.replace("_", " ")) for one in self.used)
        understood = dict.fromkeys(f"{one.words} ({kind})" for one, kind in zip(self.used, kinds, strict=True))
        lines = (("Understood", understood), ("Could not be used", dict.fromkeys(self.unused)))
        return " ".join(f"{title}: {', '.join(words)}." for title, words in lines if words)


def read_words(text: str, vocabulary: Vocabulary, lexicon: Lexicon = ENGLISH, known: Price = NO_PRICE) -> Narrowing:
    """Read what a shopper wrote, in the lexicon's language or in English; "cheaper" is below the price `known`.

    Prices are taken to be in the shop's currency, and in the commonest where it has several; those in one that it does
    not have are of no use, for nothing is converted. Of two prices, brands or sizes the first counts. Takes a time
    that grows with the length of the text, and no faster.
    """
    return _Reader(text, vocabulary, lexicon if lexicon is ENGLISH else lexicon.or_else(ENGLISH), known).read()


class _Reader:
    """Goes through the tokens from left to right: each step takes what begins at one, and says where it ends."""

    def __init__(self, text: str, vocabulary: Vocabulary, lexicon: Lexicon, known: Price) -> None:
        self.text, self.vocabulary, self.lexicon = text, vocabulary, lexicon
        self.tokens = tokens_of(text)
        self.words = [token.text for token in self.tokens]
        self.prices = PriceReader(text, self.tokens, self.words, vocabulary, lexicon, known)
        self.filters = Filters()
        self.used: list[Used] = []
        self.unused: list[tuple[int, int]] = []
        self.lookups = self.guesses = 0

    def read(self) -> Narrowing:
        steps: Sequence[Callable[[int], int | None]] = (
            self._long_brand, self._price, self._negation, self._size, self._colour, self._brand, self._nothing,
            self._bare_size, self._title_word, self._misspelt_brand,
        )  # fmt: skip
        at = 0
        while at < len(self.tokens):
            ends = (end for step in steps if (end := step(at)) is not None)
            at = next(ends, None) or self._not_understood(at, at + 1)
        return Narrowing(self.filters, tuple(self.used), tuple(self._words(*span) for span in self.unused))

    def _long_brand(self, at: int) -> int | None:
        """A brand whose name has more words than what it begins with: Black & Decker, Under Armour."""
        end = self._end_of_brand(at)
        phrase = self.lexicon.match(self.words, at, *self.lexicon.keys)
        return (
            self._use_brand(at, at, end) if end is not None and end > max(at + 1, phrase[1] if phrase else 0) else None
        )

    def _negation(self, at: int) -> int | None:
        lead = self.lexicon.match(self.words, at, "not")
        if lead is None:
            return self._negated_behind(at)
        target = lead[1]
        if self.text.startswith(",", self.tokens[target - 1].end):  # "no, red please"
            return target
        while found := self.lexicon.match(self.words, target, "stop"):
            target = found[1]
        if target == len(self.tokens):
            return self._not_understood(at, target)
        if limits := self.prices.limits_at(target):
            return self._not_understood(at, limits.end)
        return self._exclude(at, target, None) or self._not_understood(at, target + 1)

    def _negated_behind(self, at: int) -> int | None:
        colour = self.lexicon.match(self.words, at, *COLOUR_NAMES)
        behind = self.lexicon.match(self.words, colour[1] if colour else at + 1, "not_behind")
        return self._exclude(at, at, behind[1]) if behind else None

    def _exclude(self, at: int, target: int, end: int | None) -> int | None:
        """Leave out the colour or the title's word at `target`, of a text that goes on to `end` or ends with it."""
        if colour := self.lexicon.match(self.words, target, *COLOUR_NAMES):
            names = tuple(name for name in COLOUR_NAMES if name in colour[0])
            return self._use(
                "without_colour", names[0], at, end or colour[1],
                without_colours=(*self.filters.without_colours, *names),
            )  # fmt: skip
        if word := self._word_of_titles(target):
            return self._use(
                "without_title", word, at, end or target + 1, without_words=(*self.filters.without_words, word)
            )
        return None

    def _price(self, at: int) -> int | None:
        limits = self.prices.limits_at(at)
        if limits is None:
            return None
        wanted = {"least_price": limits.least, "most_price": limits.most}
        wanted = {end: price for end, price in wanted.items() if price is not None}
        currency = limits.currency if len(self.vocabulary.currencies) > 1 else None
        contradicts = any(getattr(self.filters, end) is not None for end in wanted) or (
            self.filters.currency not in {None, currency}
        )
        if contradicts or not limits.is_usable:
            return self._not_understood(at, limits.end)
        for end, price in wanted.items():
            kind: Kind = "least_price" if end == "least_price" else "most_price"
            self.used.append(Used(kind, format(price, "f"), self._words(at, limits.end), limits.currency))
        self.filters = replace(self.filters, currency=currency, **wanted)  # type: ignore[arg-type]
        return limits.end

    def _size(self, at: int) -> int | None:
        lead = self.lexicon.match(self.words, at, "size")
        if lead is None:
            behind = self.lexicon.match(self.words, at + 1, "size") if self.tokens[at].number else None
            return self._use_size(at, at, behind[1]) or self._not_understood(at, behind[1]) if behind else None
        value = lead[1]
        if value == len(self.tokens):
            return None
        if end := self._use_size(at, value, value + 1):
            return end
        may_be_one = self.tokens[value].number or len(self.words[value]) <= _LONGEST_SIZE
        is_other = self.lexicon.match(self.words, value, *self.lexicon.keys)
        return self._not_understood(at, value + 1) if may_be_one and not is_other else None

    def _bare_size(self, at: int) -> int | None:
        return None if self.tokens[at].number else self._use_size(at, at, at + 1)

    def _use_size(self, at: int, value: int, end: int) -> int | None:
        size = self.words[value]
        if size not in self.vocabulary.sizes:
            size = size.replace(",", ".")
        if size not in self.vocabulary.sizes or self.filters.sizes:
            return None
        return self._use("size", size, at, end, sizes=(size,))

    def _colour(self, at: int) -> int | None:
        found = self.lexicon.match(self.words, at, *COLOUR_NAMES)
        if found is None:
            return None
        names = tuple(name for name in COLOUR_NAMES if name in found[0])
        return self._use("colour", names[0], at, found[1], colours=(*self.filters.colours, *names))

    def _brand(self, at: int) -> int | None:
        lead = self.lexicon.match(self.words, at, "by")
        if lead is None:
            says_nothing = self.lexicon.match(self.words, at, "stop")
            end = None if says_nothing else self._end_of_brand(at)
            return None if end is None else self._use_brand(at, at, end)
        start = lead[1]
        if (end := self._end_of_brand(start)) is not None:
            return self._use_brand(at, start, end)
        if start == len(self.tokens) or self.lexicon.match(self.words, start, *self.lexicon.keys):
            return None
        return self._use_begun(at, start) or self._use_guessed(at, start, _ALIKE, (2, 1))

    def _misspelt_brand(self, at: int) -> int | None:
        return self._use_guessed(at, at, _ALIKE_UNASKED, (1,))

    def _end_of_brand(self, at: int) -> int | None:
        """Where the longest brand ends that begins at a place."""
        most = min(at + _LONGEST_BRAND, len(self.words))
        return next((end for end in range(most, at, -1) if tuple(self.words[at:end]) in self.vocabulary.brands), None)

    def _use_brand(self, at: int, start: int, end: int, key: tuple[str, ...] | None = None) -> int:
        if self.filters.brand is not None:
            return self._not_understood(at, end)
        brand = self.vocabulary.brands[key or tuple(self.words[start:end])]
        return self._use("brand", brand, at, end, brand=brand)

    def _use_begun(self, at: int, start: int) -> int | None:
        """The one brand whose name begins with a word: Acme & Sons, by Acme."""
        if not self._may_guess():
            return None
        begun = [key for key in self.vocabulary.brands if key[0] == self.words[start]]
        return self._use_brand(at, start, start + 1, begun[0]) if len(begun) == 1 else None

    def _use_guessed(self, at: int, start: int, alike: float, lengths: Sequence[int]) -> int | None:
        """The brand that is spelt most like the words at a place."""
        for end in (start + length for length in lengths if start + length <= len(self.words)):
            written = " ".join(self.words[start:end])
            if len(written) >= _LEAST_GUESSED and self._may_guess():
                names = {" ".join(key): key for key in self.vocabulary.brands}
                if found := difflib.get_close_matches(written, names, 1, alike):
                    return self._use_brand(at, start, end, names[found[0]])
        return None

    def _may_guess(self) -> bool:
        """Whether brands may be gone through once more: there may be many."""
        self.guesses += 1
        return self.guesses <= _MOST_GUESSES

    def _nothing(self, at: int) -> int | None:
        found = self.lexicon.match(self.words, at, *_SAY_NOTHING)
        if found:
            return found[1]
        return at + 1 if self.tokens[at].kind == "sign" else None

    def _title_word(self, at: int) -> int | None:
        word = self._word_of_titles(at)
        return self._use("title", word, at, at + 1, words=(*self.filters.words, word)) if word else None

    def _word_of_titles(self, at: int) -> str | None:
        """What titles have of the word at a place, if any has it."""
        self.lookups += 1
        word = self.lexicon.stem(self.words[at])
        if self.tokens[at].kind == "sign" or self.lookups > _MOST_LOOKUPS:
            return None
        return word if self.vocabulary.has_word(word) else None

    def _use(self, kind: Kind, value: str, at: int, end: int, **filters: Any) -> int:
        if (kind, value) not in ((one.kind, one.value) for one in self.used):
            self.used.append(Used(kind, value, self._words(at, end)))
            self.filters = replace(self.filters, **filters)
        return end

    def _not_understood(self, at: int, end: int) -> int:
        """Note words of no use, those with nothing but space between them as one."""
        if self.unused and self.unused[-1][1] == at:
            between = self.text[self.tokens[at - 1].end : self.tokens[at].start]
            at = at if between.strip() else self.unused.pop()[0]
        self.unused.append((at, end))
        return end

    def _words(self, at: int, end: int) -> str:
        """The shopper's words from a token up to another."""
        return " ".join(self.text[self.tokens[at].start : self.tokens[end - 1].end].split())
