"""What the chat page stands on: its files and headers, the live connection, the tray, and who is kept out."""

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, InputMediaPhoto
from tornado.websocket import WebSocketClientConnection, websocket_connect

from sandbox import Sandbox, live, running_sandbox
from sandbox.chat_page import PAGE
from sandbox.client import UserClient
from sandbox.guard import is_own_host
from sandbox.tray import LeftOut, Picture, read_tray, taking_turns

ANNA = 7


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        yield client


async def test_the_page_is_served_with_a_policy_that_lets_nothing_in_from_elsewhere(http):
    for path in ("/", "/?user=2", "/page/main.js", "/page/base.css", "/page/icon.svg"):
        answer = await http.get(path)
        assert answer.status_code == 200, path
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (await http.get("/")).headers["Content-Type"].startswith("text/html")
    assert (await http.get("/page/main.js")).headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/page/nothing.js", "/page/", "/page/..%2f__init__.py", "/page/../server.py"])
async def test_only_the_pages_own_files_are_served(http, path):
    answer = await http.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_the_page_fetches_nothing_from_elsewhere_and_makes_no_html_of_text():
    for file in PAGE.iterdir():
        text = file.read_text(encoding="utf-8")
        addresses = set(re.findall(r"https?://[\w.]+", text))
        assert addresses <= {"http://www.w3.org"}, file.name  # the names of SVG's and XLink's own vocabularies
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), file.name


def test_every_icon_and_file_the_page_names_is_there():
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="icon-([\w-]+)"', index))
    scripts = "".join(file.read_text(encoding="utf-8") for file in PAGE.glob("*.js"))
    named = set(re.findall(r'\bicon(?:Button)?\("([\w-]+)"|\bicon: "([\w-]+)"|"#icon-([\w-]+)"', index + scripts))
    assert {name for names in named for name in names if name} <= drawn
    ids = re.findall(r'\bid="([\w-]+)"', index)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'byId\("([\w-]+)"\)', scripts)) <= set(ids)
    for file in re.findall(r'"/page/([\w.-]+)"', index) + re.findall(r'from "\./([\w.-]+)"', scripts):
        assert (PAGE / file).is_file(), file


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"Host": "localhost:8081"}, True),
        ({"Host": "[::1]:8081"}, True),
        ({"Host": "192.168.1.5:8081"}, True),
        ({"Host": "sandbox:8081"}, True),
        ({"Host": "host.docker.internal:8081"}, True),
        ({"Host": "evil.example:8081"}, False),
        ({"Host": "127.0.0.1.evil.example"}, False),
        ({"Host": "localhost.evil.example"}, False),
        ({"Host": "localhost:8081", "Origin": "http://localhost:8081"}, True),
        ({"Host": "localhost:8081", "Origin": "http://localhost:3000"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
    ],
)
async def test_programs_and_the_page_itself_are_let_in_and_web_sites_are_not(http, headers, let_in):
    expected = 200 if let_in else 403
    for path in ("/", "/tray", "/page/main.js", f"/user/{ANNA}/messages", "/faults", "/bot1:sandbox/getMe"):
        assert (await http.get(path, headers=headers)).status_code == expected, path
    answer = await http.post(f"/user/{ANNA}/text", data={"text": "Hello"}, headers=headers)
    assert answer.status_code == expected
    heard = (await http.get(f"/user/{ANNA}/messages")).json()["result"]
    assert len(heard) == let_in


async def test_a_link_to_the_page_may_be_followed_from_anywhere(http):
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await http.get("/", headers=followed)).status_code == 200
    assert (await http.get("/tray", headers=followed)).status_code == 403


def test_the_name_listened_on_may_have_dots():
    assert is_own_host("desk.lan:8081", own_name="Desk.lan")
    assert not is_own_host("other.lan:8081", own_name="desk.lan")
    assert not is_own_host("", own_name="")


