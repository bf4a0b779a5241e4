"""/threshold: how alike products have to be."""

import re
from dataclasses import replace

from bot.callback_data import AUTO_PERMILLE, ChooseLikeness
from bot.composing.settings import LIKENESS, Page
from bot.handlers.context import Context, Press
from bot.handlers.settings import is_auto, sent, standing, turned
from bot.language import Language
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import choices
from imgrec.search.likeness import DEGREES

_VALUE = re.compile(r"(\+?(?:\d+(?:[.,]\d+)?|[.,]\d+))\s*(%?)")
_LEAST_PERCENTAGE = 10


async def on_threshold(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the degrees of likeness, or set the chat's to the value sent."""
    say = context.say
    likeness = parse_likeness(wanted, say)
    if likeness is None and not is_auto(wanted):
        page = LIKENESS.page(standing(context))
        return sent(Page(choices.threshold_unknown(say, wanted), page.keyboard) if wanted else page)
    now = choices.threshold_now(say, likeness, context.services.looking.shop.auto_likeness)
    return Reaction([Text(html=now)], [context.services.store.chats.choose_likeness(message.chat.id, likeness)])


async def on_choose_likeness(context: Context, press: Press, tap: ChooseLikeness) -> Reaction:
    """Set how alike products have to be in this chat."""
    likeness = None if tap.permille == AUTO_PERMILLE else tap.permille / 1000
    now = standing(context, replace(context.settings, likeness=likeness))
    reaction = turned(now.say, press, LIKENESS.page(now))
    return replace(reaction, writes=[context.services.store.chats.choose_likeness(press.chat, likeness)])


def parse_likeness(text: str, say: Language) -> float | None:
    """A likeness from what people write: 0.6, 0,6, 60, 60 % or a word for it, in English or the language spoken.

    None for anything not 0 to 100 %.
    """
    wanted = " ".join(text.split()).casefold()
    words = {degree.casefold(): least for least, word in DEGREES for degree in (word, say(word))}
    if wanted in words:
        return words[wanted]
    match = _VALUE.fullmatch(wanted)
    if match is None:
        return None
    value = float(match[1].replace(",", "."))
    if not match[2] and 1 < value < _LEAST_PERCENTAGE:
        return None  # 1.5 may mean anything
    if match[2] or value > 1:
        value /= 100
    return round(value, 4) if value <= 1 else None
