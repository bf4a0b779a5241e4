"""One photo from a server that is slow, breaks off, lies, or leads elsewhere: each ends in a named status, in time."""

import gzip
import zlib
from datetime import UTC, datetime

import httpx
import pytest
from photo_server import (
    Answer,
    PhotoServer,
    after,
    chunked,
    closes,
    cut_short,
    drips,
    is_silent,
    raw,
    redirects,
    sends,
    status,
    talks_nonsense,
    unframed,
)

from imgrec import __version__
from imgrec.catalogue.addresses import resolve_host
from imgrec.catalogue.download import Download, Downloader, retry_after_s
from imgrec.catalogue.photo_status import PhotoStatus, Unfetched
from imgrec.config import PhotosSection

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 40
QUICK = PhotosSection(
    allow_private=True, connect_timeout_s=0.5, read_timeout_s=0.2, total_timeout_s=0.4, redirects=3, largest_mb=0.1
)


@pytest.fixture
def server():
    with PhotoServer() as running:
        yield running


async def fetch(address: str, settings: PhotosSection = QUICK, resolve=resolve_host) -> Download:
    async with Downloader(settings, resolve) as downloader:
        return await downloader.get(address)


async def failure(address: str, settings: PhotosSection = QUICK, resolve=resolve_host) -> Unfetched:
    with pytest.raises(Unfetched) as caught:
        await fetch(address, settings, resolve)
    return caught.value


async def test_a_photo_comes_as_it_is_whatever_the_server_calls_it(server):
    for kind in ("image/jpeg", "text/html", "application/octet-stream"):
        assert await fetch(server.add("a.jpg", sends(PHOTO, kind))) == Download(PHOTO, framed=True)


@pytest.mark.parametrize("name", ["aws-chunked", "UTF-8", "binary", "", "identity"])
async def test_an_encoding_that_is_none_counts_as_none(server, name):
    answer = raw(200, {"Content-Encoding": name, "Content-Length": str(len(PHOTO)), "Connection": "close"}, PHOTO)
    assert (await fetch(server.add("a.jpg", answer))).content == PHOTO


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda content: zlib.compress(content, wbits=-15)),
        ("gzip", bytes),  # it only says so
        ("gzip, gzip", lambda content: gzip.compress(gzip.compress(content))),
        ("gzip, utf-8", gzip.compress),
        ("", gzip.compress),
    ],
)
async def test_what_comes_packed_unasked_is_unpacked(server, name, pack):
    packed = pack(PHOTO)
    answer = raw(200, {"Content-Encoding": name, "Content-Length": str(len(packed)), "Connection": "close"}, packed)
    assert (await fetch(server.add("a.jpg", answer))).content == PHOTO


