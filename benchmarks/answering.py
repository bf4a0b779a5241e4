"""Answers a second of the whole bot for 1, 4, 16 and 64 shoppers at once, beside the rate of its network alone.

A Bot API server and shoppers, who send a photo when the one before is answered, run in this process, on the same cores.
So a photo's share is told as well: the processor time of the bot with its decoders, and what of it the network takes.
Telegram lets a bot send thirty messages a second, which are fifteen answers; only with `--paced` does it keep to that.
"""

import argparse
import asyncio
import csv
import io
import itertools
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from click.testing import CliRunner
from measuring import Report, Taken, Value, a_model, held_mb, photo_options
from PIL import Image

from imgrec.cli import main as imgrec
from imgrec.vision.eye import Eye
from sandbox import Sandbox, running_sandbox
from sandbox.client import UserClient

AT_ONCE = (1, 4, 16, 64)
FIRST = 8
BATCH = 64
AS_SENT_PX = 1280
NETWORK = "the network alone"


@dataclass
class Level:
    """What so many shoppers at once had: answers in so many seconds, and how long each took."""

    answers_s: list[float]
    seconds: float
    bot_s: float
    here_s: float
    network_s: float
    network_busy_s: float
    memory_mb: int


def main() -> None:
    if sys.argv[1:2] == ["--as-bot"]:
        become_the_bot(sys.argv[2])
        return
    parser = shop_options(__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="for so long shoppers shop")
    parser.add_argument("--shoppers", type=int, nargs="+", default=AT_ONCE, help="at once")
    parser.add_argument("--paced", action="store_true", help="keep to Telegram's thirty messages a second")
    options = parser.parse_args()
    with Report(__doc__, options) as report, tempfile.TemporaryDirectory() as folder:
        config, photos = open_shop(Path(folder), options)
        eye = Eye(a_model(parser, options.model))
        levels, before_mb, after_mb = asyncio.run(measured(config, photos, eye, options))
        report.table(
            f"{options.products} products, {eye.model.settings.name} in {eye.arithmetic}, photos of {AS_SENT_PX} px"
            f"{', thirty messages a second' if options.paced else ''}",
            {name: row_of(level) for name, level in levels.items()},
        )
        report.note("memory_mb", {"before": before_mb, "after": after_mb},
                    f"\nThe bot with its decoders has {before_mb} MB before, {after_mb} MB after.")  # fmt: skip


def row_of(level: Level) -> dict[str, Value]:
    """Its figures."""
    count = len(level.answers_s)
    network_ms = 1000 * level.network_busy_s / BATCH
    return {
        "answers a second": round(count / level.seconds, 1),
        "network a second": round(BATCH / level.network_s, 1),
        "median s": round(float(np.median(level.answers_s)), 3),
        "95 % within s": round(float(np.percentile(level.answers_s, 95)), 3),
        "of the network": f"{count / level.seconds / (BATCH / level.network_s):.0%}",
        "bot, processor ms": round(1000 * level.bot_s / count, 1),
        "network, processor ms": round(network_ms, 1),
        "network's share": f"{network_ms / (1000 * level.bot_s / count):.0%}",
        "server and shoppers, ms": round(1000 * level.here_s / count, 1),
        "MB": level.memory_mb,
    }


async def measured(
    config: Path, photos: Sequence[bytes], eye: Eye, options: argparse.Namespace
) -> tuple[dict[str, Level], int, int]:
    """Every number of shoppers in turn with one running bot; and its memory after the first answer, and at the end.

    First all photos once: the pictures of the products that are found have to be uploaded to Telegram that time.
    """
    pixels = np.zeros((BATCH, eye.preprocessing.side_px, eye.preprocessing.side_px, 3), np.uint8)
    levels, users = {}, itertools.count(1)
    async with running_sandbox() as sandbox, running_bot(sandbox, config, options.paced) as bot:
        await shop(sandbox, next(users), iter(photos[:1]), [])  # what is loaded once is loaded
        before_mb = memory_mb(bot)
        for name, at_once in {"new": FIRST, **{str(count): count for count in options.shoppers}}.items():
            network: Taken[object] = Taken()
            for _ in range(4):
                network.run(lambda: eye.look_at_pixels(pixels))
            sent = iter(photos) if name == "new" else until(time.monotonic() + options.seconds, photos)
            answers_s: list[float] = []
            bot_s, here_s, began = processor_s(bot), time.process_time(), time.monotonic()
            await asyncio.gather(*(shop(sandbox, next(users), sent, answers_s) for _ in range(at_once)))
            took = time.monotonic() - began
            levels[f"{at_once} at once{', pictures new to Telegram' if name == 'new' else ''}"] = Level(
                answers_s, took, processor_s(bot) - bot_s, time.process_time() - here_s,
                float(np.median(network.seconds[1:])), float(np.median(network.busy[1:])), memory_mb(bot),
            )  # fmt: skip
        return levels, before_mb, memory_mb(bot)


