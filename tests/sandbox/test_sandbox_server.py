"""Webhooks, faults, the command line, and a whole application of python-telegram-bot."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from telegram import InputMediaPhoto
from telegram.error import BadRequest, Conflict, Forbidden, RetryAfter, TimedOut
from telegram.ext import Application, CommandHandler
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application as WebApplication
from tornado.web import RequestHandler
from waiting import until

from sandbox import running_sandbox
from sandbox.client import UserClient


class Hook(RequestHandler):
    """A bot's webhook: keeps what it gets, and fails as often as it is told."""

    def initialize(self, received, failures):
        self.received, self.failures = received, failures

    def post(self):
        if self.failures:
            self.set_status(self.failures.pop())
            return
        headers = self.request.headers
        self.received.append((headers.get("X-Telegram-Bot-Api-Secret-Token"), json.loads(self.request.body)))


@contextlib.asynccontextmanager
async def running_hook(received, failures) -> AsyncIterator[str]:
    server = HTTPServer(WebApplication([("/hook", Hook, {"received": received, "failures": failures})]))
    [listening] = bind_sockets(0, "127.0.0.1")
    server.add_socket(listening)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    server.stop()
    await server.close_all_connections()


async def test_a_webhook_gets_updates_in_order_with_the_secret_after_failures(sandbox, bot, anna):
    received: list[tuple[str, dict]] = []
    async with running_hook(received, failures=[500, 502]) as url:
        await bot.set_webhook(url, secret_token="s3cret")
        for word in ("one", "two", "three"):
            await anna.text(word)
        await until(lambda: len(received) == 3)
        await until(lambda: not sandbox.state.bot_by_token(sandbox.token).updates.pending)
        info = await bot.get_webhook_info()
    assert {secret for secret, _ in received} == {"s3cret"}
    assert [update["message"]["text"] for _, update in received] == ["one", "two", "three"]
    assert (info.url, info.last_error_message) == (url, "Wrong response from the webhook: 500 Internal Server Error")


async def test_polling_conflicts_with_a_webhook_until_it_is_deleted(bot, anna):
    await bot.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(Conflict, match="while webhook is active"):
        await bot.get_updates()
    await anna.text("kept")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook()
    assert len(await bot.get_updates()) == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://shop.example/hook", "an https url must be provided"),
        ("https://shop.example:444/hook", "only on ports 80, 88, 443 or 8443"),
    ],
)
async def test_a_webhook_elsewhere_keeps_telegrams_rules(bot, url, reason):
    with pytest.raises(BadRequest, match=reason):
        await bot.set_webhook(url)


async def add_fault(sandbox, **fault):
    async with httpx.AsyncClient() as http:
        return (await http.post(f"{sandbox.url}/faults", json=fault)).json()


async def test_a_fault_fails_as_many_calls_as_it_is_told(sandbox, bot, chat):
    await add_fault(sandbox, method="sendMessage", times=2, error_code=429, retry_after=3)
    for _ in range(2):
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(chat, "Hello")
        assert refused.value.retry_after == timedelta(seconds=3)
    assert await bot.send_message(chat, "Hello")


async def test_a_blocked_bot_is_a_fault_of_403(sandbox, bot, chat):
    await add_fault(sandbox, method="sendMessage", error_code=403)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(chat, "Hello")


async def test_a_late_answer_leaves_the_album_in_the_chat(sandbox, bot, anna, chat, picture):
    await add_fault(sandbox, method="sendMediaGroup", delay_s=30)
    media = [InputMediaPhoto(picture(colour)) for colour in ("red", "blue")]
    with pytest.raises(TimedOut):
        await bot.send_media_group(chat, media, read_timeout=0.3, write_timeout=0.3)
    assert len(await anna.hear(2)) == 2


