"""The door for photos that come from others: decoded in processes that end when a photo asks for too much.

A decoder in C can neither be interrupted nor bounded from within. So time and memory are limited from outside: by the
system, which ends the process (CPU time) or refuses it memory, and by a clock here, which kills it.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Self

from PIL import Image

import imgrec
from imgrec import errors
from imgrec.errors import CostlyPhotoError, GuardError, PhotoError, UnreadablePhotoError
from imgrec.vision.boxes import Box, crop, enough_for
from imgrec.vision.decode import MOST_RESULT_PIXELS, Decoded
from imgrec.vision.guarded import FAILED, READY, REPLY, REQUEST

CPU_S = 2.0
"""Processor time that one photo may take."""

WALL_S = 30.0
"""Time by the clock that it may take, on a machine that is busy with other things."""

MEMORY_MB = 300
"""Memory that it may take, with its own bytes."""

_STARTS_WITHIN_S = 60.0
_PHOTOS_OF_A_PROCESS = 1000  # then a fresh one: what libraries leave behind would count against the next photo
_BUFFER_BYTES = 1 << 20


class GuardedDecoder:
    """Decodes photos in processes of their own; a context manager.

    Any number of threads may call it; `processes` photos are decoded at a time, the others wait. A process starts with
    the first photo that needs it (a tenth of a second), and is replaced when a photo ended it. They end with `close`,
    when the decoder is forgotten, and when this process ends, however that comes about.
    """

    def __init__(
        self, processes: int = 2, cpu_s: float = CPU_S, wall_s: float = WALL_S, memory_mb: int = MEMORY_MB
    ) -> None:
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._memory_mb = memory_mb
        self._turns = threading.BoundedSemaphore(processes)
        self._pool = _Pool()
        self._forgotten = weakref.finalize(self, self._pool.close)

    def decode(self, source: bytes | Path, enough_px: int, box: Box | None = None) -> Image.Image:
        """The pixels that `decode_photo` gives, or of these a part, decoded so large that it has `enough_px` itself.

        Of a part of less than a sixth of the photo's side it may have fewer. Blocks until there are some pixels.

        Raises UnreadablePhotoError and TooLargePhotoError as `decode_photo` does, and CostlyPhotoError for a photo that
        takes more time or memory than any honest one. Raises GuardError when no process can be started, or after
        `close`: that is not the photo's fault.
        """
        if box is None:
            return self.examine(source, enough_px).image
        return crop(self.examine(source, enough_for(enough_px, box)).image, box)

    def examine(self, source: bytes | Path, enough_px: int) -> Decoded:
        """What `examine_photo` gives. Raises as `decode`."""
        with self._turns:
            process = self._pool.borrow() or self._pool.add(_Process(self._cpu_s, self._memory_mb))
            try:
                return process.examine(source, enough_px, time.monotonic() + self._wall_s)
            except _Ended as how:
                if self._pool.closed:
                    raise GuardError("The photo was not decoded: the decoder was closed.") from None
                raise self._judged(how) from None
            finally:
                self._pool.give_back(process)

    def close(self) -> None:
        """End the processes. A photo that is being decoded is given up."""
        self._forgotten()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _judged(self, how: "_Ended") -> PhotoError:
        """What a process that ended says of its photo."""
        if how.signal in {signal.SIGPROF, signal.SIGXCPU}:
            return CostlyPhotoError(
                f"The photo takes more than {self._cpu_s:g} s of computing to decode, which no honest photo does. "
                "Save it anew as a plain JPEG."
            )
        if how.signal is None:
            return CostlyPhotoError(
                f"The photo was not decoded within {self._wall_s:g} s. Save it anew as a plain JPEG."
            )
        if how.signal in {0, signal.SIGKILL}:
            return CostlyPhotoError(
                f"The photo takes more than {self._memory_mb} MB of memory to decode. Save it anew, smaller."
            )
        return UnreadablePhotoError(
            f"The photo does not decode as an image (its decoder ended by signal {how.signal})."
        )


class _Ended(Exception):  # noqa: N818 - an event, which `_judged` makes an error of
    """A process is no more. signal: by which it ended, 0 when out of memory, None when it took too long."""

    def __init__(self, signal: int | None) -> None:
        super().__init__(signal)
        self.signal = signal


class _Pool:
    """The processes there are, and which of them are idle."""

    def __init__(self) -> None:
        self.closed = False
        self._lock = threading.Lock()
        self._all: set[_Process] = set()
        self._idle: list[_Process] = []

    def borrow(self) -> "_Process | None":
        """One that is idle. Raises GuardError after `close`."""
        while True:
            with self._lock:
                if self.closed:
                    raise GuardError("No photo can be decoded: the decoder was closed.")
                if not self._idle:
                    return None
                process = self._idle.pop()
            if process.is_usable():
                return process
            self._remove(process)

    def add(self, process: "_Process") -> "_Process":
        with self._lock:
            if not self.closed:
                self._all.add(process)
                return process
        process.end()
        raise GuardError("No photo can be decoded: the decoder was closed.")

    def give_back(self, process: "_Process") -> None:
        with self._lock:
            if not self.closed and process.is_usable():
                self._idle.append(process)
                return
        self._remove(process)

    def close(self) -> None:
        with self._lock:
            self.closed = True
            processes = list(self._all)
        for process in processes:
            process.end()

    def _remove(self, process: "_Process") -> None:
        with self._lock:
            self._all.discard(process)
        process.end()


class _Process:
    """One process and the line to it."""

    def __init__(self, cpu_s: float, memory_mb: int) -> None:
        self._left = _PHOTOS_OF_A_PROCESS
        self._line, theirs = socket.socketpair()
        for line in (self._line, theirs):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        # Without site, and with this process's own path: a third of the time, and nothing of where it was started.
        path = [str(Path(imgrec.__file__).parents[1]), *filter(None, sys.path)]
        code = (
            f"import sys; sys.path[:] = {path!r}; from imgrec.vision.guarded import main; "
            f"main({cpu_s!r}, {memory_mb * 1_000_000})"
        )
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-I", "-S", "-c", code],
                    stdin=theirs.fileno(), stdout=subprocess.DEVNULL, start_new_session=True,
                    env={**os.environ, "MALLOC_ARENA_MAX": "1"},
                )  # fmt: skip
        except OSError as error:
            self._line.close()
            raise GuardError(f"The process that decodes photos cannot be started ({error}).") from None
        try:
            started = self._read(len(READY), time.monotonic() + _STARTS_WITHIN_S) == READY
        except (OSError, _Ended):
            started = False
        except BaseException:
            self.end()
            raise
        if not started:
            self.end()
            raise GuardError("The process that decodes photos does not start; what it said stands above.")

    def is_usable(self) -> bool:
        """Whether it can take another photo."""
        return self._left > 0 and self._process.poll() is None

    def examine(self, source: bytes | Path, enough_px: int, deadline: float) -> Decoded:
        """Raises _Ended, or the PhotoError that it found."""
        self._left -= 1
        content = os.fsencode(source.absolute()) if isinstance(source, Path) else source
        whole = False
        try:
            self._send(REQUEST.pack(isinstance(source, Path), enough_px, len(content)), deadline)
            self._send(content, deadline)
            kind, width, height = REPLY.unpack(self._read(REPLY.size, deadline))
            if kind == FAILED:
                name, message = (str(self._read(length, deadline), "utf-8", "replace") for length in (width, height))
                whole = bool(message)  # without one it is out of memory, and ends
                raise _named(name, message)
            if not 0 < width * height <= MOST_RESULT_PIXELS:
                raise UnreadablePhotoError("The photo does not decode as an image.")
            pixels = self._read(3 * width * height, deadline)
            whole = True
        except TimeoutError:
            raise _Ended(None) from None
        except OSError:  # it ended, and says how when it is waited for
            raise self._how_it_ended() from None
        finally:
            if not whole:  # half an answer may be on the line
                self._left = 0
                self.end()
        return Decoded(Image.frombuffer("RGB", (width, height), pixels, "raw", "RGB", 0, 1), bool(kind))

    def end(self) -> None:
        """Kill it, which nothing it does can prevent, and wait for that."""
        self._process.kill()
        self._process.wait()
        self._line.close()

    def _how_it_ended(self) -> _Ended:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return _Ended(0)
        return _Ended(-code if code < 0 else 0)

    def _send(self, content: bytes, deadline: float) -> None:
        self._line.settimeout(max(0.001, deadline - time.monotonic()))
        self._line.sendall(content)

    def _read(self, length: int, deadline: float) -> bytearray:
        content = bytearray(length)
        with memoryview(content) as rest:
            while rest:
                self._line.settimeout(max(0.001, deadline - time.monotonic()))
                count = self._line.recv_into(rest)
                if not count:
                    raise ConnectionResetError
                rest = rest[count:]
        return content


def _named(name: str, message: str) -> Exception:
    """The error that a process names. One that was taken over by a photo can name no other kind."""
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, PhotoError)):
        return UnreadablePhotoError("The photo does not decode as an image.")
    return kind(message) if message else _Ended(0)
