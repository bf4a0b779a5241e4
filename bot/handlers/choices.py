"""What a chat chooses by buttons: shown in the message that was tapped."""

from bot import keyboards
from bot.callback_data import AUTO_CATEGORY, AUTO_PERMILLE, ChooseCategory, ChooseLikeness
from bot.handlers.context import Context, Press, too_old
from bot.messages import Edit
from bot.reaction import Reaction
from bot.texts import choices


async def on_choose_category(context: Context, press: Press, tap: ChooseCategory) -> Reaction:
    """Set the chat's category."""
    say, shop = context.say, context.services.looking.shop
    category = shop.category_named(tap.category_id)
    if category is None and tap.category_id != AUTO_CATEGORY:
        return too_old(context)
    edit = Edit(
        message_id=press.message.message_id, html=choices.choose_category(say, category, shop),
        keyboard=keyboards.categories(say, shop.category_ids, category),
    )  # fmt: skip
    chosen = None if category is None else tap.category_id
    return Reaction([edit], [context.services.store.chats.choose_category(press.chat, chosen)])


async def on_choose_likeness(context: Context, press: Press, tap: ChooseLikeness) -> Reaction:
    """Set how alike products have to be in this chat."""
    say, shop = context.say, context.services.looking.shop
    likeness = None if tap.permille == AUTO_PERMILLE else tap.permille / 1000
    edit = Edit(
        message_id=press.message.message_id, html=choices.choose_threshold(say, likeness, shop),
        keyboard=keyboards.likenesses(say, shop, likeness),
    )  # fmt: skip
    return Reaction([edit], [context.services.store.chats.choose_likeness(press.chat, likeness)])
