"""A shopper sends a photo, or an image as a file; or something else."""

from bot.answering import answer
from bot.handlers.context import Context
from bot.language import Language
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.request import Ask, Request
from bot.store.chats import ChatSettings
from bot.texts import short
from imgrec.log.schema import KindOfQuery


def is_for_us(message: Message, username: str) -> bool:
    """In a group, only photos whose caption mentions the bot; in private, all."""
    return message.image is not None and (message.chat.is_private or message.mentions(username))


def request_of(message: Message, say: Language, settings: ChatSettings) -> Request:
    """What is asked by a photo alone."""
    kind = KindOfQuery.PHOTO if message.photo else KindOfQuery.FILE
    photos = (message.image,) if message.image else ()
    ask = Ask(reply_to=message.message_id, photos=photos)
    return Request(kind, message.chat.id, message.sender_id, ask, say, settings)


async def on_photo(context: Context, message: Message) -> Reaction:
    """Answer with products that look like it."""
    request = request_of(message, context.say, context.settings)
    return await answer(context.bot, context.services, context.waiting, request)


async def on_anything_else(context: Context, message: Message) -> Reaction:
    """Any other private message: say what to send."""
    return Reaction([Text(html=context.say(short.SEND_A_PHOTO))]) if message.chat.is_private else Reaction()
