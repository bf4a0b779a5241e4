"""👍 and 👎."""

from bot.callback_data import Vote
from bot.composing import keyboards
from bot.handlers.context import Context, Press, too_old
from bot.messages import Edit
from bot.reaction import Reaction
from bot.store.journal import voting
from bot.texts import short


async def on_vote(context: Context, press: Press, tap: Vote) -> Reaction:
    """Note the vote, and mark it below the answer."""
    store = context.services.store
    if not (await store.outbox.is_of(tap.query_id, press.chat) or await store.log.has(tap.query_id, press.chat)):
        return too_old(context)
    before = await store.journal.last_vote(tap.query_id, tap.rank, press.user)
    if before is None:
        before = await store.log.last_vote(tap.query_id, tap.rank, press.user)
    if before == tap.vote:
        return Reaction(toast=context.say(short.ALREADY_NOTED))
    noted = voting(tap.query_id, tap.rank, tap.vote, press.chat, press.user)
    thanks = context.say(short.THANKS_UP if tap.vote > 0 else short.THANKS_DOWN)
    return Reaction(_marked(press, tap), [noted], toast=thanks)


def _marked(press: Press, tap: Vote) -> list[Edit]:
    if press.keyboard is None:
        return []
    keyboard = keyboards.with_vote(press.keyboard, tap.query_id, tap.rank, tap.vote)
    return [Edit(message_id=press.message.message_id, keyboard=keyboard)]
