"""What is different in a group: settings are its admins' business, and /similar asks about a photo that is there."""

from bot.answering.answering import answer
from bot.answering.words import read
from bot.callback_data import (
    CategoryPage,
    ChooseCategory,
    ChooseLanguage,
    ChooseLikeness,
    ChooseResults,
    OpenSetting,
    Tap,
)
from bot.handlers.context import Context
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Chat, Message
from bot.request import Ask, Request
from bot.texts import groups
from imgrec.log.schema import KindOfQuery

SETTINGS = {"category", "threshold", "results", "language", "settings"}
"""Commands that say how a chat is answered."""
TAPS_ON_SETTINGS: tuple[type[Tap], ...] = (
    ChooseCategory, ChooseLikeness, ChooseResults, ChooseLanguage, CategoryPage, OpenSetting,
)  # fmt: skip


async def refused(context: Context, chat: Chat, user: int) -> str | None:
    """What is said to who may not change this chat's settings; None where they may."""
    if chat.is_private:
        return None
    leads = await context.services.group_admins.are(chat.id, user)
    if leads:
        return None
    return context.say(groups.CANNOT_TELL_ADMINS if leads is None else groups.ADMINS_ONLY)


async def on_similar(context: Context, message: Message, wanted: str) -> Reaction:
    """Answer with products that look like the photo replied to, whoever sent it, and are as the words beside say."""
    replied = message.reply_to_message
    if replied is None or replied.image is None:
        return Reaction([Text(html=context.say(groups.REPLY_TO_A_PHOTO), reply_to=message.message_id)])
    ask = Ask(reply_to=message.message_id, photos=(replied.image,))
    request = Request(KindOfQuery.SIMILAR, message.chat.id, message.sender_id, ask, context.say, context.settings)
    narrowing = await read(context.services, context.say, wanted)
    return await answer(context.bot, context.services, context.waiting, request.narrowed(narrowing))


async def on_move(context: Context, message: Message) -> Reaction:
    """A group became a supergroup, as both of them tell: what there is of it goes with it."""
    before = message.migrate_from_chat_id or message.chat.id
    after = message.migrate_to_chat_id or message.chat.id
    if before == after:  # no such message, or one that came in before the move and was moved with all the rest
        return Reaction()
    return Reaction(writes=[context.services.store.moving(before, after)])


async def on_membership(context: Context, chat: Chat, *, is_out: bool) -> Reaction:
    """The bot was removed or blocked: nothing is to be told there any more. What was being sent finds out by itself."""
    return Reaction(writes=[context.services.store.wishes.end_of_chat(chat.id)] if is_out else [])
