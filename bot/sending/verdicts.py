"""What is known of a call to Telegram that did not simply succeed: whether it was carried out, and what to do."""

from dataclasses import dataclass
from datetime import timedelta

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

_NEVER_SENT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteError, httpx.WriteTimeout,
    httpx.UnsupportedProtocol, httpx.ProxyError,
)  # fmt: skip
_SLACK_S = 0.1


@dataclass(frozen=True)
class NotTaken:
    """It was surely not carried out, and may be another time; `wait_s`: Telegram says when."""

    why: str
    wait_s: float | None = None


@dataclass(frozen=True)
class Unknown:
    """It may have been carried out: it timed out, the connection broke, or what came back is no answer."""

    why: str


@dataclass(frozen=True)
class Refused:
    """It was not carried out, and never will be."""

    why: str


@dataclass(frozen=True)
class Gone:
    """The shopper has blocked the bot, or the chat is no more."""

    why: str


@dataclass(frozen=True)
class Moved:
    """The group is another chat now."""

    chat_id: int


Verdict = NotTaken | Unknown | Refused | Gone | Moved


def verdict(error: TelegramError) -> Verdict:
    """What an error of python-telegram-bot says of the call that raised it."""
    why = f"{type(error).__name__}: {error.message}"
    match error:
        case RetryAfter():
            return NotTaken(why, seconds_of(error.retry_after) + _SLACK_S)
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case Forbidden():
            return Gone(why)
        case BadRequest():
            return Gone(why) if "chat not found" in error.message.lower() else Refused(why)
        case InvalidToken():  # it ends the bot; what is to be sent waits for the next start
            return NotTaken(why)
        case NetworkError():
            cause = error.__cause__
            if cause is None or isinstance(cause, _NEVER_SENT) or not isinstance(cause, httpx.HTTPError):
                return NotTaken(why)
            return Unknown(why)
    return Unknown(why)  # such as an answer that is no JSON


def seconds_of(duration: int | float | timedelta) -> float:
    """A duration as python-telegram-bot gives it."""
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
