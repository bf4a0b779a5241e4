"""A shop opens by one command, from a feed to an answer; it says what stands in its way, and leaves nothing running."""

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
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from narrow_vgg import make_narrow
from tiny_shop import draw_product, jpeg, run_command, write_config, write_feed
from watched import Listener

from imgrec.cli import main
from imgrec.config import ModelSection, load_config
from imgrec.errors import ConfigError, ModelError
from imgrec.opening import write_config as write_own_config
from sandbox import running_sandbox
from sandbox.client import UserClient

PRODUCTS_A_CATEGORY = 8


@dataclass(frozen=True)
class Opening:
    """The command on a small shop laid out as the sample shop is, on a free port."""

    place: Path
    model: Path

    @property
    def folder(self) -> Path:
        """What the command keeps of the shop."""
        return self.place / "demo"

    @property
    def arguments(self) -> list[str | Path]:
        return ["imgrec", "open", self.place / "products.csv", "--folder", self.folder, "--model", self.model,
                "--name", "Sample shop", "--tray", self.place / "customer.csv", "--port", "0"]  # fmt: skip

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return run_command(*self.arguments, *arguments)

    def refused(self, *arguments: str | Path) -> Result:
        return refused(*self.arguments[1:], *arguments)


def refused(*arguments: str | Path, config: Path | None = None) -> Result:
    """What `imgrec` says, run in this process; should it go on to chat all the same, that is an error."""

    def goes_on(arguments: list[str]) -> None:
        raise AssertionError(f"It was not refused: {arguments}")

    environment = {name: None for name in os.environ if name.startswith("TELEGRAM_")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imgrec.commands.open._become", goes_on)
        told = {**environment, "IMGREC_CONFIG": str(config) if config else None}
        return CliRunner().invoke(main, list(map(str, arguments)), env=told)


def nothing_was_done(shop: Opening) -> bool:
    return not (shop.folder / "catalogue.db").exists()


def assert_one_line(refused: Result, said: str) -> None:
    assert (refused.exit_code, refused.stdout) == (1, ""), refused.stderr
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def assert_wrong_arguments(refused: Result, said: str) -> None:
    assert (refused.exit_code, refused.stdout) == (2, ""), refused.stderr
    assert said in refused.stderr
    assert "Usage:" in refused.stderr


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An eye that sees little, quickly."""
    return make_narrow(tmp_path_factory.mktemp("models") / "narrow").path


@pytest.fixture
def shop(tmp_path: Path, model: Path) -> Opening:
    """A shop that has not been opened."""
    write_feed(tmp_path, PRODUCTS_A_CATEGORY).rename(tmp_path / "products.csv")
    (tmp_path / "customer.jpg").write_bytes(jpeg(draw_product("Boxes", "blue", 77)))
    with (tmp_path / "customer.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [("photo", "product_id", "category", "kind"), ("customer.jpg", "box-001", "Boxes", "blue")]
        )
    return Opening(tmp_path, model)


@pytest.fixture(scope="module")
def first_opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shop that was opened first is kept, to be copied."""
    return tmp_path_factory.mktemp("opened") / "demo"


@pytest.fixture
def opened(shop: Opening, first_opened: Path) -> Opening:
    """A shop that has been opened before; the first test that wants one opens it."""
    if not first_opened.exists():
        done = shop.run("--no-chat")
        assert done.returncode == 0, done.stderr
        shutil.copytree(shop.folder, first_opened)
    else:
        shutil.copytree(first_opened, shop.folder)
    return shop


def test_one_photo_is_sent_and_what_came_back_is_shown_and_the_second_time_nothing_is_left_to_do(
    shop: Opening, first_opened: Path
) -> None:
    done = shop.run("--once")
    assert done.returncode == 0, done.stderr
    assert "24: 24 looked at, 0 known before" in done.stdout
    assert "customer.jpg" in done.stdout
    assert "The bot: " in done.stdout
    assert "24 imported" in done.stderr
    shutil.copytree(shop.folder, first_opened, dirs_exist_ok=True)
    again = shop.run("--once", "--send", shop.place / "photos" / "bal-007.jpg")
    assert "0 imported, 24 unchanged" in again.stderr
    assert "24, up to date" in again.stdout
    assert "bal-007.jpg" in again.stdout
    assert "\n1. yellow Balls 7\N{NO-BREAK SPACE}·" in again.stdout  # it finds itself first


def test_without_a_chat_it_opens_and_stops_and_a_newer_feed_brings_it_up_to_date(opened: Opening) -> None:
    feed = opened.place / "products.csv"
    feed.write_text("".join(feed.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    done = opened.run("--no-chat")
    assert done.returncode == 0, done.stderr
    assert "23: 0 looked at, 23 known before" in done.stdout
    assert "Sent" not in done.stdout
    assert f"Next: imgrec search PHOTO --config {opened.folder}/config.yaml" in done.stderr


def test_without_a_folder_the_configuration_says_where_the_shop_is(opened: Opening) -> None:
    config = opened.folder / "config.yaml"
    done = run_command("imgrec", "open", opened.place / "products.csv", "--no-chat", config=config)
    assert done.returncode == 0, done.stderr
    assert "24, up to date" in done.stdout
    named = run_command("imgrec", "open", opened.place / "products.csv", "--no-chat", "--config", config)
    assert "24, up to date" in named.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "none"], "none"),
        (["--tray", "none.csv"], "'--tray': Path 'none.csv' does not exist."),
        (["--tray", "photos/none"], "'--tray': Path 'photos/none' does not exist."),
        (["--send", "none.jpg"], "'--send': File 'none.jpg' does not exist."),
        (["--send", "."], "'--send': File '.' is a directory."),
    ],
)
def test_what_is_missing_is_named_before_anything_is_done(shop: Opening, arguments: list[str], said: str) -> None:
    assert_one_line(shop.refused("--once", *arguments), said)
    assert nothing_was_done(shop)


