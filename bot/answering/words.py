"""What somebody wrote beside a photo, and how the shop reads it."""

import re

from bot.language import Language
from bot.receiving.links import LINK
from bot.receiving.updates import Message, mention
from bot.services import Services
from bot.texts.lexicon import lexicon
from imgrec.search.narrowing import Narrowing

_COMMAND = re.compile(r"^/\w{1,32}(@\w+)?")


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


async def read(services: Services, say: Language, words: str) -> Narrowing | None:
    """What these words ask for, by what the shop has now; None where there are none."""
    if not words:
        return None
    return await services.looking.do(lambda serving: serving.narrow(words, lexicon(say)))