@pytest.mark.parametrize(
    "odd", [b"Served fast", b"X-Late : 1", b"\xe9t\xe9: 1", b"Content-Length: 10243", b"Bad\0Name: 1", b": nothing"]
)
async def test_a_header_that_is_none_does_not_cost_the_photo(server, odd):
    async def answer(out):
        out.write(b"HTTP/1.1 200 OK\r\n" + odd + b"\r\nContent-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO)
        await out.drain()
        return False

    assert await fetch(server.add("a.jpg", answer)) == Download(PHOTO, framed=True)


@pytest.mark.parametrize(
    ("status_line", "odd", "framed"),
    [
        (b"HTTP/1.1 200 OK", b"Transfer-Encoding: identity", True),
        (b"HTTP/1.1 200 OK", b"Transfer-Encoding: ", True),
        (b"HTTP/1.1 200 OK", b"Content-Length: 10243 bytes", False),
        (b"HTTP/2 200", b"X: 1", True),
        (b"\r\nhttp/1.1 200 OK", b"X: 1", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", b"Served fast", True),
    ],
)
async def test_a_length_or_status_that_is_written_oddly_does_not_cost_the_photo(server, status_line, odd, framed):
    async def answer(out):
        length = b"Content-Length: %d\r\n" % len(PHOTO) if framed else b""
        out.write(status_line + b"\r\n" + odd + b"\r\n" + length + b"Connection: close\r\n\r\n" + PHOTO)
        await out.drain()
        return False

    assert await fetch(server.add("a.jpg", answer)) == Download(PHOTO, framed=framed)


async def test_chunks_may_be_announced_twice_and_a_place_too(server):
    async def answer(out):
        out.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n")
        out.write(b"%x\r\n" % len(PHOTO) + PHOTO + b"\r\n0\r\n\r\n")
        await out.drain()
        return False

    async def redirect(out):
        out.write(b"HTTP/1.1 302 Found\r\nLocation: /b\t.jpg\r\nLocation: /b.jpg\r\nContent-Length: 0\r\n\r\n")
        await out.drain()
        return False

    server.add("b.jpg", answer)
    assert await fetch(server.add("a.jpg", redirect)) == Download(PHOTO, framed=True)


async def test_a_lax_server_may_not_lead_into_the_owners_network_either(server):
    async def answer(out):
        out.write(b"HTTP/1.1 302 Found\r\nno header\r\nLocation: http://10.0.0.1/a.jpg\r\nContent-Length: 0\r\n\r\n")
        await out.drain()
        return False

    assert (await failure(server.add("a.jpg", answer))).status is PhotoStatus.FORBIDDEN_ADDRESS


async def test_a_length_need_not_be_announced(server):
    assert await fetch(server.add("a.jpg", chunked([PHOTO[:5000], PHOTO[5000:]]))) == Download(PHOTO, framed=True)
    assert await fetch(server.add("b.jpg", unframed(PHOTO))) == Download(PHOTO, framed=False)


async def test_we_say_who_we_are(server):
    await fetch(server.add("a.jpg", sends(PHOTO)))
    known = QUICK.model_copy(update={"contact": "https://shop.example/contact"})
    await fetch(server.url("a.jpg"), known)
    agents = [seen.headers["user-agent"] for seen in server.seen]
    assert agents == [f"imgrec/{__version__}", f"imgrec/{__version__} (https://shop.example/contact)"]
    assert server.seen[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert "cookie" not in server.seen[0].headers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(404), PhotoStatus.NOT_FOUND),
        (status(410), PhotoStatus.GONE),
        (status(401), PhotoStatus.REFUSED),
        (status(403), PhotoStatus.REFUSED),
        (status(204), PhotoStatus.REFUSED),
        (status(304), PhotoStatus.REFUSED),
        (status(302), PhotoStatus.REFUSED),
        (status(429), PhotoStatus.RATE_LIMITED),
        (status(500), PhotoStatus.SERVER_ERROR),
        (status(503), PhotoStatus.SERVER_ERROR),
        (status(408), PhotoStatus.TIMED_OUT),
        (closes, PhotoStatus.CUT_SHORT),
        (talks_nonsense, PhotoStatus.CUT_SHORT),
        (cut_short(PHOTO), PhotoStatus.CUT_SHORT),
        (is_silent, PhotoStatus.TIMED_OUT),
        (drips, PhotoStatus.TIMED_OUT),
        (after(5, sends(PHOTO)), PhotoStatus.TIMED_OUT),
        (sends(bytes(200_000)), PhotoStatus.TOO_LARGE),
        (raw(200, {"Content-Length": "999999999999999"}, b"x"), PhotoStatus.TOO_LARGE),
        (chunked(bytes(20_000) for _ in range(1_000_000)), PhotoStatus.TOO_LARGE),
        (unframed(bytes(200_000)), PhotoStatus.TOO_LARGE),
        (sends(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip"), PhotoStatus.TOO_LARGE),
        (redirects("http://user:secret@127.0.0.1/"), PhotoStatus.FORBIDDEN_ADDRESS),
        (redirects("file:///etc/passwd"), PhotoStatus.FORBIDDEN_ADDRESS),
        (redirects("http://[::1/"), PhotoStatus.BAD_ADDRESS),
    ],
)  # fmt: skip
async def test_every_way_to_fail_has_its_status(server, answer: Answer, expected):
    why = await failure(server.add("a.jpg", answer))
    assert why.status is expected
    assert why.detail


async def test_a_server_that_is_not_there_or_has_no_name_is_unreachable():
    with PhotoServer() as gone:
        address = gone.url("a.jpg")
    assert (await failure(address)).status is PhotoStatus.UNREACHABLE

    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    assert (await failure("http://shop.example/a.jpg", resolve=unknown)).status is PhotoStatus.UNREACHABLE


async def test_a_private_address_is_not_even_connected_to(server):
    address = server.add("a.jpg", sends(PHOTO))
    why = await failure(address, PhotosSection())
    assert (why.status, server.seen) == (PhotoStatus.FORBIDDEN_ADDRESS, [])
    assert "127.0.0.1" in why.detail


async def test_redirects_are_followed_to_the_photo_but_not_for_ever(server):
    server.add("3.jpg", sends(PHOTO))
    for hop in range(3):
        server.add(f"{hop}.jpg", redirects(f"/{hop + 1}.jpg", code=(301, 307, 308)[hop]))
    assert (await fetch(server.url("0.jpg"))).content == PHOTO
    server.add("loop.jpg", redirects("/loop.jpg"))
    assert (await failure(server.url("loop.jpg"))).status is PhotoStatus.TOO_MANY_REDIRECTS
    assert server.asked()["/loop.jpg"] == 4


@pytest.mark.parametrize(
    "place", ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]/", "http://localhost/"]
)
async def test_a_redirect_never_leads_to_another_private_host(server, place):
    why = await failure(server.add("a.jpg", redirects(place)))
    assert why.status is PhotoStatus.FORBIDDEN_ADDRESS


async def test_a_redirect_never_leads_to_another_port_of_a_private_host(server):
    with PhotoServer() as other:
        why = await failure(server.add("a.jpg", redirects(other.add("b.jpg", sends(PHOTO)))))
        assert why.status is PhotoStatus.FORBIDDEN_ADDRESS
        assert not other.seen


async def test_an_open_connection_to_a_private_host_is_not_lent_to_a_redirect(server):
    """The feed may name nas.example; that shop.example sends us there is another matter."""
    names = {"nas.example": ["127.0.0.1"], "shop.example": ["127.0.0.1"]}

    async def resolve(host: str, port: int) -> list[str]:
        return names[host]

    server.add("nas.jpg", sends(PHOTO))
    server.add("shop.jpg", redirects(server.url("nas.jpg", "nas.example")))
    async with Downloader(QUICK, resolve) as downloader:
        assert (await downloader.get(server.url("nas.jpg", "nas.example"))).content == PHOTO
        with pytest.raises(Unfetched) as caught:
            await downloader.get(server.url("shop.jpg", "shop.example"))
        assert caught.value.status is PhotoStatus.FORBIDDEN_ADDRESS
        assert server.seen[-1].headers["host"] == f"shop.example:{server.port}"
        assert (await downloader.get(server.url("nas.jpg", "nas.example"))).content == PHOTO


async def test_a_connection_is_used_again_and_a_failure_spoils_no_later_photo(server):
    good, bad = server.add("a.jpg", sends(PHOTO)), server.add("b.jpg", closes)
    async with Downloader(QUICK) as downloader:
        for _ in range(3):
            assert (await downloader.get(good)).content == PHOTO
            with pytest.raises(Unfetched):
                await downloader.get(bad)
            with pytest.raises(Unfetched):
                await downloader.get("http://169.254.169.254/")


NOW = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0), ("120", 120), (" 7 ", 7),
        ("Tue, 01 Jan 2030 12:00:30 GMT", 30), ("Tue, 01 Jan 2030 13:00:30 +0100", 30),
        ("Tue, 01 Jan 2030 11:00:00 GMT", 0),
        ("", None), ("-5", None), ("soon", None), ("1.5", None), ("9" * 30, None),
        ("Tue, 99 Jan 2030 12:00:30 GMT", None),
    ],
)  # fmt: skip
def test_how_long_a_server_asks_to_be_left_alone(header, seconds):
    assert retry_after_s(httpx.Headers({"Retry-After": header}), NOW) == seconds


async def test_it_is_told_with_the_failure(server):
    assert (await failure(server.add("a.jpg", status(429, Retry_After="17")))).retry_after_s == 17
    assert (await failure(server.add("b.jpg", status(429)))).retry_after_s is None