async def shop(sandbox: Sandbox, user: int, photos: Iterator[bytes], answers_s: list[float]) -> None:
    """Send photo after photo, each when the one before was answered: by words, which come below the album."""
    async with UserClient(sandbox.url, user) as client:
        for photo in photos:
            began = time.monotonic()
            await client.photo(photo)
            while "text" not in (await client.hear(1, within_s=120))[0]:
                pass
            answers_s.append(time.monotonic() - began)


def until(end: float, photos: Sequence[bytes]) -> Iterator[bytes]:
    """These over and over again, until then."""
    return itertools.takewhile(lambda _: time.monotonic() < end, itertools.cycle(photos))


def shop_options(doc: str) -> argparse.ArgumentParser:
    """The command line of a script that opens a shop, see `open_shop`."""
    parser = photo_options(doc)
    parser.add_argument("--products", type=int, default=600, help="how many the shop has: every few lines of the feed")
    return parser


def open_shop(folder: Path, options: argparse.Namespace) -> tuple[Path, list[bytes]]:
    """A shop of some of the feed's products, indexed; its configuration, and photos of others as shoppers send them."""
    with options.feed.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    step = max(1, len(lines) // options.products)
    sold, others = lines[::step][: options.products], lines[step // 2 :: step][:100]
    for line in sold:
        (folder / line["image"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(options.feed.parent / line["image"], folder / line["image"])
    with (folder / "shop.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(sold)
    config = folder / "config.yaml"
    config.write_text(json.dumps({"model": {"path": str(options.model.resolve())}}), encoding="utf-8")
    for command in (["import", str(folder / "shop.csv")], ["index"]):
        said = CliRunner().invoke(imgrec, [*command, "--config", str(config)])
        assert said.exit_code == 0, said.output
    return config, [as_sent(options.feed.parent / line["image"]) for line in others]


def as_sent(file: Path) -> bytes:
    """A photo of the size and quality at which Telegram hands shoppers' photos to bots."""
    photo = Image.open(file).convert("RGB")
    scale = AS_SENT_PX / max(photo.size)
    size = (round(photo.width * scale), round(photo.height * scale))
    content = io.BytesIO()
    photo.resize(size, Image.Resampling.BICUBIC).save(content, "JPEG", quality=87)
    return content.getvalue()


@asynccontextmanager
async def running_bot(sandbox: Sandbox, config: Path, paced: bool) -> AsyncIterator[int]:
    """The bot as a process of its own; its id. It is stopped as Docker stops it, and has to end well."""
    command = ["-m", "bot", "--config", str(config)] if paced else [__file__, "--as-bot", str(config)]
    environment = {**os.environ, "TELEGRAM_API_URL": sandbox.url, "TELEGRAM_BOT_TOKEN": sandbox.token}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stderr=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stderr is not None
    said = b""
    while b"answers from" not in said:
        line = await process.stderr.readline()
        assert line, said.decode()
        said += line
    rest = asyncio.create_task(process.stderr.read())
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0, (await rest).decode()


def become_the_bot(config: str) -> None:
    """The bot as it is, only that it does not wait for Telegram's limits."""
    from bot.__main__ import main as bot_main
    from bot.sending.pacing import Pacing

    class Unpaced(Pacing):
        async def turn(self, chat_id: int, messages: int = 1) -> None:
            pass

    with patch("bot.app.Pacing", Unpaced):
        bot_main(["--config", config])


def family(process: int) -> list[int]:
    """A process and those it started, by Linux."""
    found = [process]
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        for child in file.read_text(encoding="ascii").split():
            found += family(int(child))
    return found


def processor_s(process: int) -> float:
    """Seconds of processor that a process and those it started have taken."""
    ticks = 0
    for one in family(process):
        after_name = re.sub(r".*\)", "", Path(f"/proc/{one}/stat").read_text(encoding="utf-8")).split()
        ticks += sum(map(int, after_name[11:15] if one == process else after_name[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(process: int) -> int:
    """What they hold, in millions of bytes; what they share counts once for each."""
    return sum(held_mb(one) for one in family(process))


if __name__ == "__main__":
    main()
