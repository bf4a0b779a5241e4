"""What each /command does: /start, /help, /category and /threshold here, others in modules of their own."""

import re

from bot import keyboards
from bot.handlers.context import Context
from bot.handlers.owner import on_stats
from bot.handlers.privacy import on_forget, on_privacy
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import choices, short
from imgrec.errors import CatalogueError
from imgrec.search.likeness import DEGREES
from imgrec.search.naming import near_categories, nearest_category

_AUTO = "auto"
_VALUE = re.compile(r"(\+?(?:\d+(?:[.,]\d+)?|[.,]\d+))\s*(%?)")
_LEAST_PERCENTAGE = 10


async def on_start(context: Context, message: Message, wanted: str) -> Reaction:
    """Greet, and say what to send."""
    return Reaction([Text(html=context.say(short.START))])


async def on_help(context: Context, message: Message, wanted: str) -> Reaction:
    """Explain every command."""
    return Reaction([Text(html=choices.how_to_use(context.say, context.services.looking.shop))])


async def on_category(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the categories, or set the chat's category to the one named."""
    say, shop, chats = context.say, context.services.looking.shop, context.services.store.chats
    category_ids = shop.category_ids
    chosen = shop.category_named(context.settings.category_id)
    if not wanted or not category_ids:
        keyboard = keyboards.categories(say, category_ids, chosen)
        return Reaction([Text(html=choices.choose_category(say, chosen, shop), keyboard=keyboard)])
    try:
        category = None if wanted.casefold() == _AUTO else nearest_category(wanted, tuple(category_ids))
    except CatalogueError:
        near = {name: category_ids[name] for name in near_categories(wanted, tuple(category_ids))}
        keyboard = keyboards.categories(say, near or category_ids, chosen)
        return Reaction([Text(html=choices.category_unknown(say, wanted, is_near=bool(near)), keyboard=keyboard)])
    now = choices.category_now(say, category, tells_categories=shop.tells_categories)
    category_id = None if category is None else category_ids[category]
    return Reaction([Text(html=now)], [chats.choose_category(message.chat.id, category_id)])


async def on_threshold(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the degrees of likeness, or set the chat's to the value sent."""
    say, shop, chats = context.say, context.services.looking.shop, context.services.store.chats
    is_auto = wanted.casefold() == _AUTO
    likeness = None if is_auto else parse_likeness(wanted)
    if likeness is None and not is_auto:
        chosen = context.settings.likeness
        text = choices.threshold_unknown(say, wanted) if wanted else choices.choose_threshold(say, chosen, shop)
        return Reaction([Text(html=text, keyboard=keyboards.likenesses(say, shop, chosen))])
    now = choices.threshold_now(say, likeness, shop.auto_likeness)
    return Reaction([Text(html=now)], [chats.choose_likeness(message.chat.id, likeness)])


COMMANDS = {
    "start": on_start, "help": on_help, "category": on_category, "threshold": on_threshold,
    "privacy": on_privacy, "forget": on_forget, "stats": on_stats,
}  # fmt: skip


def parse_likeness(text: str) -> float | None:
    """A likeness from what people write: 0.6, 0,6, 60, 60 % or a word for it; None for anything not 0 to 100 %."""
    wanted = " ".join(text.split()).casefold()
    words: dict[str, float] = {degree: least for least, degree in DEGREES}
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
