"""/settings, and what all settings share: a command shows a page, a tap edits it in place."""

from dataclasses import replace

from bot.callback_data import OpenSetting
from bot.composing.settings import Page, Standing, has_way_back, opened, overview, with_way_back
from bot.handlers.context import Context, Press, too_old
from bot.language import Language
from bot.messages import Edit, Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.store.chats import ChatSettings


async def on_settings(context: Context, message: Message, wanted: str) -> Reaction:
    """Show all a chat can choose."""
    return sent(overview(standing(context)))


async def on_open_setting(context: Context, press: Press, tap: OpenSetting) -> Reaction:
    """Show one setting, or all of them again."""
    page = opened(tap.number, await standing_with_counts(context))
    return too_old(context) if page is None else _shown(press, page)


def standing(context: Context, chosen: ChatSettings | None = None, say: Language | None = None) -> Standing:
    """What the chat has chosen, or is choosing just now."""
    services, chat = context.services, context.waiting.update.chat
    return Standing(
        say or context.say, services.looking.shop, chosen or context.settings, services.speaking.languages,
        context.profile, photos_can_be_kept=services.privacy.keep_photos and chat is not None and chat.is_private,
    )  # fmt: skip


async def standing_with_counts(context: Context, chosen: ChatSettings | None = None) -> Standing:
    """The same with how many products each category has, which its page tells."""
    on_sale = await context.services.looking.do(lambda serving: serving.catalogue.shown_by_category())
    return replace(standing(context, chosen), on_sale=on_sale)


def is_auto(wanted: str) -> bool:
    """Whether what follows a command leaves the choice to the bot."""
    return wanted.casefold() == "auto"


def sent(page: Page) -> Reaction:
    """A page as a message of its own."""
    return Reaction([Text(html=page.html, keyboard=page.keyboard)])


def turned(say: Language, press: Press, page: Page) -> Reaction:
    """A page in place of the one that was tapped; the way back stays where there was one."""
    return _shown(press, with_way_back(say, page) if has_way_back(press.keyboard) else page)


def _shown(press: Press, page: Page) -> Reaction:
    """In place of the message that was tapped, or below it where that is a picture."""
    if press.message.photo is not None:
        return sent(page)
    return Reaction([Edit(message_id=press.message.message_id, html=page.html, keyboard=page.keyboard)])