def test_a_feed_that_is_missing_is_named_too(shop: Opening) -> None:
    (shop.place / "products.csv").unlink()
    assert_one_line(shop.refused("--once"), f"There is no file {shop.place / 'products.csv'}")


@pytest.mark.parametrize("section", [{"model": {"path": "none"}}, {"search": {"results": 0}}, {"serach": {}}])
def test_a_configuration_that_serves_no_shop_is_said_before_anything_is_done(
    shop: Opening, section: dict[str, dict[str, object]]
) -> None:
    config = write_config(shop.place, **section)
    said = refused("open", shop.place / "products.csv", "--no-chat", config=config)
    assert_one_line(said, "none" if "model" in section else "config.yaml")
    assert not (shop.place / "catalogue.db").exists()


def test_what_an_owner_wrote_into_the_configuration_stays_but_for_the_model_that_is_named(
    tmp_path: Path, model: Path
) -> None:
    listener = Listener()
    file = write_own_config(tmp_path, model, listener)
    assert not listener.said
    with file.open("a", encoding="utf-8") as stream:
        stream.write("photos: {allow_private: true}  # our warehouse\n")
    edited = file.read_text(encoding="utf-8").replace('narrow"}', 'narrow", arithmetic: float32}')
    file.write_text(edited, encoding="utf-8")
    for named in (None, model):
        write_own_config(tmp_path, named, listener)
        assert file.read_text(encoding="utf-8") == edited
        assert listener.said == [f"The settings in {file} stay as they are."]
        listener.said.clear()

    with pytest.raises(ModelError, match="none"):
        write_own_config(tmp_path, tmp_path / "none", listener)
    assert file.read_text(encoding="utf-8") == edited
    other = Path(shutil.copytree(model, tmp_path / 'a \\"quoted" one'))
    write_own_config(tmp_path, other, listener)
    assert load_config(file, {}).model == ModelSection(path=other, arithmetic="float32")
    assert load_config(file, {}).photos.allow_private
    assert "# our warehouse" in file.read_text(encoding="utf-8")

    own = f"{edited.splitlines()[0]}\nmodel:\n  path: {model}\n"
    file.write_text(own, encoding="utf-8")
    with pytest.raises(ConfigError, match="leave --model out"):
        write_own_config(tmp_path, other, listener)
    assert file.read_text(encoding="utf-8") == own


def test_a_folder_whose_configuration_is_somebodys_own_is_left_alone(shop: Opening) -> None:
    own = write_config(shop.place).read_bytes()
    said = shop.refused("--no-chat", "--folder", shop.place)
    assert_one_line(said, f"--config {shop.place.resolve() / 'config.yaml'}")
    assert (shop.place / "config.yaml").read_bytes() == own


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        (b"picture\ncustomer.jpg\n", 'has no column "photo"'),
        (b"picture\n", 'has no column "photo"'),
        (b"photo\n\xff.jpg\n", "is no list of pictures"),
        (b'photo\n"' + b"x" * 140_000, "is no list of pictures"),
        (b"photo\n", "there are no JPEG, PNG or WebP pictures in"),
        (b"photo\nnone.jpg\n", "there are no JPEG, PNG or WebP pictures in"),
        (b"photo\nproducts.csv\n", "there are no JPEG, PNG or WebP pictures in"),
    ],
)
def test_a_tray_without_pictures_is_said_before_anything_is_done(shop: Opening, customers: bytes, said: str) -> None:
    (shop.place / "customer.csv").write_bytes(customers)
    assert_one_line(shop.refused("--once", "--send", shop.place / "customer.jpg"), said)
    assert nothing_was_done(shop)


def test_photos_that_could_not_be_fetched_are_told_with_the_next_step(opened: Opening) -> None:
    feed = opened.place / "products.csv"
    columns = feed.read_text(encoding="utf-8").splitlines()[0].split(",")
    new = {"id": "new", "title": "Box", "category": "Boxes", "image": "http://127.0.0.1:9/new.jpg"}
    with feed.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerow([new.get(column, "") for column in columns])
    told = opened.run("--no-chat").stderr
    config = opened.folder.resolve() / "config.yaml"
    assert "1 not (1 forbidden_address)" in told
    assert f"List them with: imgrec photos --failures --config {config};" in told
    assert "set photos.allow_private" in told


