"""Responses whose headers are not as HTTP has them, read as browsers do.

Lines that are none, that repeat another or that give no length where they should are left out.
"""

import re
import ssl
from typing import Any

import httpcore

from imgrec.catalogue.addresses import GuardedBackend

_LONGEST_HEAD = 65_536
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*([^\0\r\n]*)")
_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"\s*(?:HTTP/[0-9](?:\.[0-9])?|ICY)\s+([0-9]{3})\b.*", re.IGNORECASE | re.DOTALL)


class LaxBackend(GuardedBackend):
    """Connections for one request each, whose response's head is put in order before it is parsed."""

    def handed_on(self, opened: httpcore.AsyncNetworkStream) -> httpcore.AsyncNetworkStream:
        """The connection behind what puts heads in order."""
        return _LaxStream(opened)


class _LaxStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._is_body = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._is_body:
            return await self._inner.read(max_bytes, timeout)
        self._is_body = True
        head = b""
        while len(head) < _LONGEST_HEAD:
            if end := _END.search(head):
                status = _STATUS.match(head)
                if status is None or not status[1].startswith(b"1"):
                    return _in_order(head[: end.start()]) + head[end.end() :]
                head = head[end.end() :]  # that of the response itself is yet to come
            elif more := await self._inner.read(max_bytes, timeout):
                head = (head + more).lstrip(b"\r\n")
            else:
                break
        return head

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
    known = _STATUS.fullmatch(status)
    found = (_understood(header[1], header[2]) for line in lines if (header := _HEADER.fullmatch(line)))
    headers = [b"%s: %s" % (name, value) for name, value in found if value]
    return b"\r\n".join([b"HTTP/1.1 %s" % known[1] if known else status, *dict.fromkeys(headers)]) + b"\r\n\r\n"


def _understood(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header that says how long the body is as parsers take it; blank where it says nothing."""
    if name.lower() == b"transfer-encoding":
        return name, b"chunked" if b"chunked" in re.split(rb"[,\s]+", value.lower()) else b""
    if name.lower() == b"content-length" and not value.replace(b",", b"").replace(b" ", b"").isdigit():
        return name, b""
    return name, value
