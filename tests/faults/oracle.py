"""Judges a bot by what the Bot API server recorded, and by the log that the bot left; not by anything it says.

A photo is *answered* when a message with buttons replies to it, *told* when only a sentence does (or, for what was too
much, when the log has it as `busy`), and *lost* when it was confirmed, or waited in vain, and nothing replies to it. A
message that replies to another photo of its album counts where it names the product that the photo shows.
"""

import contextlib
import itertools
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgrec.log.identity import load_keys
from sandbox.record import CallRecord
from sandbox.state import Bot

Json = dict[str, Any]

AT_A_KILL_S = 1.0
"""How long before a kill something may have been confirmed to the bot and still be sent again: its commit was under
way. What was not confirmed to it may be sent again whatever the time."""
IN_TRANSIT_S = 1.0
"""How long after a kill the server, busy with others, may still read what the dead bot had sent."""
FOUND = ("answered", "nothing_similar")
_OF_PHOTOS = ("photo", "file", "album")


@dataclass(frozen=True)
class Photo:
    """A photo, or an image as a file, that a shopper sent; `album` is the same of photos that were sent together."""

    chat_id: int
    message_id: int
    made: float
    is_confirmed: bool
    album: str


@dataclass(frozen=True)
class Sending:
    """What one call wrote into a chat, as it stands now."""

    call: CallRecord
    messages: tuple[Json, ...]

    @property
    def reply_to(self) -> int | None:
        """The message it replies to."""
        replied: int | None = self.messages[0].get("reply_to_message", {}).get("message_id")
        return replied

    @property
    def is_pictures(self) -> bool:
        """Whether it shows products."""
        return "photo" in self.messages[0]

    @property
    def has_buttons(self) -> bool:
        """Whether something can be tapped."""
        return "reply_markup" in self.messages[-1]

    def names(self, title: str) -> bool:
        """Whether it names this product."""
        return any(title in message.get("text", "") for message in self.messages)

    @property
    def contents(self) -> frozenset[str]:
        """What it shows: two sendings that share some of it are one sent twice."""
        return frozenset(
            f"{message['photo'][-1]['file_unique_id']} {message.get('caption', '')}"
            if "photo" in message
            else message.get("text", "")
            for message in self.messages
        )


@dataclass
class Expectations:
    """What the shoppers did, besides sending photos."""

    titles: dict[int, str] = field(default_factory=dict)
    """By message: the product a photo shows, which is to be among the products in its answer."""
    votes: list[tuple[int, str, int]] = field(default_factory=list)
    """Of each vote the user, the callback query and the vote."""
    likeness: dict[int, float] = field(default_factory=dict)
    """By chat: the threshold its last photo was to be asked with."""
    bystanders: set[int] = field(default_factory=set)
    """Chats that never sent a photo."""


