"""Photos from a server into the catalogue: each ends in a status, and none is fetched twice."""

import io
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest
from photo_server import (
    PhotoServer,
    after,
    chunked,
    closes,
    cut_short,
    is_silent,
    redirects,
    sends,
    status,
    unframed,
)
from PIL import Image
from tiny_shop import draw_product, jpeg, write_config

from imgrec.catalogue import former_photos
from imgrec.catalogue.fetching import FetchReport, fetch_photos
from imgrec.catalogue.lacking import Lacking
from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.config import PhotosSection
from imgrec.errors import CatalogueError

QUICK = PhotosSection(
    allow_private=True, concurrency=8, connect_timeout_s=1, read_timeout_s=0.3, total_timeout_s=1, attempts=2,
    backoff_s=0.01, longest_wait_s=0.05, redirects=3, largest_mb=0.2,
)  # fmt: skip


@pytest.fixture
def server():
    with PhotoServer() as running:
        yield running


def photo(number: int) -> bytes:
    return jpeg(draw_product("Balls", "red", number, side_px=48))


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def fetch(market, settings: PhotosSection = QUICK, source=None, retry_failed=False, **options) -> FetchReport:
    return fetch_photos(Lacking(market.catalogue, source, retry_failed), market.catalogue.photos, settings, **options)


def statuses(market) -> dict[str, str]:
    rows = market.catalogue.connection.execute(
        "SELECT external_id, status FROM photos JOIN products ON products.id = product_id ORDER BY products.id"
    )
    return dict(map(tuple, rows))


def test_every_photo_ends_in_the_right_status(market, server):
    vast = png(Image.new("1", (30_000, 10_000)))
    assert len(vast) < 200_000
    answers = {
        "good": (PhotoStatus.STORED, sends(photo(1))),
        "called a page": (PhotoStatus.STORED, sends(photo(2), "text/html")),
        "flaky": (PhotoStatus.STORED, status(503), sends(photo(3))),
        "limited": (PhotoStatus.STORED, status(429, Retry_After="0"), sends(photo(4))),
        "breaks off once": (PhotoStatus.STORED, cut_short(photo(5)), sends(photo(5))),
        "slow": (PhotoStatus.STORED, after(0.1, sends(photo(6)))),
        "led astray": (PhotoStatus.STORED, redirects("/good.jpg")),
        "without length": (PhotoStatus.STORED, unframed(photo(7))),
        "a page": (PhotoStatus.NOT_AN_IMAGE, sends(b"<html>no image</html>", "image/jpeg")),
        "empty": (PhotoStatus.NOT_AN_IMAGE, sends(b"")),
        "broken": (PhotoStatus.NOT_AN_IMAGE, sends(photo(8)[:-100])),
        "cut without length": (PhotoStatus.CUT_SHORT, unframed(photo(9)[:-300])),
        "cut": (PhotoStatus.CUT_SHORT, cut_short(photo(10))),
        "closes": (PhotoStatus.CUT_SHORT, closes),
        "bomb of pixels": (PhotoStatus.TOO_LARGE, sends(vast)),
        "bomb of bytes": (PhotoStatus.TOO_LARGE, chunked(bytes(50_000) for _ in range(10**6))),
        "a dot": (PhotoStatus.TOO_SMALL, sends(png(Image.new("RGB", (1, 1))))),
        "silent": (PhotoStatus.TIMED_OUT, is_silent),
        "down": (PhotoStatus.SERVER_ERROR, status(500)),
        "always limited": (PhotoStatus.RATE_LIMITED, status(429)),
        "asks for an hour": (PhotoStatus.RATE_LIMITED, status(429, Retry_After="3600")),
        "missing": (PhotoStatus.NOT_FOUND, status(404)),
        "gone": (PhotoStatus.GONE, status(410)),
        "forbidden": (PhotoStatus.REFUSED, status(403)),
        "round and round": (PhotoStatus.TOO_MANY_REDIRECTS, redirects("/round%20and%20round.jpg")),
        "to the metadata": (PhotoStatus.FORBIDDEN_ADDRESS, redirects("http://169.254.169.254/latest/meta-data/")),
        "to the router": (PhotoStatus.FORBIDDEN_ADDRESS, redirects("http://192.168.0.1/")),
    }
    urls = {name: server.add(f"{name}.jpg".replace(" ", "%20"), *given[1:]) for name, given in answers.items()}
    urls["at a mail server"] = "http://127.0.0.1:25/x.jpg"
    urls["with a password"] = "http://me:secret@127.0.0.1/x.jpg"
    urls["nowhere"] = "http:///x.jpg"
    with PhotoServer() as closed:
        urls["off"] = closed.url("x.jpg")
    expected = {name: given[0] for name, given in answers.items()} | {
        "with a password": PhotoStatus.FORBIDDEN_ADDRESS, "nowhere": PhotoStatus.BAD_ADDRESS,
        "off": PhotoStatus.UNREACHABLE, "at a mail server": PhotoStatus.FORBIDDEN_ADDRESS,
    }  # fmt: skip
    assert set(expected.values()) == set(PhotoStatus) - {PhotoStatus.PENDING, PhotoStatus.PLACEHOLDER}
    market.bring_in(*({"id": name, "image": url} for name, url in urls.items()))
    assert set(statuses(market).values()) == {"pending"}

    told = []
    report = fetch(market, on_progress=lambda done, note: told.append(done))
    assert statuses(market) == expected
    counts = Counter(str(each) for each in expected.values())
    assert report.fetched == counts.pop("stored")
    assert report.failed == counts
    assert sum(told) == len(expected)
    assert market.catalogue.counts().photos == Counter(map(str, expected.values()))
    assert market.catalogue.counts().with_photo == report.fetched


