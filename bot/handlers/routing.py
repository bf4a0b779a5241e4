"""Which handler an update goes to."""

from telegram import Bot

from bot.handlers.commands import COMMANDS
from bot.handlers.context import Context
from bot.handlers.photos import is_for_us, on_anything_else, on_photo
from bot.handlers.taps import on_tap
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.services import Services
from bot.store.inbox import Waiting


async def handle(bot: Bot, services: Services, waiting: Waiting) -> Reaction:
    """Find out what an update asks, and have it done. Raises LaterError for what has to be tried again."""
    update = waiting.update
    settings, say = await services.speaking.to(update)
    context = Context(bot, services, waiting, settings, say)
    if update.callback_query is not None:
        return await on_tap(context, update.callback_query)
    message = update.message
    if message is None or not message.says_something:
        return Reaction()
    if is_for_us(message, services.username):
        return await on_photo(context, message)
    if message.image is not None:
        return Reaction()  # of a group, and not for us
    return await _on_text(context, message)


async def _on_text(context: Context, message: Message) -> Reaction:
    command = message.command()
    is_ours = command is not None and command.bot.lower() in {"", context.services.username.lower()}
    if command is not None and is_ours and command.name in COMMANDS:
        return await COMMANDS[command.name](context, message, command.rest)
    return await on_anything_else(context, message)
