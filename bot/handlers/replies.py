"""A shopper replies to an answer, or to a photo of before: words narrow that query, another photo refines it.

Few use Telegram's reply. In a private chat words that come soon after an answer are meant for that. Words that say no
more than a button does, such as a product's number, are a tap on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot import callback_data
from bot.answering.answering import answer
from bot.answering.words import all_said, rank_in, read, words_of
from bot.callback_data import More, MoreLike, OpenProduct, Tap
from bot.found import Found
from bot.handlers.albums import Item, words_of_all
from bot.handlers.context import Context, Press
from bot.handlers.groups import on_similar
from bot.handlers.taps import ON_TAP
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.request import Ask, Request
from bot.texts import narrowing as texts
from imgrec.log.schema import KindOfQuery
from imgrec.search.answer import Rank
from imgrec.search.narrowing import Narrowing

_MOST_PHOTOS = 10
_MEANT_FOR_S = 3600.0
"""So long after an answer words without a reply are about it."""


@dataclass(frozen=True)
class _Subject:
    """What a message is about: a query and what was found for it, or a photo that nobody has asked about.

    `spoken_of`: the products shown, or the one whose card is replied to; `card`: the card's button More like this.
    """

    ask: Ask
    query_id: int = 0
    found: Found | None = None
    spoken_of: Sequence[Rank] = ()
    card: MoreLike | None = None


async def on_reply(context: Context, message: Message, items: Sequence[Item]) -> Reaction | None:
    """Ask the query that is replied to anew; None where the reply is to nothing that was asked, or says nothing."""
    replied = message.reply_to_message
    if not ((items and replied) or (message.text and not message.link)):
        return None
    subject = await (_replied_to(context, message, replied) if replied else _just_answered(context, message))
    if subject is None:
        return None
    words = words_of_all(context, items) if items else words_of(message, context.services.username)
    said = None if items else all_said(context.say, words)
    if _is_asked(context, message) and (tap := _button_meant(subject, said)):
        return await _tapped(context, message, tap)
    narrowing = await read(context.services, context.say, words, subject.spoken_of)
    if items or (narrowing and _is_of_use(narrowing, said)):
        return await _asked_anew(context, message, subject, items, narrowing)
    if replied and replied.image and narrowing is None:  # called by its name, and nothing else
        return await on_similar(context, message, "")
    if replied or said:
        unused = (words,) if said else narrowing.unused if narrowing else ()
        return _nothing_understood(context, message, said, unused)
    return None


async def _just_answered(context: Context, message: Message) -> _Subject | None:
    """The last answer in a private chat, if that is not long ago."""
    if not message.chat.is_private:
        return None
    since_s = context.waiting.received_s - _MEANT_FOR_S
    last = await context.services.store.outbox.last_found(message.chat.id, since_s)
    return _of_answer(*last) if last else None


async def _replied_to(context: Context, message: Message, replied: Message) -> _Subject | None:
    """The query that a message belongs to, if what was found for it is still kept; else the photo that it is."""
    outbox, chat, is_asked = context.services.store.outbox, message.chat.id, _is_asked(context, message)
    taps = _taps_below(replied)
    candidates = [getattr(tap, "query_id", None) for tap in taps]
    candidates.append(await outbox.answered_by(replied.message_id, chat))
    if is_asked:
        candidates.append(await outbox.asked_by(replied.message_id, chat))
    for query_id in candidates:
        if query_id is not None and (found := await outbox.found(query_id, chat)):
            card = next((tap for tap in taps if isinstance(tap, MoreLike)), None)
            return _of_answer(query_id, found, card)
    return _Subject(Ask(reply_to=0, photos=(replied.image,))) if replied.image and is_asked else None


def _of_answer(query_id: int, found: Found, card: MoreLike | None = None) -> _Subject:
    """An answer, or of its products the one with this button."""
    shown = found.ranks[: found.shown] if card is None else found.ranks[card.rank - 1 : card.rank]
    return _Subject(found.ask, query_id, found, shown, card)


def _taps_below(replied: Message) -> list[Tap]:
    """What the buttons of a message do."""
    rows = (replied.reply_markup or {}).get("inline_keyboard", [])
    taps = (callback_data.parse(button.get("callback_data")) for row in rows for button in row)
    return [tap for tap in taps if tap is not None]


def _button_meant(subject: _Subject, said: str | None) -> Tap | None:
    """The button that does what is said: More, on a card More like this, or a product's number."""
    if subject.found is None:
        return None
    shown = subject.found.shown
    if said == "more":
        return subject.card or More(subject.query_id, shown + 1)
    rank = rank_in(said, shown)
    return OpenProduct(subject.query_id, rank) if rank else None


def _is_of_use(narrowing: Narrowing, said: str | None) -> bool:
    """Whether anything is understood. What may be said of a button can be a size, but is no word of titles."""
    return any(said is None or one.kind != "title" for one in narrowing.used)


async def _tapped(context: Context, message: Message, tap: Tap) -> Reaction:
    """What a tap does; what it says in a toast alone is said in a message."""
    reaction = await ON_TAP[type(tap)](context, Press(message, message.sender_id), tap)
    if reaction.messages or reaction.toast is None:
        return reaction
    return Reaction([Text(html=reaction.toast, reply_to=message.message_id)])


async def _asked_anew(
    context: Context, message: Message, subject: _Subject, items: Sequence[Item], narrowing: Narrowing | None
) -> Reaction:
    """The same with further photos, and as the words say."""
    before, query_id = subject.ask, subject.query_id
    photos = (*before.photos, *(item.image for item in items))[-_MOST_PHOTOS:]
    kind = KindOfQuery.REFINED if items else KindOfQuery.NARROWED if subject.found else KindOfQuery.PHOTO
    request = Request(
        kind, message.chat.id, message.sender_id,
        before.model_copy(update={"reply_to": message.message_id, "photos": photos}), context.say, context.settings,
        parent=query_id if subject.found else None, seen=None if items else context.recall(query_id, message.chat.id),
    )  # fmt: skip
    return await answer(context.bot, context.services, context.waiting, request.narrowed(narrowing))


def _is_asked(context: Context, message: Message) -> bool:
    """Whether a reply to anybody's message is meant for the bot."""
    return message.chat.is_private or message.mentions(context.services.username)


def _nothing_understood(context: Context, message: Message, said: str | None, unused: tuple[str, ...]) -> Reaction:
    """In a group, people talk about an answer without asking for another."""
    if not _is_asked(context, message):
        return Reaction()
    say = context.say
    html = say(texts.NO_PRICE_TO_GO_BY) if said == "cheaper" else texts.nothing_understood(say, unused)
    return Reaction([Text(html=html, reply_to=message.message_id)])
