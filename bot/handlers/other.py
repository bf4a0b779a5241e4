"""A shopper sends what cannot be looked at."""

from bot.handlers.context import Context
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import short


async def on_anything_else(context: Context, message: Message) -> Reaction:
    """Say what to send, in one line; in a group nothing, where people talk to each other."""
    if not message.chat.is_private:
        return Reaction()
    if message.document or message.sticker:
        return Reaction([Text(html=context.say(short.NOT_LOOKED_AT))])
    is_words = message.text and message.command() is None
    return Reaction([Text(html=context.say(short.SEND_A_PHOTO_WITH_WORDS if is_words else short.SEND_A_PHOTO))])