def test_what_is_stored_is_never_asked_for_again_and_what_may_pass_is(market, server):
    urls = {name: server.add(f"{name}.jpg", sends(photo(n))) for n, name in enumerate(("a", "b"))}
    urls |= {"down": server.add("down.jpg", status(500)), "gone": server.add("gone.jpg", status(410))}
    market.bring_in(*({"id": name, "image": url} for name, url in urls.items()))
    fetch(market)
    first = server.asked()
    assert first == {"/a.jpg": 1, "/b.jpg": 1, "/down.jpg": 2, "/gone.jpg": 1}

    server.add("down.jpg", sends(photo(3)))
    report = fetch(market)
    assert (report.fetched, report.failed) == (1, {})
    assert server.asked() - first == {"/down.jpg": 1}
    assert fetch(market) == FetchReport(seconds=pytest.approx(0, abs=5))

    server.add("gone.jpg", sends(photo(4)))
    assert fetch(market, retry_failed=True).fetched == 1
    assert set(statuses(market).values()) == {"stored"}
    assert server.asked()["/a.jpg"] == 1


def test_attempts_and_the_time_of_the_last_one_are_recorded(market, server):
    market.bring_in({"id": "1", "image": server.add("1.jpg", status(500))})

    def recorded() -> tuple[int, str, str]:
        query = "SELECT attempts, tried_utc, status_detail FROM photos"
        return tuple(market.catalogue.connection.execute(query).fetchone())

    assert recorded() == (0, None, None)
    fetch(market)
    attempts, first, detail = recorded()
    assert (attempts, detail) == (2, "HTTP 500")
    fetch(market)
    assert recorded()[0] == 4
    assert recorded()[1] >= first


def test_a_picture_that_many_products_name_is_fetched_once(market, server):
    shared, missing = server.add("shared.jpg", sends(photo(1))), server.add("missing.jpg", status(404))
    rows = [{"id": str(n), "image": shared if n % 2 else missing} for n in range(250)]
    market.bring_in(*rows)
    report = fetch(market)
    assert (report.fetched, report.failed) == (1, {"not_found": 1})
    assert server.asked() == {"/shared.jpg": 1, "/missing.jpg": 1}
    assert Counter(statuses(market).values()) == {"stored": 125, "not_found": 125}


