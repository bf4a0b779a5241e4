"""The demo goes from a feed to an answer by itself, says what stands in its way, and leaves nothing running."""

import asyncio
import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tiny_shop import Shop, draw_product, jpeg, run_command

from sandbox import running_sandbox
from sandbox.client import UserClient


@pytest.fixture
def demo(own_shop: Shop) -> list[str | Path]:
    """The command on the tiny shop, laid out as the sample shop is, on a free port."""
    folder = own_shop.folder
    shutil.copy(own_shop.feed, folder / "products.csv")
    (folder / "customer.jpg").write_bytes(jpeg(draw_product("Boxes", "blue", 77)))
    with (folder / "customer.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [("photo", "product_id", "category", "kind"), ("customer.jpg", "box-001", "Boxes", "blue")]
        )
    return ["sample.demo", "--shop", folder, "--model", folder / "models" / "tiny", "--folder", folder / "demo",
            "--port", "0"]  # fmt: skip


def test_one_photo_is_sent_and_what_came_back_is_shown_and_the_second_time_nothing_is_left_to_do(
    demo: list[str | Path],
) -> None:
    done = run_command(*demo, "--once")
    assert done.returncode == 0, done.stderr
    assert "customer.jpg" in done.stdout
    assert "This looks like" in done.stdout
    assert "96 imported" in done.stderr
    again = run_command(*demo, "--once", "--photo", demo[2] / "photos" / "bal-009.jpg")
    assert "0 imported, 96 unchanged" in again.stderr
    assert "bal-009.jpg" in again.stdout
    assert "similar" in again.stdout  # it finds at least itself


def test_what_is_missing_is_named(demo: list[str | Path], tmp_path: Path) -> None:
    done = run_command(*demo, "--once", "--model", tmp_path / "none")
    assert done.returncode == 1
    assert "none/model.yaml" in done.stderr
    assert "--model FOLDER" in done.stderr


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        (b"picture\ncustomer.jpg\n", 'has no column "photo"'),
        (b"photo\n\xff.jpg\n", "is no list of photos"),
        (b'photo\n"' + b"x" * 140_000, "is no list of photos"),
        (b"photo\n", "names no photo that is there"),
        (b"photo\nnone.jpg\n", "names no photo that is there"),
    ],
)
def test_a_shop_without_customers_photos_is_said_before_anything_is_done(
    demo: list[str | Path], customers: bytes, said: str
) -> None:
    (Path(demo[2]) / "customer.csv").write_bytes(customers)
    refused = run_command(*demo, "--once", "--photo", demo[2] / "customer.jpg")
    assert refused.returncode == 1
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_first_photo_that_is_none_is_said(demo: list[str | Path]) -> None:
    refused = run_command(*demo, "--once", "--photo", demo[2] / "products.csv")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith(
        "products.csv cannot be sent as a photo: Bad Request: IMAGE_PROCESS_FAILED"
    )
    assert "Traceback" not in refused.stderr


@pytest.fixture
def running(demo: list[str | Path]) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TELEGRAM_")}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", *map(str, demo)], stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "closing the terminal"])
def test_page_and_bot_stop_with_it(
    running: subprocess.Popen[str], demo: list[str | Path], stop: signal.Signals
) -> None:
    assert running.stdout is not None
    address = next(line.split()[-1] for line in running.stdout if line.startswith("Chat with the bot at "))
    heard = [
        event["message"] for event in httpx.get(f"{address}user/1/messages").json()["result"] if "message" in event
    ]
    assert {message["from"]["first_name"] for message in heard} == {"User 1", "Sample shop"}
    running.send_signal(stop)
    assert running.wait(30) == 0
    assert not _processes(f"{demo[6]}/config.yaml")
    assert not _listens(address)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="what a process was sent is read from /proc")
def test_a_second_ctrl_c_does_not_wait_for_a_bot_that_hangs(
    running: subprocess.Popen[str], demo: list[str | Path]
) -> None:
    assert running.stdout is not None
    assert any(line.startswith("Chat with the bot at ") for line in running.stdout)
    [bot] = _processes(f"{demo[6]}/config.yaml")
    os.kill(bot, signal.SIGSTOP)
    running.send_signal(signal.SIGINT)
    while not _is_pending(bot, signal.SIGTERM):
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert not _processes(f"{demo[6]}/config.yaml")


async def test_with_a_token_the_bot_talks_to_telegram(demo: list[str | Path], monkeypatch: pytest.MonkeyPatch) -> None:
    photo = Path(demo[2]) / "customer.jpg"
    async with running_sandbox() as telegram, UserClient(telegram.url, 5) as shopper:
        monkeypatch.setenv("TELEGRAM_API_URL", telegram.url)
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *map(str, demo), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            assert process.stdout is not None
            assert b"the bot talks to Telegram" in await process.stdout.readline()
            await shopper.photo(photo.read_bytes())
            [answer] = await shopper.hear(within_s=60)
            assert answer["from"]["is_bot"]
        finally:
            process.terminate()
            await process.communicate()
    assert process.returncode == 0


def test_a_port_that_is_taken_is_said_before_anything_is_done(demo: list[str | Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run_command(*demo[:-1], str(port), "--once")
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        f"Error: Port {port} is taken. Choose another, or 0 for a free one: make demo PORT=0"
    ]


def test_a_bot_that_cannot_start_is_quoted(demo: list[str | Path]) -> None:
    (Path(demo[6])).mkdir()
    (Path(demo[6]) / "log.db").write_text("no database")
    refused = run_command(*demo, "--once")
    assert refused.returncode == 1
    assert "The bot ended by itself. Its last words" in refused.stderr
    assert "log.db" in refused.stderr


def _processes(argument: str) -> list[int]:
    """Those that were started with this argument, where the system tells."""
    commands = Path("/proc").glob("[0-9]*/cmdline")
    return [int(file.parent.name) for file in commands if argument in _read(file).split("\0")]


def _is_pending(process: int, sent: signal.Signals) -> bool:
    """Whether a process has yet to take notice of a signal."""
    [waiting] = re.findall(r"^ShdPnd:\s*(\w+)", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return bool(int(waiting, 16) >> (sent - 1) & 1)


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # it has just ended
        return ""


def _listens(address: str) -> bool:
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
