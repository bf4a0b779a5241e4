"""/start, /help, /category, /threshold and /forget."""

import re

from telegram import Update
from telegram.constants import ChatType

from bot import keyboards, texts
from bot.services import Context, services_of
from imgrec.errors import CatalogueError
from imgrec.search.likeness import DEGREES
from imgrec.search.naming import near_categories, nearest_category

_AUTO = "auto"
_VALUE = re.compile(r"(\+?(?:\d+(?:[.,]\d+)?|[.,]\d+))\s*(%?)")
_LEAST_PERCENTAGE = 10


async def on_start(update: Update, context: Context) -> None:
    """Greet, and say what to send."""
    if update.effective_message:
        await update.effective_message.reply_html(texts.START)


async def on_help(update: Update, context: Context) -> None:
    """Explain every command."""
    if update.effective_message:
        await update.effective_message.reply_html(texts.how_to_use(services_of(context).queue.shop))


async def on_category(update: Update, context: Context) -> None:
    """Show the categories, or set the chat's category to the one named."""
    message, services = update.effective_message, services_of(context)
    if message is None:
        return
    shop = services.queue.shop
    category_ids = shop.category_ids
    wanted = " ".join(context.args or [])
    chosen = (await services.log.settings(message.chat.id)).category
    if not wanted or not category_ids:
        markup = keyboards.categories(category_ids, chosen)
        await message.reply_html(texts.choose_category(chosen, shop), reply_markup=markup)
        return
    try:
        category = None if wanted.casefold() == _AUTO else nearest_category(wanted, tuple(category_ids))
    except CatalogueError:
        near = {name: category_ids[name] for name in near_categories(wanted, tuple(category_ids))}
        markup = keyboards.categories(near or category_ids, chosen)
        await message.reply_html(texts.category_unknown(wanted, is_near=bool(near)), reply_markup=markup)
        return
    await services.log.set_category(message.chat.id, category)
    await message.reply_html(texts.category_now(category, tells_categories=shop.tells_categories))


async def on_threshold(update: Update, context: Context) -> None:
    """Show the degrees of likeness, or set the chat's to the value sent."""
    message, services = update.effective_message, services_of(context)
    if message is None:
        return
    shop, wanted = services.queue.shop, " ".join(context.args or [])
    is_auto = wanted.casefold() == _AUTO
    likeness = None if is_auto else parse_likeness(wanted)
    if likeness is None and not is_auto:
        chosen = shop.likeness_chosen(await services.log.settings(message.chat.id))
        text = texts.threshold_unknown(wanted) if wanted else texts.choose_threshold(chosen, shop)
        await message.reply_html(text, reply_markup=keyboards.likenesses(shop, chosen))
        return
    await services.log.set_likeness(message.chat.id, likeness)
    await message.reply_html(texts.threshold_now(likeness, shop.auto_likeness))


async def on_forget(update: Update, context: Context) -> None:
    """Delete all there is of the user."""
    message, user, services = update.effective_message, update.effective_user, services_of(context)
    if message is None or user is None:
        return
    services.recent.forget(user.id)
    private = message.chat.type == ChatType.PRIVATE
    await services.log.forget(message.chat.id, user.id, private)
    await message.reply_html(texts.FORGOTTEN if private else texts.FORGOTTEN_IN_GROUP)


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