@dataclass
class Verdict:
    """What a bot made of what was asked of it."""

    photos: int = 0
    answered: int = 0
    told: int = 0
    lost: int = 0
    repeated: int = 0
    seconds: list[float] = field(default_factory=list)
    window_s: float = 0.0
    """The longest time from when a call that was repeated began to the kill that explains it."""
    problems: list[str] = field(default_factory=list)

    def percentile_s(self, share: float) -> float | None:
        """The seconds within which this share of the photos was answered or told of."""
        ordered = sorted(self.seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None

    def blame(self, count: int, what: str) -> None:
        """Note a problem, if it occurred."""
        if count:
            self.problems.append(f"{count} {what}")


def photos_of(world: Bot) -> list[Photo]:
    """The photos that shoppers sent, in order."""
    updates = {
        (update.chat_id, update.message_id): update for update in world.updates.book.updates if update.kind == "message"
    }
    messages = [
        event["message"] for event in world.events.all() if event["type"] == "message" and event["by"] == "user"
    ]
    return [
        Photo(
            chat, number, update.made, update.confirmed is not None, message.get("media_group_id") or f"{chat} {number}"
        )
        for message in messages
        if "photo" in message or "document" in message
        for chat, number in [(message["chat"]["id"], message["message_id"])]
        if (update := updates.get((chat, number)))
    ]


def sendings_of(world: Bot) -> list[Sending]:
    """What the bot wrote and did not delete, in order."""
    sendings = []
    for call in world.calls.calls:
        if call.carried_out and call.method.lower().startswith("send") and call.chat_id is not None:
            kept = [world.messages.get((call.chat_id, number)) for number in call.message_ids]
            if messages := tuple(message.to_json() for message in kept if message):
                sendings.append(Sending(call, messages))
    return sendings


def unanswered(world: Bot, titles: Mapping[int, str]) -> list[Photo]:
    """Photos to which no words reply so far. titles: see Expectations."""
    replies = _Replies(photos_of(world), sendings_of(world), titles)
    return [photo for photo in replies.photos if not replies.words(photo)]


class _Replies:
    """What replied to each photo."""

    def __init__(self, photos: Sequence[Photo], sendings: Sequence[Sending], titles: Mapping[int, str]) -> None:
        self.photos, self._titles = photos, titles
        self.to: defaultdict[tuple[int, int], list[Sending]] = defaultdict(list)
        for sending in sendings:
            if sending.reply_to is not None and sending.call.chat_id is not None:
                self.to[sending.call.chat_id, sending.reply_to].append(sending)
        self._albums: defaultdict[str, list[Photo]] = defaultdict(list)
        for photo in photos:
            self._albums[photo.album].append(photo)

    def of(self, photo: Photo) -> list[Sending]:
        """Those to the very photo."""
        return self.to[photo.chat_id, photo.message_id]

    def words(self, photo: Photo) -> list[Sending]:
        """Those in words: to the photo, or to another of its album, of whose things several may be told in one."""
        if own := [reply for reply in self.of(photo) if not reply.is_pictures]:
            return own
        title = self._titles.get(photo.message_id)
        of_album = (reply for other in self._albums[photo.album] for reply in self.of(other))
        return [reply for reply in of_album if title and not reply.is_pictures and reply.names(title)]


def judge(
    world: Bot,
    expected: Expectations,
    folder: Path | None,
    kills: Sequence[float],
    *,
    whole_log: bool = True,
    not_timed: Collection[int] = (),
) -> Verdict:
    """Judge a bot that has stopped, by the record of its world.

    folder: where its databases are; None for a bot that has none. kills: when it was killed. whole_log: every photo is
    to be in the log. not_timed: chats whose seconds do not count.
    """
    verdict, sendings, photos = Verdict(), sendings_of(world), photos_of(world)
    replies = _Replies(photos, sendings, expected.titles)
    silent: list[Photo] = []
    answered: set[str] = set()
    bare = 0
    for photo in photos:
        words = replies.words(photo)
        best = next((reply for reply in words if reply.has_buttons), words[0] if words else None)
        if best is None:
            silent.append(photo)
            bare += bool(replies.of(photo))
            continue
        verdict.answered += best.has_buttons
        verdict.told += not best.has_buttons
        answered |= {photo.album} if best.has_buttons else set()
        if photo.chat_id not in not_timed:
            verdict.seconds.append(best.call.began - photo.made)
    verdict.photos = len(photos)
    verdict.blame(bare, "photos got products, and no words below them")
    _judge_repeats(verdict, replies.to.values(), kills)
    _judge_places(verdict, sendings, replies, expected)
    log = _Log(folder) if folder is not None else None
    told_by_log = _busy(log, silent, replies) if log else 0
    verdict.told += told_by_log
    verdict.lost = len(silent) - told_by_log
    waited = sum(not photo.is_confirmed for photo in silent)
    verdict.blame(verdict.lost, f"photos lost ({waited} of them never fetched)" if waited else "photos lost")
    if log is not None:
        _judge_log(verdict, log, photos, answered, expected, world, whole_log=whole_log)
    return verdict


def _judge_repeats(verdict: Verdict, answers: Iterable[list[Sending]], kills: Sequence[float]) -> None:
    unexplained: Counter[str] = Counter()
    for answer in answers:
        for first, again in itertools.combinations(answer, 2):
            if not first.contents & again.contents or first.is_pictures != again.is_pictures:
                continue
            verdict.repeated += 1
            latest = first.call.ended or again.call.began
            allowed_s = AT_A_KILL_S if first.call.replied else float("inf")
            explaining = [
                kill
                for kill in kills
                if first.call.began - IN_TRANSIT_S <= kill <= again.call.began and kill - latest <= allowed_s
            ]
            if explaining:
                verdict.window_s = max(verdict.window_s, explaining[0] - first.call.began)
            elif first.is_pictures:
                unexplained["products sent twice while the bot lived"] += 1
            elif first.call.replied:
                unexplained["messages sent twice although Telegram had confirmed them"] += 1
    for what, count in unexplained.items():
        verdict.blame(count, what)


def _judge_places(
    verdict: Verdict,
    sendings: Sequence[Sending],
    replies: _Replies,
    expected: Expectations,
) -> None:
    """Nothing in a wrong chat: products reply to a photo of this chat, and show what this photo shows."""
    of_chat = {(photo.chat_id, photo.message_id) for photo in replies.photos}
    pictures = [one for one in sendings if one.is_pictures]
    verdict.blame(
        sum((one.call.chat_id, one.reply_to) not in of_chat for one in pictures),
        "albums reply to no photo of their chat",
    )
    verdict.blame(
        sum(one.call.chat_id in expected.bystanders for one in pictures), "albums in chats that never sent a photo"
    )
    strange = 0
    for photo in replies.photos:
        title = expected.titles.get(photo.message_id)
        shown = [one for one in replies.of(photo) if one.is_pictures]
        words = " ".join(message.get("caption", "") for one in shown for message in one.messages)
        strange += bool(title and shown and title not in words)
    verdict.blame(strange, "photos answered with products of another photo")


class _Log:
    """The databases of a bot that has stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "log.db"
        self.keys = load_keys(self.file)
        self.queries = self._rows("SELECT * FROM queries ORDER BY id")
        self.votes = self._rows("SELECT * FROM feedback")

    def _rows(self, query: str) -> list[sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query).fetchall()

    def of_chat(self, chat_id: int) -> list[sqlite3.Row]:
        """The photos of a chat; those of an album that show one thing have one row."""
        key = self.keys.of("chat", chat_id)
        return [row for row in self.queries if row["chat_key"] == key and row["kind_of_query"] in _OF_PHOTOS]

    def damaged(self) -> list[str]:
        """Databases that are not whole."""
        found = []
        for file in sorted(self.folder.glob("*.db")):
            with contextlib.closing(sqlite3.connect(file)) as connection:
                try:
                    [[state]] = connection.execute("PRAGMA integrity_check(1)").fetchall()
                except sqlite3.DatabaseError as error:
                    state = str(error)
            if state != "ok":
                found.append(f"{file.name} is damaged: {state}")
        return found


def _busy(log: _Log, silent: Sequence[Photo], replies: _Replies) -> int:
    """How many of the photos without a reply were turned away as too many, of which one sentence tells."""
    told = 0
    for chat_id, count in Counter(photo.chat_id for photo in silent).items():
        busy = sum(row["outcome"] == "busy" for row in log.of_chat(chat_id))
        single = sum(
            any(not reply.is_pictures and not reply.has_buttons for reply in replies.of(photo))
            for photo in replies.photos
            if photo.chat_id == chat_id
        )
        told += min(count, max(busy - single, 0))
    return told


def _judge_log(
    verdict: Verdict, log: _Log, photos: Sequence[Photo], answered: Collection[str], expected: Expectations, world: Bot,
    *, whole_log: bool,
) -> None:  # fmt: skip
    """answered: albums of which a photo is; a photo alone is an album of its own."""
    verdict.problems += log.damaged()
    verdict.blame(sum(row["outcome"] is None or row["total_ms"] is None for row in log.queries), "log rows left open")
    if whole_log:
        of_photos = [row for chat in {photo.chat_id for photo in photos} for row in log.of_chat(chat)]
        found = sum(row["outcome"] in FOUND for row in of_photos)
        asked = {photo.album for photo in photos}  # each has a row, or more: one for each thing that it shows
        verdict.blame(max(len(asked) - len(of_photos), 0), "photos not in the log")
        verdict.blame(max(len(answered) - found, 0), "photos answered that the log has otherwise")
    _judge_votes(verdict, log, expected, world)
    likeness = {chat: [row["likeness"] for row in log.of_chat(chat)][-1:] for chat in expected.likeness}
    verdict.blame(
        sum(rows not in ([wanted], [None]) for chat, wanted in expected.likeness.items() for rows in [likeness[chat]]),
        "settings lost",
    )


def _judge_votes(verdict: Verdict, log: _Log, expected: Expectations, world: Bot) -> None:
    """Each vote of a user stands in the log; those of one user are counted, as the log names no message."""
    given = Counter((log.keys.of("user", user), vote) for user, _, vote in expected.votes)
    kept = Counter((row["user_key"], row["vote"]) for row in log.votes if row["rank"] == 0)
    verdict.blame((given - kept).total(), "votes lost")
    unconfirmed = sum(update.kind == "callback_query" and not update.confirmed for update in world.updates.book.updates)
    verdict.blame(unconfirmed, "taps never fetched")
