"""Shoppers: they send photos, vote on answers and set how alike products have to be, and remember what they did."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oracle import Expectations, Json
from tiny_shop import AWKWARD_TITLES, CATEGORIES, COLOURS, PRODUCTS_A_CATEGORY

from sandbox import Sandbox
from sandbox.client import UserClient

MOST_WAITING = 3
LONGEST_PATIENCE_S = 6.0
VOTES = {"👍": 1, "👎": -1}


@dataclass(frozen=True)
class Picture:
    """A product's own photo, and the title it is found by."""

    content: bytes
    title: str


def pictures_of(folder: Path) -> list[Picture]:
    """The photos of the tiny shop's products that have a plain title."""
    numbers = range(max(len(AWKWARD_TITLES), 6), PRODUCTS_A_CATEGORY)
    return [
        Picture(
            (folder / "photos" / f"{category[:3].lower()}-{number:03d}.jpg").read_bytes(),
            f"{list(COLOURS)[number % len(COLOURS)]} {category} {number}",
        )
        for category in CATEGORIES
        for number in numbers
    ]


class Shopper:
    """One user in a private chat."""

    def __init__(
        self, sandbox: Sandbox, user_id: int, pictures: Sequence[Picture], expected: Expectations, rng: random.Random
    ) -> None:
        self.user_id, self.pictures, self.expected, self.rng = user_id, pictures, expected, rng
        self.client = UserClient(sandbox.url, user_id)
        self.waiting: set[frozenset[int]] = set()
        self.votes = True
        self._voted: set[int] = set()
        self._listening: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> "Shopper":
        await self.client.__aenter__()
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        await self.client.__aexit__()

    async def send(self, picture: Picture | None = None) -> None:
        """Send a photo."""
        await self.send_album([picture or self.rng.choice(self.pictures)])

    async def send_album(self, pictures: Sequence[Picture]) -> None:
        """Send one photo or several together."""
        sent = await self.client.photo(*(picture.content for picture in pictures))
        album = frozenset(message["message_id"] for message in sent)
        self.waiting.add(album)
        for message, picture in zip(sent, pictures, strict=True):
            self.expected.titles[message["message_id"]] = picture.title

    async def choose_likeness(self) -> None:
        """Set how alike products have to be; once begun it is carried through, lest an older value be expected."""
        await asyncio.shield(self._choose_likeness(self.rng.choice(range(5, 60, 5))))

    async def _choose_likeness(self, percent: int) -> None:
        await self.client.text(f"/threshold {percent}%")
        self.expected.likeness[self.user_id] = percent / 100

    async def shop(self, pause_s: float, album: int = 1) -> None:
        """Send photo after photo, until cancelled; with a few of them unanswered, or out of patience."""
        while True:
            if self.rng.random() < 0.15:
                await self.choose_likeness()
            await self.send_album(self.rng.sample(list(self.pictures), album))
            await asyncio.sleep(self.rng.uniform(0, 2 * pause_s))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_PATIENCE_S):
                    while len(self.waiting) > MOST_WAITING:
                        self._news.clear()
                        await self._news.wait()

    async def _listen(self) -> None:
        while True:
            for event in await self.client.events(wait_s=20):
                if event["type"] == "message" and event["by"] == "bot":
                    await self._read(event["message"])

    async def _read(self, message: Json) -> None:
        replied = message.get("reply_to_message", {}).get("message_id")
        if replied is None or "photo" in message:
            return
        self.waiting -= {album for album in self.waiting if replied in album}
        self._news.set()
        buttons = [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]
        buttons = buttons if self.votes else []
        votes = [button for button in buttons if button["text"] in VOTES]
        if votes and replied not in self._voted and self.rng.random() < 0.4:
            self._voted.add(replied)
            vote = self.rng.choice(votes)
            query = await self.client.tap(message, vote["callback_data"], force=True)
            self.expected.votes.append((self.user_id, query, VOTES[vote["text"]]))