class Listener:
    """Reads a live connection message by message."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection

    async def next(self, kind: str) -> dict:
        """The next message of this kind."""
        while True:
            message = await asyncio.wait_for(self.connection.read_message(), 10)
            assert message is not None, self.connection.close_reason
            if json.loads(message)["kind"] == kind:
                return json.loads(message)


async def close(connection: WebSocketClientConnection) -> None:
    connection.close()
    while connection.close_code is None and await connection.read_message() is not None:
        pass


@pytest.fixture
async def listen(sandbox: Sandbox) -> AsyncIterator[Callable[..., Listener]]:
    async with contextlib.AsyncExitStack() as connections:

        async def connect(path: str = f"/user/{ANNA}/live") -> Listener:
            connection = await websocket_connect(sandbox.url.replace("http", "ws") + path)
            connections.push_async_callback(close, connection)
            return Listener(connection)

        yield connect


async def test_the_live_connection_tells_what_was_what_is_and_what_comes(bot: Bot, anna, chat, listen):
    await bot.send_message(chat, "Before")
    listener = await listen()
    profile, history = await listener.next("profile"), await listener.next("history")
    assert profile["bot"]["first_name"] == "Sandbox bot"
    assert (profile["users"], profile["commands"], profile["listening"]) == ([ANNA], [], False)
    assert [event["message"]["text"] for event in history["events"]] == ["Hello", "Before"]
    await anna.text("Now", client_id="my-7")
    [event] = (await listener.next("events"))["events"]
    assert (event["message"]["text"], event["client_id"]) == ("Now", "my-7")
    assert event["event"] == history["last"] + 1


async def test_what_a_client_sends_again_under_the_same_name_is_written_once(anna, chat, picture):
    text, again = await asyncio.gather(*(anna.text("Only once", client_id="a") for _ in range(2)))
    album = [await anna.photo(picture(), picture(), client_id="b") for _ in range(2)]
    assert text == again
    assert album[0] == album[1]
    with pytest.raises(httpx.HTTPStatusError):
        await anna.photo(b"no picture", client_id="c")
    await anna.photo(picture(), client_id="c")
    await anna.text("Twice")
    await anna.text("Twice")
    events = [event for event in await anna.events() if event["by"] == "user"]
    assert [event["message"].get("text") for event in events] == ["Only once", *[None] * 3, "Twice", "Twice"]


async def test_lines_of_a_form_end_as_telegrams_do(sandbox: Sandbox, anna, chat):
    async with httpx.AsyncClient() as client:
        form = {"text": (None, "a\r\n" * 2000 + "b")}  # 4,001 characters, once each line ends with one
        answer = (await client.post(f"{sandbox.url}/user/{ANNA}/text", files=form)).json()
    assert answer["result"]["text"] == "a\n" * 2000 + "b"


async def test_an_album_comes_over_a_live_connection_as_one(bot: Bot, anna, chat, listen, picture):
    listener = await listen()
    await listener.next("history")
    await bot.send_media_group(chat, [InputMediaPhoto(picture()) for _ in range(3)])
    assert len((await listener.next("events"))["events"]) == 3


async def test_a_broken_live_connection_goes_on_where_it_was(anna, chat, listen):
    history = await (await listen()).next("history")
    await anna.text("Missed")
    again = await (await listen(f"/user/{ANNA}/live?after={history['last']}&world={history['world']}")).next("history")
    assert [event["message"]["text"] for event in again["events"]] == ["Missed"]
    stranger = await (await listen(f"/user/{ANNA}/live?after={history['last']}&world=another")).next("history")
    assert [event["message"]["text"] for event in stranger["events"]] == ["Hello", "Missed"]


async def test_a_live_connection_tells_its_own_chat_alone(sandbox: Sandbox, anna, chat, listen):
    listener = await listen()
    await listener.next("history")
    async with UserClient(sandbox.url, 8) as ben:
        await ben.text("Not for Anna")
    await anna.text("For Anna")
    assert (await listener.next("events"))["events"][0]["message"]["text"] == "For Anna"


async def test_the_profile_follows_the_bot_its_commands_and_whether_it_listens(
    bot: Bot, anna, chat, listen, monkeypatch
):
    monkeypatch.setattr(live, "PROFILE_INTERVAL_S", 0.05)
    listener = await listen()
    assert not (await listener.next("profile"))["listening"]
    poll = asyncio.create_task(bot.get_updates(timeout=30, offset=-1))
    assert (await listener.next("profile"))["listening"]
    await poll
    await bot.set_my_commands([("start", "For everyone")])
    assert [one["command"] for one in (await listener.next("profile"))["commands"]] == ["start"]
    await bot.set_my_commands([BotCommand("help", "In private")], BotCommandScopeAllPrivateChats())
    assert [one["command"] for one in (await listener.next("profile"))["commands"]] == ["help"]
    await bot.set_my_commands([("hilfe", "Auf Deutsch")], BotCommandScopeAllPrivateChats(), "de")
    await anna.language("de-at")
    profile = await listener.next("profile")
    assert profile["user"]["language_code"] == "de-at"
    assert [one["command"] for one in profile["commands"]] == ["hilfe"]


async def test_a_bot_that_goes_away_in_the_midst_of_a_poll_no_longer_listens(sandbox: Sandbox, chat):
    [state] = sandbox.state.bots.values()
    async with httpx.AsyncClient(base_url=f"{sandbox.bot_url}{sandbox.token}/") as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get("getUpdates", params={"timeout": 50, "offset": 10_000}, timeout=0.3)
    assert state.is_listening  # bots pause between two polls
    state.updates._clock = lambda: float("inf")
    for _ in range(100):
        if not state.is_listening:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the poll is still under way")


async def test_a_live_connection_is_refused_to_web_sites_and_unknown_bots_are_named(http, listen):
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "eA==",
    }
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await http.get(f"/user/{ANNA}/live", headers={**asked, **headers})).status_code == 403
    listener = await listen(f"/user/{ANNA}/live?bot=99")
    assert await listener.connection.read_message() is None
    assert listener.connection.close_code == 4000
    assert listener.connection.close_reason == "Not Found: no bot has the id 99; known are 1"


async def test_a_stop_ends_live_connections_at_once():
    async with running_sandbox() as sandbox:
        connection = await websocket_connect(sandbox.url.replace("http", "ws") + "/user/7/live")
    begun = asyncio.get_running_loop().time()
    while await connection.read_message() is not None:
        pass
    assert asyncio.get_running_loop().time() - begun < 2
    assert connection.close_code == 1012
    connection.close()


async def test_photos_are_shown_and_other_files_are_only_saved(anna, http, picture):
    [photo] = await anna.photo(picture())
    page = await anna.document(b"<script>alert(1)</script>", "page.html", "text/html")
    drawing = await anna.document(b"<svg onload='alert(1)'/>", "drawing.svg", "image/svg+xml")
    scan = await anna.document(picture(kind="PNG"), "scan.png", "image/png")
    types = []
    for file in (photo["photo"][-1], page["document"], drawing["document"], scan["document"]):
        answer = await http.get(f"/user/{ANNA}/file/{file['file_id']}")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        types.append(answer.headers["Content-Type"])
    assert types == ["image/jpeg", "application/octet-stream", "application/octet-stream", "image/png"]


@pytest.fixture
def folder(tmp_path: Path, picture) -> Path:
    """Six pictures of two categories, a text, and a list of them with some that are not there."""
    pictures = tmp_path / "pictures"
    for category in ("Home", "Toys"):
        (pictures / category).mkdir(parents=True)
        for number in range(3):
            (pictures / category / f"{number}.jpg").write_bytes(picture("red" if category == "Home" else "blue"))
    (pictures / "Home" / "notes.txt").write_text("no picture")
    (tmp_path / "outside.jpg").write_bytes(picture())
    rows = ["photo,product_id,category,kind", "Home/0.jpg,1,Home,mug", "Toys/0.jpg,2,Toys,ball"]
    rows += ["Home/9.jpg,3,Home,mug", "Home/notes.txt,4,Home,mug", "../outside.jpg,5,Home,mug", "Home/0.jpg,1,Home,mug"]
    (pictures / "customer.csv").write_text("\n".join(rows), encoding="utf-8")
    return pictures


def test_a_tray_is_read_from_a_folder_with_its_subfolders_as_categories(folder):
    tray = read_tray([folder])
    assert sorted(picture.category for picture in tray.pictures) == ["Home"] * 3 + ["Toys"] * 3
    assert tray == read_tray([folder])
    assert tray.left_out == ()


def test_a_tray_is_read_from_a_list_and_what_cannot_be_offered_is_counted(folder):
    tray = read_tray([folder / "customer.csv"])
    assert {(one.category, one.kind) for one in tray.pictures} == {("Home", "mug"), ("Toys", "ball")}
    assert dict(tray.left_out) == dict.fromkeys(LeftOut, 1)


def test_categories_take_turns_in_the_tray():
    pictures = [Picture(Path(f"{category}{n}"), category) for category in "abc" for n in range(4)]
    offered = taking_turns(pictures)
    assert sorted(map(str, offered)) == sorted(map(str, pictures))
    for turn in range(4):
        assert {one.category for one in offered[3 * turn : 3 * turn + 3]} == set("abc")


async def test_the_trays_pictures_are_had_by_number_alone(folder, picture):
    (folder / "Toys" / "0.jpg").write_bytes(b"broken")
    tray = read_tray([folder / "customer.csv"])
    async with running_sandbox(tray=tray) as sandbox, httpx.AsyncClient(base_url=sandbox.url) as client:
        listed = (await client.get("/tray")).json()["result"]
        assert sorted(one["kind"] for one in listed) == ["ball", "mug"]
        mug = [one["kind"] for one in listed].index("mug")
        whole, small = await client.get(f"/tray/{mug}"), await client.get(f"/tray/{mug}/thumbnail")
        assert whole.content == picture("red")
        assert whole.headers["Content-Type"] == small.headers["Content-Type"] == "image/jpeg"
        assert (await client.get(f"/tray/{1 - mug}/thumbnail")).status_code == 404
        for path in ("/tray/2", "/tray/999999999999", "/tray/-1", "/tray/..%2foutside.jpg", "/tray/0/../../x"):
            assert (await client.get(path)).status_code == 404, path


async def run_command(*arguments: str | Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *map(str, arguments), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, errors.decode()


async def test_a_tray_without_pictures_is_a_wrong_argument(tmp_path, folder):
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title\n1,Shoe\n")
    code, errors = await run_command("--tray", feed)
    assert code == 2
    assert 'no column "photo"; it has id, title' in errors
    (tmp_path / "empty").mkdir()
    code, errors = await run_command("--tray", tmp_path / "empty")
    assert code == 2
    assert "there are no JPEG, PNG or WebP pictures in" in errors


async def test_the_command_prints_the_pages_address(folder):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--port", "0", "--tray", folder / "customer.csv"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    [address, other] = re.findall(r"http://[^\s)]+", line)
    async with httpx.AsyncClient() as client:
        assert "<h1" in (await client.get(address)).text
        assert (await client.get(other)).status_code == 200
    process.terminate()
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    assert "Warning: 1 pictures of the tray left out: missing" in errors.decode()
