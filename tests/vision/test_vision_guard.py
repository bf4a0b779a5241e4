"""The door for photos of others: what asks for too much ends alone, and what is honest comes through unchanged."""

import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hostile import bomb, many_scans, tiff_with_text_for_numbers
from PIL import Image, ImageChops
from tiny_shop import jpeg

from imgrec.errors import CostlyPhotoError, GuardError, TooLargePhotoError, UnreadablePhotoError
from imgrec.vision.decode import decode_photo
from imgrec.vision.guard import GuardedDecoder

NEEDS_PROC = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")


@pytest.fixture(scope="module")
def decoder():
    with GuardedDecoder(2) as opened:
        yield opened


def honest(seed: int = 0) -> bytes:
    return jpeg(Image.effect_noise((400 + seed, 300), 60).convert("RGB"), quality=90)


def children(of: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == of and state != "Z":
                found.append(int(folder.name))
    return found


def test_pixels_are_those_of_decoding_right_here(decoder, tmp_path):
    photo = honest()
    (tmp_path / "a photo.jpg").write_bytes(photo)
    expected = decode_photo(photo, 100)
    for source in (photo, tmp_path / "a photo.jpg"):
        assert not ImageChops.difference(decoder.decode(source, 100), expected).getbbox()
    assert decoder.examine(photo, 100).is_plain_jpeg


def test_many_threads_share_few_processes(decoder):
    photos = [honest(seed) for seed in range(20)]
    with ThreadPoolExecutor(8) as pool:
        decoded = list(pool.map(lambda photo: decoder.decode(photo, 300), photos))
    assert [image.size for image in decoded] == [(400 + seed, 300) for seed in range(20)]


@pytest.mark.parametrize(
    ("photo", "error", "says"),
    [
        (many_scans(5600, 4000), CostlyPhotoError, "0.5 s of computing"),
        (bomb(), TooLargePhotoError, "30000 x 30000"),
        (tiff_with_text_for_numbers(), UnreadablePhotoError, "does not decode"),
        (b"a letter", UnreadablePhotoError, "does not decode"),
        (b"", UnreadablePhotoError, "does not decode"),
    ],
)
def test_each_refusal_is_the_photos_own(photo, error, says):
    with GuardedDecoder(1, cpu_s=0.5) as decoder:
        for _ in range(2):
            with pytest.raises(error, match=says):
                decoder.decode(photo, 100)
        assert decoder.decode(honest(), 100).size == (400, 300)


def test_a_photo_that_needs_more_memory_than_there_is_for_one_is_costly():
    content = io.BytesIO()
    Image.new("RGB", (6000, 5000)).save(content, "PNG")
    with GuardedDecoder(1, memory_mb=80) as decoder:
        with pytest.raises(CostlyPhotoError, match="80 MB"):
            decoder.decode(content.getvalue(), 100)
        assert decoder.decode(honest(), 100).size == (400, 300)


def test_a_photo_that_takes_too_long_by_the_clock_is_costly():
    slow = pytest.raises(CostlyPhotoError, match=r"within 0\.3 s")
    with GuardedDecoder(1, cpu_s=60, wall_s=0.3) as decoder, slow:
        decoder.decode(many_scans(5600, 4000), 100)


@NEEDS_PROC
def test_a_process_that_was_killed_is_replaced():
    before = set(children(os.getpid()))
    with GuardedDecoder(1) as decoder:
        decoder.decode(honest(), 100)
        [process] = set(children(os.getpid())) - before
        os.kill(process, signal.SIGKILL)
        while process in children(os.getpid()):
            time.sleep(0.01)
        assert decoder.decode(honest(), 100).size == (400, 300)
    assert set(children(os.getpid())) <= before


def test_closed_it_decodes_no_more():
    decoder = GuardedDecoder(1)
    decoder.close()
    decoder.close()
    with pytest.raises(GuardError, match="closed"):
        decoder.decode(honest(), 100)


def test_where_no_process_can_be_started_no_photo_is_blamed(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with GuardedDecoder(1) as decoder, pytest.raises(GuardError, match="cannot be started"):
        decoder.decode(honest(), 100)


@NEEDS_PROC
def test_processes_end_with_the_one_they_work_for(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(honest())
    code = f"""
import sys
from pathlib import Path
from imgrec.vision.guard import GuardedDecoder
decoder = GuardedDecoder(1)
decoder.decode(Path({str(tmp_path / "photo.jpg")!r}), 100)
print(flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        [child] = children(parent.pid)
        parent.kill()
    end = time.monotonic() + 10
    while Path(f"/proc/{child}").is_dir():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_heic_decodes_where_its_library_is_installed(decoder):
    heif = pytest.importorskip("pillow_heif")
    content = io.BytesIO()
    heif.from_pillow(Image.new("RGB", (320, 240), (200, 30, 30))).save(content, quality=90)
    image = decoder.decode(content.getvalue(), 100)
    assert image.size == (320, 240)
    assert image.getpixel((160, 120)) == pytest.approx((200, 30, 30), abs=12)
