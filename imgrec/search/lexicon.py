"""The words of one language: what narrows a search (red, under, by), leads on (more, first), or says nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from imgrec.catalogue.tokens import words_of
from imgrec.features.colour_names import COLOUR_NAMES
from imgrec.search.colour_words import COLOUR_WORDS

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "last")
LEXICON_KEYS = {
    **{name: f"the colour {name}, in every form" for name in COLOUR_NAMES},
    "under": "before the highest price: under | up to",
    "under_behind": "behind it: or less",
    "cheaper": "than what is shown: cheaper | too expensive",
    "over": "before the lowest price: over | at least",
    "over_behind": "behind it: or more",
    "between": "before two prices: between | from",
    "between_behind": "behind two prices",
    "to": "between two prices: to",
    "and": "between two prices where something said `between`: and",
    "by": "before a brand: by | from",
    "size": "before or behind a size: size",
    "not": "before what is not wanted: not | without",
    "not_behind": "behind it",
    "dollar": "dollar | dollars",
    "euro": "euro | euros",
    "pound": "pound | pounds",
    "rouble": "rouble | roubles",
    "rupee": "rupee | rupees",
    "yen": "yen",
    "more": "of an answer: more | next",
    **{name: f"the {name} product of an answer" for name in ORDINALS},
    "number": "beside one of these, or a number: number | product | open",
    "stop": "what says nothing: a | the | please",
    "endings": "of words of titles, to find shoe by shoes: s | es",
    "decimal_mark": "before cents: . or ,",
}
"""What a lexicon is made of: each a string of phrases between bars. What a language does without is blank."""

_LEAST_STEM = 4  # letters


@dataclass(frozen=True)
class Lexicon:
    """phrases: folded words -> the keys of LEXICON_KEYS they stand for. endings: the longest first."""

    phrases: Mapping[tuple[str, ...], frozenset[str]]
    endings: tuple[str, ...] = ()
    decimal_comma: bool = False

    @classmethod
    def from_strings(cls, strings: Mapping[str, str]) -> Self:
        """Make one of strings by key, such as "rot | rote | rotes". Raises ValueError for a key there is not."""
        if unknown := set(strings) - set(LEXICON_KEYS):
            raise ValueError(f"A lexicon has no {', '.join(sorted(unknown))}.")
        listed = {key: [words_of(phrase) for phrase in text.split("|")] for key, text in strings.items()}
        endings = [words[0] for words in listed.pop("endings", []) if words]
        listed.pop("decimal_mark", None)
        return cls(
            _by_phrase(listed), tuple(sorted(endings, key=len, reverse=True)), strings.get("decimal_mark") == ","
        )

    def or_else(self, other: "Lexicon") -> Self:
        """This language's words, and another's where it has none."""
        endings = sorted({*self.endings, *other.endings}, key=lambda ending: (-len(ending), ending))
        return type(self)({**other.phrases, **self.phrases}, tuple(endings), self.decimal_comma)

    @cached_property
    def longest(self) -> int:
        """The number of words of the longest phrase."""
        return max(map(len, self.phrases), default=0)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """All that its phrases stand for."""
        return tuple(sorted(frozenset().union(*self.phrases.values())))

    def match(self, words: Sequence[str], at: int, *keys: str) -> tuple[frozenset[str], int] | None:
        """Which of these keys the longest such phrase at a place stands for, and where it ends."""
        for end in range(min(at + self.longest, len(words)), at, -1):
            if found := self.phrases.get(tuple(words[at:end]), frozenset()).intersection(keys):
                return found, end
        return None

    def stem(self, word: str) -> str:
        """A word without its ending, where enough of it is left."""
        for ending in self.endings:
            if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
                return word.removesuffix(ending)
        return word


def _by_phrase(listed: Mapping[str, Sequence[Collection[str]]]) -> dict[tuple[str, ...], frozenset[str]]:
    keys: dict[tuple[str, ...], frozenset[str]] = {}
    for key, phrases in listed.items():
        for phrase in phrases:
            if words := tuple(phrase):
                keys[words] = keys.get(words, frozenset()) | {key}
    return keys


ENGLISH = Lexicon.from_strings(
    {
        **COLOUR_WORDS["en"],
        "under": "under | below | less than | cheaper than | up to | at most | no more than | not more than | not over"
        " | max | maximum | within",
        "cheaper": "cheaper | cheaper than | even cheaper | a bit cheaper | a little cheaper | much cheaper"
        " | less expensive | less expensive than | not so expensive | not too expensive | too expensive"
        " | too pricey | lower price | no cheaper",
        "under_behind": "or less | or under | or below | or cheaper | max | maximum | at most",
        "over": "over | above | more than | at least | no less than | not less than | not under | min | minimum | from"
        " | starting at",
        "over_behind": "or more | or over | or above | and up | and above",
        "between": "between | from",
        "between_behind": "",
        "to": "to | and up to",
        "and": "and",
        "by": "by | from | brand | made by",
        "size": "size | sizes",
        "not": "not | without | no | non | but not | except | anything but | don't want",
        "not_behind": "",
        "dollar": "dollar | dollars | bucks",
        "euro": "euro | euros",
        "pound": "pound | pounds | quid",
        "rouble": "rouble | roubles | ruble | rubles",
        "rupee": "rupee | rupees",
        "yen": "yen",
        "more": "more | next | next page | the rest | others | other ones",
        "first": "first | 1st | number one",
        "second": "second | 2nd | two",
        "third": "third | 3rd | three",
        "fourth": "fourth | 4th | four",
        "fifth": "fifth | 5th | five",
        "sixth": "sixth | 6th | six",
        "last": "last",
        "number": "number | no | nr | product | item | picture | photo | result | open | see | what about | how about",
        "stop": "a | an | the | in | of | on | at | it | is | or | but | with | for | me | my | i | i'm | i'd | you"
        " | this | that | these | those | one | ones | some | any | something | anything | like | similar | same"
        " | just | only | please | thanks | thank you | hi | hello | find | show | search | want | would | need"
        " | looking | have | got | do | can | be | are | so | colour | color | coloured | colored | price | priced"
        " | cost | costs | costing | made | in stock | available | no more",
        "endings": "s | es",
        "decimal_mark": ".",
    }
)
