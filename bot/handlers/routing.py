"""Which handler an update goes to."""

from telegram import Bot

from bot.handlers.albums import items_of, on_album
from bot.handlers.commands import COMMANDS
from bot.handlers.context import Context
from bot.handlers.groups import SETTINGS, on_membership, on_move, refused
from bot.handlers.guests import on_guest
from bot.handlers.other import on_anything_else
from bot.handlers.photos import is_for_us, on_photo
from bot.handlers.replies import on_reply
from bot.handlers.taps import on_tap
from bot.messages import Text
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
    if update.my_chat_member is not None:
        membership = update.my_chat_member
        return await on_membership(context, membership.chat, is_out=membership.new_chat_member.is_out)
    if update.guest_message is not None:
        return await on_guest(context, update.guest_message)
    message = update.message
    if message is None or not message.says_something:
        return Reaction() if message is None else await on_move(context, message)
    command = message.command()
    is_ours = command is not None and command.bot.lower() in {"", services.username.lower()}
    if command is not None and is_ours and command.name in COMMANDS:
        if command.name in SETTINGS and (why := await refused(context, message.chat, message.sender_id)):
            return Reaction([Text(html=why, reply_to=message.message_id)])
        return await COMMANDS[command.name](context, message, command.rest)
    if command is not None and message.image is None:
        return await on_anything_else(context, message)  # one that we do not have, or another bot's
    return await _on_message(context, message)


async def _on_message(context: Context, message: Message) -> Reaction:
    services, items = context.services, items_of(context.waiting)
    replied = await on_reply(context, message, items)
    if replied is not None:
        return replied
    messages = (part.update.message for part in context.waiting.parts)
    for_us = any(is_for_us(one, services.username) for one in messages if one)
    if items and for_us:
        return await (on_album(context, items) if context.waiting.others else on_photo(context, message))
    if message.link and for_us and services.links.are_followed:
        return await on_photo(context, message)
    return await on_anything_else(context, message)
