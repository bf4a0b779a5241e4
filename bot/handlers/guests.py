"""The bot is mentioned in a chat that it is not in (guest mode): it may answer once, with one message."""

from dataclasses import replace

from bot.answering.answering import answer
from bot.answering.words import read, words_of
from bot.handlers.context import Context
from bot.messages import Guest, Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.request import Ask, Request
from bot.texts import groups
from imgrec.log.schema import KindOfQuery


async def on_guest(context: Context, message: Message) -> Reaction:
    """Answer the photo that came with the mention, or the one it replies to, with the list of products alone."""
    replied = message.reply_to_message
    photo = message.image or (replied.image if replied else None)
    if photo is None:
        return Reaction([Guest(query_id=message.guest_query_id, html=context.say(groups.MENTION_WITH_A_PHOTO))])
    ask = Ask(reply_to=message.message_id, photos=(photo,))
    request = Request(KindOfQuery.GUEST, message.chat.id, message.sender_id, ask, context.say, context.settings)
    narrowing = await read(context.services, context.say, words_of(message, context.services.username))
    reaction = await answer(context.bot, context.services, context.waiting, request.narrowed(narrowing))
    texts = [one.html for one in reaction.messages if isinstance(one, Text)]
    return replace(reaction, messages=[Guest(query_id=message.guest_query_id, html="\n\n".join(texts))])
