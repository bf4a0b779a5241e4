"""One photo from its address: redirects followed, every hop checked, time and size limited."""

import asyncio
import email.utils
import re
import zlib
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpcore
import httpx

from imgrec import __version__
from imgrec.catalogue.addresses import GuardedBackend, Resolve, parse_address, port_of, resolve_host
from imgrec.catalogue.lax_headers import LaxBackend
from imgrec.catalogue.photo_status import PhotoStatus, Unfetched
from imgrec.config import PhotosSection

_REDIRECTS = {301, 302, 303, 307, 308}
_OK = {200, 203}
_KEEP_ALIVE_S = 15.0
_LONGEST_DETAIL = 200
_NEVER_KEPT = 0  # connections
_GZIP_OR_ZLIB, _RAW_DEFLATE = 47, -15  # zlib's window bits
_OF_HEAD = re.compile(r"header|Transfer-Encoding|bad Content-Length|status line|response line")
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x1f\x7f]+")
_GZIP = b"\x1f\x8b"
_DIGITS = re.compile(r"[0-9]{1,9}")
_STATUS = {
    404: PhotoStatus.NOT_FOUND,
    408: PhotoStatus.TIMED_OUT,
    410: PhotoStatus.GONE,
    429: PhotoStatus.RATE_LIMITED,
}


@dataclass(frozen=True)
class Download:
    """What a server sent. `framed` says that it announced where the end would be, so nothing can be missing."""

    content: bytes
    framed: bool


class Downloader:
    """Fetches photos over connections it keeps; an async context manager."""

    def __init__(self, settings: PhotosSection, resolve: Resolve = resolve_host) -> None:
        self.settings = settings
        agent = f"imgrec/{__version__}" + (f" ({settings.contact})" if settings.contact else "")
        self.headers: dict[bytes | str, bytes | str] = {
            "User-Agent": agent,
            "Accept": "image/jpeg,image/png,image/webp,image/*;q=0.9,*/*;q=0.1",
            "Accept-Encoding": "identity",
        }
        # Where a feed's own hosts may be private, those that a redirect names still may not. Their connections are kept
        # apart, because one that is open already is not checked again.
        self.of_feeds = self._pool(GuardedBackend(settings.allow_private, resolve))
        self.of_redirects = self._pool(GuardedBackend(False, resolve))
        self.of_lax_feeds = self._pool(LaxBackend(settings.allow_private, resolve), _NEVER_KEPT)
        self.of_lax_redirects = self._pool(LaxBackend(False, resolve), _NEVER_KEPT)
        self.stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for pool in (self.of_feeds, self.of_redirects, self.of_lax_feeds, self.of_lax_redirects):
            await self.stack.enter_async_context(pool)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stack.aclose()

    async def get(self, address: str) -> Download:
        """What there is at an address. Raises Unfetched, with the status that the photo gets."""
        try:
            async with asyncio.timeout(self.settings.total_timeout_s):
                try:
                    return await self._follow(address, self.of_feeds, self.of_redirects)
                except httpcore.RemoteProtocolError as error:
                    if not _OF_HEAD.search(str(error)):
                        raise
                    return await self._follow(address, self.of_lax_feeds, self.of_lax_redirects)
        except TimeoutError:
            raise Unfetched(PhotoStatus.TIMED_OUT, f"not done after {self.settings.total_timeout_s:g} s") from None
        except (httpcore.ConnectTimeout, httpcore.ConnectError, httpcore.UnsupportedProtocol) as error:
            raise Unfetched(PhotoStatus.UNREACHABLE, _shown(error) or "no connection in time") from None
        except httpcore.TimeoutException:
            raise Unfetched(PhotoStatus.TIMED_OUT, f"silent for {self.settings.read_timeout_s:g} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unfetched(PhotoStatus.CUT_SHORT, _shown(error) or "the connection broke off") from None

    def _pool(self, backend: GuardedBackend, most_kept: int | None = None) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            max_connections=self.settings.concurrency,
            max_keepalive_connections=most_kept,
            keepalive_expiry=_KEEP_ALIVE_S,
            network_backend=backend,
        )

    async def _follow(
        self, address: str, of_feeds: httpcore.AsyncConnectionPool, of_redirects: httpcore.AsyncConnectionPool
    ) -> Download:
        named = url = parse_address(address)
        for _ in range(self.settings.redirects + 1):
            pool = of_feeds if _same_host(url, named) else of_redirects
            async with pool.stream(
                "GET",
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path),
                headers=self.headers | {"Host": url.netloc.decode("ascii")},
                extensions={"timeout": self._timeouts()},
            ) as response:
                headers = httpx.Headers(response.headers)
                if response.status not in _REDIRECTS or "Location" not in headers:
                    return await self._body(response, headers)
                url = parse_address(_NOT_IN_ADDRESSES.sub("", headers.get_list("Location")[0]), base=url)
        raise Unfetched(PhotoStatus.TOO_MANY_REDIRECTS, f"more than {self.settings.redirects}")

    async def _body(self, response: httpcore.Response, headers: httpx.Headers) -> Download:
        if response.status not in _OK:
            status = _STATUS.get(response.status, PhotoStatus.REFUSED)
            status = PhotoStatus.SERVER_ERROR if response.status >= 500 else status
            raise Unfetched(status, f"HTTP {response.status}", retry_after_s(headers, datetime.now(UTC)))
        most = int(self.settings.largest_mb * 1_000_000)
        announced = headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > most:
            raise Unfetched(PhotoStatus.TOO_LARGE, f"{int(announced):,} bytes; at most {most:,}")
        content = bytearray()
        async for chunk in response.aiter_stream():
            content += chunk
            if len(content) > most:
                raise Unfetched(PhotoStatus.TOO_LARGE, f"more than {most:,} bytes")
        framed = "Content-Length" in headers or "Transfer-Encoding" in headers
        return Download(_unpacked(bytes(content), headers.get("Content-Encoding", ""), most), framed)

    def _timeouts(self) -> dict[str, float]:
        settings = self.settings
        return {
            "connect": settings.connect_timeout_s,
            "read": settings.read_timeout_s,
            "write": settings.read_timeout_s,
        }


def retry_after_s(headers: httpx.Headers, now: datetime) -> float | None:
    """How long a server asks to be left alone: its Retry-After header, in seconds or as a date; None without one."""
    text = headers.get("Retry-After", "").strip()
    if _DIGITS.fullmatch(text):
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _unpacked(content: bytes, encoding: str, most: int) -> bytes:
    """What came packed, once or twice, although we did not ask for it.

    A name that is no encoding, as some servers say, means none, and what begins as gzip does is that: no photo does.
    """
    if content.startswith(_GZIP):
        unpacked = _inflated(content, most)
        return _inflated(unpacked, most) if unpacked.startswith(_GZIP) else unpacked
    return _inflated(content, most) if "deflate" in encoding.lower() else content


def _inflated(content: bytes, most: int) -> bytes:
    for window_bits in (_GZIP_OR_ZLIB, _RAW_DEFLATE):
        with suppress(zlib.error):
            unpacked = zlib.decompressobj(window_bits).decompress(content, most + 1)
            if len(unpacked) > most:
                raise Unfetched(PhotoStatus.TOO_LARGE, f"more than {most:,} bytes once unpacked")
            return unpacked
    return content


def _same_host(url: httpx.URL, named: httpx.URL) -> bool:
    """Whether a redirect stays where the feed led: on its host, at its port or the usual ones."""
    return url.host == named.host and port_of(url) in (port_of(named), 80, 443)


def _shown(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_DETAIL]
