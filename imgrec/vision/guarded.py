"""The process that decodes photos for guard.py, one after the other, until its standard input ends.

It starts as `python -c` with nothing but Pillow and the modules beside this one, and is told its limits as arguments.
"""

import os
import resource
import signal
import socket
import struct
import sys
import warnings
from contextlib import suppress
from pathlib import Path

from PIL import (  # the plugins of FORMATS: Pillow would import all it has when it meets one it has not yet
    AvifImagePlugin,
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from imgrec.errors import CostlyPhotoError, PhotoError, UnreadablePhotoError
from imgrec.vision.decode import FORMATS, examine_photo

REQUEST = struct.Struct("<BIQ")
"""Whether a path follows (else the bytes of a photo), enough_px, and how many bytes follow."""

REPLY = struct.Struct("<BII")
"""1 for a plain JPEG, 0 for another photo, width and height; then its pixels, RGB. FAILED: the length of two texts."""

FAILED = 2
READY = b"ready"
_STRIP_BYTES = 1 << 20


def main(cpu_s: float, memory_bytes: int) -> None:
    """Answer until the other end is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):  # who asked for photos decides when to end, and closes the line
        signal.signal(number, signal.SIG_IGN)
    line = socket.socket(fileno=os.dup(0))
    formats = (*FORMATS, *_extra_formats())
    _become_quiet()
    _limit_memory(memory_bytes)
    with suppress(ConnectionError):
        line.sendall(READY)
        while head := _read(line, REQUEST.size):
            is_path, enough_px, length = REQUEST.unpack(head)
            content = _read(line, length) if length else b""
            signal.setitimer(signal.ITIMER_PROF, cpu_s)  # its signal ends the process, whatever it is busy with
            _answer(line, Path(os.fsdecode(content)) if is_path else content, enough_px, formats)
            signal.setitimer(signal.ITIMER_PROF, 0)


def _answer(line: socket.socket, source: bytes | Path, enough_px: int, formats: tuple[str, ...]) -> None:
    try:
        decoded = examine_photo(source, enough_px, formats)
    except PhotoError as error:
        _fail(line, type(error).__name__, str(error))
    except MemoryError:
        _fail(line, CostlyPhotoError.__name__, "")
        sys.exit()  # what it left behind must not count against the next one
    except Exception as error:  # a decoder's own fault: of this photo alone
        _fail(line, UnreadablePhotoError.__name__, f"The photo does not decode as an image ({error}).")
    else:
        image = decoded.image
        line.sendall(REPLY.pack(decoded.is_plain_jpeg, image.width, image.height))
        rows = max(1, _STRIP_BYTES // (3 * image.width))
        for top in range(0, image.height, rows):
            line.sendall(image.crop((0, top, image.width, min(image.height, top + rows))).tobytes())


def _fail(line: socket.socket, name: str, message: str) -> None:
    texts = name.encode(), message.encode(errors="replace")[:2000]
    line.sendall(REPLY.pack(FAILED, len(texts[0]), len(texts[1])) + b"".join(texts))


def _read(line: socket.socket, length: int) -> bytes:
    """So many bytes, or none where the line ends."""
    content = bytearray(length)
    with memoryview(content) as rest:
        while rest:
            count = line.recv_into(rest)
            if not count:
                return b""
            rest = rest[count:]
    return bytes(content)


def _extra_formats() -> tuple[str, ...]:
    """HEIF where the extra `heic` is installed. It is decoded here and nowhere else."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener(thumbnails=False)
    return ("HEIF",)


def _become_quiet() -> None:
    """What libraries have to say of a photo is nothing for a terminal. Before this, errors of starting are shown."""
    warnings.simplefilter("ignore")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a thread's stack and heap would count against the photo
    Image.preinit()


def _limit_memory(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # no /proc, or a system that has no such limit: the clock still bounds it
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
