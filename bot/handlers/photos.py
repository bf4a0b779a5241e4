"""A shopper sends a photo, an image as a file, a sticker or a link to an image."""

from bot.answering.answering import answer
from bot.answering.words import read, words_of
from bot.handlers.context import Context
from bot.language import Language
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.request import Ask, Request
from bot.store.chats import ChatSettings
from imgrec.log.schema import KindOfQuery


def is_for_us(message: Message, username: str) -> bool:
    """In a group, only what mentions the bot; in private, all."""
    return message.looks_at_something and (message.chat.is_private or message.mentions(username))


def request_of(message: Message, say: Language, settings: ChatSettings) -> Request:
    """What is asked by a photo alone, or by a link."""
    image = message.image
    ask = Ask(
        reply_to=message.message_id, photos=(image,) if image else (), link=None if image else message.link or None
    )
    return Request(kind_of(message), message.chat.id, message.sender_id, ask, say, settings)


def kind_of(message: Message) -> KindOfQuery:
    """What is sent."""
    if message.photo:
        return KindOfQuery.PHOTO
    if message.sticker:
        return KindOfQuery.STICKER
    return KindOfQuery.FILE if message.document else KindOfQuery.LINK


async def on_photo(context: Context, message: Message) -> Reaction:
    """Answer with products that look like it, and are as the words beside it say."""
    narrowing = await read(context.services, context.say, words_of(message, context.services.username))
    request = request_of(message, context.say, context.settings).narrowed(narrowing)
    return await answer(context.bot, context.services, context.waiting, request)
