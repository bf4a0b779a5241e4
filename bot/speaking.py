"""Which language a chat is spoken to in."""

from bot.language import Language, Languages
from bot.receiving.updates import Update
from bot.store.chats import Chats, ChatSettings


class Speaking:
    """As the chat has chosen, else as the app of who writes is set, else English."""

    def __init__(self, languages: Languages, chats: Chats) -> None:
        self.languages = languages
        self._chats = chats

    async def to(self, update: Update) -> tuple[ChatSettings, Language]:
        """What the chat of an update has chosen, and the language to answer it in."""
        settings = await self._chats.settings(update.chat.id) if update.chat else ChatSettings()
        return settings, self.languages.of(settings.language, update.language_code)

    async def in_chat(self, chat: int) -> Language:
        """The language of a chat that is spoken to unasked."""
        return self.languages.of((await self._chats.settings(chat)).language)
