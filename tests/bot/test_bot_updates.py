"""What is read of an update, and that none can stop the bot; polls that begin anew, or meet another bot."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bot_helpers import add_fault
from test_bot_outbox import ANNA, BEN, GROUP, open_store
from test_bot_receiving import Taken, config, no_beat, running, taken
from waiting import until

from bot.receiving.polling import Polling
from bot.receiving.updates import Unreadable, Update, read_update
from bot.store.store import Store
from imgrec.config import Config
from sandbox import Sandbox
from sandbox.client import UserClient

__all__ = ["config", "taken"]

PRIVATE = {"id": ANNA, "type": "private", "first_name": "Anna", "username": "anna"}
OF_GROUP = {"id": GROUP, "type": "supergroup", "title": "Our friends"}
BY_ANNA = {"id": ANNA, "is_bot": False, "first_name": "Anna", "last_name": "Adams", "language_code": "sv"}
BY_BEN = {"id": BEN, "is_bot": False, "first_name": "Ben"}
SMALL = {"file_id": "small", "file_unique_id": "s", "width": 90, "height": 67, "file_size": 900}
LARGE = {"file_id": "large", "file_unique_id": "l", "width": 1280, "height": 960, "file_size": 90_000}


def written(**fields: Any) -> dict[str, Any]:
    """An update with a message of Anna's."""
    return {"update_id": 5, "message": {"message_id": 9, "date": 1, "chat": PRIVATE, "from": BY_ANNA, **fields}}


def tapped(**fields: Any) -> dict[str, Any]:
    return {"update_id": 5, "callback_query": {"id": "77", "from": BY_ANNA, "chat_instance": "1", **fields}}


def read(raw: dict[str, Any]) -> Update:
    update = read_update(json.loads(json.dumps(raw)))
    assert isinstance(update, Update), update
    return update


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


# ------------------------------------------------------------------------------------------------------ what is read


def test_of_a_photos_sizes_the_largest_is_kept_in_whatever_order_they_come() -> None:
    for sizes in ([SMALL, LARGE], [LARGE, SMALL]):
        message = read(written(photo=sizes, caption="like this")).message
        assert message
        assert message.image
        assert (message.image.file_id, message.image.file_size, message.caption) == ("large", 90_000, "like this")


@pytest.mark.parametrize(
    ("document", "is_image"),
    [
        ({"mime_type": "image/png"}, True),
        ({"mime_type": "application/octet-stream", "file_name": "shoe.JPG"}, True),
        ({"file_name": "shoe.heic"}, True),
        ({"mime_type": "application/x-binary", "file_name": "shoe.jfif"}, True),
        ({"mime_type": "text/plain", "file_name": "shoe.bmp"}, True),
        ({"mime_type": "text/plain", "file_name": "shoe.original"}, True),
        ({"mime_type": "application/octet-stream", "file_name": "shoe.txt"}, True),
        ({}, True),
        ({"mime_type": "application/pdf", "file_name": "jpg.pdf"}, False),
        ({"mime_type": "text/plain", "file_name": "notes.txt"}, False),
        ({"mime_type": "video/mp4", "file_name": "clip.mp4"}, False),
        ({"mime_type": "video/mp4"}, False),
        ({"mime_type": "application/vnd.ms-excel", "file_name": "prices.xls"}, False),
    ],
)
def test_a_file_may_be_an_image_unless_its_type_and_its_name_both_say_otherwise(
    document: dict[str, str], is_image: bool
) -> None:
    message = read(written(document={"file_id": "f", "file_unique_id": "u", **document})).message
    assert message
    assert (message.image is not None) == is_image


def test_lanes_are_those_of_a_private_chat_of_a_person_in_a_group_and_of_whoever_speaks_as_a_chat() -> None:
    in_group = {"chat": OF_GROUP}
    tap = {"message_id": 1, "date": 1, "chat": OF_GROUP, "from": {"id": 1, "is_bot": True}}
    updates = [
        written(text="hi"), written(text="hi", **in_group), written(text="hi", **{**in_group, "from": BY_BEN}),
        written(text="hi", sender_chat=OF_GROUP, **in_group), tapped(message=tap, data="x"), tapped(data="x"),
        {"update_id": 5, "edited_message": {"message_id": 1}},
    ]  # fmt: skip
    assert [read(raw).lane for raw in updates] == [
        "7", "-50 of 7", "-50 of 8", "-50 of -50", "-50 of 7", "of 7", "of 0",
    ]  # fmt: skip


def test_a_message_that_is_gone_has_no_date() -> None:
    tap = read(tapped(message={"message_id": 1, "date": 0, "chat": PRIVATE}, data="1:v:1:0:1")).callback_query
    assert tap
    assert tap.message
    assert tap.message.date == 0


