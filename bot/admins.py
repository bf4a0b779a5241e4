"""Who leads a group, by Telegram's word of a moment ago."""

import time
from collections.abc import Callable

from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, TelegramError

from bot.receiving.updates import is_group

_KNOWN_FOR_S = 60.0
_TIMEOUT_S = 3
_MOST_KEPT = 1000
_LEADING = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR}


class Admins:
    """Asks Telegram, and remembers the answer for a minute."""

    def __init__(self, bot: Bot, clock: Callable[[], float] = time.monotonic) -> None:
        self._bot = bot
        self._clock = clock
        self._known: dict[tuple[int, int], tuple[float, bool]] = {}

    async def are(self, chat: int, user: int) -> bool | None:
        """Whether a group is led by this user; None where Telegram does not say just now.

        Who writes as the group itself is an anonymous admin: Telegram lets nobody else.
        """
        if user == chat:
            return True
        if is_group(user):
            return False  # a channel, which leads no group
        asked_s, leads = self._known.get((chat, user), (-_KNOWN_FOR_S, False))
        if self._clock() - asked_s < _KNOWN_FOR_S:
            return leads
        try:
            member = await self._bot.get_chat_member(chat, user, read_timeout=_TIMEOUT_S, connect_timeout=_TIMEOUT_S)
            leads = member.status in _LEADING
        except BadRequest:  # Telegram knows no such member
            leads = False
        except TelegramError:
            return None
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[chat, user] = self._clock(), leads
        return leads