def test_a_folder_can_be_the_tray_and_its_first_picture_is_sent(opened: Opening) -> None:
    done = opened.run("--once", "--tray", opened.place / "photos")
    assert done.returncode == 0, done.stderr
    assert re.search(r"photos/(bal|box|ten)-\d{3}\.jpg", done.stdout)
    (opened.place / "empty").mkdir()
    assert_one_line(opened.refused("--once", "--tray", opened.place / "empty"), "no JPEG, PNG or WebP pictures in")


def test_a_first_photo_that_is_none_is_said(opened: Opening) -> None:
    done = opened.run("--once", "--send", opened.place / "products.csv")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "products.csv cannot be sent as a photo: Bad Request: IMAGE_PROCESS_FAILED"
    )
    assert "Traceback" not in done.stderr


def test_wrong_arguments_exit_with_2_and_do_nothing(shop: Opening) -> None:
    feed = shop.place / "products.csv"
    assert_wrong_arguments(refused("open", feed, "--once"), "--send or --tray")
    assert_wrong_arguments(refused("open", feed, "--model", "narrow"), "--model goes with --folder")
    assert_wrong_arguments(shop.refused("--no-chat", "--currency", "nonsense"), "--currency wants an ISO 4217 code")
    assert_wrong_arguments(shop.refused("--no-chat", "--format", "pdf"), "--format")
    assert_wrong_arguments(refused("open"), "FEEDS")
    assert not shop.folder.exists()


@pytest.fixture
def running(opened: Opening) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TELEGRAM_")}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", *map(str, opened.arguments)], stdout=subprocess.PIPE, text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "closing the terminal"])
def test_page_and_bot_stop_with_it(running: subprocess.Popen[str], opened: Opening, stop: signal.Signals) -> None:
    assert running.stdout is not None
    address = next(line.split()[-1] for line in running.stdout if line.startswith("Chat with the bot at "))
    heard = [
        event["message"] for event in httpx.get(f"{address}user/1/messages").json()["result"] if "message" in event
    ]
    assert {message["from"]["first_name"] for message in heard} == {"User 1", "Sample shop"}
    running.send_signal(stop)
    assert running.wait(30) == 0
    assert not _processes(str(opened.folder.resolve() / "config.yaml"))
    assert not _listens(address)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="what a process was sent is read from /proc")
def test_a_second_ctrl_c_does_not_wait_for_a_bot_that_hangs(running: subprocess.Popen[str], opened: Opening) -> None:
    assert running.stdout is not None
    assert any(line.startswith("Chat with the bot at ") for line in running.stdout)
    [bot] = [number for number in _processes(str(opened.folder.resolve() / "config.yaml")) if number != running.pid]
    os.kill(bot, signal.SIGSTOP)
    while "T" not in _status(bot, "State"):  # a SIGTERM sent before it stands still would be taken first
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    while not _is_pending(bot, signal.SIGTERM):
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert not _processes(str(opened.folder.resolve() / "config.yaml"))


async def test_with_a_token_the_bot_talks_to_telegram(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = opened.place / "customer.jpg"
    async with running_sandbox() as telegram, UserClient(telegram.url, 5) as shopper:
        monkeypatch.setenv("TELEGRAM_API_URL", telegram.url)
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *map(str, opened.arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            assert process.stderr is not None
            said = b""
            while b"the bot talks to Telegram" not in said:
                said = await asyncio.wait_for(process.stderr.readline(), 60)
                assert said
            await shopper.photo(photo.read_bytes())
            [answer] = await shopper.hear(1, within_s=60)
            assert answer["from"]["is_bot"]
        finally:
            process.terminate()
            await process.communicate()
    assert process.returncode == 0


def test_a_port_that_is_taken_is_said_before_anything_is_done(shop: Opening) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = shop.refused("--once", "--port", str(port))
    assert_one_line(said, f"port {port} on 127.0.0.1 is taken; choose another with --port, or 0")
    assert nothing_was_done(shop)


def test_a_bot_that_cannot_start_is_quoted(opened: Opening) -> None:
    (opened.folder / "log.db").write_text("no database")
    done = opened.run("--once")
    assert done.returncode == 1
    assert "The bot ended by itself. Its last words" in done.stderr
    assert "log.db" in done.stderr


def _processes(argument: str) -> list[int]:
    """Those that were started with this argument, where the system tells."""
    commands = Path("/proc").glob("[0-9]*/cmdline")
    return [int(file.parent.name) for file in commands if argument in _read(file).split("\0")]


def _is_pending(process: int, sent: signal.Signals) -> bool:
    """Whether a process has yet to take notice of a signal."""
    return bool(int(_status(process, "ShdPnd"), 16) >> (sent - 1) & 1)


def _status(process: int, field: str) -> str:
    [value] = re.findall(rf"^{field}:\s*(\w+)", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return value


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # it has just ended
        return ""


def _listens(address: str) -> bool:
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
