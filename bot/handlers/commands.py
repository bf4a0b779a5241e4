"""/start, /help, /category, /threshold and /forget."""

import re

from telegram import Update
from telegram.constants import ChatType

from bot import keyboards, texts
from bot.services import Context, services_of
from imgrec.errors import CatalogueError
from imgrec.search.searcher import near_categories, nearest_category

_AUTO = "auto"
_VALUE = re.compile(r"([+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+))\s*(%?)")
_LEAST_PERCENTAGE = 10


async def on_start(update: Update, context: Context) -> None:
    """Greet, and say what to send."""
    if update.effective_message:
        await update.effective_message.reply_html(texts.START)


async def on_help(update: Update, context: Context) -> None:
    """Explain every command."""
    if update.effective_message:
        auto = services_of(context).queue.shop.auto_threshold
        await update.effective_message.reply_html(texts.how_to_use(auto))


async def on_category(update: Update, context: Context) -> None:
    """Show the categories, or set the chat's category to the one named."""
    message, services = update.effective_message, services_of(context)
    if message is None:
        return
    category_ids = services.queue.shop.category_ids
    wanted = " ".join(context.args or [])
    chosen = (await services.log.settings(message.chat.id)).category
    if not wanted:
        markup = keyboards.categories(category_ids, chosen)
        await message.reply_html(texts.choose_category(chosen), reply_markup=markup)
        return
    try:
        category = None if wanted.casefold() == _AUTO else nearest_category(wanted, tuple(category_ids))
    except CatalogueError:
        near = {name: category_ids[name] for name in near_categories(wanted, tuple(category_ids))}
        markup = keyboards.categories(near or category_ids, chosen)
        await message.reply_html(texts.category_unknown(wanted, is_near=bool(near)), reply_markup=markup)
        return
    await services.log.set_category(message.chat.id, category)
    await message.reply_html(texts.category_now(category))


async def on_threshold(update: Update, context: Context) -> None:
    """Show some thresholds, or set the chat's threshold to the value sent."""
    message, services = update.effective_message, services_of(context)
    if message is None:
        return
    auto = services.queue.shop.auto_threshold
    wanted = " ".join(context.args or [])
    if not wanted:
        chosen = (await services.log.settings(message.chat.id)).threshold
        markup = keyboards.thresholds(auto, chosen)
        await message.reply_html(texts.choose_threshold(chosen, auto), reply_markup=markup)
        return
    threshold = None if wanted.casefold() == _AUTO else parse_threshold(wanted)
    if threshold is None and wanted.casefold() != _AUTO:
        chosen = (await services.log.settings(message.chat.id)).threshold
        await message.reply_html(texts.threshold_unknown(wanted, auto), reply_markup=keyboards.thresholds(auto, chosen))
        return
    await services.log.set_threshold(message.chat.id, threshold)
    await message.reply_html(texts.threshold_now(threshold, auto))


async def on_forget(update: Update, context: Context) -> None:
    """Delete all there is of the user."""
    message, user, services = update.effective_message, update.effective_user, services_of(context)
    if message is None or user is None:
        return
    services.recent.forget(user.id)
    private = message.chat.type == ChatType.PRIVATE
    await services.log.forget(message.chat.id, user.id, private)
    await message.reply_html(texts.FORGOTTEN if private else texts.FORGOTTEN_IN_GROUP)


def parse_threshold(text: str) -> float | None:
    """A cosine from what people write: 0.8, 0,8, 80 or 80%; None when it is no number from -1 to 1, or to 100 %."""
    match = _VALUE.fullmatch(text.strip())
    if match is None:
        return None
    value = float(match[1].replace(",", "."))
    if not match[2] and 1 < abs(value) < _LEAST_PERCENTAGE:
        return None  # 1.5 may mean anything
    if match[2] or abs(value) > 1:
        value /= 100
    return round(value, 4) if -1 <= value <= 1 else None
