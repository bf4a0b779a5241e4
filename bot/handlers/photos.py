"""A shopper sends a photo, or an image as a file; or something else."""

from telegram import Bot

from bot import texts
from bot.answering import answer
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.request import Request
from bot.services import Services
from bot.store.inbox import Waiting
from imgrec.log.schema import KindOfQuery


def is_for_us(message: Message, username: str) -> bool:
    """In a group, only photos whose caption mentions the bot; in private, all."""
    return message.image is not None and (message.chat.is_private or message.mentions(username))


def request_of(message: Message) -> Request:
    """What is asked by a photo alone, before the chat's settings."""
    kind = KindOfQuery.PHOTO if message.photo else KindOfQuery.FILE
    return Request(kind, message.chat.id, message.sender_id, message.message_id, message.image)


async def on_photo(bot: Bot, services: Services, message: Message, waiting: Waiting) -> Reaction:
    """Answer with products that look like it."""
    settings = await services.store.chats.settings(message.chat.id)
    return await answer(bot, services, waiting, request_of(message).with_settings(settings))


async def on_anything_else(message: Message) -> Reaction:
    """Any other private message: say what to send."""
    return Reaction([Text(html=texts.SEND_A_PHOTO)]) if message.chat.is_private else Reaction()
