"""The words of each language that narrow a search or lead on, for what reads them (imgrec.search.lexicon).

A translation is no translation of the English below but all the phrases that mean it, in every form, between bars:
"kein | keine | nicht | ohne". What imgrec.search.lexicon says of each key is what is to be put there. What a
language does without is a hyphen. English counts beside it. Colours stand in imgrec.search.colour_words.
"""

from bot.language import Language, msgid
from imgrec.search.colour_words import COLOUR_WORDS
from imgrec.search.lexicon import Lexicon

_NONE = "-"

_PHRASES = {
    "under": msgid("lexicon: under"),  # before the highest price
    "under_behind": msgid("lexicon: or less"),  # behind the highest price
    "cheaper": msgid("lexicon: cheaper"),
    "over": msgid("lexicon: over"),  # before the lowest price
    "over_behind": msgid("lexicon: or more"),  # behind the lowest price
    "between": msgid("lexicon: between"),  # before two prices
    "between_behind": msgid("lexicon: between, behind two prices"),
    "to": msgid("lexicon: to"),  # between two prices
    "and": msgid("lexicon: and"),  # between two prices, where “between” stands before them
    "by": msgid("lexicon: by"),  # before a brand
    "size": msgid("lexicon: size"),  # before or behind a size
    "not": msgid("lexicon: not"),  # before what is not wanted
    "not_behind": msgid("lexicon: not, behind what is not wanted"),
    "dollar": msgid("lexicon: dollar"),
    "euro": msgid("lexicon: euro"),
    "pound": msgid("lexicon: pound"),
    "rouble": msgid("lexicon: rouble"),
    "rupee": msgid("lexicon: rupee"),
    "yen": msgid("lexicon: yen"),
    "more": msgid("lexicon: more"),  # of an answer
    "first": msgid("lexicon: first"),
    "second": msgid("lexicon: second"),
    "third": msgid("lexicon: third"),
    "fourth": msgid("lexicon: fourth"),
    "fifth": msgid("lexicon: fifth"),
    "sixth": msgid("lexicon: sixth"),
    "last": msgid("lexicon: last"),
    "number": msgid("lexicon: number"),  # beside one of these, or a number
    "stop": msgid("lexicon: words that say nothing"),  # a, the, please
    "endings": msgid("lexicon: endings of words"),  # s, es: to find “shoe” by “shoes”
    "decimal_mark": msgid("lexicon: decimal mark"),  # . or ,
}


def lexicon(say: Language) -> Lexicon:
    """The words of this language."""
    said = {key: say(phrases) for key, phrases in _PHRASES.items()}
    own = {key: words for key, words in said.items() if words not in (_PHRASES[key], _NONE)}
    return Lexicon.from_strings({**COLOUR_WORDS.get(say.code, {}), **own})
