"""A bot run beside the sandbox: what it is given, what is shown of it, and that it goes when the sandbox does."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tiny_shop import run_command

BOT = """\
import json, os, sys, urllib.request

def call(method, **parameters):
    address = f"{os.environ['TELEGRAM_API_URL']}/bot{os.environ['TELEGRAM_BOT_TOKEN']}/{method}"
    asked = urllib.request.Request(address, json.dumps(parameters).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)["result"]

print("Listening as", call("getMe")["first_name"], "in process", os.getpid(), flush=True)
seen = 0
while True:
    for update in call("getUpdates", offset=seen, timeout=20):
        seen = update["update_id"] + 1
        message = update["message"]
        said = message.get("text") or f"A photo of {message['photo'][-1]['width']} pixels."
        if said == "/start" and "shy" in sys.argv:
            sys.exit("I would rather not.")
        if "photo" in message:
            picture = {"type": "photo", "media": message["photo"][-1]["file_id"], "caption": "For the viewer"}
            call("sendMediaGroup", chat_id=message["chat"]["id"], media=[picture, picture])
        call("sendMessage", chat_id=message["chat"]["id"], text=f"{said} [b]\\nAnd a second line.")
"""


@pytest.fixture
def bot(tmp_path: Path) -> list[str]:
    """The command of a bot that says again what it hears, a photo with an album above."""
    file = tmp_path / "bot.py"
    file.write_text(BOT, encoding="utf-8")
    return ["--", sys.executable, str(file)]


@pytest.fixture
def photo(tmp_path: Path, picture: Callable[..., bytes]) -> Path:
    file = tmp_path / "shoe.jpg"
    file.write_bytes(picture(size=(120, 90)))
    return file


@contextlib.asynccontextmanager
async def running(*arguments: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m sandbox`, on a free port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "sandbox", "--port", "0", *map(str, arguments),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_with(stream: asyncio.StreamReader | None, words: str) -> str:
    assert stream is not None
    while line := (await asyncio.wait_for(stream.readline(), 30)).decode():
        if words in line:
            return line
    raise AssertionError(f"It ended without saying {words!r}")


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_command_gets_address_and_token_and_its_answer_to_the_photo_is_shown(
    bot: list[str], photo: Path, tmp_path: Path
) -> None:
    log = tmp_path / "new" / "bot.log"
    done = run_command(
        "sandbox", "--port", "0", "--token", "5:abc", "--name", "Echo", "--send", photo, "--once", "--log", log, *bot
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"Sent .*shoe\.jpg\. The bot: A photo of 120 pixels\. \[b\]\nAnd a second line\.", done.stdout.strip()
    )
    assert done.stderr == ""
    assert log.read_text(encoding="utf-8").startswith("Listening as Echo")
    assert not is_there(int(log.read_text(encoding="utf-8").split()[-1]))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_it_stops_with_the_sandbox(bot: list[str], stop: signal.Signals) -> None:
    async with running(*bot) as sandbox:
        number = int((await line_with(sandbox.stderr, "Listening")).split()[-1])  # without --log it is shown
        await line_with(sandbox.stdout, "Chat with the bot at http://127.0.0.1:")
        assert is_there(number)
        sandbox.send_signal(stop)
        assert await asyncio.wait_for(sandbox.wait(), 30) == 0
        assert not is_there(number)


def test_a_bot_that_ends_by_itself_is_quoted(bot: list[str], tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    done = run_command("sandbox", "--port", "0", "--log", log, *bot, "shy")
    assert (done.returncode, done.stdout) == (1, "")
    first, *words = done.stderr.splitlines()
    assert first == f"Error: The bot ended by itself. Its last words, from {log}:"
    assert words[-1] == "I would rather not."
    run_command("sandbox", "--port", "0", "--log", log, *bot, "shy")
    assert log.read_text(encoding="utf-8").splitlines().count("I would rather not.") == 2, "the log is added to"
    without_log = run_command("sandbox", "--port", "0", *bot, "shy")
    assert without_log.stderr.splitlines()[-2:] == [
        "I would rather not.", "Error: The bot ended by itself. What it said last stands above.",
    ]  # fmt: skip


def test_a_command_that_cannot_be_started_and_a_log_that_cannot_be_written_are_errors_of_one_line(
    bot: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for arguments, said in (
        (["--", str(tmp_path / "none")], f"{tmp_path / 'none'} cannot be started: No such file or directory."),
        (["--log", tmp_path / "file" / "bot.log", *bot], "The bot's output cannot be written to"),
    ):
        done = run_command("sandbox", "--port", "0", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"Error: {said}")
        assert len(done.stderr.splitlines()) == 1


def test_a_photo_that_is_none_is_said(bot: list[str], tmp_path: Path) -> None:
    done = run_command(
        "sandbox", "--port", "0", "--send", tmp_path / "bot.py", "--log", tmp_path / "bot.log", *bot
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: {tmp_path / 'bot.py'} cannot be sent as a photo: Bad Request: IMAGE_PROCESS_FAILED\n"
    )


def test_wrong_arguments_exit_with_2(bot: list[str], photo: Path) -> None:
    for arguments, said in (
        (["--send", photo], "--send, --once and --log go with a bot's COMMAND"),
        (["--once"], "--send, --once and --log go with a bot's COMMAND"),
        (["--log", "bot.log"], "--send, --once and --log go with a bot's COMMAND"),
        (["--once", *bot], "--once stops after the answer to a photo; name one with --send"),
        (["--send", "none.jpg", *bot], "none.jpg"),
    ):
        done = run_command("sandbox", "--port", "0", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_it_can_be_asked_whether_it_could_start(photo: Path, tmp_path: Path) -> None:
    tray = tmp_path / "tray.csv"
    tray.write_text(f"photo\n{photo.name}\n")
    could = run_command("sandbox", "--port", "0", "--tray", tray, "--once", "--check")
    assert (could.returncode, could.stdout, could.stderr) == (0, "", "")
    tray.write_bytes(b"photo\n\xff.jpg\n")
    assert "is no list of pictures: line" in run_command("sandbox", "--tray", tray, "--check").stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run_command("sandbox", "--port", port, "--check")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"port {port} on 127.0.0.1 is taken" in refused.stderr
