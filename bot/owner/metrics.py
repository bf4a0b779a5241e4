"""Figures for Prometheus, in its text format; nothing in them says who asked."""

import os
import socket
from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from bot.receiving.updates import Unreadable, Update
from bot.store.journal import VoteRecord
from imgrec.config import MetricsSection
from imgrec.errors import ConfigError
from imgrec.log.writer import QueryRecord
from imgrec.search.answer import ServingId

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
_STAGES = ("queue", "see", "search", "send", "total")


class Metrics:
    """Counts since the start of the bot."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._updates = self._counter("updates", "Updates that came in from Telegram.", "kind")
        self._queries = self._counter("queries", "Queries that ended, by outcome.", "outcome")
        self._votes = self._counter("votes", "Votes on answers and products.", "vote")
        self._sends = self._counter("sends", "Messages brought to Telegram, by what came of it.", "verdict")
        self._times = Histogram(
            "imgrec_bot_query_seconds", "Where the time of queries went.", ["stage"], buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._waiting = self._gauge("waiting_photos", "Photos that wait for their turn.")
        self._unsent = self._gauge("unsent_messages", "Messages that are composed and not sent yet.")
        self._entries = self._gauge("journal_entries", "Queries, votes and actions that wait for the log.")
        self._heard = self._gauge("heard_seconds_ago", "Seconds since Telegram was last heard from.")
        self._serving = Gauge(
            "imgrec_bot_serving_info", "The index that answers.", ["generation", "model"], registry=self.registry
        )

    def came_in(self, update: Update | Unreadable) -> None:
        """Count an update."""
        tap = isinstance(update, Update) and update.callback_query is not None
        self._updates.labels("unreadable" if isinstance(update, Unreadable) else "tap" if tap else "message").inc()

    def logged(self, entry: BaseModel) -> None:
        """Count what goes to the log."""
        match entry:
            case QueryRecord():
                self._queries.labels(entry.outcome.value).inc()
                for stage in _STAGES:
                    milliseconds = getattr(entry.times, f"{stage}_ms")
                    if milliseconds is not None:
                        self._times.labels(stage).observe(milliseconds / 1000)
            case VoteRecord():
                self._votes.labels("up" if entry.vote > 0 else "down").inc()

    def sent(self, verdict: object) -> None:
        """Count what came of a sending."""
        self._sends.labels(type(verdict).__name__.lower()).inc()

    def page(
        self, *, waiting_photos: int, unsent_messages: int, journal_entries: int, heard_s_ago: float, serving: ServingId
    ) -> bytes:
        """All of it as Prometheus reads it, with how things stand now."""
        self._waiting.set(waiting_photos)
        self._unsent.set(unsent_messages)
        self._entries.set(journal_entries)
        self._heard.set(round(heard_s_ago, 1))
        self._serving.clear()
        self._serving.labels(serving.generation, serving.model_sha256[:12]).set(1)
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, label: str) -> Counter:
        return Counter(f"imgrec_bot_{name}", what, [label], registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"imgrec_bot_{name}", what, registry=self.registry)


def listen(settings: MetricsSection, read_page: Callable[[], Awaitable[bytes]]) -> HTTPServer | None:
    """Serve /metrics until the server is stopped; None where no port is set. Raises ConfigError for a taken one."""
    if settings.port is None:
        return None
    try:
        family = socket.AF_INET6 if ":" in settings.listen else socket.AF_INET
        port = socket.create_server((settings.listen, settings.port), family=family)
    except OSError as error:
        raise ConfigError(
            f"/metrics cannot be served on {settings.listen}, port {settings.port}: {os.strerror(error.errno or 0)}. "
            "Set metrics.port to one that is free, or to null."
        ) from None
    server = HTTPServer(Application([("/metrics", _Page, {"read_page": read_page})], log_function=_log_nothing))
    port.setblocking(False)
    server.add_socket(port)
    return server


class _Page(RequestHandler):
    def initialize(self, read_page: Callable[[], Awaitable[bytes]]) -> None:
        self._read_page = read_page

    async def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(await self._read_page())


def _log_nothing(handler: RequestHandler) -> None:
    """Requests are not worth a line each."""
