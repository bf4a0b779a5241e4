"""Bytes become upright sRGB pixels, or a named refusal; no file takes more memory than we allow."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from tiny_shop import jpeg

from imgrec.errors import TooLargePhotoError, UnreadablePhotoError
from imgrec.vision.decode import FORMATS, MOST_BYTES, decode_photo, examine_photo

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


def jpeg_of_scans(side_px: int) -> bytes:
    """A sequential JPEG of under 200 bytes whose three colours have a scan each: it has to be held whole."""

    def segment(marker: int, content: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content

    frame = struct.pack(">BHHB", 8, side_px, side_px, 3) + b"".join(bytes([n, 0x11, 0]) for n in (1, 2, 3))
    one_code = b"\x01" + bytes(15) + b"\x00"
    scans = b"".join(segment(0xDA, bytes([1, n, 0, 0, 63, 0])) + b"\x00" for n in (1, 2, 3))
    tables = (
        segment(0xDB, b"\x00" + b"\x01" * 64) + segment(0xC4, b"\x00" + one_code) + segment(0xC4, b"\x10" + one_code)
    )
    return b"\xff\xd8" + tables + segment(0xC0, frame) + scans + b"\xff\xd9"


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
        (jpeg_that_claims(12_000, 12_000, progressive=True), "12000 x 12000"),
        (jpeg_that_claims(30_000, 30_000, progressive=False), "30000 x 30000"),
        (jpeg_of_scans(15_800), "15800 x 15800"),
    ],
    ids=["png", "progressive jpeg", "jpeg", "jpeg of several scans"],
)
def test_a_bomb_is_refused_by_its_announced_size(bomb: bytes, size: str, monkeypatch: pytest.MonkeyPatch):
    def decoded(*_: object) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    with pytest.raises(TooLargePhotoError, match=f"{size} pixels, which take .* MB to decode; at most 260 MB"):
        decode_photo(bomb, 224)


def test_a_large_jpeg_is_shrunk_while_it_is_decoded_and_stays_large_enough():
    assert MOST_BYTES < 9_000 * 9_000 * 4
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


def test_a_large_png_is_shrunk_strip_by_strip_and_shows_the_same():
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (300, 200, 4), np.uint8)
    large = Image.fromarray(small).resize((1_600, 2_400), Image.Resampling.NEAREST)
    photo = decode_photo(encoded(large, "PNG", compress_level=1), enough_px=100)
    assert photo.size == (200, 300)
    white = 255 * (1 - small[..., 3:] / 255)
    assert np.abs(np.asarray(photo) - (small[..., :3] * (small[..., 3:] / 255) + white)).max() < 2


def test_more_than_32_million_pixels_decode_where_memory_allows_it():
    large = Image.new("L", (6_200, 5_800), 77)
    for content in (encoded(large, "PNG", compress_level=1), jpeg(large, progressive=True)):
        photo = decode_photo(content, enough_px=224)
        assert 2 * 224 <= min(photo.size) < 4 * 224
        assert photo.getpixel((300, 300)) == (77, 77, 77)


NOISE = Image.effect_noise((160, 120), 70).convert("RGB")
JPEGS = {
    "plain": jpeg(NOISE),
    "progressive": jpeg(NOISE, progressive=True),
    "grey": jpeg(NOISE.convert("L")),
    "restarting": jpeg(NOISE, restart_marker_rows=1),
}


@pytest.mark.parametrize("lacking", [1, 2])
@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_lacks_only_its_end_decodes(kind: str, lacking: int):
    whole = JPEGS[kind]
    assert decode_photo(whole[:-lacking], 100).tobytes() == decode_photo(whole, 100).tobytes()
    assert [examine_photo(content, 100).is_plain_jpeg for content in (whole, whole[:-lacking])] == [
        kind != "grey",
        False,
    ]


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_lacks_more_is_unreadable(kind: str):
    whole = JPEGS[kind]
    scans = [at for at in range(len(whole)) if whole[at : at + 2] == b"\xff\xda"]
    for end in (len(whole) - 12, len(whole) // 2, scans[-1] if len(scans) > 1 else scans[0], scans[0] + 20):
        with pytest.raises(UnreadablePhotoError):
            decode_photo(whole[:end], 100)


def profile_of(primaries: dict[str, tuple[float, float]], gamma: float) -> bytes:
    """An ICC profile of a screen: red, green and blue as x, y, and a gamma."""
    white = (0.9642, 1.0, 0.8249)
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries.values()]).T
    columns = columns * np.linalg.solve(columns, np.array(white))

    def numbers(values: Any) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"Test\0" + bytes(78) + bytes(1)
    parts = {b"desc": text, b"wtpt": numbers(white), b"cprt": b"text" + bytes(4) + b"none\0" + bytes(3)}
    parts |= {name: numbers(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True)}
    parts |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, content, at = struct.pack(">I", len(parts)), b"", 128 + 4 + 12 * len(parts)
    for name, part in parts.items():
        part = part + bytes(-len(part) % 4)
        table += name + struct.pack(">II", at + len(content), len(part))
        content += part
    head = struct.pack(">I4sI4s4s4s", at + len(content), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + numbers(white)[8:]
    return head + bytes(128 - len(head)) + table + content


WIDE = profile_of({"red": (0.7347, 0.2653), "green": (0.1596, 0.8404), "blue": (0.0366, 0.0001)}, 1.8)


def wide(image: Image.Image) -> Image.Image:
    """The same picture in the colours of the wide profile."""
    there = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), ImageCms.getOpenProfile(io.BytesIO(WIDE)))
    assert there is not None
    there.info.clear()
    return there


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_colours_of_a_wide_profile_are_those_it_means(kind: str):
    muted = Image.blend(corners(), Image.new("RGB", (64, 48), (128, 120, 110)), 0.5)
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    content = encoded(wide(muted), kind, icc_profile=WIDE, **options)
    without = encoded(wide(muted), kind, **options)
    assert np.abs(np.asarray(decode_photo(content, 100), int) - np.asarray(muted, int)).mean() < 2
    assert np.abs(np.asarray(decode_photo(without, 100), int) - np.asarray(muted, int)).mean() > 8
    assert not examine_photo(content, 100).is_plain_jpeg


def test_a_profile_of_transparent_colours_counts_too():
    clear = wide(Image.new("RGB", (8, 8), (150, 60, 90))).convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 4, 8))
    photo = decode_photo(encoded(clear, "PNG", icc_profile=WIDE), 100)
    assert photo.getpixel((1, 4)) == (255, 255, 255)
    assert np.abs(np.array(photo.getpixel((6, 4))) - (150, 60, 90)).max() < 4


@pytest.mark.parametrize(
    "profile",
    [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"no profile", WIDE[:200],
     ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()],
    ids=["sRGB", "none", "cut short", "of other pixels"],
)  # fmt: skip
def test_a_profile_that_says_nothing_new_or_nothing_at_all_changes_nothing(profile: bytes):
    with_profile = examine_photo(jpeg(NOISE, icc_profile=profile), 100)
    assert with_profile.image.tobytes() == decode_photo(jpeg(NOISE), 100).tobytes()
    assert with_profile.is_plain_jpeg


def png(mode: int, depth: int, rows: list[bytes], key: bytes = b"") -> bytes:
    """A PNG of any colour type and depth, as wide as its rows say."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    width = len(rows[0]) * 8 // (depth * {0: 1, 2: 3}[mode])
    header = struct.pack(">IIBBBBB", width, len(rows), depth, mode, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    transparent = chunk(b"tRNS", key) if key else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + transparent + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(0, 16, [struct.pack(">3H", 1000, 1001, 0x8080)], struct.pack(">H", 1000)), [255, 3, 128]),
        (png(0, 8, [bytes([9, 10, 0])], struct.pack(">H", 9)), [255, 10, 0]),
        (png(0, 4, [bytes([0x30, 0x4F])], struct.pack(">H", 3)), [255, 0, 68, 255]),
        (png(0, 1, [bytes([0b00110011])], struct.pack(">H", 0)), [255] * 8),
        (png(2, 8, [bytes([1, 2, 3, 1, 2, 4])], struct.pack(">3H", 1, 2, 3)), [255, 2]),
        (png(2, 16, [struct.pack(">6H", 256, 512, 768, 0x4040, 0x4040, 0x4040)], struct.pack(">3H", 256, 512, 768)),
         [255, 64]),
    ],
    ids=["16-bit grey", "grey", "4-bit grey", "1-bit grey", "RGB", "16-bit RGB"],
)  # fmt: skip
def test_the_colour_that_a_png_names_transparent_is_laid_on_white(content: bytes, expected: list[int]):
    photo = decode_photo(content, 100)
    assert [photo.getpixel((x, 0))[1] for x in range(photo.width)] == expected


