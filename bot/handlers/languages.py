"""/language: what the bot speaks in a chat."""

from collections.abc import Callable
from dataclasses import replace

from bot.callback_data import AUTO, ChooseLanguage
from bot.composing.choosing import language_of
from bot.composing.settings import LANGUAGE, Page
from bot.handlers.context import Context, Press, too_old
from bot.handlers.settings import is_auto, sent, standing, turned
from bot.language import Language
from bot.messages import Menu
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import short


async def on_language(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the languages there are, and set the chat's to the one sent."""
    chosen = context.services.speaking.languages.named(wanted)
    if chosen is None and not is_auto(wanted):
        return sent(LANGUAGE.page(standing(context)))
    return _spoken(context, message.chat.id, chosen, lambda say, page: sent(page))


async def on_choose_language(context: Context, press: Press, tap: ChooseLanguage) -> Reaction:
    """Set the chat's language; it is spoken from this answer on, and the menu of commands follows."""
    chosen = language_of(tap.code, context.services.speaking.languages)
    if chosen is None and tap.code != AUTO:
        return too_old(context)
    return _spoken(context, press.chat, chosen, lambda say, page: turned(say, press, page))


def _spoken(context: Context, chat: int, chosen: str | None, shown: Callable[[Language, Page], Reaction]) -> Reaction:
    """Set it; None: as the profile has it. What is shown, and the menu, are in it already."""
    say = context.services.speaking.languages.of(chosen, context.profile)
    now = standing(context, replace(context.settings, language=chosen), say)
    reaction = shown(say, LANGUAGE.page(now))
    return replace(
        reaction, messages=[*reaction.messages, _menu(None if chosen is None else say)],
        writes=[context.services.store.chats.choose_language(chat, chosen)],
    )  # fmt: skip


def _menu(say: Language | None) -> Menu:
    """Of this language whatever the profile has, or else again as the profile has it."""
    return Menu(commands=tuple((name, say(words)) for name, words in short.COMMANDS) if say else ())
