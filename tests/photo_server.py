"""A web server on loopback that serves photos and misbehaves in every way that real ones do."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Answer = Callable[[asyncio.StreamWriter], Awaitable[bool]]
"""Writes a whole answer, headers and all. Returns whether the connection may be used again."""

_REASON = {200: "OK", 302: "Found", 404: "Not Found", 410: "Gone", 429: "Too Many Requests", 503: "Service Unavailable"}


@dataclass(frozen=True)
class Seen:
    """A request as the server saw it."""

    path: str
    headers: dict[str, str]
    at: float


@dataclass
class PhotoServer:
    """Answers by path; counts what it is asked. A context manager that runs in a thread of its own."""

    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    most_at_once: int = 0

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.at_once = 0
        self.open: set[asyncio.StreamWriter] = set()
        started: asyncio.Future[asyncio.Server] = self.loop.create_future()
        self.thread = threading.Thread(target=self._run, args=(started,))
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(_result(started), self.loop).result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{path.removeprefix('/')}"

    def add(self, path: str, *answers: Answer) -> str:
        """Answer a path with these, one request after another, the last one for good. Returns its address."""
        left = list(answers)

        async def next_answer(out: asyncio.StreamWriter) -> bool:
            return await (left.pop(0) if len(left) > 1 else left[0])(out)

        self.answers[f"/{path.removeprefix('/')}"] = next_answer
        return self.url(path)

    def asked(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(seen.path for seen in list(self.seen))

    def _run(self, started: "asyncio.Future[asyncio.Server]") -> None:
        asyncio.set_event_loop(self.loop)

        async def start() -> None:
            started.set_result(await asyncio.start_server(self._serve, "127.0.0.1", 0))

        self.loop.run_until_complete(start())
        self.loop.run_forever()
        self.loop.run_until_complete(self._hang_up())
        self.loop.close()

    async def _hang_up(self) -> None:
        await _let_others_run()  # Python 3.11 loses connections accepted just before the server closes
        self.server.close()
        await _let_others_run()
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        for writer in list(self.open):
            writer.transport.abort()
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await _let_others_run()  # transports close a little later

    async def _serve(self, incoming: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        self.open.add(out)
        try:
            while await self._answer_one(incoming, out):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open.discard(out)
            out.close()

    async def _answer_one(self, incoming: asyncio.StreamReader, out: asyncio.StreamWriter) -> bool:
        head = (await incoming.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        path = head[0].split(" ")[1]
        self.seen.append(Seen(path, headers, time.monotonic()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            again = await self.answers.get(path, status(404))(out)
            await out.drain()
        finally:
            self.at_once -= 1
        return again


def sends(content: bytes, kind: str = "image/jpeg", **headers: str) -> Answer:
    """A file, announced in full."""
    return raw(200, {"Content-Type": kind, "Content-Length": str(len(content)), **_dashed(headers)}, content)


def status(code: int, **headers: str) -> Answer:
    """A status with a page of text."""
    return raw(code, {"Content-Type": "text/html", "Content-Length": "5", **_dashed(headers)}, b"<p>no")


def redirects(location: str, code: int = 302) -> Answer:
    return raw(code, {"Location": location, "Content-Length": "0"}, b"")


def raw(code: int, headers: dict[str, str], body: bytes, again: bool = True) -> Answer:
    """Exactly these headers and this body."""

    async def answer(out: asyncio.StreamWriter) -> bool:
        lines = [f"HTTP/1.1 {code} {_REASON.get(code, 'Status')}", *(f"{name}: {headers[name]}" for name in headers)]
        out.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return again

    return answer


def unframed(content: bytes) -> Answer:
    """A file whose length is not announced; it ends where the connection does."""
    return raw(200, {"Content-Type": "image/jpeg", "Connection": "close"}, content, again=False)


def chunked(chunks: Iterable[bytes]) -> Answer:
    """A file in chunks, each made when the last one is gone; no length is announced."""

    async def answer(out: asyncio.StreamWriter) -> bool:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in chunks:
            out.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await out.drain()
        out.write(b"0\r\n\r\n")
        return True

    return answer


def cut_short(content: bytes) -> Answer:
    """Half of the file that was announced, then the connection ends."""
    return raw(200, {"Content-Length": str(len(content))}, content[: len(content) // 2], again=False)


async def closes(out: asyncio.StreamWriter) -> bool:
    """The connection ends without an answer."""
    return False


async def is_silent(out: asyncio.StreamWriter) -> bool:
    """Nothing comes, and the connection stays."""
    await asyncio.sleep(60)
    return False


async def drips(out: asyncio.StreamWriter) -> bool:
    """A byte now and then, for ever: no pause is long, the whole is."""
    out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        out.write(b"\xff")
        await out.drain()
        await asyncio.sleep(0.02)


async def talks_nonsense(out: asyncio.StreamWriter) -> bool:
    """No HTTP at all."""
    out.write(b"220 mail.example ESMTP\r\n")
    return False


def after(seconds: float, answer: Answer) -> Answer:
    """The same answer, later."""

    async def later(out: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        return await answer(out)

    return later


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def _let_others_run() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def _result(future: "asyncio.Future[asyncio.Server]") -> asyncio.Server:
    return await future