@pytest.mark.parametrize("most", [1.0, 255.0, 65535.0])
def test_floats_are_as_bright_as_their_range_says(most: float):
    deep = Image.fromarray(np.array([[0, 0.5 * most, most]], np.float32))
    photo = decode_photo(encoded(deep, "TIFF"), 100)
    assert [photo.getpixel((x, 0))[0] for x in range(3)] == [0, 127, 255]


def test_heic_and_jpeg_xl_are_named_where_they_are_not_decoded():
    with pytest.raises(UnreadablePhotoError, match=r"HEIC, which needs: pip install 'imgrec\[heic\]'"):
        decode_photo(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", 100)
    for content in (b"\xff\x0a\xfa\x7f", b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a"):
        with pytest.raises(UnreadablePhotoError, match="JPEG XL"):
            decode_photo(content, 100)


def test_a_tiff_whose_offsets_are_text_is_unreadable():
    tiff = bytearray(encoded(corners(), "TIFF"))
    offsets = tiff.index(struct.pack("<HH", 273, 4))
    tiff[offsets + 2] = 2
    with pytest.raises(UnreadablePhotoError):
        decode_photo(bytes(tiff), 100)


def test_what_is_far_too_oblong_to_be_handed_on_is_too_large():
    with pytest.raises(TooLargePhotoError, match="too oblong"):
        decode_photo(png_that_claims(60_000_000, 1), 224)
