"""/privacy and /forget: what is kept of a shopper, whether photos may be, and how all of it goes."""

from dataclasses import replace

from bot.callback_data import Forget, KeepPhotos
from bot.clock import DAY_S
from bot.composing import keyboards
from bot.composing.settings import Page
from bot.handlers.context import Context, Press, too_old
from bot.handlers.settings import turned
from bot.messages import Edit, Menu, Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.store.outbox import RANKS_KEPT_S
from bot.texts import short
from bot.texts.privacy import forget_all, privacy


async def on_privacy(context: Context, message: Message, wanted: str) -> Reaction:
    """Tell what is kept."""
    if not (context.services.privacy.keep_photos and message.chat.is_private):
        return Reaction([Text(html=_told(context, photos=None))])
    agreed = bool(context.settings.keeps_photos)
    return Reaction([
        Text(html=_told(context, photos=agreed), keyboard=keyboards.keeping_photos(context.say, agreed))
    ])  # fmt: skip


async def on_forget(context: Context, message: Message, wanted: str) -> Reaction:
    """Ask whether all there is of the user shall go."""
    private, user = message.chat.is_private, message.sender_id
    if message.sender_chat is not None:  # who writes as a chat cannot be recognised by a tap
        return Reaction([Text(html=await _forgotten(context, message, user))], forgets=True)
    html = forget_all(context.say, private=private)
    return Reaction([
        Text(html=html, keyboard=keyboards.deleting(context.say, user), reply_to=message.message_id)
    ])  # fmt: skip


async def on_forget_tap(context: Context, press: Press, tap: Forget) -> Reaction:
    """Delete all there is of who asked for it, or nothing. Where the bot dies meanwhile, it is done once more."""
    if press.user != tap.user_id:
        return Reaction(toast=context.say(short.NOT_YOURS_TO_DECIDE))
    message_id = press.message.message_id
    if not tap.sure:
        return Reaction([Edit(message_id=message_id, html=context.say(short.NOTHING_DELETED))])
    html = await _forgotten(context, press.message, press.user)
    menu = [Menu()] if press.message.chat.is_private else []  # it speaks the language that was chosen
    return Reaction([Edit(message_id=message_id, html=html), *menu], forgets=True)


async def on_keep_photos(context: Context, press: Press, tap: KeepPhotos) -> Reaction:
    """Note whether the shop may keep the shopper's photos; where it may not any more, those there are go."""
    services, chat = context.services, press.message.chat
    if not chat.is_private or (tap.agreed and not services.privacy.keep_photos):
        return too_old(context)
    noting = services.store.chats.let_photos_be_kept(chat.id, bool(tap.agreed))
    if not tap.agreed:
        await services.store.database.write(noting)  # first, so that none comes in behind
        await services.store.photos.forget(chat.id)
    html = context.say(short.PHOTOS_ARE_KEPT if tap.agreed else short.PHOTOS_ARE_NOT_KEPT)
    page = Page(html, keyboards.keeping_photos(context.say, bool(tap.agreed)))
    return replace(turned(context.say, press, page), writes=[noting])


def _told(context: Context, *, photos: bool | None) -> str:
    settings = context.services.privacy
    days = RANKS_KEPT_S // DAY_S
    buttons_days = days if settings.retention_days is None else min(days, settings.retention_days)
    return privacy(context.say, settings.retention_days, buttons_days, photos=photos)


async def _forgotten(context: Context, message: Message, user: int) -> str:
    """Have it done, and say so."""
    private = message.chat.is_private
    context.services.recent.forget(user)
    await context.services.store.forget(message.chat.id, user, private, context.waiting.seq)
    return context.say(short.FORGOTTEN if private else short.FORGOTTEN_IN_GROUP)
