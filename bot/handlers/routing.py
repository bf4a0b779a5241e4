"""Which handler an update goes to."""

from telegram import Bot

from bot.handlers.commands import COMMANDS
from bot.handlers.photos import is_for_us, on_anything_else, on_photo
from bot.handlers.taps import on_tap
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.services import Services
from bot.store.inbox import Waiting


async def handle(bot: Bot, services: Services, waiting: Waiting) -> Reaction:
    """Find out what an update asks, and have it done. Raises LaterError for what has to be tried again."""
    update = waiting.update
    if update.callback_query is not None:
        return await on_tap(bot, services, update.callback_query, waiting)
    message = update.message
    if message is None or not message.says_something:
        return Reaction()
    if is_for_us(message, services.username):
        return await on_photo(bot, services, message, waiting)
    if message.image is not None:
        return Reaction()  # of a group, and not for us
    return await _on_text(services, message, waiting)


async def _on_text(services: Services, message: Message, waiting: Waiting) -> Reaction:
    command = message.command()
    is_ours = command is not None and command.bot.lower() in {"", services.username.lower()}
    if command is not None and is_ours and command.name in COMMANDS:
        return await COMMANDS[command.name](services, message, command.rest, waiting)
    return await on_anything_else(message)
