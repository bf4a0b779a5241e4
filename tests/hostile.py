"""Images that are small to send and costly to decode, or not what they say they are."""

import io
import random
import struct

from PIL import Image

Named = tuple[str, bytes]


def hostile_images(rng: random.Random) -> list[Named]:
    """One of each kind, in any order."""
    files = [
        ("many-scans.jpg", many_scans(side_px=5600, scans=4000)),
        ("vast.jpg", many_scans(side_px=15800, scans=3)),
        ("cut.jpg", _jpeg()[:2000]),
        ("head.jpg", _jpeg()[:30]),
        ("bomb.png", bomb()),
        ("typed.tif", tiff_with_text_for_numbers()),
        ("noise.jpg", rng.randbytes(5000)),
        ("words.png", b"This is a letter, and no picture."),
        ("zeros.webp", bytes(1000)),
        ("flat.gif", b"GIF89a" + struct.pack("<HH", 65000, 65000) + bytes(20)),
    ]
    rng.shuffle(files)
    return files


def many_scans(side_px: int, scans: int) -> bytes:
    """A progressive JPEG that claims a size and has the last of its scans many times over (some 20 bytes each)."""
    small = io.BytesIO()
    Image.new("L", (16, 16), 128).save(small, "JPEG", progressive=True)
    content = bytearray(small.getvalue())
    frame = content.index(b"\xff\xc2")
    content[frame + 5 : frame + 9] = struct.pack(">HH", side_px, side_px)
    last, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    return bytes(content[:end] + bytes(content[last:end]) * scans + content[end:])


def bomb() -> bytes:
    """A PNG of 900 megapixels in one colour."""
    file = io.BytesIO()
    Image.new("1", (30000, 30000)).save(file, "PNG", optimize=True)
    return file.getvalue()


def tiff_with_text_for_numbers() -> bytes:
    """A TIFF whose strip offsets are typed as text."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "TIFF")
    content = bytearray(file.getvalue())
    start = struct.unpack_from("<I", content, 4)[0]
    for entry in range(struct.unpack_from("<H", content, start)[0]):
        place = start + 2 + 12 * entry
        if struct.unpack_from("<H", content, place)[0] in (273, 279):
            struct.pack_into("<H", content, place + 2, 2)
    return bytes(content)


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((400, 300), 60).save(file, "JPEG")
    return file.getvalue()
