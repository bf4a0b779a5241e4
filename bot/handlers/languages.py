"""/language: what the bot speaks in a chat."""

from dataclasses import replace

from bot.callback_data import AUTO, ChooseLanguage
from bot.composing.choosing import language_of
from bot.composing.settings import LANGUAGE
from bot.handlers.context import Context, Press, too_old
from bot.handlers.settings import sent, standing, turned
from bot.language import Language
from bot.messages import Menu
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import short


async def on_language(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the languages there are."""
    return sent(LANGUAGE.page(standing(context)))


async def on_choose_language(context: Context, press: Press, tap: ChooseLanguage) -> Reaction:
    """Set the chat's language; it is spoken from this answer on, and the menu of commands follows."""
    languages = context.services.speaking.languages
    chosen = language_of(tap.code, languages)
    if chosen is None and tap.code != AUTO:
        return too_old(context)
    say = languages.of(chosen, context.profile)
    now = standing(context, replace(context.settings, language=chosen), say)
    reaction = turned(say, press, LANGUAGE.page(now))
    return replace(
        reaction, messages=[*reaction.messages, _menu(None if chosen is None else say)],
        writes=[context.services.store.chats.choose_language(press.chat, chosen)],
    )  # fmt: skip


def _menu(say: Language | None) -> Menu:
    """Of this language whatever the profile has, or else again as the profile has it."""
    return Menu(commands=tuple((name, say(words)) for name, words in short.COMMANDS) if say else ())
