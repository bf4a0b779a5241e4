"""What the shop's owner sees of the bot: /stats, messages about what breaks, and figures for Prometheus."""

import io
import socket
from collections.abc import Sequence
from datetime import date, timedelta

import httpx
import pytest
from bot_helpers import ANNA, add_fault, configure, hear_reply, start_bot, wait_until_logged
from PIL import Image
from tiny_shop import CATEGORIES, Shop, draw_product, jpeg

from bot.language import Languages
from bot.owner.chart import ANSWERED, FAILED, NOTHING_SIMILAR, draw_chart
from bot.owner.metrics import listen
from bot.owner.troubles import Trouble
from bot.texts.owner import stats, trouble_told
from imgrec.config import MetricsSection
from imgrec.errors import ConfigError
from imgrec.log.activity import Activity, Day
from sandbox import Sandbox
from sandbox.client import UserClient

OWNER = 99
ENGLISH = Languages.load().of("en")
TODAY = date(2026, 11, 30)


def days(*counts: tuple[int, int, int]) -> Sequence[Day]:
    return [Day(TODAY - timedelta(days=number), *count) for number, count in enumerate(counts)]


def colours(picture: bytes) -> set[str]:
    with Image.open(io.BytesIO(picture)) as image:
        counted = image.convert("RGB").getcolors(image.width * image.height) or []
    return {f"#{bytes(colour).hex()}" for count, colour in counted if count > 500}


def test_the_chart_shows_each_outcome_there_was_in_its_colour() -> None:
    assert colours(draw_chart(ENGLISH, days((5, 2, 1), (0, 0, 0)))) >= {ANSWERED, NOTHING_SIMILAR, FAILED}
    assert not colours(draw_chart(ENGLISH, days((5, 0, 0)))) & {NOTHING_SIMILAR, FAILED}
    assert not colours(draw_chart(ENGLISH, days((0, 0, 0)))) & {ANSWERED, NOTHING_SIMILAR, FAILED}


def test_the_words_below_it_fit_a_caption_and_escape_what_others_wrote() -> None:
    long = "<b>" + "x" * 300
    week = Activity(tuple(days((5, 2, 1))), 3, 1, 412.0, 1890.0, ((long, 9),) * 3, (("de", 5), ("en", 3)))
    words = stats(ENGLISH, week, week, 4, [Trouble(long, long, 1.7e9)] * 9)
    assert len(words) < 1024
    assert "62%" in words
    assert "half of them within 0.4 s, 95% within 1.9 s" in words
    assert "<b>x" not in words + trouble_told(ENGLISH, Trouble(long, long, 0.0))


async def test_the_owner_asks_for_figures_is_told_what_breaks_and_prometheus_reads_along(
    own_shop: Shop, sandbox: Sandbox, anna: UserClient
) -> None:
    port = free_port()
    configure(own_shop, "telegram", admins=[OWNER])
    configure(own_shop, "metrics", port=port)
    running = await start_bot(own_shop, sandbox)
    async with UserClient(sandbox.url, OWNER) as owner, httpx.AsyncClient() as http:
        await owner.text("/start")
        await owner.hear(1)
        await anna.photo(jpeg(draw_product(CATEGORIES[0], "red", 90)))
        await hear_reply(anna)
        await anna.text("/stats")
        [unknown] = await anna.hear(1)
        assert "Send me a photo" in unknown["text"]
        await add_fault(sandbox, method="sendMessage", error_code=400, description="Bad Request: can't parse entities")
        await anna.text("/privacy")
        [told] = await owner.hear(1)
        assert "parse entities" in told["text"]
        wait_until_logged(own_shop)
        await owner.text("/stats")
        [shown] = await owner.hear(1)
        assert shown["photo"][-1]["width"] == 1000
        assert "1 query" in shown["caption"]
        assert "parse entities" in shown["caption"]
        page = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    for line in (
        'imgrec_bot_queries_total{outcome="answered"} 1.0', 'imgrec_bot_sends_total{verdict="refused"} 1.0',
        'imgrec_bot_query_seconds_count{stage="see"} 1.0', "imgrec_bot_journal_entries 0.0",
        'imgrec_bot_serving_info{generation="generation-000001"',
    ):  # fmt: skip
        assert line in page
    assert str(ANNA) not in [value for line in page.splitlines() for value in line.split('"')[1::2]]
    await running.stop()


async def test_a_port_that_is_taken_is_named() -> None:
    async def page() -> bytes:
        return b""

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}: Address already in use. Set metrics.port"):
            listen(MetricsSection(port=port), page)
    assert listen(MetricsSection(), page) is None


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
