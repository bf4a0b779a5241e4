"""Each kind of fault, alone and mixed, as a bot meets it; and the record of what really happened."""

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from telegram import InputMediaPhoto
from telegram.error import BadRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from waiting import until

KINDS = {"refuse", "cut_before", "cut_after", "hang_before", "hang_after", "garbage_before",
                      "garbage_after", "late"}  # fmt: skip
TIMEOUT_S = 0.3


@pytest.fixture
async def http(sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A bare client of the Bot API, which gives up soon."""
    async with httpx.AsyncClient(base_url=f"{sandbox.bot_url}{sandbox.token}/", timeout=TIMEOUT_S) as client:
        yield client


@pytest.fixture
def world(sandbox):
    return sandbox.state.bot_by_token(sandbox.token)


async def ask(sandbox, **fault):
    async with httpx.AsyncClient() as client:
        return (await client.post(f"{sandbox.url}/faults", json=fault)).json()


def calls(world, method: str) -> list:
    return [call for call in world.calls.calls if call.method == method]


async def say(http, chat, text="Hello"):
    return await http.post("sendMessage", json={"chat_id": chat, "text": text})


async def words_in(anna) -> list[str]:
    return [event["message"]["text"] for event in await anna.events() if event["type"] == "message"]


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_a_connection_is_closed_before_or_after_the_call_is_carried_out(sandbox, http, anna, chat, world, kind):
    await ask(sandbox, method="sendMessage", kind=kind)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending a response"):
        await say(http, chat)
    assert await words_in(anna) == (["Hello"] if kind == "cut_after" else [])
    [call] = calls(world, "sendMessage")
    assert (call.fault, call.carried_out, call.replied) == (kind, kind == "cut_after", False)
    assert call.ended is not None
    assert (await say(http, chat)).json()["ok"]


@pytest.mark.parametrize("kind", ["hang_before", "hang_after"])
async def test_a_call_hangs_until_the_bot_gives_up(sandbox, http, anna, chat, world, kind):
    await ask(sandbox, method="sendMessage", kind=kind)
    with pytest.raises(httpx.ReadTimeout):
        await say(http, chat)
    assert await words_in(anna) == (["Hello"] if kind == "hang_after" else [])
    [call] = calls(world, "sendMessage")
    assert (call.carried_out, call.replied) == (kind == "hang_after", False)


@pytest.mark.parametrize("kind", ["garbage_before", "garbage_after"])
async def test_garbage_comes_back_in_place_of_json(sandbox, http, anna, chat, world, kind):
    await ask(sandbox, method="sendMessage", kind=kind)
    answer = await say(http, chat)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert await words_in(anna) == (["Hello"] if kind == "garbage_after" else [])
    [call] = calls(world, "sendMessage")
    assert (call.carried_out, call.replied) == (kind == "garbage_after", False)


async def test_a_late_answer_is_carried_out_at_once(sandbox, http, anna, chat, world):
    await ask(sandbox, method="sendMessage", kind="late", delay_s=0.15)
    begun = time.monotonic()
    assert (await say(http, chat)).json()["ok"]
    assert time.monotonic() - begun >= 0.15
    [call] = calls(world, "sendMessage")
    assert (call.fault, call.replied) == ("late", True)


async def test_what_is_refused_by_a_rule_is_cut_off_like_the_rest(sandbox, http, chat, world):
    await ask(sandbox, method="sendMessage", kind="cut_after")
    with pytest.raises(httpx.RemoteProtocolError):
        await say(http, chat, text="")
    [call] = calls(world, "sendMessage")
    assert (call.carried_out, call.error_code, call.message_ids) == (False, 400, [])


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "garbage_after", "refuse"])
async def test_downloads_and_polls_meet_faults_too(sandbox, http, anna, chat, world, picture, kind):
    [photo] = await anna.photo(picture())
    path = (await http.get("getFile", params={"file_id": photo["photo"][-1]["file_id"]})).json()["result"]["file_path"]
    good = (await http.get(f"{sandbox.file_url}{sandbox.token}/{path}")).content
    for address, method in ((f"{sandbox.file_url}{sandbox.token}/{path}", "file"), ("getUpdates", "getUpdates")):
        await ask(sandbox, method=method, kind=kind)
        with contextlib.suppress(httpx.RemoteProtocolError):
            assert (await http.get(address)).content != good
        assert calls(world, method)[-1].fault == kind
    assert (await http.get("getUpdates")).json()["ok"]


async def test_all_methods_are_meant_by_a_star_unless_one_is_asked_for_itself(sandbox, http, chat):
    await ask(sandbox, method="*", error_code=502, times=2)
    await ask(sandbox, method="getMe", error_code=404)
    assert [(await http.get("getMe")).status_code for _ in range(2)] == [404, 502]
    assert (await http.get("getUpdates")).status_code == 502
    assert (await say(http, chat)).status_code == 200


async def test_a_share_of_the_calls_fails_and_the_same_ones_again_with_the_same_seed(sandbox, http, world):
    async def outcomes() -> list[int]:
        return [(await http.get("getMe")).status_code for _ in range(200)]

    seen = []
    for seed in (7, 7, 8):
        await ask(sandbox, method="*", share=0.2, kinds=["refuse"], error_code=502, seed=seed)
        seen.append(await outcomes())
    assert seen[0] == seen[1] != seen[2]
    assert 20 < seen[0].count(502) < 60
    await ask(sandbox, method="getMe", share=0, kinds=["refuse"])
    assert set(await outcomes()) == {200}
    async with httpx.AsyncClient() as client:
        assert (await client.delete(f"{sandbox.url}/faults")).json()["result"] == []
    assert set(await outcomes()) == {200}


async def test_the_kinds_of_a_share_are_mixed(sandbox, world):
    async with httpx.AsyncClient(base_url=f"{sandbox.bot_url}{sandbox.token}/", timeout=0.05) as http:
        await ask(sandbox, method="*", share=1, kinds=sorted(KINDS), delay_s=0.01, seed=1)
        for _ in range(60):
            with contextlib.suppress(httpx.TransportError):
                await http.get("getMe")
    assert {call.fault for call in calls(world, "getMe")} == KINDS


async def test_faults_that_make_no_sense_are_refused_and_say_why(sandbox):
    assert "kind is one of refuse" in (await ask(sandbox, method="getMe", kind="melt"))["description"]
    assert "share must be 0 to 1" in (await ask(sandbox, method="getMe", kind="refuse", share=3))["description"]
    assert "posted to a webhook" in (await ask(sandbox, method="webhook", kind="refuse"))["description"]
    assert "Array of String" in (await ask(sandbox, method="getMe", kinds={"refuse": 1}))["description"]


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_photo_that_is_refused_spoils_its_album_as_telegram_says_it(
    sandbox, bot, anna, chat, picture, is_named
):
    bad = picture("green")
    await ask(sandbox, refuse_photo=hashlib.sha256(bad).hexdigest(), named=is_named)
    words = 'failed to send message #2 with the error message "image_process_failed"' if is_named else "group send"
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        await bot.send_media_group(chat, [InputMediaPhoto(one) for one in (picture("red"), bad)])
    with pytest.raises(BadRequest, match=r"(?i)image_process_failed"):
        await bot.send_photo(chat, bad)
    assert await anna.events() == []
    assert await bot.send_media_group(chat, [InputMediaPhoto(picture(colour)) for colour in ("red", "blue")])


class Hook(RequestHandler):
    def initialize(self, received):
        self.received = received

    def post(self):
        self.received.append(json.loads(self.request.body)["message"]["text"])


@pytest.fixture
async def hook(bot) -> AsyncIterator[list[str]]:
    """What a webhook got that is set for the bot."""
    received: list[str] = []
    server = HTTPServer(Application([("/hook", Hook, {"received": received})]))
    [listening] = bind_sockets(0, "127.0.0.1")
    server.add_socket(listening)
    await bot.set_webhook(f"http://127.0.0.1:{listening.getsockname()[1]}/hook")
    yield received
    server.stop()
    await server.close_all_connections()


async def test_a_webhooks_lost_200_brings_the_same_update_again(sandbox, anna, hook, world):
    await ask(sandbox, method="webhook", kinds=["cut_before", "cut_after"])
    await anna.text("one")
    await anna.text("two")
    await until(lambda: not world.updates.pending)
    assert hook == ["one", "one", "two"]
    first, second = world.updates.book.updates
    assert [len(first.handed_out), len(second.handed_out)] == [2, 1]
    assert first.handed_out[-1] <= first.confirmed <= second.confirmed


async def test_ids_of_updates_begin_anew_when_none_waits(sandbox, http, anna):
    await anna.text("old")
    assert "updates wait" in (await ask(sandbox, next_update_id=5))["description"]
    [old] = (await http.get("getUpdates")).json()["result"]
    await http.get("getUpdates", params={"offset": old["update_id"] + 1})
    assert (await ask(sandbox, next_update_id=5))["ok"]
    await anna.text("new")
    assert [update["update_id"] for update in (await http.get("getUpdates")).json()["result"]] == [5]


async def test_the_record_tells_when_updates_went_out_and_were_confirmed(sandbox, http, anna, picture, world):
    [photo] = await anna.photo(picture())
    [update] = world.updates.book.updates
    assert (update.kind, update.chat_id, update.message_id) == ("message", 7, photo["message_id"])
    assert (update.handed_out, update.confirmed) == ([], None)
    await http.get("getUpdates")
    await http.get("getUpdates")
    assert (len(update.handed_out), update.confirmed) == (2, None)
    await http.get("getUpdates", params={"offset": update.update_id + 1})
    assert update.confirmed >= update.handed_out[-1] >= update.made


async def test_the_record_can_be_read_over_http_and_has_who_was_told(sandbox, http, chat):
    await say(http, chat, "one")
    await say(http, 99)
    async with httpx.AsyncClient() as client:
        record = (await client.get(f"{sandbox.url}/record")).json()["result"]
    accepted, refused = record["calls"]
    assert (accepted["method"], accepted["chat_id"], accepted["replied"]) == ("sendMessage", chat, True)
    assert len(accepted["message_ids"]) == 1
    assert (refused["carried_out"], refused["error_code"], refused["replied"]) == (False, 400, True)
    assert [update["chat_id"] for update in record["updates"]] == [chat]


async def test_a_poll_whose_bot_is_gone_takes_nothing_and_leaves_the_next_one_alone(sandbox, http, anna, world):
    with pytest.raises(httpx.ReadTimeout):
        await http.get("getUpdates", params={"timeout": 5})
    following = asyncio.create_task(http.get("getUpdates", params={"timeout": 5}, timeout=5))
    await asyncio.sleep(0.1)
    await anna.text("Hello")
    assert len((await following).json()["result"]) == 1
    assert [call.replied for call in calls(world, "getUpdates")] == [False, True]
