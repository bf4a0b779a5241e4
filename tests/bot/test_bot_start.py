"""What the bot checks before it listens, how it tells that it is well, and whom it talks to."""

import asyncio
import json
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bot_helpers import BotProcess, add_fault, configure, hear_reply, start_bot
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg, run_command, write_config

from sandbox import Sandbox
from sandbox.client import UserClient

TOKEN = "123456:ABC-def"


def refusal(*arguments: str, config: Path | None = None, **environment: str) -> str:
    """The one line with which the bot refuses to start."""
    result = run_command("bot", *arguments, config=config, **environment)
    assert result.returncode == 1
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert TOKEN not in line
    return line


def test_without_a_token_it_says_where_to_get_one(shop: Shop) -> None:
    assert "@BotFather" in refusal(config=shop.config)
    assert "@BotFather" in refusal(config=shop.config, TELEGRAM_BOT_TOKEN="  ")
    assert "not a bot token" in refusal(config=shop.config, TELEGRAM_BOT_TOKEN="abc")


def test_without_catalogue_model_or_index_it_names_the_command_that_makes_one(own_shop: Shop, tmp_path: Path) -> None:
    assert "imgrec import" in refusal(config=write_config(tmp_path), TELEGRAM_BOT_TOKEN=TOKEN)
    (own_shop.folder / "index" / "CURRENT").unlink()
    assert "imgrec index" in refusal(config=own_shop.config, TELEGRAM_BOT_TOKEN=TOKEN)


def test_an_index_whose_model_is_gone_is_named_with_the_way_out(own_shop: Shop) -> None:
    configure(own_shop, "model", path="nowhere")
    line = refusal(config=own_shop.config, TELEGRAM_BOT_TOKEN=TOKEN)
    assert "nowhere" in line
    assert "imgrec index" in line


def test_a_broken_configuration_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "config.yaml"
    broken.write_text("search: {treshold: 0.8}\n", encoding="utf-8")
    assert "search.threshold" in refusal(config=broken, TELEGRAM_BOT_TOKEN=TOKEN)
    broken.write_text("search: [", encoding="utf-8")
    assert "not valid YAML" in refusal("--config", str(broken), TELEGRAM_BOT_TOKEN=TOKEN)


def test_a_webhook_needs_an_address_and_a_secret(own_shop: Shop) -> None:
    config = json.loads(own_shop.config.read_text(encoding="utf-8"))
    own_shop.config.write_text(json.dumps({**config, "telegram": {"mode": "webhook"}}), encoding="utf-8")
    assert "telegram.webhook.url" in refusal(config=own_shop.config, TELEGRAM_BOT_TOKEN=TOKEN)
    hook = {"mode": "webhook", "webhook": {"url": "https://shop.example/bot"}}
    own_shop.config.write_text(json.dumps({**config, "telegram": hook}), encoding="utf-8")
    assert "TELEGRAM_WEBHOOK_SECRET" in refusal(config=own_shop.config, TELEGRAM_BOT_TOKEN=TOKEN)


async def test_a_token_telegram_does_not_know_is_said_in_plain_words(own_shop: Shop, sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match="does not know this bot token") as refused:
        await start_bot(own_shop, sandbox, TELEGRAM_BOT_TOKEN=TOKEN)
    assert TOKEN not in str(refused.value)
    assert len(str(refused.value).split("did not start: ")[-1].splitlines()) == 1


async def test_its_health_is_that_of_its_ears(bot: BotProcess, own_shop: Shop, anna: UserClient) -> None:
    await anna.text("/start")  # an update ends the present poll
    heartbeat = own_shop.folder / "bot.heartbeat"
    for _ in range(200):
        if heartbeat.exists():
            break
        await asyncio.sleep(0.1)
    assert run_command("bot", "--health", config=own_shop.config).returncode == 0
    await bot.stop()
    an_hour_ago = time.time() - 3600
    os.utime(heartbeat, (an_hour_ago, an_hour_ago))
    assert "last heard" in refusal("--health", config=own_shop.config)
    heartbeat.unlink()
    assert "not heard" in refusal("--health", config=own_shop.config)


async def test_it_opens_no_connection_but_to_the_bot_api(own_shop: Shop, sandbox: Sandbox, anna: UserClient) -> None:
    spy, heard = own_shop.folder / "spy", own_shop.folder / "connections"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(
        "import sys\n"
        "def look(event, arguments):\n"
        "    if event in ('socket.connect', 'subprocess.Popen', 'os.fork', 'os.exec'):\n"
        f"        print(event, arguments[1], file=open({str(heard)!r}, 'a'))\n"
        "sys.addaudithook(look)\n",
        encoding="utf-8",
    )
    bot = await start_bot(own_shop, sandbox, PYTHONPATH=str(spy))
    await anna.photo(jpeg(draw_product(CATEGORIES[0], "red", 5)))
    await hear_reply(anna)
    await bot.stop()
    address = ("127.0.0.1", urlsplit(sandbox.url).port)
    events = set(heard.read_text(encoding="utf-8").splitlines())
    started = {event for event in events if event.startswith("subprocess.Popen") and "imgrec.vision.guarded" in event}
    assert events - started == {f"socket.connect {address}"}
    assert started  # photos are decoded in a process of their own


async def test_a_bot_whose_token_is_revoked_ends_and_says_why(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient
) -> None:
    bot = await start_bot(own_shop, sandbox)
    await add_fault(sandbox, method="getUpdates", error_code=401, description="Unauthorized", times=3)
    await anna.text("/start")  # an update ends the present poll
    assert await asyncio.wait_for(bot.process.wait(), 30) == 1
    assert "does not know this bot token" in bot.said()
    assert "Traceback" not in bot.said()


def test_a_log_or_heartbeat_that_cannot_be_written_is_named_before_telegram_is_asked(own_shop: Shop) -> None:
    (own_shop.folder / "log.db").write_bytes(b"this is not a database, whatever its name says " * 50)
    assert "log.db" in refusal(config=own_shop.config, TELEGRAM_BOT_TOKEN=TOKEN)
    (own_shop.folder / "log.db").unlink()
    config = json.loads(own_shop.config.read_text(encoding="utf-8"))
    config["bot"]["heartbeat"] = "shop.csv/heartbeat"
    own_shop.config.write_text(json.dumps(config), encoding="utf-8")
    assert "bot.heartbeat" in refusal(config=own_shop.config, TELEGRAM_BOT_TOKEN=TOKEN)
