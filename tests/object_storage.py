"""Object storage to test against: a real S3 server (moto) in a process of its own, on loopback."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BUCKET = "shop"


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """Where the server will listen, and what lets clients in: set before any process starts that is to use it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield port


@pytest.fixture(scope="session")
def s3(s3_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty bucket."""
    pytest.importorskip("s3fs", reason="object storage needs s3fs: pip install -e '.[s3]'")
    pytest.importorskip("moto", reason="a server of object storage is needed: pip install -e '.[dev]'")
    said = tmp_path_factory.mktemp("s3") / "said"
    with (
        said.open("wb") as stream,
        subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(s3_port)], stdout=stream, stderr=stream
        ) as server,
    ):
        try:
            _wait_for(s3_port, server, said)
            import s3fs

            s3fs.S3FileSystem().mkdir(BUCKET)
            yield f"s3://{BUCKET}"
        finally:
            server.kill()


def _wait_for(port: int, server: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"The S3 server did not start: {said.read_text()[-500:]}")
