"""What a JPEG's markers tell undecoded: what its decoder has to hold, and whether only its end is missing."""

import io
from collections import defaultdict
from typing import BinaryIO, NamedTuple

from PIL import Image

_SCAN = b"\xff\xda"
_END = b"\xff\xd9"
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_COEFFICIENTS = 64
_NOISE = bytes(range(1, 255)) * 16  # no marker in it, and it decodes to anything but nothing


class _Head(NamedTuple):
    """Where the first scan begins, and how many components frame and scan have."""

    scan_at: int
    of_frame: int
    of_scan: int


def bytes_held(image: Image.Image, stream: BinaryIO) -> int:
    """Bytes that libjpeg holds for an opened JPEG, whatever smaller size it is asked for (draft).

    A JPEG in several scans, progressive or not, is held whole as coefficients of two bytes. Others pass row by row.
    """
    head = _head(stream)
    if head and "progressive" not in image.info and head.of_scan == head.of_frame:
        return 0
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    most = max((across for _, across, _, _ in layers), default=1) * max((down for _, _, down, _ in layers), default=1)
    samples = sum(across * down for _, across, down, _ in layers)
    return 2 * image.width * image.height * samples // max(1, most)


def number_of_scans(content: bytes) -> int:
    """How many scans a JPEG has. Within a scan no such marker can stand; a thumbnail in its EXIF counts, too."""
    return content.count(_SCAN)


def with_end(content: bytes) -> tuple[bytes, bytes] | None:
    """A JPEG that lacks its end, with one: right behind its last byte, and behind noise. None if scans are missing.

    Both decode to the same pixels if, and only if, all of them were there: else the noise would show.
    """
    body = content.rstrip(b"\xff")
    head = _head(io.BytesIO(body)) if body.startswith(b"\xff\xd8") else None
    if head is None or not _scans_are_all_there(body, head):
        return None
    return body + _END, body + _NOISE + _END


def _head(stream: BinaryIO) -> _Head | None:
    """None when the markers are not plain to read, which libjpeg may still be able to."""
    of_frame = 0
    at = 2
    while True:
        stream.seek(at)
        head = stream.read(10)
        if len(head) < 10 or head[0] != 0xFF or head[1] == 0xFF:
            return None
        if head[:2] == _SCAN:
            return _Head(at, of_frame, head[4])
        if head[1] in _FRAMES:
            of_frame = head[9]
        at += 2 + int.from_bytes(head[2:4])


def _scans_are_all_there(content: bytes, head: _Head) -> bool:
    """Whether scans bring every coefficient of every component to its last bit: a progressive one may end too soon."""
    lacking: defaultdict[int, set[int]] = defaultdict(lambda: set(range(_COEFFICIENTS)))
    at = head.scan_at
    while at >= 0 and at + 4 < len(content):
        ids_end = at + 5 + 2 * content[at + 4]
        first_last_bits = content[ids_end : ids_end + 3]
        for component in content[at + 5 : ids_end : 2]:
            left = lacking[component]
            if len(first_last_bits) == 3 and first_last_bits[2] & 0x0F == 0:
                left.difference_update(range(first_last_bits[0], first_last_bits[1] + 1))
        at = content.find(_SCAN, at + 2)
    return len(lacking) == head.of_frame and not any(lacking.values())
