"""The buttons below an answer that narrow it by price, and that undo what narrowed it."""

from decimal import Decimal

from bot.callback_data import UnderPrice, WithoutWords
from bot.handlers.answers import ask_again
from bot.handlers.context import Context, Press, too_old
from bot.reaction import Reaction
from imgrec.catalogue.filters import Filters
from imgrec.catalogue.price_steps import price_steps
from imgrec.log.schema import KindOfQuery
from imgrec.search.answer import Rank
from imgrec.search.serving import Serving


async def on_under_price(context: Context, press: Press, tap: UnderPrice) -> Reaction:
    """Ask again for what costs at most this, in the currency of what was found."""
    found = await context.services.store.outbox.found(tap.query_id, press.chat)
    if found is None:
        return too_old(context)
    currency = await context.services.looking.do(lambda serving: _currency_of(serving, found.ranks))
    limit = Filters(most_price=Decimal(tap.thousandths) / 1000, currency=currency)
    ask = found.ask.model_copy(update={"filters": found.ask.filters.then(limit)})
    return await ask_again(context, press, KindOfQuery.NARROWED, tap.query_id, ask)


async def on_without_words(context: Context, press: Press, tap: WithoutWords) -> Reaction:
    """Ask again without what narrowed it."""
    found = await context.services.store.outbox.found(tap.query_id, press.chat)
    if found is None:
        return too_old(context)
    ask = found.ask.model_copy(update={"filters": Filters()})
    return await ask_again(context, press, KindOfQuery.NARROWED, tap.query_id, ask)


def _currency_of(serving: Serving, ranks: tuple[Rank, ...]) -> str | None:
    """The one currency of what was found; None where there is no one."""
    return price_steps(serving.catalogue.products(rank.product_id for rank in ranks).values()).currency
