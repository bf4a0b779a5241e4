"""A Milvus server as a process of its own, to be killed: milvus-lite, which speaks Milvus' protocol over gRPC.

IMGREC_MILVUS=http://... has the tests ask a Milvus of one's own instead; those that would kill it are skipped.
"""

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

_STARTED = "listening"


class MilvusProcess:
    """Started on a free port; what it was told survives being killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-u", "-m", "milvus_lite", "server", "--data-dir", str(self._folder),
                   "--host", "127.0.0.1", "--port", str(self._port)]  # fmt: skip
        with (self._folder.parent / "milvus.err").open("a") as errors:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert self._process.stdout is not None
        assert _STARTED in self._process.stdout.readline()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None


class NotOurs(MilvusProcess):
    """One that was there before."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def kill(self) -> None:
        pytest.skip("it is not ours to kill")


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """A server. Who kills it starts it again."""
    skip_without_milvus()
    if uri := os.environ.get("IMGREC_MILVUS"):
        yield NotOurs(uri)
        return
    with MilvusProcess(tmp_path_factory.mktemp("milvus") / "data") as server:
        yield server


def skip_without_milvus() -> None:
    """Tests of an engine on a server need both, and say so."""
    for package in ("pymilvus", "milvus_lite"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install -e '.[dev]'")