async def test_forgotten_file_ids_fail_and_a_new_upload_gets_others(sandbox, bot, chat, picture):
    first = (await bot.send_photo(chat, picture())).photo[-1].file_id
    await add_fault(sandbox, drop_file_ids=True)
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(chat, first)
    with pytest.raises(BadRequest, match="Wrong file_id or the file is temporarily unavailable"):
        await bot.get_file(first)
    second = (await bot.send_photo(chat, picture())).photo[-1].file_id
    assert second != first
    assert await bot.send_photo(chat, second)


async def test_a_fault_of_an_unknown_method_or_without_effect_is_refused(sandbox):
    assert "there is no method" in (await add_fault(sandbox, method="sendMoon", error_code=500))["description"]
    assert "needs kind" in (await add_fault(sandbox, method="sendPhoto"))["description"]


async def test_downloads_can_fail_too(sandbox, bot, anna, picture):
    [photo] = await anna.photo(picture())
    file = await bot.get_file(photo["photo"][-1]["file_id"])
    await add_fault(sandbox, method="file", error_code=404)
    with pytest.raises(Exception, match="Not Found"):
        await file.download_as_bytearray()
    assert await file.download_as_bytearray()


async def test_a_refused_http_method_does_not_hold_up_the_stop(bot):
    begun = time.monotonic()
    async with running_sandbox() as sandbox, httpx.AsyncClient(base_url=sandbox.url) as http:
        answer = await http.delete("/user/7/text")
        assert (answer.status_code, answer.json()["ok"]) == (405, False)
        answer = await http.post("/user/7/text", content=b"{", headers={"Content-Type": "application/json"})
        assert answer.json()["description"] == "Bad Request: can't parse JSON object"
    assert time.monotonic() - begun < 2


async def test_an_upload_over_50_mb_is_refused(sandbox):
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{sandbox.url}/user/7/document", files={"document": ("big.bin", bytes(50 * 1024 * 1024 + 1))}
        )
    assert (answer.status_code, answer.json()["description"]) == (413, "Request Entity Too Large")


async def test_an_application_answers_over_polling(sandbox, anna):
    async def start(update, context):
        await update.message.reply_text("Welcome")

    builder = Application.builder().token(sandbox.token)
    application = builder.base_url(sandbox.bot_url).base_file_url(sandbox.file_url).build()
    application.add_handler(CommandHandler("start", start))
    async with application:
        await application.start()
        await application.updater.start_polling()
        await anna.text("/start")
        [message] = await anna.hear()
        assert message["text"] == "Welcome"
        await application.updater.stop()
        await application.stop()


async def test_stopping_releases_everyone_who_waits():
    async with contextlib.AsyncExitStack() as clients:
        async with running_sandbox() as sandbox:
            anna = await clients.enter_async_context(UserClient(sandbox.url, 7))
            waiting = asyncio.create_task(anna.events(wait_s=30))
            await asyncio.sleep(0.1)
            begun = time.monotonic()
        assert await waiting == []
        assert time.monotonic() - begun < 1


def command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "sandbox", *arguments)


async def test_the_command_prints_how_to_point_a_bot_at_it_and_stops_on_sigterm():
    process = await asyncio.create_subprocess_exec(
        *command("--port", "0", "--token", "5:abc"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    line = (await asyncio.wait_for(process.stdout.readline(), 10)).decode()
    settings = dict(word.split("=") for word in line.split() if "=" in word)
    assert settings["TELEGRAM_BOT_TOKEN"] == "5:abc"
    async with UserClient(settings["TELEGRAM_API_URL"], 7) as anna:
        await anna.text("Hello")
    os.kill(process.pid, signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def run_command(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command(*arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), 10)
    return process.returncode, out.decode(), errors.decode()


async def test_a_port_that_is_taken_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, errors = await run_command("--port", str(port))
    assert (code, out) == (1, "")
    assert errors == f"Error: port {port} on 127.0.0.1 is taken; choose another with --port, or 0 for a free one\n"


async def test_wrong_arguments_exit_with_2():
    code, _, errors = await run_command("--token", "nonsense")
    assert code == 2
    assert "is no token" in errors
