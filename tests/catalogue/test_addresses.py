"""A feed's addresses reach the public internet only, and the address that was checked is the one connected to."""

from ipaddress import ip_address

import httpcore
import pytest
from photo_server import PhotoServer

from imgrec.catalogue.addresses import GuardedBackend, Reach, parse_address, port_of, reach_of, resolve_host
from imgrec.catalogue.photo_status import PhotoStatus, Unfetched

# ruff: noqa: S104 - nothing is listened on here
PUBLIC = ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::")
PRIVATE = (
    "10.1.2.3", "172.31.0.1", "192.168.0.1", "127.0.0.1", "127.9.9.9", "100.64.0.1", "::1", "fc00::1", "fd00:ec2::254",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1",
)  # fmt: skip
NEVER = (
    "0.0.0.0", "169.254.169.254", "169.254.1.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1",
    "198.18.0.1", "192.0.0.192", "168.63.129.16", "::", "fe80::1", "fe80::1%eth0", "ff02::1", "2001:db8::1", "fec0::1",
    "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "2001:0:1::1", "4000::1", "100::1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "reach"),
    [*((a, Reach.PUBLIC) for a in PUBLIC), *((a, Reach.PRIVATE) for a in PRIVATE), *((a, Reach.NEVER) for a in NEVER)],
)
def test_how_far_an_address_is(address, reach):
    assert reach_of(ip_address(address)) is reach


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("ftp://shop.example/1.jpg", PhotoStatus.FORBIDDEN_ADDRESS),
        ("file:///etc/passwd", PhotoStatus.FORBIDDEN_ADDRESS),
        ("1.jpg", PhotoStatus.FORBIDDEN_ADDRESS),
        ("http://user:secret@shop.example/", PhotoStatus.FORBIDDEN_ADDRESS),
        ("http://shop.example@10.0.0.1/", PhotoStatus.FORBIDDEN_ADDRESS),
        ("http://shop.example:22/", PhotoStatus.FORBIDDEN_ADDRESS),
        ("https://shop.example:25/", PhotoStatus.FORBIDDEN_ADDRESS),
        ("http:///1.jpg", PhotoStatus.BAD_ADDRESS),
        ("http://shop.example:99999/", PhotoStatus.BAD_ADDRESS),
        ("http://shop.example:port/", PhotoStatus.BAD_ADDRESS),
        ("http://shop\0.example/", PhotoStatus.BAD_ADDRESS),
        ("http://[::1/", PhotoStatus.BAD_ADDRESS),
        ("http://" + "a" * 70_000, PhotoStatus.BAD_ADDRESS),
    ],
)
def test_an_address_that_is_none_or_not_allowed_has_a_named_status(text, status):
    with pytest.raises(Unfetched) as caught:
        parse_address(text)
    assert caught.value.status is status
    assert "secret" not in caught.value.detail
    assert len(caught.value.detail) < 300


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("HTTPS://Shop.Example/A%20b.jpg", b"shop.example", 443, b"/A%20b.jpg"),
        ("http://shop.example/a b ü.jpg?x=1#part", b"shop.example", 80, b"/a%20b%20%C3%BC.jpg?x=1"),
        ("http://ünï.example:8080/", b"xn--n-nga1b.example", 8080, b"/"),
        ("http://[2606:4700::1111]/", b"2606:4700::1111", 80, b"/"),
    ],
)
def test_an_address_is_asked_for_as_it_is_meant(text, host, port, path):
    url = parse_address(text)
    assert (url.raw_host, port_of(url), url.raw_path) == (host, port, path)


def test_a_redirect_may_be_relative():
    assert str(parse_address("../b.jpg", parse_address("http://shop.example/x/a.jpg"))) == "http://shop.example/b.jpg"


def names(*answers: list[str]):
    """A name service that gives these answers one after another, the last one for good."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def connect(backend: GuardedBackend, port: int) -> str:
    stream = await backend.connect_tcp("shop.example", port, timeout=5)
    address: str = stream.get_extra_info("server_addr")[0]
    await stream.aclose()
    return address


async def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_connected_to():
    with PhotoServer() as server:
        rebinding = names(["127.0.0.1"], ["10.0.0.1"])
        assert await connect(GuardedBackend(True, rebinding), server.port) == "127.0.0.1"


@pytest.mark.parametrize(
    ("found", "allow_private"),
    [(["127.0.0.1"], False), (["10.0.0.1", "::1"], False), (["169.254.169.254"], True), (["0.0.0.0"], True)],
)
async def test_a_name_that_leads_only_to_refused_addresses_is_not_connected_to(found, allow_private):
    backend = GuardedBackend(allow_private, names(found))
    with PhotoServer() as server, pytest.raises(Unfetched, match=found[0]) as caught:
        await connect(backend, server.port)
    assert caught.value.status is PhotoStatus.FORBIDDEN_ADDRESS
    assert not server.seen


async def test_of_several_addresses_the_refused_ones_are_passed_over_and_the_next_one_is_tried():
    with PhotoServer() as server:
        backend = GuardedBackend(True, names(["169.254.169.254", "127.77.0.1", "127.0.0.1"]))
        assert await connect(backend, server.port) == "127.0.0.1"


async def test_a_name_without_addresses_or_with_an_impossible_one_cannot_be_connected_to():
    async def no_such_name(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    async def too_long(host: str, port: int) -> list[str]:
        raise UnicodeError("label too long")

    for resolve in (no_such_name, too_long, names([])):
        with pytest.raises(httpcore.ConnectError, match=r"shop\.example"):
            await GuardedBackend(True, resolve).connect_tcp("shop.example", 80)


async def test_odd_ways_to_write_an_address_are_seen_through():
    for host in ("127.1", "2130706433", "0x7f000001", "localhost"):
        assert all(reach_of(ip_address(found)) is Reach.PRIVATE for found in await resolve_host(host, 80))
