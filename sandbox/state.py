"""All that the sandbox remembers, in memory: one world of users, chats and files per bot.

Nothing here knows HTTP. `bot_api` and `user_api` change the state; the update queue (towards the
bot) and the event feed (towards the users) tell what changed.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.errors import ApiError, bad_request
from sandbox.events import EventFeed
from sandbox.files import FileStore
from sandbox.flood import FloodGate
from sandbox.guests import Guests
from sandbox.membership import ADMINS, INSIDE, Membership
from sandbox.menus import Menus
from sandbox.messages import Chat, Content, Message, User
from sandbox.privacy import concerns
from sandbox.record import CallBook
from sandbox.updates import UpdateQueue
from sandbox.wire import Json

BOT_NAME = "Sandbox bot"
CALLBACK_LIFETIME_S = 15


@dataclass
class Webhook:
    """Where a bot wants its updates posted, and how the last attempt went."""

    url: str
    secret_token: str = ""
    max_connections: int = 40
    has_certificate: bool = False
    last_error: str = ""
    last_error_date: int = 0


@dataclass(frozen=True)
class Tap:
    """A press of an inline button that waits for the bot's answer."""

    user: User
    chat: Chat
    asked_at: float


@dataclass
class Bot:
    """One bot and its world: chats and files of other bots are unknown here."""

    token: str
    clock: Callable[[], float] = time.time
    name: str = BOT_NAME
    flood: FloodGate | None = None
    webhook: Webhook | None = None
    updates: UpdateQueue = field(default_factory=UpdateQueue)
    events: EventFeed = field(default_factory=EventFeed)
    calls: CallBook = field(default_factory=CallBook)
    menus: Menus = field(default_factory=Menus)
    members: Membership = field(default_factory=Membership)
    guests: Guests = field(default_factory=Guests)
    has_privacy: bool = True
    takes_guests: bool = False

    def __post_init__(self) -> None:
        self.id = int(self.token.partition(":")[0])
        self.user = User(self.id, self.name, is_bot=True, username=f"sandbox{self.id}_bot")
        self.files = FileStore(self.token)
        self.people: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.messages: dict[tuple[int, int], Message] = {}
        self.inline_messages: set[str] = set()
        self.taps: dict[str, Tap] = {}
        self.sendings: dict[tuple[int, int, str], asyncio.Task[Any]] = {}  # by user, chat and client_id
        self._last_message_id = 0
        self._last_album_id = 13_000_000_000

    def person(self, user_id: int) -> User:
        """A user, known or not yet."""
        return self.people.get(user_id, User(user_id, f"User {user_id}", language_code="en"))

    def set_language(self, user_id: int, language_code: str) -> User:
        """What language a user's app tells the bot, from their next message or tap on; "": none."""
        self.people[user_id] = replace(self.person(user_id), language_code=language_code)
        return self.people[user_id]

    def meet(self, user_id: int, chat_id: int, chat_type: str = "") -> tuple[User, Chat]:
        """The user and the chat they speak in; both come into being here."""
        user = self.person(user_id)
        if chat_id == user_id:
            return user, self.private_chat(user)
        if chat_id >= 0:
            raise bad_request(
                f"chat_id must be the user's own id or, for a group, negative; got {chat_id} of user {user_id}"
            )
        chat = self.group(chat_id, chat_type)
        if not self.members.knows(chat_id, user_id):
            self.members.set(chat_id, user_id, "member")
        if self.members.of(chat_id, user_id) not in INSIDE:
            raise bad_request(f"user {user_id} is not in the group {chat_id} any more")
        return user, chat

    def private_chat(self, user: User) -> Chat:
        """The chat of a user with the bot, which comes into being here."""
        return self.chats.setdefault(user.id, Chat(user.id, "private", user.first_name))

    def group(self, chat_id: int, chat_type: str = "", name: str = "") -> Chat:
        """A group, which comes into being here."""
        self.members.check_current(chat_id)
        if chat_type not in ("", "group", "supergroup"):
            raise bad_request(f'chat_type must be "group" or "supergroup", got "{chat_type}"')
        return self.chats.setdefault(chat_id, Chat(chat_id, chat_type or "group", name or f"Group {-chat_id}"))

    def chat(self, chat_id: str) -> Chat:
        """The chat a bot names; only those in which somebody has spoken are known."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        try:
            chat = self.chats[int(chat_id)]
        except (KeyError, ValueError):
            raise bad_request("chat not found") from None
        self.members.check_current(chat.id)
        return chat

    def reach(self, chat_id: str) -> Chat:
        """The chat a bot writes in, unless it was blocked there or removed."""
        chat = self.chat(chat_id)
        self.members.check_reachable(chat)
        return chat

    def topic(self, chat: Chat, thread_id: int, reply_to: Message | None) -> Message | None:
        """The message that opened the topic meant: the one named, else that of what is replied to, else none."""
        if not thread_id:
            return reply_to.topic if reply_to is not None else None
        opening = self.messages.get((chat.id, thread_id))
        if opening is None or opening.topic is not opening:
            raise bad_request("message thread not found")
        return opening

    @property
    def is_listening(self) -> bool:
        """Whether a bot is there to take what users write."""
        return self.webhook is not None or self.updates.is_polled

    def new_album_id(self) -> str:
        """An id that ties the messages of one album together."""
        self._last_album_id += 1
        return str(self._last_album_id)

    def post(
        self,
        sender: User,
        chat: Chat,
        contents: Iterable[Content],
        *,
        reply_to: Message | None = None,
        keyboard: Json | None = None,
        reply_markup: Json | None = None,
        client_id: str = "",
        sender_chat: Chat | None = None,
        topic: Message | None = None,
        opens_topic: bool = False,
    ) -> list[Message]:
        """Write one message, or several as an album; users see it, and the bot hears what users write.

        keyboard: the inline keyboard kept with the message. reply_markup: one of the other kinds,
        which only the event feed shows. client_id: what a user's client calls this sending, for the event feed.
        sender_chat, topic: as a `Message` has them. opens_topic: the message is the first of a topic of its own.
        """
        contents = list(contents)
        album_id = self.new_album_id() if len(contents) > 1 else ""
        posted = []
        for content in contents:
            self._last_message_id += 1
            message = Message(
                id=self._last_message_id,
                chat=chat,
                sender=sender,
                date=int(self.clock()),
                content=content,
                reply_to=reply_to,
                album_id=album_id,
                keyboard=keyboard,
                sender_chat=sender_chat,
                topic=topic,
            )
            if opens_topic:
                message.topic = message
            self.messages[chat.id, message.id] = message
            self._record("message", message, reply_markup=reply_markup, client_id=client_id)
            if self._hears(message):
                self.updates.push("message", message.to_json())
            elif self._is_invited(message):
                self.updates.push("guest_message", self.guests.invite(message))
            posted.append(message)
        return posted

    def _hears(self, message: Message) -> bool:
        """Whether the bot is told of a message: not of its own, nor where it is not, nor what privacy mode keeps."""
        if message.sender == self.user:
            return False
        status = self.members.of_bot(message.chat.id)
        hears_all = message.chat.type == "private" or status in ADMINS or not self.has_privacy
        return status in INSIDE and (hears_all or concerns(message, self.user))

    def _is_invited(self, message: Message) -> bool:
        """Whether a bot that is not in a chat is mentioned there."""
        is_out = self.members.of_bot(message.chat.id) not in INSIDE and message.chat.type != "private"
        is_anothers = message.sender != self.user and not message.content.is_service
        return self.takes_guests and is_out and is_anothers and concerns(message, self.user)

    def edit(self, message: Message, content: Content, keyboard: Json | None) -> None:
        """Give a message new content and keyboard; refused where nothing would change."""
        if (message.content, message.keyboard) == (content, keyboard):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message"
            )
        message.content, message.keyboard = content, keyboard
        message.edit_date = int(self.clock())
        self._record("edited", message)

    def delete(self, message: Message) -> None:
        """Remove a message from its chat."""
        del self.messages[message.chat.id, message.id]
        self.events.record("deleted", message.chat.id, message_id=message.id)

    def tap(self, user: User, chat: Chat, message_id: int, data: str) -> str:
        """Press an inline button; returns the id of the callback query the bot gets.

        A message that is gone reaches the bot as an inaccessible one, of date 0.
        """
        message = self.messages.get((chat.id, message_id))
        gone = {"chat": chat.to_json(), "message_id": message_id, "date": 0}
        return self._tap(user, chat, data, {"message": message.to_json() if message else gone})

    def tap_inline(self, user: User, inline_message_id: str, data: str) -> str:
        """Press a button below a message that the bot knows by this id alone, in a chat it need not be in."""
        self.inline_messages.add(inline_message_id)
        own_chat = Chat(user.id, "private", user.first_name)  # where the answer is shown
        return self._tap(user, own_chat, data, {"inline_message_id": inline_message_id})

    def _tap(self, user: User, chat: Chat, data: str, below: Json) -> str:
        query_id = str(secrets.randbits(63))  # drawn, lest a bot take it for one that an earlier sandbox sent it
        self.taps[query_id] = Tap(user, chat, self.clock())
        self.updates.push(
            "callback_query",
            {
                "id": query_id,
                "from": user.to_json(),
                **below,
                "chat_instance": hashlib.sha256(f"{self.id} {chat.id}".encode()).hexdigest()[:16],
                "data": data,
            },
        )
        return query_id

    def answer_tap(self, query_id: str, text: str, url: str, *, show_alert: bool) -> None:
        """Answer a press of a button, as a short notice or an alert; too late after 15 s."""
        tap = self.taps.get(query_id)
        if tap is None or self.clock() - tap.asked_at > CALLBACK_LIFETIME_S:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self.events.record(
            "callback_answered",
            tap.chat.id,
            user_id=tap.user.id,
            callback_query_id=query_id,
            text=text,
            show_alert=show_alert,
            url=url,
        )

    def close(self) -> None:
        """Release everyone who waits for this bot's news."""
        self.updates.bell.close()
        self.events.bell.close()

    def _record(self, kind: str, message: Message, reply_markup: Json | None = None, client_id: str = "") -> None:
        details: Json = {"message": message.to_json()}
        if reply_markup is not None:
            details["reply_markup"] = reply_markup
        if client_id:
            details["client_id"] = client_id
        by = "bot" if message.sender == self.user else "user"
        self.events.record(kind, message.chat.id, by=by, **details)


class State:
    """The bots of one sandbox, and a name by which clients tell it from the next one on the same port."""

    def __init__(self, tokens: Iterable[str], *, flood: bool = False, bot_name: str = BOT_NAME) -> None:
        self.world = secrets.token_hex(8)
        self.bots = {token: Bot(token, name=bot_name, flood=FloodGate() if flood else None) for token in tokens}

    def bot_by_token(self, token: str) -> Bot:
        """The bot with this token; Telegram answers 401 for an unknown one."""
        if token not in self.bots:
            raise ApiError(401, "Unauthorized")
        return self.bots[token]

    def bot_by_id(self, bot_id: str) -> Bot:
        """The bot with this id, the part of its token before the colon; without one, the first bot."""
        for bot in self.bots.values():
            if bot_id in ("", str(bot.id)):
                return bot
        known = ", ".join(str(bot.id) for bot in self.bots.values())
        raise ApiError(404, f"Not Found: no bot has the id {bot_id}; known are {known}")

    def close(self) -> None:
        """Release everyone who waits, so that the server can stop."""
        for bot in self.bots.values():
            bot.close()
