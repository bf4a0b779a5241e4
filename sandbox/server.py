"""The server: Bot API, users' side and chat page on one loopback address, started and stopped as a whole."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from sandbox import group_api, user_api
from sandbox.chat_page import PAGE, PageHandler
from sandbox.delivery import deliver_updates
from sandbox.faults import Faults
from sandbox.handlers import BotFileHandler, BotMethodHandler, NotFoundHandler
from sandbox.live import LiveHandler
from sandbox.state import BOT_NAME, State
from sandbox.tray import Tray, TrayHandler
from sandbox.waiting import Traffic

log = logging.getLogger("sandbox")

DEFAULT_TOKEN = "1:sandbox"  # noqa: S105 - a token of this sandbox, known to everyone
MAX_BODY_BYTES = 60 * 1024 * 1024
LONGEST_STOP_S = 5.0
PING_INTERVAL_S = 20
NO_PICTURES = Tray()


@dataclass(frozen=True)
class Sandbox:
    """A running server: where it listens, and the state behind it for tests to look at."""

    url: str
    state: State

    @property
    def token(self) -> str:
        """The first bot's token."""
        return next(iter(self.state.bots))

    @property
    def bot_url(self) -> str:
        """python-telegram-bot's `base_url`."""
        return f"{self.url}/bot"

    @property
    def file_url(self) -> str:
        """python-telegram-bot's `base_file_url`."""
        return f"{self.url}/file/bot"


@asynccontextmanager
async def running_sandbox(
    tokens: Iterable[str] = (DEFAULT_TOKEN,),
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    flood: bool = False,
    tray: Tray = NO_PICTURES,
    bot_name: str = BOT_NAME,
) -> AsyncIterator[Sandbox]:
    """Run a sandbox in this event loop; port 0 takes a free one. Raises OSError where the port is taken."""
    state, traffic, faults = State(tokens, flood=flood, bot_name=bot_name), Traffic(), Faults()
    app = make_app(state, traffic, faults, tray, host)
    server = HTTPServer(app, max_body_size=MAX_BODY_BYTES, max_buffer_size=2 * MAX_BODY_BYTES)
    sockets = bind_sockets(port, host)
    server.add_sockets(sockets)
    deliveries = [asyncio.create_task(deliver_updates(bot, faults)) for bot in state.bots.values()]
    try:
        yield Sandbox(_url(host, sockets[0].getsockname()[1]), state)
    finally:
        server.stop()
        state.close()
        for delivery in deliveries:
            delivery.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)
        await traffic.stop(LONGEST_STOP_S)
        await server.close_all_connections()


def _url(host: str, port: int) -> str:
    """Where a client on this machine reaches a server that listens on `host`."""
    if host in ("", "0.0.0.0"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_app(state: State, traffic: Traffic, faults: Faults, tray: Tray, own_name: str) -> Application:
    """The addresses of the Bot API, of the user side and of the chat page.

    own_name: a name with dots by which the server may be called, besides those that no web site can have.
    """
    shared = {"state": state, "faults": faults, "traffic": traffic}
    user = r"/user/(\d+)"
    routes: list[Any] = [
        (r"/bot([^/]+)/([^/]+)/?", BotMethodHandler, shared),
        (r"/file/bot([^/]+)/(.+)", BotFileHandler, shared),
        (rf"{user}/text", user_api.TextHandler, shared),
        (rf"{user}/language", user_api.LanguageHandler, shared),
        (rf"{user}/(photo|document)", user_api.MediaHandler, shared),
        (rf"{user}/sticker", user_api.StickerHandler, shared),
        (rf"{user}/other", user_api.OtherHandler, shared),
        (rf"{user}/(block|unblock)", group_api.BlockHandler, shared),
        (r"/chat/(-?\d+)/(member|bot)", group_api.MemberHandler, shared),
        (r"/chat/(-?\d+)/topic", group_api.TopicHandler, shared),
        (r"/chat/(-?\d+)/migrate", group_api.MigrateHandler, shared),
        (r"/privacy", group_api.PrivacyHandler, shared),
        (r"/guests", group_api.GuestsHandler, shared),
        (rf"{user}/tap", user_api.TapHandler, shared),
        (rf"{user}/messages", user_api.MessagesHandler, shared),
        (rf"{user}/live", LiveHandler, {"state": state}),
        (rf"{user}/file/([\w-]+)", user_api.UserFileHandler, shared),
        (r"/faults", user_api.FaultsHandler, shared),
        (r"/record", user_api.RecordHandler, shared),
        (r"/tray", TrayHandler, shared),
        (r"/tray/(\d{1,6})(/thumbnail)?", TrayHandler, shared),
        (r"/()", PageHandler, {"path": str(PAGE), "default_filename": "index.html"}),
        (r"/page/([\w.-]+)", PageHandler, {"path": str(PAGE)}),
    ]
    return Application(
        routes,
        default_handler_class=NotFoundHandler,
        default_handler_args=shared,
        log_function=_log_user_request,
        websocket_ping_interval=PING_INTERVAL_S,
        tray=tray,
        own_name=own_name,
    )


def _log_user_request(handler: RequestHandler) -> None:
    """Log what users do; a bot's calls are logged by name, since their addresses hold its token."""
    path = handler.request.path
    if handler.request.method != "GET" and path.startswith(("/user", "/chat", "/privacy", "/faults")):
        log.info("%s %d", path.lstrip("/"), handler.get_status())
