"""Why a product is in an answer: one picture of where it and the photo agree."""

from bot.answering.answering import may_come_back
from bot.answering.downloading import NoLongerThereError
from bot.answering.drawing import ENOUGH_PX, draw_agreement
from bot.answering.seeing import decoded
from bot.callback_data import Why
from bot.composing.answers import compose_why
from bot.handlers.context import Context, Press, too_old
from bot.reaction import Reaction
from bot.store.journal import noting
from bot.texts import short
from imgrec.errors import PhotoError
from imgrec.log.schema import Action


async def on_why(context: Context, press: Press, tap: Why) -> Reaction:
    """Show where a photo and a product agree. Raises LaterError when Telegram does not hand it out just now."""
    services, again = context.services, may_come_back(context.waiting)
    found = await services.store.outbox.found(tap.query_id, press.chat)
    if found is None or tap.rank > len(found.ranks) or not found.ask.photos:
        return too_old(context)
    rank = found.ranks[tap.rank - 1]
    matches = await services.looking.do(lambda serving: serving.matches([rank]))
    file = matches[0].product.photo if matches else None
    if file is None:
        return Reaction(toast=context.say(short.NO_LONGER_SOLD))
    try:
        with services.actions.shown(press.chat, context.waiting.update.thread_id):
            photo = await decoded(context.bot, services, found.ask.photos[0], ENOUGH_PX, again=again)
            picture = await draw_agreement(services.looking, photo, await services.looking.decode(file, ENOUGH_PX))
    except (PhotoError, NoLongerThereError):
        return Reaction(toast=context.say(short.NO_LONGER_THERE))
    drawing = compose_why(context.say, found.ask, rank, picture, press.message.message_id)
    return Reaction([drawing], [noting(tap.query_id, tap.rank, Action.ASKED_WHY, press.chat, press.user)])
