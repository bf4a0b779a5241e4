"""Fetching photos: `imgrec photos` beside wget and a loop of requests, from a server on loopback that is slow."""

import asyncio
import multiprocessing
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import numpy as np
from measuring import Report, Taken, options_of, peak_mb
from PIL import Image

from imgrec.catalogue.fetching import fetch_photos
from imgrec.catalogue.importing import import_feed
from imgrec.catalogue.lacking import Lacking
from imgrec.catalogue.store import Catalogue
from imgrec.config import CatalogueSection, PhotosSection

OURS = "imgrec photos"
DIFFERENT = 50


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--photos", type=int, default=1000, help="photos to fetch")
    parser.add_argument("--side-px", type=int, default=500, help="side of each")
    parser.add_argument("--delay-ms", type=float, default=50, help="how long the server thinks about each")
    parser.add_argument("--host-concurrency", type=int, default=6, help="photos under way at a time, ours only")
    parser.add_argument("--runs", type=int, default=1, help="of each way")
    options = parser.parse_args()

    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs, options.side_px, options.delay_ms / 1000), daemon=True)
    server.start()
    port, size_kb = ours.recv()
    urls = [f"http://127.0.0.1:{port}/{number}.jpg" for number in range(options.photos)]
    ways: dict[str, Callable[[list[str], Path], None]] = {
        OURS: partial(imgrec, host_concurrency=options.host_concurrency),
        "requests in a loop (httpx)": in_a_loop,
    }
    if shutil.which("wget"):
        ways["wget, one connection"] = wget
    taken: dict[str, Taken[None]] = {name: Taken() for name in ways}
    with Report(__doc__, options) as report:
        for _ in range(options.runs):
            for name, way in ways.items():
                with tempfile.TemporaryDirectory() as folder:
                    taken[name].run(partial(way, urls, Path(folder)))
        title = f"{options.photos:,} photos of {size_kb:.0f} kB, which take the server {options.delay_ms:g} ms each"
        report.times(title, taken, "s", beside=OURS, count=options.photos, of_what="photos")
        words = f"Ours decodes, stores and records each photo, the others save files. Peak memory: {peak_mb():.0f} MB"
        report.note("peak_mb", peak_mb(), words)
    server.terminate()


def in_a_loop(urls: list[str], folder: Path) -> None:
    with httpx.Client() as client:
        for number, url in enumerate(urls):
            (folder / f"{number}.jpg").write_bytes(client.get(url).raise_for_status().content)


def wget(urls: list[str], folder: Path) -> None:
    subprocess.run(  # noqa: S603
        ["wget", "--quiet", "--input-file=-", f"--directory-prefix={folder}"],  # noqa: S607
        input="\n".join(urls), text=True, check=True,
    )  # fmt: skip


def imgrec(urls: list[str], folder: Path, host_concurrency: int) -> None:
    feed = folder / "feed.csv"
    rows = [f"{number},Product,Category,{url}" for number, url in enumerate(urls)]
    feed.write_text("\n".join(["id,title,category,image", *rows]), encoding="utf-8")
    section = CatalogueSection(path=folder / "catalogue.db", photos=folder / "photos")
    settings = PhotosSection(allow_private=True, host_concurrency=host_concurrency)
    with Catalogue.open(section) as catalogue:
        import_feed(catalogue, feed, "feed", folder / "rejects.csv")
        report = fetch_photos(Lacking(catalogue, None, retry_failed=False), catalogue.photos, settings)
        assert report.fetched == len(urls), report


def serve(connection: Connection, side_px: int, delay_s: float) -> None:
    """Answer every request with one of a few photos, after a while."""
    rng = np.random.default_rng(0)
    photos = []
    for _ in range(DIFFERENT):
        image = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)).resize((side_px, side_px))
        with tempfile.TemporaryFile() as file:
            image.save(file, "JPEG", quality=90)
            file.seek(0)
            photos.append(file.read())

    async def answer(incoming: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        try:
            while await incoming.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(delay_s)
                photo = random.choice(photos) + random.randbytes(8)  # noqa: S311 - each file differs
                out.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(photo))
                out.write(photo)
                await out.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            out.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        connection.send((server.sockets[0].getsockname()[1], np.mean([len(photo) for photo in photos]) / 1000))
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main()
