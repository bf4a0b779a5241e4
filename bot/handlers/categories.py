"""/category: look in one category only."""

from dataclasses import replace

from bot.callback_data import AUTO, CategoryPage, ChooseCategory
from bot.composing.choosing import near_category_buttons, page_with
from bot.composing.settings import Page, category_page
from bot.handlers.context import Context, Press, too_old
from bot.handlers.settings import is_auto, sent, standing_with_counts, turned
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import choices
from imgrec.errors import CatalogueError
from imgrec.search.naming import near_categories, nearest_category


async def on_category(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the categories, or set the chat's to the one named; one that is near is taken, too."""
    now = await standing_with_counts(context)
    category_ids = now.shop.category_ids
    if not wanted or not category_ids:
        return sent(category_page(now, page_with(category_ids, now.chosen.category_id)))
    if is_auto(wanted):
        return _chosen(context, message, None)
    try:
        return _chosen(context, message, nearest_category(wanted, tuple(category_ids)))
    except CatalogueError:
        near = near_categories(wanted, tuple(category_ids))
    if len(near) == 1:
        return _chosen(context, message, near[0])
    unknown = choices.category_unknown(now.say, wanted, is_near=bool(near))
    if near:
        return sent(Page(unknown, near_category_buttons(now.say, near, category_ids, now.on_sale, now.category)))
    return sent(Page(unknown, category_page(now, page_with(category_ids, now.chosen.category_id)).keyboard))


async def on_choose_category(context: Context, press: Press, tap: ChooseCategory) -> Reaction:
    """Set the chat's category."""
    category_ids = context.services.looking.shop.category_ids
    if tap.category_id != AUTO and tap.category_id not in category_ids.values():
        return too_old(context)
    chosen = None if tap.category_id == AUTO else tap.category_id
    now = await standing_with_counts(context, replace(context.settings, category_id=chosen))
    reaction = turned(now.say, press, category_page(now, page_with(category_ids, chosen)))
    return replace(reaction, writes=[context.services.store.chats.choose_category(press.chat, chosen)])


async def on_category_page(context: Context, press: Press, tap: CategoryPage) -> Reaction:
    """Turn to another page of the categories."""
    return turned(context.say, press, category_page(await standing_with_counts(context), tap.page))


def _chosen(context: Context, message: Message, category: str | None) -> Reaction:
    shop, chats = context.services.looking.shop, context.services.store.chats
    category_id = None if category is None else shop.category_ids[category]
    html = choices.category_now(context.say, category, tells_categories=shop.tells_categories)
    return Reaction([Text(html=html)], [chats.choose_category(message.chat.id, category_id)])
