"""Bytes become upright RGB pixels, or a named refusal; no file takes more memory than we allow."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_shop import jpeg

from imgrec.errors import TooLargePhotoError, UnreadablePhotoError
from imgrec.vision.decode import FORMATS, MOST_PIXELS, MOST_SHRUNK_PIXELS, decode_photo

ORIENTATION = 0x0112
RED, BLUE = (255, 0, 0), (0, 0, 255)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners() -> Image.Image:
    """Every quarter of another colour, so that each of the eight orientations shows."""
    image = Image.new("RGB", (64, 48), "white")
    image.paste(RED, (0, 0, 32, 24))
    image.paste(BLUE, (32, 0, 64, 24))
    image.paste((0, 128, 0), (0, 24, 32, 48))
    return image


def turned(orientation: int) -> Image.Image:
    """The picture as a camera held that way stores it: the inverse of what EXIF's table says to do."""
    methods = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    return corners().transpose(methods[orientation]) if orientation in methods else corners()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header announces any size."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def jpeg_that_claims(width: int, height: int, progressive: bool) -> bytes:
    """A small JPEG whose frame header announces any size."""
    content = bytearray(jpeg(Image.new("RGB", (16, 16)), progressive=progressive))
    frame = content.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_is_turned_upright_whichever_way_the_camera_was_held(kind: str, orientation: int):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    photo = decode_photo(encoded(turned(orientation), kind, exif=exif, **options), 100)
    assert photo.size == (64, 48)
    assert np.abs(np.asarray(photo, int) - np.asarray(corners(), int)).mean() < 2


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_exif_that_is_no_exif_does_not_cost_the_photo():
    photo = decode_photo(jpeg(corners(), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff nonsense"), 100)
    assert photo.size == (64, 48)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_named_decodes(kind: str):
    photo = decode_photo(encoded(corners(), kind), 100)
    assert (photo.mode, photo.size) == ("RGB", (64, 48))
    assert np.abs(np.asarray(photo, int)[4, 4] - RED).max() < 40


@pytest.mark.parametrize("kind", ["EPS", "ICO", "TGA", "PPM"])
def test_other_formats_are_refused_unopened(kind: str):
    with pytest.raises(UnreadablePhotoError):
        decode_photo(encoded(corners(), kind), 100)


@pytest.mark.parametrize(
    ("bomb", "size"),
    [
        (png_that_claims(60_000, 60_000), "60000 x 60000"),
        (jpeg_that_claims(9_000, 9_000, progressive=True), "9000 x 9000"),
        (jpeg_that_claims(30_000, 30_000, progressive=False), "30000 x 30000"),
    ],
    ids=["png", "progressive jpeg", "jpeg"],
)
def test_a_bomb_is_refused_by_its_announced_size(bomb: bytes, size: str, monkeypatch: pytest.MonkeyPatch):
    def decoded(*_: object) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    with pytest.raises(TooLargePhotoError, match=f"{size} pixels; at most {MOST_PIXELS:,}"):
        decode_photo(bomb, 224)


def test_a_large_jpeg_is_shrunk_while_it_is_decoded_and_stays_large_enough():
    assert 9_000 * 9_000 > MOST_PIXELS < MOST_SHRUNK_PIXELS
    photo = decode_photo(jpeg(Image.new("L", (9_000, 9_000), 77)), enough_px=224)
    assert 2 * 224 <= min(photo.size) < 2 * 2 * 2 * 224
    assert photo.getpixel((300, 300)) == (77, 77, 77)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("kept", [0, 0.02, 0.6])
def test_a_photo_cut_short_is_unreadable(kind: str, kept: float):
    whole = encoded(Image.effect_noise((128, 128), 80).convert("RGB"), kind)
    with pytest.raises(UnreadablePhotoError):
        decode_photo(whole[: int(len(whole) * kept)], 100)


def test_a_photo_whose_decoder_gives_up_is_unreadable():
    damaged = bytearray(encoded(corners(), "AVIF"))
    pixels = damaged.index(b"mdat") + 4
    damaged[pixels : pixels + 32] = b"\xff" * 32
    with pytest.raises(UnreadablePhotoError):
        decode_photo(bytes(damaged), 100)


def test_a_file_that_is_missing_or_no_image_is_unreadable(tmp_path):
    (tmp_path / "letter.jpg").write_text("Dear shop,")
    for name in ("letter.jpg", "nowhere.jpg"):
        with pytest.raises(UnreadablePhotoError):
            decode_photo(tmp_path / name, 100)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(mode: str):
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 4, 8))
    photo = decode_photo(encoded(clear.convert(mode), "PNG"), 100)
    assert (photo.getpixel((1, 4)), photo.getpixel((6, 4))) == ((0, 0, 0), (255, 255, 255))


def test_sixteen_bits_a_channel_become_eight():
    deep = Image.new("I;16", (2, 1))
    deep.putpixel((1, 0), 65535)
    photo = decode_photo(encoded(deep, "PNG"), 100)
    assert [photo.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_counts(kind: str):
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    photo = decode_photo(encoded(frames[0], kind, save_all=True, append_images=frames[1:]), 100)
    assert np.abs(np.asarray(photo, int)[8, 8] - RED).max() < 10
