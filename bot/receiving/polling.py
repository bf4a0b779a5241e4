"""Long polling: each batch is committed before the next request, which is what confirms it to Telegram."""

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from telegram.error import NetworkError, TelegramError
from telegram.request import HTTPXRequest

from bot.receiving.updates import ALLOWED_UPDATES, Json
from imgrec.config import Config
from imgrec.errors import ConfigError

log = logging.getLogger(__name__)

_POLL_S = 8
_SLACK_S = 4
_CONNECT_S = 5
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0
_SAID_AGAIN_AFTER_S = 300.0
_TIMES_REFUSED = 3

Take = Callable[[list[Any]], Awaitable[None]]
"""Commits a batch of updates as they came; when it returns they are ours."""


class RefusedTokenError(ConfigError):
    """Telegram, at this address, does not know the token, or not any more."""

    def __init__(self, api_url: str) -> None:
        super().__init__(
            f"{api_url} does not know this bot token. Check TELEGRAM_BOT_TOKEN, or get one from @BotFather."
        )


class Polling:
    """Asks for updates until it is cancelled; `beat` is called when Telegram has answered. Raises RefusedTokenError."""

    def __init__(self, config: Config, token: str, take: Take, beat: Callable[[], None]) -> None:
        self._api_url = config.telegram.api_url
        self._url = f"{self._api_url}/bot{token}"
        self._take = take
        self._beat = beat
        self._request = HTTPXRequest(connection_pool_size=2, connect_timeout=_CONNECT_S)
        self._outage = Outage(self._api_url)
        self._offset: int | None = None

    async def run(self) -> None:
        """Poll. An offset is sent to confirm and not after it: Telegram counts anew after a quiet week."""
        await self._request.initialize()
        try:
            while True:
                await self._poll()
        finally:
            await self._request.shutdown()

    async def _poll(self) -> None:
        try:
            status, body = await self._ask("getUpdates", self._query(), _POLL_S + _SLACK_S)
            answer = _json(body)
        except TelegramError as error:
            await self._outage.pause(error.message)
            return
        updates = answer.get("result")
        if status != HTTPStatus.OK or not isinstance(updates, list):
            await self._refused(status, answer)
            return
        self._outage.over()
        self._beat()
        await self._take(updates)
        given = [update.get("update_id") for update in updates if isinstance(update, dict)]
        ids = [update_id for update_id in given if isinstance(update_id, int)]
        self._offset = ids[-1] + 1 if ids else None
        if updates and not ids:
            await self._outage.pause("updates without an id")

    def _query(self) -> Json:
        query: Json = {"timeout": _POLL_S, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if self._offset is not None:
            query["offset"] = self._offset
        return query

    async def _refused(self, status: int, answer: Json) -> None:
        why = str(answer.get("description") or f"an answer that makes no sense ({status})")
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
            self._outage.refused += 1
            if self._outage.refused >= _TIMES_REFUSED:
                raise RefusedTokenError(self._api_url)
        elif status == HTTPStatus.CONFLICT:
            if "webhook" in why.lower():
                await self._remove_webhook()
            await self._outage.pause(
                f"{why}. Is another bot running with this token? This one waits for it to end.", longest_s=5.0
            )
            return
        parameters = answer.get("parameters")
        wait_s = parameters.get("retry_after") if isinstance(parameters, dict) else None
        await self._outage.pause(why, least_s=float(wait_s) if isinstance(wait_s, int) else 0.0)

    async def _remove_webhook(self) -> None:
        try:
            await self._ask("deleteWebhook", {}, 10)
            log.info("A webhook was set for this bot; it is removed, as this bot polls.")
        except TelegramError as error:
            log.warning("The webhook that is set for this bot cannot be removed: %s", error)

    async def _ask(self, method: str, query: Json, read_timeout_s: float) -> tuple[int, bytes]:
        return await self._request.do_request(
            f"{self._url}/{method}?{urlencode(query)}", "GET", read_timeout=read_timeout_s
        )


class Outage:
    """Pauses between tries that grow, and says what is wrong: at once, then now and then, and when it is over."""

    def __init__(self, address: str) -> None:
        self.refused = 0
        self._address = address
        self._tries = 0
        self._since_s = 0.0
        self._said_s = 0.0

    async def pause(self, why: str, least_s: float = 0.0, longest_s: float = _LONGEST_PAUSE_S) -> None:
        """Something went wrong: tell, and wait before the next try."""
        now = time.monotonic()
        if not self._tries:
            self._since_s = now
        if not self._tries or now - self._said_s > _SAID_AGAIN_AFTER_S:
            self._said_s = now
            log.warning("No updates from %s just now: %s. Trying on.", self._address, why.rstrip("."))
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(self._tries, 10), longest_s) * random.uniform(0.75, 1.0)  # noqa: S311
        self._tries += 1
        await asyncio.sleep(max(pause_s, least_s))

    def over(self) -> None:
        """It works again."""
        if self._tries:
            log.info("%s answers again, after %.0f s.", self._address, time.monotonic() - self._since_s)
        self._tries = self.refused = 0


def _json(body: bytes) -> Json:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise NetworkError("what came back is no JSON") from None
    return answer if isinstance(answer, dict) else {}
