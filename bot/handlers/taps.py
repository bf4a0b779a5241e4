"""A shopper taps a button. Every tap is answered, also on messages from long ago."""

from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot import keyboards, texts
from bot.callback_data import (
    AUTO_CATEGORY,
    AUTO_PERMILLE,
    ChooseCategory,
    ChooseLikeness,
    ChooseThreshold,
    LessSimilar,
    LowerThreshold,
    OtherCategory,
    Vote,
    parse,
)
from bot.handlers.answering import Question, answer_question, wish_of
from bot.photo_queue import Wish
from bot.services import Context, Services, services_of
from imgrec.log.schema import KindOfQuery


async def on_tap(update: Update, context: Context) -> None:
    """Find out which button it was, and do what it says."""
    query = update.callback_query
    if query is None:
        return
    tap, services = parse(query.data), services_of(context)
    message = query.message if isinstance(query.message, Message) and query.message.is_accessible else None
    if tap is None or message is None:
        await _acknowledge(query, texts.OLD_BUTTON)
        return
    match tap:
        case Vote():
            await _vote(query, message, tap, services)
        case ChooseCategory():
            await _choose_category(query, message, tap, services)
        case ChooseLikeness(permille):
            await services.log.set_likeness(message.chat.id, None if permille == AUTO_PERMILLE else permille / 1000)
            await _show_likeness(query, message, services)
        case ChooseThreshold(permille):
            await services.log.set_threshold(message.chat.id, None if permille == AUTO_PERMILLE else permille / 1000)
            await _show_likeness(query, message, services)
        case OtherCategory():
            await _other_category(query, message, tap, context)
        case LessSimilar(query_id, category_id):
            await _acknowledge(query, texts.ONE_MOMENT)
            await _lower(query, message, query_id, category_id, context, less_similar=True)
        case LowerThreshold(query_id, permille, category_id):
            await services.log.set_threshold(message.chat.id, permille / 1000)
            await _acknowledge(query, texts.threshold_lowered(services.queue.shop.likeness.of(permille / 1000)))
            await _lower(query, message, query_id, category_id, context, less_similar=False)


async def _vote(query: CallbackQuery, message: Message, tap: Vote, services: Services) -> None:
    changed = await services.log.vote(tap.query_id, tap.rank, message.chat.id, query.from_user.id, tap.vote)
    if changed is None:
        await _acknowledge(query, texts.OLD_BUTTON)
        return
    thanks = texts.THANKS_UP if tap.vote > 0 else texts.THANKS_DOWN
    await _acknowledge(query, thanks if changed else texts.ALREADY_NOTED)
    if changed and message.reply_markup:
        await _edit(message, markup=keyboards.with_vote(message.reply_markup, tap.query_id, tap.vote))


async def _choose_category(query: CallbackQuery, message: Message, tap: ChooseCategory, services: Services) -> None:
    shop = services.queue.shop
    category = _name_of(tap.category_id, services)
    if category is None and tap.category_id != AUTO_CATEGORY:
        await _acknowledge(query, texts.OLD_BUTTON)
        return
    await services.log.set_category(message.chat.id, category)
    await _acknowledge(query)
    await _edit(message, texts.choose_category(category, shop), keyboards.categories(shop.category_ids, category))


async def _show_likeness(query: CallbackQuery, message: Message, services: Services) -> None:
    """Acknowledge, and show the chat's choice in the message that was tapped."""
    shop = services.queue.shop
    chosen = shop.likeness_chosen(await services.log.settings(message.chat.id))
    await _acknowledge(query)
    await _edit(message, texts.choose_threshold(chosen, shop), keyboards.likenesses(shop, chosen))


async def _other_category(query: CallbackQuery, message: Message, tap: OtherCategory, context: Context) -> None:
    services = services_of(context)
    category = _name_of(tap.category_id, services)
    if category is None:
        await _acknowledge(query, texts.OLD_BUTTON)
        return
    wish = wish_of(await services.log.settings(message.chat.id), category)
    await _acknowledge(query, texts.ONE_MOMENT)
    await _ask_again(query, message, tap.query_id, KindOfQuery.OTHER_CATEGORY, wish, context, category_by_tap=True)


async def _lower(
    query: CallbackQuery, message: Message, query_id: int, category_id: int, context: Context, *, less_similar: bool
) -> None:
    """Ask again for products that are less similar, in the category that was tapped before or as the chat has it."""
    services = services_of(context)
    tapped = _name_of(category_id, services)
    wish = wish_of(await services.log.settings(message.chat.id), tapped, less_similar=less_similar)
    kind = KindOfQuery.LOWER_THRESHOLD
    await _ask_again(query, message, query_id, kind, wish, context, category_by_tap=bool(tapped))


async def _ask_again(
    query: CallbackQuery,
    message: Message,
    query_id: int,
    kind: KindOfQuery,
    wish: Wish,
    context: Context,
    category_by_tap: bool,
) -> None:
    """Ask an earlier photo anew: as it was seen then, or from the message the answer replied to."""
    services, original = services_of(context), message.reply_to_message
    photo = max(original.photo, key=lambda size: size.width * size.height) if original and original.photo else None
    file = photo or (original.document if original else None)
    question = Question(
        kind,
        message.chat.id,
        query.from_user.id,
        original.message_id if original else message.message_id,
        file.file_id if file else None,
        file.file_unique_id if file else None,
        seen=services.recent.recall(query_id, message.chat.id, services.queue.shop.serving),
        wish=wish,
        parent=query_id,
        category_by_tap=category_by_tap,
    )
    await answer_question(context.bot, services, question)


def _name_of(category_id: int, services: Services) -> str | None:
    names = {number: name for name, number in services.queue.shop.category_ids.items()}
    return names.get(category_id)


async def _acknowledge(query: CallbackQuery, text: str | None = None) -> None:
    """Stop the button's spinner; Telegram refuses when the tap waited too long, and then there is nothing to stop."""
    try:
        await query.answer(text)
    except BadRequest as error:
        if "query is too old" not in error.message.lower() and "query id is invalid" not in error.message.lower():
            raise


async def _edit(message: Message, text: str | None = None, markup: InlineKeyboardMarkup | None = None) -> None:
    """Change a message; that it is like this already, or gone, is fine."""
    try:
        if text is None:
            await message.edit_reply_markup(markup)
        else:
            await message.edit_text(text, parse_mode=ParseMode.HTML, reply_markup=markup)
    except BadRequest as error:
        words = error.message.lower()
        if "message is not modified" not in words and "message to edit not found" not in words:
            raise
