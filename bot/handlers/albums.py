"""A shopper sends an album: photos of one thing are answered as one, several things each for itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answering.answering import Answered, answer, find_answer, is_too_late, may_come_back, plain_words, refusal
from bot.answering.seeing import see_each
from bot.answering.words import read, words_of
from bot.composing.answers import compose_overview
from bot.handlers.context import Context
from bot.handlers.photos import request_of
from bot.reaction import LaterError, Reaction, together
from bot.receiving.files import File
from bot.receiving.updates import Message
from bot.request import Request
from bot.store.inbox import Waiting
from bot.texts import short
from imgrec.errors import OtherServingError
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.search.answer import Seen
from imgrec.search.serving import Serving

_MOST_ANSWERS = 3
"""So many things have an answer each; of more than that each has its closest product, all in one answer."""


@dataclass(frozen=True)
class Item:
    """One photo of an album. `waiting` is the update it came with, and numbers its query."""

    waiting: Waiting
    message: Message
    image: File


@dataclass(frozen=True)
class _Thing:
    """Photos of one thing, and what was seen in all of them."""

    items: Sequence[Item]
    seen: Seen


def items_of(waiting: Waiting) -> list[Item]:
    """What can be looked at of an album, or of a single message."""
    messages = [(part, part.update.message) for part in waiting.parts]
    return [Item(part, message, message.image) for part, message in messages if message and message.image]


async def on_album(context: Context, items: Sequence[Item]) -> Reaction:
    """Answer what the photos show, narrowed by the words below any of them."""
    services = context.services
    if is_too_late(services, context.waiting):
        return await _refused(context, [(item, Outcome.EXPIRED, short.EXPIRED) for item in items])
    narrowing = await read(services, context.say, words_of_all(context, items))
    with services.actions.shown(items[0].message.chat.id, context.waiting.update.thread_id):
        photos = [item.image for item in items]
        found = await see_each(context.bot, services, photos, again=may_come_back(context.waiting))
        seen = [(item, one) for item, one in zip(items, found, strict=True) if isinstance(one, Seen)]
        things = await _things(context, seen)
    requests = [(thing.items[0].waiting, _request(context, thing).narrowed(narrowing)) for thing in things]
    answers = await (_overview if len(things) > _MOST_ANSWERS else _answers)(context, requests)
    wrong = [
        (item, *plain_words(one, _alone(context, item)))
        for item, one in zip(items, found, strict=True)
        if not isinstance(one, Seen)
    ]
    return together([*answers, await _refused(context, wrong)])


def words_of_all(context: Context, items: Sequence[Item]) -> str:
    """The words below any of them, which count for all."""
    return " ".join(filter(None, (words_of(item.message, context.services.username) for item in items)))


async def _things(context: Context, seen: Sequence[tuple[Item, Seen]]) -> list[_Thing]:
    """The photos, those of one thing together. Raises LaterError where a new index came in between."""
    try:
        return await context.services.looking.do(lambda serving: _grouped(serving, seen))
    except OtherServingError as error:
        raise LaterError(str(error), 0) from None


def _grouped(serving: Serving, seen: Sequence[tuple[Item, Seen]]) -> list[_Thing]:
    things: list[_Thing] = []
    members: list[list[Seen]] = []
    for item, one in seen:
        at = next((n for n, others in enumerate(members) if serving.show_one_thing([*others, one])), None)
        if at is None:
            things.append(_Thing([item], one))
            members.append([one])
        else:
            members[at].append(one)
            things[at] = _Thing([*things[at].items, item], serving.combined(members[at]))
    return things


def _request(context: Context, thing: _Thing) -> Request:
    first, *others = thing.items
    request = replace(_alone(context, first), seen=thing.seen)
    if not others:
        return request
    ask = request.ask.model_copy(update={"photos": tuple(item.image for item in thing.items)})
    return replace(request, kind=KindOfQuery.ALBUM, ask=ask)


def _alone(context: Context, item: Item) -> Request:
    return request_of(item.message, context.say, context.settings)


async def _answers(context: Context, requests: Sequence[tuple[Waiting, Request]]) -> list[Reaction]:
    """An answer to each; whether photos may be kept is asked once."""
    asked = replace(context.settings, keeps_photos=context.settings.keeps_photos or 0)
    first, *others = requests
    each = [first, *((waiting, replace(request, settings=asked)) for waiting, request in others)]
    return [await answer(context.bot, context.services, *one) for one in each]


async def _overview(context: Context, requests: Sequence[tuple[Waiting, Request]]) -> list[Reaction]:
    """One answer to all, each of which is a query of its own."""
    found = [await find_answer(context.bot, context.services, *one) for one in requests]
    refused = [one for one in found if isinstance(one, Reaction)]
    answered = [one for one in found if isinstance(one, Answered)]
    unseen = {"shown": 0}  # a number leads to the first page of each
    reactions = [Reaction(record=one.record_of_closest, found=one.kept.model_copy(update=unseen)) for one in answered]
    if answered:
        results = {one.query_id: one.result for one in answered}
        messages = compose_overview(context.say, results, requests[0][1].ask.reply_to)
        reactions[0] = replace(reactions[0], messages=messages)
    return [*reactions, *refused]


async def _refused(context: Context, wrong: Sequence[tuple[Item, Outcome, str]]) -> Reaction:
    """Photos that cannot be answered, each logged; what is wrong with several is said once."""
    said: set[str] = set()
    refusals = []
    for item, outcome, text in wrong:
        request = _alone(context, item)
        query_id = await context.services.store.outbox.begin(item.waiting, request.chat, request.user, context.say.code)
        refusals.append(refusal(query_id, item.waiting, request, outcome, None if text in said else text))
        said.add(text)
    return together(refusals)
