"""A webhook: Telegram posts each update, and is told 200 once it is committed; what is not, it posts again."""

import asyncio
import hmac
import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from bot.heartbeat import beat_while_listening
from bot.receiving.polling import Outage, RefusedTokenError, Take
from bot.receiving.updates import ALLOWED_UPDATES
from imgrec.config import Config
from imgrec.errors import ConfigError

log = logging.getLogger(__name__)

_MOST_BYTES = 1024 * 1024
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name


class Webhook:
    """Listens until it is cancelled. Raises ConfigError for an address Telegram refuses, OSError for a taken port."""

    def __init__(self, config: Config, bot: Bot, secret: str, take: Take, beat: Callable[[], None]) -> None:
        self._config = config
        self._bot = bot
        self._secret = secret
        self._take = take
        self._beat = beat
        self._outage = Outage(config.telegram.api_url)

    async def run(self) -> None:
        """Listen first, then tell Telegram where."""
        hook = self._config.telegram.webhook
        path = f"/{urlsplit(hook.url or '').path.strip('/')}"
        given = {"secret": self._secret, "take": self._take}
        updates = Application([(path, _Updates, given)], log_function=_log_nothing)
        server = HTTPServer(updates, max_body_size=_MOST_BYTES)
        server.add_sockets(bind_sockets(hook.port, hook.listen))
        heart = asyncio.create_task(beat_while_listening(self._beat))
        try:
            await self._register(hook.url or "")
            await asyncio.Event().wait()
        finally:
            heart.cancel()
            server.stop()
            await server.close_all_connections()

    async def _register(self, url: str) -> None:
        while True:
            try:
                await self._bot.set_webhook(url, secret_token=self._secret, allowed_updates=ALLOWED_UPDATES)
                self._outage.over()
                return
            except InvalidToken:
                raise RefusedTokenError(self._config.telegram.api_url) from None
            except BadRequest as error:
                raise ConfigError(f"Telegram refuses telegram.webhook.url: {error.message}. Correct it.") from None
            except TelegramError as error:
                await self._outage.pause(error.message)


@stream_request_body
class _Updates(RequestHandler):
    """The secret is checked before a byte of the body is read."""

    def initialize(self, secret: str, take: Take) -> None:
        self._secret = secret
        self._take = take
        self._body = bytearray()

    def prepare(self) -> None:
        given = self.request.headers.get(_SECRET_HEADER, "")
        if self.request.method != "POST":
            raise HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise HTTPError(HTTPStatus.FORBIDDEN)

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk

    async def post(self) -> None:
        try:
            update = json.loads(self._body)
        except (ValueError, RecursionError):
            raise HTTPError(HTTPStatus.BAD_REQUEST) from None
        await self._take([update])

    def write_error(self, status_code: int, **details: object) -> None:
        """Strangers learn nothing."""
        self.finish()


def _log_nothing(handler: RequestHandler) -> None:
    """Requests are not worth a line each; what fails is logged where it fails."""
