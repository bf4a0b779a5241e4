"""All that may go wrong, while shoppers shop."""

import asyncio
import hashlib
import time
from pathlib import Path

from hostile import hostile_images
from lives import Life
from stage import VILLAIN, Play, Scenario, Stage, shoppers_alone

from sandbox.faults import Kind

SHARE = 0.2
LOCKED_S = 15.0
PHOTOS_OF_FLOODER = 200
MODELS = Path(__file__).parents[2] / "models"


async def kills(stage: Stage) -> None:
    """Killed at random moments, every two seconds or so."""
    await stage.life.kill_at_random(stage.rng, time.monotonic() + stage.load_s, 3.5)


def faulty(*kinds: Kind, **further: object) -> Play:
    """A fifth of all calls fails."""

    async def play(stage: Stage) -> None:
        await stage.fault(method="*", share=SHARE, kinds=list(kinds), seed=stage.seed, **further)
        await asyncio.sleep(stage.load_s)

    return play


async def mixed_and_killed(stage: Stage) -> None:
    await stage.fault(method="*", share=SHARE, kinds=list(Kind), seed=stage.seed)
    await kills(stage)


async def webhook_faults(stage: Stage) -> None:
    """Updates that do not get there, or whose 200 is lost, so that they come again."""
    await stage.fault(method="webhook", share=SHARE, kinds=["cut_before", "cut_after"], seed=stage.seed)
    await asyncio.sleep(stage.load_s)


async def too_many_requests(stage: Stage) -> None:
    """Telegram says to wait for a second."""
    await faulty(Kind.REFUSE, error_code=429, retry_after=1)(stage)


async def telegram_is_gone(stage: Stage) -> None:
    """No call is answered for a third of the time."""
    await asyncio.sleep(stage.load_s / 3)
    await stage.fault(method="*", share=1, kinds=["cut_before"])
    await asyncio.sleep(stage.load_s / 3)
    await stage.clear_faults()
    await asyncio.sleep(stage.load_s / 3)


async def flooder(stage: Stage) -> None:
    """One shopper sends 200 photos at once."""
    stage.not_timed.add(VILLAIN)
    async with stage.shopper(VILLAIN) as villain:
        sending = asyncio.create_task(asyncio.wait_for(_flood(villain.send), 60))
        await asyncio.sleep(stage.load_s)
        await sending


