"""The demo goes from a feed to an answer by itself, says what stands in its way, and leaves nothing running."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_shop import Shop, draw_product, jpeg, run_command


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


@pytest.mark.parametrize("customers", ["picture\ncustomer.jpg\n", "photo\n", "photo\nnone.jpg\n"])
def test_a_shop_without_customers_photos_is_said_before_anything_is_done(
    demo: list[str | Path], customers: str
) -> None:
    (Path(demo[2]) / "customer.csv").write_text(customers)
    refused = run_command(*demo, "--once")
    assert refused.returncode == 1
    assert "does not begin with a photo that is there" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


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
    running.send_signal(stop)
    assert running.wait(30) == 0
    assert not _runs(f"{demo[6]}/config.yaml")
    assert not _listens(address)


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


def _runs(argument: str) -> bool:
    """Whether a process was started with this argument, where the system tells."""
    commands = (file for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists())
    return any(argument in _read(file).split("\0") for file in commands)


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # it has just ended
        return ""


def _listens(address: str) -> bool:
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
