"""Telegram's limits, kept to so that answers come first and one flooded chat holds up no other."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter

log = logging.getLogger(__name__)

_TIMES_TRIED_WHEN_FLOODED = 4
_SLACK_S = 0.1
_DECORATION = "sendChatAction"


class AnswersFirst(AIORateLimiter):
    """python-telegram-bot's limiter with two differences.

    Chat actions pass it by: it would count them among the thirty messages a second, and every waiting shopper has one
    sent every few seconds. And when Telegram tells us to wait, only the call it told waits; the limiter's own retries
    would hold up every chat.
    """

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Send decoration at once; everything else in its turn, and again when Telegram says so."""
        if endpoint == _DECORATION:
            return await callback(*args, **kwargs)
        for attempt in range(_TIMES_TRIED_WHEN_FLOODED):
            try:
                return await super().process_request(callback, args, kwargs, endpoint, data, rate_limit_args)
            except RetryAfter as error:
                if attempt == _TIMES_TRIED_WHEN_FLOODED - 1:
                    raise
                wait_s = _seconds(error.retry_after) + _SLACK_S
                log.info("Telegram wants us to wait %.0f s before %s.", wait_s, endpoint)
                await asyncio.sleep(wait_s)
        return None


def _seconds(duration: int | timedelta) -> float:
    return duration.total_seconds() if isinstance(duration, timedelta) else duration