async def _flood(send: object) -> None:
    for _ in range(PHOTOS_OF_FLOODER // 10):
        await asyncio.gather(*(send() for _ in range(10)))  # type: ignore[operator]


async def hostile(stage: Stage) -> None:
    """One shopper sends images that are costly or broken, as files."""
    stage.not_timed.add(VILLAIN)
    async with stage.shopper(VILLAIN) as villain:
        until = time.monotonic() + stage.load_s
        while time.monotonic() < until:
            for name, content in hostile_images(stage.rng):
                await villain.client.document(content, name)
                await asyncio.sleep(0.4)


def locked(name: str) -> Play:
    """Another process holds a database's lock for 15 s."""

    async def play(stage: Stage) -> None:
        await asyncio.sleep(2)
        if (stage.shop.folder / name).is_file():
            await stage.lock(name, LOCKED_S)
        await asyncio.sleep(max(stage.load_s - LOCKED_S, 2))

    return play


async def product_photos_damaged(stage: Stage) -> None:
    """One photo in five of the shop's products is missing, cut or empty."""
    files = sorted(file for file in (stage.shop.folder / "catalogue-photos").rglob("*") if file.is_file())
    for number, file in enumerate(stage.rng.sample(files, len(files) // 5)):
        content = file.read_bytes()
        file.unlink()
        if number % 3:
            file.write_bytes(content[: len(content) // 2] if number % 3 == 1 else b"")
    await asyncio.sleep(stage.load_s)


def product_photo_refused(*, named: bool) -> Play:
    """Telegram refuses some of the products' photos, and says which of an album it is, or does not."""

    async def play(stage: Stage) -> None:
        files = sorted(file for file in (stage.shop.folder / "catalogue-photos").rglob("*") if file.is_file())
        for file in stage.rng.sample(files, len(files) // 10):
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            await stage.fault(refuse_photo=sha256, named=named)
        await asyncio.sleep(stage.load_s)

    return play


async def file_ids_forgotten(stage: Stage) -> None:
    """Telegram forgets the file ids it gave out, again and again."""
    until = time.monotonic() + stage.load_s
    while time.monotonic() < until:
        await asyncio.sleep(1.5)
        await stage.fault(drop_file_ids=True)


async def second_instance(stage: Stage) -> None:
    """A second bot with the same token comes, and the first is stopped later."""
    other = Life(stage.life.command, stage.life.environment, stage.shop.folder / "other.stderr")
    starting = asyncio.create_task(other.start())
    await asyncio.sleep(stage.load_s / 2)
    if other.is_alive:
        stage.life.exits.append(await stage.life.stop())
        stage.life.process, other.process = other.process, stage.life.process
    await asyncio.sleep(stage.load_s / 2)
    await asyncio.wait([starting])


async def sigterms(stage: Stage) -> None:
    """Stopped and started again under load."""
    until = time.monotonic() + stage.load_s
    while time.monotonic() < until:
        await asyncio.sleep(stage.rng.uniform(0.5, 3))
        if code := await stage.life.stop():
            raise AssertionError(f"SIGTERM ended it with {code}: {stage.life.said()[-3000:]}")
        await stage.life.start()


async def index_swaps(stage: Stage) -> None:
    """The index is built anew, as after an import, while the bot answers."""
    until = time.monotonic() + stage.load_s
    while time.monotonic() < until:
        await asyncio.to_thread(stage.shop.imgrec, "index")
        await asyncio.sleep(3)


async def ids_begin_anew(stage: Stage) -> None:
    """Telegram numbers updates from somewhere else on, lower or higher, whenever none waits."""
    until = time.monotonic() + stage.load_s
    while time.monotonic() < until:
        await asyncio.sleep(1)
        if not stage.world.updates.pending:
            stage.world.updates.count_from(stage.rng.randrange(1, 1_000_000_000))
            await asyncio.sleep(2)


SCENARIOS = (
    Scenario("no fault", shoppers_alone),
    Scenario("killed, polling", kills, weight=6),
    Scenario("killed, webhook", kills, mode="webhook", weight=6),
    Scenario("500", faulty(Kind.REFUSE)),
    Scenario("429", too_many_requests, settle_s=120),
    *(
        Scenario(
            f"{kind}", faulty(kind), pause_s=1.5 if "hang" in kind else 0.6, settle_s=240 if "hang" in kind else 120
        )
        for kind in Kind
        if kind != Kind.REFUSE
    ),
    Scenario("all of these", faulty(*Kind), pause_s=1, settle_s=180, weight=2),
    Scenario("all of these, webhook", faulty(*Kind), mode="webhook", pause_s=1, settle_s=180, weight=2),
    Scenario("all of these, and killed", mixed_and_killed, pause_s=1, settle_s=180, weight=3),
    Scenario("posts to the webhook lost or doubled", webhook_faults, mode="webhook", settle_s=120),
    Scenario("ids begin anew", ids_begin_anew, shoppers=2, pause_s=1.5),
    Scenario("Telegram gone for a while", telegram_is_gone, settle_s=120, weight=2),
    Scenario("a flooder's 200 photos", flooder, shoppers=4, settle_s=400),
    Scenario("hostile images", hostile, shoppers=4, settle_s=180, weight=2),
    Scenario("log locked 15 s", locked("log.db"), settle_s=120, whole_log=False),
    Scenario("bot's database locked 15 s", locked("bot.db"), settle_s=120),
    Scenario("product photos missing, cut, empty", product_photos_damaged, checks_titles=False),
    Scenario("product photos refused, named", product_photo_refused(named=True), checks_titles=False),
    Scenario("product photos refused, not named", product_photo_refused(named=False), checks_titles=False),
    Scenario("file ids forgotten", file_ids_forgotten),
    Scenario("a second instance", second_instance, weight=2),
    Scenario("albums of photos", shoppers_alone, shoppers=3, album=4, pause_s=2),
    Scenario("albums of photos, and killed", kills, shoppers=3, album=4, pause_s=2, weight=2),
    Scenario("SIGTERM", sigterms, weight=2),
    Scenario("index swapped", index_swaps, weight=2, most_mb=650),
)
