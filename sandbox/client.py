"""A user in Python: writes to the bot and reads what it answers, over the sandbox's user side.

    async with UserClient(sandbox.url, 7) as anna:
        await anna.photo(jpeg, caption="like this")
        [album, buttons] = await anna.hear(2)
        await anna.tap(buttons, "more")

Works against a sandbox in this process and in another one alike.
"""

import asyncio
from typing import Any, Self

import httpx

from sandbox.wire import Json


class UserClient:
    """One user in one chat: the private one, or the group whose negative id is given.

    Raises `httpx.HTTPStatusError` with the sandbox's description where it refuses something.
    """

    def __init__(self, url: str, user_id: int, *, chat_id: int | None = None, bot_id: int | None = None) -> None:
        self.user_id = user_id
        self.chat_id = user_id if chat_id is None else chat_id
        self._url = url
        self._where = {} if chat_id is None else {"chat_id": str(chat_id)}
        params = {} if bot_id is None else {"bot": str(bot_id)}
        self._http = httpx.AsyncClient(base_url=f"{url}/user/{user_id}/", params=params, timeout=90, trust_env=False)
        self._last_event = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def text(self, text: str, **further: Any) -> Json:
        """Write a text or a /command; returns the message."""
        message: Json = await self._post("text", json={"text": text, **self._where, **further})
        return message

    async def photo(self, *pictures: bytes, **further: Any) -> list[Json]:
        """Send one picture, or several as an album, each as an encoded file; returns the messages."""
        files = [("photo", (f"{n}.jpg", picture, "image/jpeg")) for n, picture in enumerate(pictures)]
        messages: list[Json] = await self._post("photo", files=files, data={**self._where, **further})
        return messages

    async def document(self, content: bytes, name: str, mime_type: str = "", **further: Any) -> Json:
        """Send a file as it is; returns the message."""
        files = [("document", (name, content, mime_type or "application/octet-stream"))]
        messages: list[Json] = await self._post("document", files=files, data={**self._where, **further})
        return messages[0]

    async def documents(self, *files: tuple[str, bytes], **further: Any) -> list[Json]:
        """Send files, each a name and its content, as an album; returns the messages."""
        named = [("document", (name, content, "application/octet-stream")) for name, content in files]
        messages: list[Json] = await self._post("document", files=named, data={**self._where, **further})
        return messages

    async def sticker(self, webp: bytes, **further: Any) -> Json:
        """Send a static sticker, with the `emoji` it stands for; returns the message."""
        files = [("sticker", ("sticker.webp", webp, "image/webp"))]
        message: Json = await self._post("sticker", files=files, data={**self._where, **further})
        return message

    async def other(self, kind: str, **further: Any) -> Json:
        """Send something of another kind (`voice`, `location`, ...: README.md lists them); returns the message."""
        message: Json = await self._post("other", json={"kind": kind, **self._where, **further})
        return message

    async def tap(self, message: Json, data: str, *, force: bool = False) -> str:
        """Press the button of a message that bears this callback data; returns the query's id."""
        body = {"message_id": message["message_id"], "data": data, "force": force, **self._where}
        answer = await self._post("tap", json=body)
        return str(answer["callback_query_id"])

    async def tap_inline(self, inline_message_id: str, data: str) -> str:
        """Press a button below a message that the bot knows by this id alone; returns the query's id."""
        answer = await self._post("tap", json={"inline_message_id": inline_message_id, "data": data})
        return str(answer["callback_query_id"])

    async def language(self, code: str) -> None:
        """Have the app tell this language from now on; "": none."""
        await self._post("language", json={"language_code": code})

    async def block(self) -> None:
        """Block the bot."""
        await self._post("block")

    async def unblock(self) -> None:
        """Let the bot write again."""
        await self._post("unblock")

    async def become(self, status: str, **further: Any) -> None:
        """Be this in the group from now on: `creator`, `administrator`, `member`, `left` or `kicked`."""
        await self._to_group("member", status=status, **further)

    async def make_bot(self, status: str) -> None:
        """Have the bot be this in the group from now on."""
        await self._to_group("bot", status=status)

    async def open_topic(self, name: str) -> int:
        """Begin a topic in the supergroup; returns its `message_thread_id`."""
        topic = await self._to_group("topic", name=name, chat_type="supergroup")
        return int(topic["message_thread_id"])

    async def migrate(self) -> int:
        """Make the group a supergroup and go there; returns its id."""
        answer = await self._to_group("migrate")
        self.chat_id = int(answer["migrate_to_chat_id"])
        self._where = {"chat_id": str(self.chat_id)}
        return self.chat_id

    async def set_privacy(self, enabled: bool) -> None:
        """Switch the bot's privacy mode, as its owner does at BotFather."""
        _result(await self._http.post(f"{self._url}/privacy", json={"enabled": enabled}))

    async def set_guest_mode(self, enabled: bool) -> None:
        """Switch whether the bot is told where it is mentioned and not a member, as its owner does at BotFather."""
        _result(await self._http.post(f"{self._url}/guests", json={"enabled": enabled}))

    async def events(self, wait_s: float = 0) -> list[Json]:
        """What happened since the last look, waiting for something to happen."""
        params = {"after": str(self._last_event), "wait": str(wait_s), **self._where}
        events: list[Json] = _result(await self._http.get("messages", params=params))
        if events:
            self._last_event = events[-1]["event"]
        return events

    async def next_event(self, *kinds: str, within_s: float = 10) -> Json:
        """The next event of these kinds (of any, where none is named); those before it are skipped."""
        deadline = asyncio.get_running_loop().time() + within_s
        skipped = []
        while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            for event in await self.events(left_s):
                if not kinds or event["type"] in kinds:
                    self._last_event = event["event"]
                    return event
                skipped.append(event["type"])
        raise TimeoutError(f"no {' or '.join(kinds) or 'event'} within {within_s} s; there was {skipped}")

    async def hear(self, count: int = 1, *, within_s: float = 10) -> list[Json]:
        """The next messages of the bot, this many; other events before them are skipped."""
        deadline = asyncio.get_running_loop().time() + within_s
        heard: list[Json] = []
        while len(heard) < count:
            left_s = deadline - asyncio.get_running_loop().time()
            event = await self.next_event("message", within_s=left_s)
            if event["by"] == "bot":
                heard.append(event["message"])
        return heard

    async def file(self, file_id: str) -> bytes:
        """The bytes of a file in the chat."""
        response = await self._http.get(f"file/{file_id}")
        return response.raise_for_status().content

    async def _to_group(self, action: str, **fields: Any) -> Any:
        address = f"{self._url}/chat/{self.chat_id}/{action}"
        return _result(await self._http.post(address, json={"user_id": self.user_id, **fields}))

    async def _post(self, action: str, **body: Any) -> Any:
        return _result(await self._http.post(action, **body))


def _result(response: httpx.Response) -> Any:
    answer = response.json()
    if not answer["ok"]:
        raise httpx.HTTPStatusError(answer["description"], request=response.request, response=response)
    return answer["result"]
