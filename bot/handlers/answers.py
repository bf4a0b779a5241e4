"""The buttons below an answer that lead on from it: more of it, one product of it, the same in another category."""

from dataclasses import replace

from bot.answering.answering import answer, answer_with_more
from bot.callback_data import More, OpenProduct, OtherCategory, PicturesMissing
from bot.composing.answers import compose_card
from bot.handlers.context import Context, Press, too_old
from bot.handlers.saved import shows_as_saved
from bot.reaction import Reaction
from bot.request import Ask, Request
from bot.store.journal import noting
from bot.texts import short
from imgrec.log.schema import Action, KindOfQuery


async def on_other_category(context: Context, press: Press, tap: OtherCategory) -> Reaction:
    """Ask the same in another category."""
    services = context.services
    found = await services.store.outbox.found(tap.query_id, press.chat)
    if found is None or services.looking.shop.category_named(tap.category_id) is None:
        return too_old(context)
    ask = found.ask.model_copy(update={"category_id": tap.category_id})
    return await ask_again(context, press, KindOfQuery.OTHER_CATEGORY, tap.query_id, ask)


async def on_more(context: Context, press: Press, tap: More) -> Reaction:
    """Show further products of an answer."""
    found = await context.services.store.outbox.found(tap.query_id, press.chat)
    if found is None:
        return too_old(context)
    request = _request(context, press, KindOfQuery.MORE, tap.query_id, found.ask)
    reaction = await answer_with_more(context.services, context.waiting, request, found, tap.first)
    if reaction is None:
        return Reaction(toast=context.say(short.NO_MORE if tap.first > len(found.ranks) else short.NO_LONGER_SOLD))
    return reaction


async def on_open_product(context: Context, press: Press, tap: OpenProduct) -> Reaction:
    """Show one product of an answer by itself."""
    found = await context.services.store.outbox.found(tap.query_id, press.chat)
    if found is None or tap.rank > len(found.ranks):
        return too_old(context)
    product = found.ranks[tap.rank - 1]
    matches = await context.services.looking.do(lambda serving: serving.matches([product]))
    if not matches:
        return Reaction(toast=context.say(short.NO_LONGER_SOLD))
    is_saved = await shows_as_saved(context, press.message, press.user, product.product_id)
    card = compose_card(
        context.say, tap.query_id, tap.rank, matches[0], found.ask, press.message.message_id, is_saved=is_saved
    )  # fmt: skip
    return Reaction([card], [noting(tap.query_id, tap.rank, Action.OPENED, press.chat, press.user)])


async def on_pictures_missing(context: Context, press: Press, tap: PicturesMissing) -> Reaction:
    """Send an answer's pictures again, which may not have arrived."""
    outbox = context.services.store.outbox
    pictures = await outbox.doubtful_pictures(tap.query_id, press.chat)
    if pictures is None:
        return too_old(context)
    settled = outbox.no_longer_doubtful(tap.query_id)
    return Reaction([pictures, *press.with_instead(tap, None)], [settled], toast=context.say(short.PICTURES_AGAIN))


async def ask_again(
    context: Context, press: Press, kind: KindOfQuery, query_id: int, ask: Ask, *, looks_anew: bool = False
) -> Reaction:
    """Answer an earlier query anew, changed a little; `looks_anew`: something else is to be looked at."""
    request = _request(context, press, kind, query_id, ask)
    if looks_anew:
        request = replace(request, seen=None)
    reaction = await answer(context.bot, context.services, context.waiting, request)
    return replace(reaction, toast=context.say(short.ONE_MOMENT))


def _request(context: Context, press: Press, kind: KindOfQuery, query_id: int, ask: Ask) -> Request:
    """With what was seen for that query, where it is still known."""
    seen = context.recall(query_id, press.chat)
    return Request(kind, press.chat, press.user, ask, context.say, context.settings, parent=query_id, seen=seen)