def test_a_new_address_begins_anew_and_an_unchanged_one_keeps_its_status(market, server):
    bad, good = server.add("bad.jpg", status(404)), server.add("good.jpg", sends(photo(1)))
    market.bring_in({"id": "1", "image": bad}, {"id": "2", "image": bad})
    fetch(market)
    market.bring_in({"id": "1", "image": good}, {"id": "2", "image": bad, "price": "3"})
    assert statuses(market) == {"1": "pending", "2": "not_found"}
    fetch(market)
    assert statuses(market) == {"1": "stored", "2": "not_found"}
    assert server.asked() == {"/bad.jpg": 1, "/good.jpg": 1}


def test_a_product_is_found_by_the_photo_it_had_until_the_new_one_is_there(market, server):
    urls = [server.add(f"{n}.jpg", sends(photo(n))) for n in range(2)]
    bad = server.add("bad.jpg", status(404))
    market.bring_in({"id": "1", "image": urls[0]})
    fetch(market)
    [had] = market.catalogue.on_sale()
    for _ in range(2):
        market.bring_in({"id": "1", "image": bad, "price": "3"})
        assert fetch(market, retry_failed=True).failed == {"not_found": 1}
        assert former_photos.drop(market.catalogue.connection) == 1
        assert [each.photo_id for each in market.catalogue.on_sale()] == [had.photo_id]
        assert market.product("1").photo == market.catalogue.photos.path(had.sha256).absolute()
    market.bring_in({"id": "1", "image": urls[1], "price": "3"})
    fetch(market)
    assert former_photos.drop(market.catalogue.connection) == 0
    [now] = market.catalogue.on_sale()
    assert now.sha256 != had.sha256


def test_a_photo_that_comes_with_the_feed_takes_the_place_of_the_one_it_had_at_once(market, server):
    market.bring_in({"id": "1", "image": server.add("0.jpg", sends(photo(0)))})
    fetch(market)
    market.bring_in({"id": "1", "image": server.add("bad.jpg", status(404))})
    [had] = market.catalogue.on_sale()
    market.bring_in("1")
    [now] = market.catalogue.on_sale()
    assert now.sha256 != had.sha256


def test_products_that_are_gone_are_not_fetched_for(market, server):
    urls = [server.add(f"{n}.jpg", sends(photo(n))) for n in range(2)]
    market.bring_in(*({"id": str(n), "image": url} for n, url in enumerate(urls)))
    market.bring_in({"id": "0", "image": urls[0]})
    fetch(market)
    assert server.asked() == {"/0.jpg": 1}


def test_a_run_may_be_limited_to_a_source_and_to_a_number(market, server):
    for source in ("north", "south"):
        rows = [{"id": f"{n}", "image": server.add(f"{source}-{n}.jpg", sends(photo(n)))} for n in range(5)]
        market.bring_in(*rows, source=source)
    assert fetch(market, source="south", limit=3).fetched == 3
    assert Counter(path[1:6] for path in server.asked()) == {"south": 3}
    assert fetch(market, source="south").fetched == 2
    assert fetch(market).fetched == 5
    with pytest.raises(CatalogueError, match=r"no source 'east'\. Known: north, south"):
        fetch(market, source="east")


def test_every_address_is_found_however_it_is_written_and_hosts_are_kept_apart(market):
    addresses = [
        "http://a.example/1.jpg", "http://a.example/2.jpg", "http://a.example.org/1.jpg", "http://a.example:8080/1.jpg",
        "http://a.example", "http://a.example?1", "HTTP://A.example/1.jpg", "https://a.example/1.jpg",
        "https://a-b.example/1.jpg", "http://u@a.example/1.jpg",
        *(f"https://many.example/{n:04d}.jpg" for n in range(250)),
    ]  # fmt: skip
    market.bring_in(*({"id": str(n), "image": address} for n, address in enumerate(addresses)), "local")
    lacking = Lacking(market.catalogue, None, retry_failed=False)
    found = [(host, list(lane)) for host, lane in lacking.lanes()]
    assert sorted(address for _, lane in found for address in lane) == sorted(addresses)
    assert lacking.count() == len(addresses)
    by_host = {host: {a for h, lane in found if h == host for a in lane} for host, _ in found}
    assert set(by_host) == {"a.example", "a.example.org", "a.example:8080", "a-b.example", "many.example"}
    assert len(by_host["a.example"]) == 7
    assert len(by_host["many.example"]) == 250


