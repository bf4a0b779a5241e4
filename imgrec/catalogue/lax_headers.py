"""Responses whose headers are not as HTTP has them, read as browsers do: lines that are none, or that
repeat another, are left out.
"""

import re
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from imgrec.catalogue.addresses import GuardedBackend

_LONGEST_HEAD = 65_536
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*([^\0\r\n]*)")
_END = re.compile(rb"\r?\n\r?\n")


class LaxBackend(GuardedBackend):
    """Connections for one request each, whose response's head is put in order before it is parsed."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect as GuardedBackend does."""
        return _LaxStream(await super().connect_tcp(host, port, timeout, local_address, socket_options))


class _LaxStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._is_body = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._is_body:
            return await self._inner.read(max_bytes, timeout)
        self._is_body = True
        head = b""
        while not (end := _END.search(head)) and len(head) < _LONGEST_HEAD:
            more = await self._inner.read(max_bytes, timeout)
            if not more:
                return head
            head += more
        return _in_order(head[: end.start()]) + head[end.end() :] if end else head

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return _LaxStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _in_order(head: bytes) -> bytes:
    status, *lines = re.split(rb"\r?\n", head)
    headers = [b"%s: %s" % found.groups() for line in lines if (found := _HEADER.fullmatch(line))]
    return b"\r\n".join([status, *dict.fromkeys(headers)]) + b"\r\n\r\n"
