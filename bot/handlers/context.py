"""What a handler is given: an update whose turn it is, and what has to be known to answer it."""

from dataclasses import dataclass
from typing import NamedTuple

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.callback_data import Tap
from bot.composing import keyboards
from bot.language import Language
from bot.messages import Edit
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.services import Services
from bot.store.chats import ChatSettings
from bot.store.inbox import Waiting
from bot.texts import short
from imgrec.search.answer import Seen


@dataclass(frozen=True)
class Context:
    """An update whose turn it is, what its chat has chosen, and the language to answer in."""

    bot: Bot
    services: Services
    waiting: Waiting
    settings: ChatSettings
    say: Language

    @property
    def profile(self) -> str:
        """The language that the app of who asks is set to."""
        return self.waiting.update.language_code

    def recall(self, query_id: int, chat: int) -> Seen | None:
        """What was seen for a query of this chat, where it is still known."""
        services = self.services
        return services.recent.recall(query_id, chat, services.looking.shop.serving)


class Press(NamedTuple):
    """A button of this message was tapped, by this user."""

    message: Message
    user: int

    @property
    def chat(self) -> int:
        """Where the message stands."""
        return self.message.chat.id

    @property
    def is_own(self) -> bool:
        """Whether the message was meant for who tapped it: in a group it replies to whoever asked for it."""
        asked = self.message.reply_to_message
        return self.message.chat.is_private or (asked is not None and asked.sender_id == self.user)

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The message's buttons, as Telegram sent them along with the tap."""
        if self.message.reply_markup is None:
            return None
        return InlineKeyboardMarkup.de_json(self.message.reply_markup, None)

    def with_instead(self, tap: Tap, other: InlineKeyboardButton | None) -> list[Edit]:
        """The message with another button, or none, in place of this one; nothing where it has none."""
        if self.keyboard is None:
            return []
        keyboard = keyboards.with_instead(self.keyboard, tap, other)
        return [Edit(message_id=self.message.message_id, keyboard=keyboard)]


def too_old(context: Context) -> Reaction:
    """What a button says that leads nowhere any more."""
    return Reaction(toast=context.say(short.OLD_BUTTON))
