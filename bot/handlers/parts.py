"""A part of the photo: a picture of the parts there are, and an answer to the one that is tapped."""

from bot.answering.answering import may_come_back
from bot.answering.downloading import NoLongerThereError
from bot.answering.drawing import ENOUGH_PX, draw_parts
from bot.answering.seeing import decoded
from bot.callback_data import AskPart, ShowParts
from bot.composing.answers import compose_parts
from bot.handlers.answers import ask_again
from bot.handlers.context import Context, Press, too_old
from bot.reaction import Reaction
from bot.texts import short
from imgrec.errors import PhotoError
from imgrec.log.schema import KindOfQuery
from imgrec.vision.boxes import Box


async def on_show_parts(context: Context, press: Press, tap: ShowParts) -> Reaction:
    """Show the parts of a photo. Raises LaterError when Telegram does not hand it out just now."""
    services = context.services
    found = await services.store.outbox.found(tap.query_id, press.chat)
    if found is None or not found.ask.shows_whole_photo:
        return too_old(context)
    try:
        with services.actions.shown(press.chat, context.waiting.update.thread_id):
            photo = await decoded(
                context.bot, services, found.ask.photos[0], ENOUGH_PX, again=may_come_back(context.waiting)
            )
            parts = await draw_parts(services.looking, photo)
    except (PhotoError, NoLongerThereError):
        return Reaction(toast=context.say(short.NO_LONGER_THERE))
    return Reaction([compose_parts(context.say, tap.query_id, parts, found.ask.reply_to)])


async def on_part(context: Context, press: Press, tap: AskPart) -> Reaction:
    """Answer a part of the photo."""
    found = await context.services.store.outbox.found(tap.query_id, press.chat)
    if found is None or not found.ask.shows_whole_photo:
        return too_old(context)
    part = Box(tap.left / 1000, tap.top / 1000, tap.right / 1000, tap.bottom / 1000)
    return await ask_again(context, press, KindOfQuery.PART, tap.query_id, found.ask.of_part(part), looks_anew=True)
