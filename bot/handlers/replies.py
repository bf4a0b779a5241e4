"""A shopper replies to an answer, or to a photo of before: words narrow that query, another photo refines it.

Few use Telegram's reply. In a private chat words that come soon after an answer are meant for that; and the number of a
product is a tap on it.
"""

from collections.abc import Iterator, Sequence

from bot import callback_data
from bot.answering.answering import answer
from bot.answering.words import number_in, read, words_of
from bot.callback_data import OpenProduct
from bot.found import Found
from bot.handlers.albums import Item, words_of_all
from bot.handlers.answers import on_open_product
from bot.handlers.context import Context, Press
from bot.handlers.groups import on_similar
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.request import Ask, Request
from bot.texts import narrowing as texts
from imgrec.log.schema import KindOfQuery

_MOST_PHOTOS = 10
_MEANT_FOR_S = 3600.0
"""So long after an answer words without a reply are about it."""


async def on_reply(context: Context, message: Message, items: Sequence[Item]) -> Reaction | None:
    """Ask the query that is replied to anew; None where the reply is to nothing that was asked, or says nothing."""
    replied = message.reply_to_message
    if not ((items and replied) or (message.text and not message.link)):
        return None
    query_id, before = await (_replied_to(context, message, replied) if replied else _just_answered(context, message))
    if before is None and not (replied and replied.image and _is_asked(context, message)):
        return None
    words = words_of_all(context, items) if items else words_of(message, context.services.username)
    if not items and before and _is_asked(context, message) and (rank := number_in(words, len(before.ranks))):
        return await _opened(context, message, OpenProduct(query_id, rank))
    narrowing = await read(context.services, context.say, words)
    if not items and narrowing is None and replied and replied.image:  # called by its name, and nothing else
        return await on_similar(context, message, "")
    if not items and not (narrowing and narrowing.used):
        return _nothing_understood(context, message, narrowing.unused if narrowing else ()) if replied else None
    ask = before.ask if before else Ask(reply_to=0, photos=(replied.image,) if replied and replied.image else ())
    photos = (*ask.photos, *(item.image for item in items))[-_MOST_PHOTOS:]
    kind = KindOfQuery.REFINED if items else KindOfQuery.NARROWED if before else KindOfQuery.PHOTO
    request = Request(
        kind, message.chat.id, message.sender_id,
        ask.model_copy(update={"reply_to": message.message_id, "photos": photos}), context.say, context.settings,
        parent=query_id if before else None, seen=None if items else context.recall(query_id, message.chat.id),
    )  # fmt: skip
    return await answer(context.bot, context.services, context.waiting, request.narrowed(narrowing))


async def _opened(context: Context, message: Message, product: OpenProduct) -> Reaction:
    """What a tap on the product's number does; what that says in a toast is said in a message."""
    reaction = await on_open_product(context, Press(message, message.sender_id), product)
    return reaction if reaction.toast is None else Reaction([Text(html=reaction.toast, reply_to=message.message_id)])


async def _just_answered(context: Context, message: Message) -> tuple[int, Found | None]:
    """The last query of a private chat, and what was found for it, if that is not long ago."""
    if not message.chat.is_private:
        return 0, None
    since_s = context.waiting.received_s - _MEANT_FOR_S
    return await context.services.store.outbox.last_found(message.chat.id, since_s) or (0, None)


async def _replied_to(context: Context, message: Message, replied: Message) -> tuple[int, Found | None]:
    """The query that a message belongs to, and what was found for it, if that is still kept."""
    outbox, chat = context.services.store.outbox, message.chat.id
    candidates = [*_in_buttons(replied), await outbox.answered_by(replied.message_id, chat)]
    if _is_asked(context, message):
        candidates.append(await outbox.asked_by(replied.message_id, chat))
    for query_id in candidates:
        if query_id is not None and (before := await outbox.found(query_id, chat)):
            return query_id, before
    return 0, None


def _in_buttons(replied: Message) -> Iterator[int]:
    """The queries that the buttons of a message belong to."""
    markup = replied.reply_markup or {}
    for row in markup.get("inline_keyboard", []):
        for button in row:
            query_id = getattr(callback_data.parse(button.get("callback_data")), "query_id", None)
            if query_id is not None:
                yield query_id


def _is_asked(context: Context, message: Message) -> bool:
    """Whether a reply to anybody's message is meant for the bot."""
    return message.chat.is_private or message.mentions(context.services.username)


def _nothing_understood(context: Context, message: Message, unused: tuple[str, ...]) -> Reaction:
    """In a group, people talk about an answer without asking for another."""
    if not _is_asked(context, message):
        return Reaction()
    return Reaction([Text(html=texts.nothing_understood(context.say, unused), reply_to=message.message_id)])