def test_no_more_at_a_time_than_a_host_is_to_bear(market, server):
    urls = [server.add(f"{n}.jpg", after(0.01, sends(photo(n)))) for n in range(30)]
    market.bring_in(*({"id": str(n), "image": url} for n, url in enumerate(urls)))
    fetch(market, QUICK.model_copy(update={"host_concurrency": 3}))
    assert server.most_at_once <= 3


def test_a_store_that_cannot_be_written_ends_the_run_and_blames_no_photo(market, server):
    market.bring_in({"id": "1", "image": server.add("1.jpg", sends(photo(1)))})
    market.section.photos.touch()
    with pytest.raises(OSError, match="photos"):
        fetch(market)
    assert statuses(market) == {"1": "pending"}


def test_the_report_reads_well():
    report = FetchReport(1200, Counter(not_found=3, timed_out=1), 50_000_000, 10.0)
    assert report.in_words() == (
        "1,200 photos fetched in 10 s (120.0 photos/s, 5.0 MB/s), 4 not (3 not_found, 1 timed_out)"
    )
    assert report.as_json() == {
        "fetched": 1200, "failed": {"not_found": 3, "timed_out": 1}, "bytes": 50_000_000, "seconds": 10.0,
    }  # fmt: skip


COUNT, AT_ONCE = 60, 4


@pytest.fixture
def command(market, server, tmp_path):
    """A command that fetches sixty photos, and an event: half of them are asked for."""
    half_way = threading.Event()

    async def stop_here(out) -> bool:
        wait_s = 0 if half_way.is_set() else 4  # so that it cannot end before it is stopped
        half_way.set()
        return await after(wait_s, sends(photo(30)))(out)

    urls = [server.add(f"{n:02d}.jpg", sends(photo(n))) for n in range(COUNT)]
    server.add("30.jpg", stop_here)
    market.bring_in(*({"id": f"{n:02d}", "image": url} for n, url in enumerate(urls)))
    photos = {**QUICK.model_dump(), "concurrency": AT_ONCE, "read_timeout_s": 5, "total_timeout_s": 5}
    config = write_config(
        tmp_path, catalogue={"path": str(market.section.path), "photos": str(market.section.photos)}, photos=photos
    )
    return [sys.executable, "-m", "imgrec", "photos", "--json", "--config", str(config)], half_way


def stop_half_way(command: list[str], half_way: threading.Event, how: signal.Signals) -> tuple[int, str]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert half_way.wait(60)
        running.send_signal(how)
        _, said = running.communicate(timeout=60)
    return running.returncode, said


def test_a_command_that_is_killed_goes_on_where_it_was_and_fetches_nothing_twice(market, server, command):
    assert stop_half_way(*command, signal.SIGKILL)[0] == -signal.SIGKILL
    stored = {f"/{id_}.jpg" for id_, status_ in statuses(market).items() if status_ == "stored"}
    assert 10 < len(stored) < COUNT
    before = server.asked()

    assert fetch(market).fetched == COUNT - len(stored)
    assert set(statuses(market).values()) == {"stored"}
    again = set(server.asked() - before) & set(before)
    assert not again & stored
    assert len(again) <= AT_ONCE
    assert all(market.catalogue.photos.path(photo.sha256).exists() for photo in market.catalogue.on_sale())


def test_a_command_that_is_interrupted_keeps_what_it_has_and_says_how_to_go_on(market, command):
    code, said = stop_half_way(*command, signal.SIGINT)
    assert code == 130
    assert said.splitlines()[-1].startswith("Interrupted. The same command")
    assert "Traceback" not in said
    assert 10 < Counter(statuses(market).values())["stored"] < COUNT
