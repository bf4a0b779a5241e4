"""/history: what somebody asked before, and asking it again."""

from bot.callback_data import AskAgain, HistoryPage
from bot.clock import now_s
from bot.composing.buttons import pages
from bot.composing.keyboards import ASKED_A_PAGE, below_history
from bot.composing.settings import Page
from bot.handlers.answers import ask_again
from bot.handlers.context import Context, Press, too_old
from bot.messages import Edit, Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import short
from bot.texts.history import history
from imgrec.log.schema import KindOfQuery


async def on_history(context: Context, message: Message, wanted: str) -> Reaction:
    """Show what somebody asked in this chat, the latest first."""
    html, keyboard = await _page(context, message.chat.id, message.sender_id, 0)
    return Reaction([Text(html=html, keyboard=keyboard, reply_to=message.message_id)])


async def on_history_page(context: Context, press: Press, tap: HistoryPage) -> Reaction:
    """Turn to another page of it."""
    if not press.is_own:
        return Reaction(toast=context.say(short.NOT_YOURS))
    html, keyboard = await _page(context, press.chat, press.user, tap.page)
    return Reaction([Edit(message_id=press.message.message_id, html=html, keyboard=keyboard)])


async def on_ask_again(context: Context, press: Press, tap: AskAgain) -> Reaction:
    """Answer an earlier query anew, as the chat is set now."""
    store = context.services.store
    found = await store.outbox.found(tap.query_id, press.chat)
    if found is None:
        return too_old(context)
    if not await store.history.is_of(tap.query_id, press.user):
        return Reaction(toast=context.say(short.NOT_YOURS))
    return await ask_again(context, press, KindOfQuery.HISTORY, tap.query_id, found.ask)


async def _page(context: Context, chat: int, user: int, page: int) -> Page:
    services = context.services
    last = pages(await services.store.history.count(chat, user), ASKED_A_PAGE) - 1
    page = min(page, last)
    asked = await services.store.history.page(chat, user, page, ASKED_A_PAGE)
    if not asked:
        return Page(context.say(short.NOTHING_ASKED), None)
    ids = [one.found.ask.product_id for one in asked if one.found.ask.product_id is not None]
    products = await services.looking.do(lambda serving: serving.catalogue.products(ids))
    titles = {product_id: product.title for product_id, product in products.items()}
    html = history(context.say, context.services.looking.shop, asked, page * ASKED_A_PAGE + 1, now_s(), titles)
    return Page(html, below_history(context.say, page, last, asked))
