"""More like this, not like this: the buttons of a product that ask for an answer which goes by it."""

from collections.abc import Callable

from bot.callback_data import LessLike, MoreLike
from bot.handlers.answers import ask_again
from bot.handlers.context import Context, Press, too_old
from bot.reaction import Reaction
from bot.request import Ask
from bot.texts import short
from imgrec.log.schema import KindOfQuery


async def on_more_like(context: Context, press: Press, tap: MoreLike) -> Reaction:
    """Ask again for what is more like this product."""
    return await _pointed_at(context, press, tap, KindOfQuery.MORE_LIKE, Ask.liking)


async def on_less_like(context: Context, press: Press, tap: LessLike) -> Reaction:
    """Ask again for what is not like this product."""
    return await _pointed_at(context, press, tap, KindOfQuery.LESS_LIKE, Ask.disliking)


async def _pointed_at(
    context: Context, press: Press, tap: MoreLike | LessLike, kind: KindOfQuery, pointing: Callable[[Ask, int], Ask]
) -> Reaction:
    """Ask again, going by all products that were pointed at in this answer, in those before it and now."""
    outbox = context.services.store.outbox
    found = await outbox.found(tap.query_id, press.chat)
    if found is None or tap.rank > len(found.ranks):
        return too_old(context)
    product_id = found.ranks[tap.rank - 1].product_id
    last = await outbox.refinement_of(tap.query_id, press.chat) or found
    said_before = {"liked": last.ask.liked, "disliked": last.ask.disliked}
    before = found.ask.model_copy(update={**said_before, "refines": tap.query_id})
    if product_id in (before.liked if kind is KindOfQuery.MORE_LIKE else before.disliked):
        return Reaction(toast=context.say(short.ALREADY_NOTED))
    return await ask_again(context, press, kind, tap.query_id, pointing(before, product_id))
