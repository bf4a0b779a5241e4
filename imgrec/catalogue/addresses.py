"""Which addresses photos are fetched from: feeds are untrusted, and must not reach into the owner's network."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore
import httpx

from imgrec.catalogue.photo_status import PhotoStatus, Unfetched

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host name and port to numeric addresses. Raises OSError when there are none."""

_Address = IPv4Address | IPv6Address
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FIRST_FREE_PORT = 1024
_LAST_PORT = 65_535
_PRIVATE = tuple(
    ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "::1/128", "fc00::/7",
    )
)  # fmt: skip
_NEVER = tuple(  # what Python's tables, or some versions of them, take for public
    IPv4Network(network)
    for network in (
        "192.0.0.0/24",  # special purposes, among them a cloud's metadata
        "192.88.99.0/24",  # relays of old
        "168.63.129.16/32",  # the host of Azure's machines
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_WITH_V4_INSIDE = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))  # NAT64, and the old IPv4-compatible ones


class Reach(Enum):
    """How far an address is from the owner's own network."""

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "never"


def parse_address(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """An address of a feed, or of a redirect from `base`, as a URL that may be asked for.

    Raises Unfetched when it is no address, or not http or https, or holds a password, or names a port that belongs to
    another service.
    """
    try:
        url = base.join(text) if base else httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise Unfetched(PhotoStatus.BAD_ADDRESS, f"{text[:100]!r} is no address ({error})") from None
    if url.scheme not in _DEFAULT_PORTS:
        raise Unfetched(PhotoStatus.FORBIDDEN_ADDRESS, f"{url.scheme or 'no scheme'} instead of http or https")
    if not url.host:
        raise Unfetched(PhotoStatus.BAD_ADDRESS, "the address names no host")
    if url.userinfo:
        raise Unfetched(PhotoStatus.FORBIDDEN_ADDRESS, "the address holds a user name or password")
    if port_of(url) > _LAST_PORT:
        raise Unfetched(PhotoStatus.BAD_ADDRESS, f"there is no port {port_of(url)}")
    if port_of(url) < _FIRST_FREE_PORT and port_of(url) not in _DEFAULT_PORTS.values():
        raise Unfetched(PhotoStatus.FORBIDDEN_ADDRESS, f"port {port_of(url)} belongs to another service")
    return url.copy_with(fragment=None)


def port_of(url: httpx.URL) -> int:
    """The port, also where the address leaves it to the scheme."""
    return url.port or _DEFAULT_PORTS[url.scheme]


def reach_of(address: _Address) -> Reach:
    """Whether an address is public, private (of the owner's network or machine), or never asked for photos.

    IPv4 addresses written as IPv6 count as what they are. Never: link-local ones (where clouds serve their keys),
    multicast, reserved and unspecified ones.
    """
    if isinstance(address, IPv6Address):
        inside = _v4_inside(address)
        if inside:
            return reach_of(inside)
        if address.scope_id is None and address in _PUBLIC_V6 and address.is_global and not address.teredo:
            return Reach.PUBLIC
    elif address.is_global and not address.is_multicast and not any(address in network for network in _NEVER):
        return Reach.PUBLIC
    private = any(address.version == network.version and address in network for network in _PRIVATE)
    return Reach.PRIVATE if private else Reach.NEVER


def _v4_inside(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if any(address in network for network in _WITH_V4_INSIDE) and int(address) > 1:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


async def resolve_host(host: str, port: int) -> list[str]:
    """Look a name up as the operating system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the very address it has checked, so that a name cannot lead elsewhere between check and connection.

    Private addresses are refused unless `allow_private`.
    """

    def __init__(self, allow_private: bool, resolve: Resolve) -> None:
        self.allowed = {Reach.PUBLIC, Reach.PRIVATE} if allow_private else {Reach.PUBLIC}
        self.resolve = resolve
        self.network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first allowed address of a host that answers. Raises Unfetched when none is allowed."""
        error: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._allowed_addresses(host, port, timeout):
            try:
                opened = await self.network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
            else:
                return self.handed_on(opened)
        raise error

    def handed_on(self, opened: httpcore.AsyncNetworkStream) -> httpcore.AsyncNetworkStream:
        """A connection as it is used; what reads otherwise puts itself in between here."""
        return opened

    async def _allowed_addresses(self, host: str, port: int, within_s: float | None) -> list[str]:
        try:
            async with asyncio.timeout(within_s):
                found = await self.resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} could not be looked up in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be looked up ({error})") from None
        allowed = [address for address in found if reach_of(ip_address(address)) in self.allowed]
        if found and not allowed:
            far = "a private address" if reach_of(ip_address(found[0])) is Reach.PRIVATE else "an address never used"
            is_far = far if host == found[0] else f"{found[0]}, {far}"
            raise Unfetched(PhotoStatus.FORBIDDEN_ADDRESS, f"{host} is {is_far}")
        return allowed

    async def sleep(self, seconds: float) -> None:
        """Wait (httpcore retries nothing for us, so it never does)."""
        await asyncio.sleep(seconds)
