"""/start, /help, /category, /threshold and /forget."""

import re

from bot import keyboards, texts
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.services import Services
from bot.store.inbox import Waiting
from imgrec.errors import CatalogueError
from imgrec.search.likeness import DEGREES
from imgrec.search.naming import near_categories, nearest_category

_AUTO = "auto"
_VALUE = re.compile(r"(\+?(?:\d+(?:[.,]\d+)?|[.,]\d+))\s*(%?)")
_LEAST_PERCENTAGE = 10


async def on_start(services: Services, message: Message, wanted: str, waiting: Waiting) -> Reaction:
    """Greet, and say what to send."""
    return Reaction([Text(html=texts.START)])


async def on_help(services: Services, message: Message, wanted: str, waiting: Waiting) -> Reaction:
    """Explain every command."""
    return Reaction([Text(html=texts.how_to_use(services.looking.shop))])


async def on_category(services: Services, message: Message, wanted: str, waiting: Waiting) -> Reaction:
    """Show the categories, or set the chat's category to the one named."""
    shop, chats = services.looking.shop, services.store.chats
    category_ids = shop.category_ids
    chosen = shop.category_named((await chats.settings(message.chat.id)).category_id)
    if not wanted or not category_ids:
        markup = keyboards.categories(category_ids, chosen)
        return Reaction([Text(html=texts.choose_category(chosen, shop), keyboard=markup)])
    try:
        category = None if wanted.casefold() == _AUTO else nearest_category(wanted, tuple(category_ids))
    except CatalogueError:
        near = {name: category_ids[name] for name in near_categories(wanted, tuple(category_ids))}
        markup = keyboards.categories(near or category_ids, chosen)
        return Reaction([Text(html=texts.category_unknown(wanted, is_near=bool(near)), keyboard=markup)])
    now = texts.category_now(category, tells_categories=shop.tells_categories)
    category_id = None if category is None else category_ids[category]
    return Reaction([Text(html=now)], [chats.choose_category(message.chat.id, category_id)])


async def on_threshold(services: Services, message: Message, wanted: str, waiting: Waiting) -> Reaction:
    """Show the degrees of likeness, or set the chat's to the value sent."""
    shop, chats = services.looking.shop, services.store.chats
    is_auto = wanted.casefold() == _AUTO
    likeness = None if is_auto else parse_likeness(wanted)
    if likeness is None and not is_auto:
        chosen = (await chats.settings(message.chat.id)).likeness
        text = texts.threshold_unknown(wanted) if wanted else texts.choose_threshold(chosen, shop)
        return Reaction([Text(html=text, keyboard=keyboards.likenesses(shop, chosen))])
    now = texts.threshold_now(likeness, shop.auto_likeness)
    return Reaction([Text(html=now)], [chats.choose_likeness(message.chat.id, likeness)])


async def on_forget(services: Services, message: Message, wanted: str, waiting: Waiting) -> Reaction:
    """Delete all there is of the user. Where the bot dies meanwhile, it is done once more."""
    chat, user, private = message.chat.id, message.sender_id, message.chat.is_private
    services.recent.forget(user)
    await services.store.forget(chat, user, private, waiting.seq)
    return Reaction([Text(html=texts.FORGOTTEN if private else texts.FORGOTTEN_IN_GROUP)], forgets=True)


COMMANDS = {
    "start": on_start, "help": on_help, "category": on_category, "threshold": on_threshold, "forget": on_forget,
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
