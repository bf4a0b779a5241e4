"""What somebody wrote beside a photo or after an answer, and how the shop reads it."""

import re
from collections.abc import Iterable

from bot.language import Language
from bot.receiving.links import LINK
from bot.receiving.updates import Message, mention
from bot.services import Services
from bot.texts.lexicon import lexicon
from imgrec.catalogue.tokens import tokens_of
from imgrec.search.answer import Rank
from imgrec.search.lexicon import ENGLISH, ORDINALS
from imgrec.search.narrowing import Narrowing
from imgrec.search.serving import RANKED

_COMMAND = re.compile(r"^/\w{1,32}(@\w+)?")
_LEADING_ON = ("more", "cheaper", *ORDINALS)
_SAYING_NOTHING = ("number", "stop")


def words_of(message: Message, username: str) -> str:
    """A message's words without what is none: a command, the bot's own name, links."""
    words = message.words
    for what in (_COMMAND, LINK, mention(username)):
        words = what.sub(" ", words)
    return " ".join(words.split())


def number_in(words: str, most: int) -> int | None:
    """The number that the words are, from 1 to `most`; None where they are anything else."""
    if not words.isdecimal() or len(words) > len(str(most)):
        return None
    return int(words) if 1 <= int(words) <= most else None


def all_said(say: Language, words: str) -> str | None:
    """All that words say where it is "more", "cheaper", an ordinal or a rank; None where it is anything else."""
    spoken, said, at = lexicon(say).or_else(ENGLISH), list[str](), 0
    tokens = [token.text for token in tokens_of(words)]
    while at < len(tokens):
        keys, end = spoken.match(tokens, at, *_LEADING_ON, *_SAYING_NOTHING) or ({tokens[at]}, at + 1)
        leading_on = [key for key in keys if key not in _SAYING_NOTHING]
        said, at = [*said, *leading_on], end
    return said[0] if len(said) == 1 and (said[0] in _LEADING_ON or number_in(said[0], RANKED)) else None


def rank_in(said: str | None, shown: int) -> int | None:
    """The rank of the product that is meant by an ordinal or a number, where so many are shown."""
    if said in ORDINALS:
        said = str(shown if said == "last" else 1 + ORDINALS.index(said))
    return number_in(said or "", shown)


async def read(services: Services, say: Language, words: str, spoken_of: Iterable[Rank] = ()) -> Narrowing | None:
    """What these words ask for, by what the shop has now and the products spoken of; None where there are none."""
    if not words:
        return None
    return await services.looking.do(lambda serving: serving.narrow(words, lexicon(say), spoken_of))