@pytest.mark.parametrize("service", ["new_chat_members", "pinned_message", "left_chat_member", "group_chat_created"])
def test_what_telegram_tells_by_itself_says_nothing(service: str) -> None:
    message = read(written(**{service: [BY_BEN] if service == "new_chat_members" else True}, chat=OF_GROUP)).message
    assert message
    assert not message.says_something


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", ("start", "", "")),
        ("/Category@Shop_bot  shoes ", ("category", "Shop_bot", "shoes")),
        ("/threshold\n60 %", ("threshold", "", "60 %")),
        ("start", None),
        ("/", None),
        ("/" + "x" * 40, None),
    ],
)
def test_a_command_has_a_name_perhaps_a_bots_and_what_follows(text: str, command: tuple[str, ...] | None) -> None:
    message = read(written(text=text)).message
    assert message
    assert message.command() == command


def test_no_name_is_kept_of_anybody() -> None:
    kept = read(written(photo=[LARGE], chat=OF_GROUP, forward_origin={"sender_user": BY_BEN})).model_dump_json()
    for name in ("Anna", "Adams", "anna", "Ben", "Our friends"):
        assert name not in kept


def test_nothing_is_kept_of_what_another_wrote_that_is_replied_to() -> None:
    of_ben = {"message_id": 3, "date": 1, "chat": OF_GROUP, "from": BY_BEN, "text": "to nobody else"}
    assert "to nobody else" not in read(written(text="hi", chat=OF_GROUP, reply_to_message=of_ben)).model_dump_json()


# ---------------------------------------------------------------------------------------------- what cannot be read


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"a": inner}
    return inner


HOSTILE = {
    "a size beyond SQLite's integers": written(photo=[{**LARGE, "file_size": 2**70}]),
    "half a character in a text": written(text="\ud800"),
    "half a character in a button": tapped(
        message={"message_id": 1, "date": 1, "chat": PRIVATE, "reply_markup": {"a": "\ud800"}}
    ),
    "buttons nested beyond measure": tapped(
        message={"message_id": 1, "date": 1, "chat": PRIVATE, "reply_markup": nested(400)}
    ),
    "half a character in a name of what is unreadable": {"update_id": 5, "message": 1, "\ud800": 1},
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
async def test_an_update_that_cannot_be_kept_is_unreadable_and_stops_neither_the_bot_nor_its_batch(
    store: Store, raw: dict[str, Any]
) -> None:
    both = [read_update(raw), read_update({**written(text="hi"), "update_id": 6})]
    assert await store.inbox.add([update for update in both if update]) == [5, 6]
    assert (await store.inbox.next((), 64))[0] == ["7"]


@pytest.mark.parametrize(
    "fields",
    [
        {"photo": [{**LARGE, "file_size": 1e30}]},
        {"photo": [{**LARGE, "width": "wide"}, SMALL]},
        {"photo": [{**LARGE, "width": None}, SMALL]},
        {"photo": ["large"]},
        {"photo": {"file_id": "no list"}},
        {"text": ["no text"]},
        {"chat": {"id": 10**30, "type": "private"}},
        {"chat": {"id": float("inf"), "type": "private"}},
        {"chat": {"id": ANNA}},
        {"from": {"id": -(2**64)}},
        {"document": {"file_id": "f"}},
        {"reply_to_message": nested(400)},
    ],
)
async def test_what_is_not_as_telegram_has_it_leaves_an_id_and_an_error_that_quotes_nothing(
    store: Store, fields: dict[str, Any]
) -> None:
    update = read_update(written(**{"caption": "between us", **fields}))
    assert isinstance(update, Unreadable)
    assert await store.inbox.add([update, read({**written(text="hi"), "update_id": 6})]) == [5, 6]
    [row] = await store.database.rows("SELECT * FROM inbox WHERE update_id = 5")
    assert row["error"] in {"message: ValidationError", "message: AttributeError", "message: TypeError"}
    assert (row["body"], row["chat_id"], row["user_id"]) == (None, None, None)
    assert (await store.inbox.next((), 64))[0] == ["7"]


# -------------------------------------------------------------------------------------------------------------- polls


async def test_ids_that_begin_anew_below_the_last_are_new_updates(
    config: Config, sandbox: Sandbox, anna: UserClient, taken: Taken
) -> None:
    async with running(Polling(config, sandbox.token, taken, no_beat)):
        await add_fault(sandbox, next_update_id=900_000)
        await anna.text("one")
        await taken.wait_for("one")
        await confirmed(sandbox)
        await add_fault(sandbox, next_update_id=5)
        await anna.text("two")
        await taken.wait_for("one", "two")


async def test_of_two_bots_one_waits_and_takes_over_when_the_other_goes(
    config: Config, sandbox: Sandbox, anna: UserClient, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Taken(), Taken()
    async with running(Polling(config, sandbox.token, second, no_beat)):
        async with running(Polling(config, sandbox.token, first, no_beat)):
            await anna.text("one")
            await until(lambda: bool(first.texts or second.texts) and "Is another bot running" in caplog.text)
        await confirmed(sandbox)
        before = list(second.texts)
        await anna.text("two")
        await second.wait_for(*before, "two")


async def confirmed(sandbox: Sandbox) -> None:
    """Wait until no update is with the server any more."""
    [bot] = sandbox.state.bots.values()
    await until(lambda: not bot.updates.pending)
