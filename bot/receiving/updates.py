"""The fields of Telegram's updates that we need; the others are never kept (Bot API, "Available types")."""

import re
from typing import Any, NamedTuple
from zlib import crc32

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from telegram.constants import ChatID

from bot.receiving.files import LARGEST, File, Sticker
from bot.receiving.links import first_link

Json = dict[str, Any]

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member", "guest_message")
_COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?", re.DOTALL)
_CONTENTS = (
    "text", "photo", "document", "sticker", "animation", "video", "video_note", "audio", "voice", "contact", "dice",
    "poll", "location", "venue", "game", "story", "paid_media", "checklist",
)  # fmt: skip


def is_group(chat_id: int) -> bool:
    """Whether a chat is a group, or a supergroup; people's private chats have their own ids."""
    return chat_id < 0


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Chat(_Kept):
    """Where something was written."""

    id: int = Field(ge=-LARGEST, le=LARGEST)
    type: str

    @property
    def is_private(self) -> bool:
        """Whether it is the chat of one person."""
        return self.type == "private"


class Sender(_Kept):
    """A user, or a chat that writes under its own name. `language_code`: of the user's app, such as pt-br."""

    id: int = Field(ge=-LARGEST, le=LARGEST)
    language_code: str = ""


class Member(_Kept):
    """What somebody is in a chat."""

    status: str

    @property
    def is_out(self) -> bool:
        """Whether they may not write there: removed, gone, or blocked."""
        return self.status in {"left", "kicked"}


class Command(NamedTuple):
    """/name, or /name@bot, and what follows."""

    name: str
    bot: str
    rest: str


class Message(_Kept):
    """A message, new or replied to or tapped. `date` 0: it is there no longer.

    `guest_query_id`: by which a bot that is not in the chat may answer.
    `migrate_to_chat_id`: its group is that supergroup from now on; `migrate_from_chat_id`: was that group before.
    """

    message_id: int = Field(ge=-LARGEST, le=LARGEST)
    date: int = 0
    chat: Chat
    user: Sender | None = Field(None, validation_alias=AliasChoices("user", "from"))
    sender_chat: Sender | None = None
    text: str = ""
    caption: str = ""
    photo: File | None = None
    document: File | None = None
    sticker: Sticker | None = None
    link: str = ""
    """The first one in its text."""
    media_group_id: str | None = None
    message_thread_id: int | None = Field(None, ge=-LARGEST, le=LARGEST)
    is_topic_message: bool = False
    guest_query_id: str = ""
    migrate_to_chat_id: int | None = Field(None, ge=-LARGEST, le=LARGEST)
    migrate_from_chat_id: int | None = Field(None, ge=-LARGEST, le=LARGEST)
    reply_to_message: "Message | None" = None
    reply_markup: Json | None = None
    says_something: bool = False
    """Whether somebody wrote it; Telegram also sends messages about pins, members and the like."""

    @model_validator(mode="before")
    @classmethod
    def _note_what_it_says(cls, raw: object) -> object:
        if not isinstance(raw, dict) or "says_something" in raw:
            return raw
        noted = {
            "says_something": any(kind in raw for kind in _CONTENTS),
            "link": first_link(raw.get("text"), raw.get("entities")),
        }
        if "animation" in raw:  # which comes as a document, too, and is a video
            noted["document"] = None
        return {**raw, **noted}

    @field_validator("photo", mode="before")
    @classmethod
    def _largest(cls, sizes: object) -> object:
        """Telegram lists a photo's sizes; the smaller ones are of no use."""
        if not isinstance(sizes, list):
            return sizes
        return max(sizes, key=lambda size: size.get("width", 0) * size.get("height", 0)) if sizes else None

    @field_validator("reply_to_message", mode="before")
    @classmethod
    def _without_words(cls, replied: object) -> object:
        """What is replied to counts by its photo and its buttons; its words may be another's, and are not kept."""
        return {**replied, "text": "", "caption": "", "entities": []} if isinstance(replied, dict) else replied

    @property
    def image(self) -> File | None:
        """What can be looked at: a photo, a sticker that stands still, or a file that may be an image."""
        if self.sticker and self.sticker.is_still:
            return self.sticker
        return self.photo or (self.document if self.document and self.document.may_be_image else None)

    @property
    def looks_at_something(self) -> bool:
        """Whether there is an image in it, or a link that may lead to one."""
        return self.image is not None or bool(self.link)

    @property
    def words(self) -> str:
        """What is written in it, or below its photo."""
        return self.text or self.caption

    @property
    def sender_id(self) -> int:
        """Who wrote it. Channels and anonymous admins write as their chat: they are not one person."""
        sender = self.sender_chat or self.user
        return sender.id if sender else self.chat.id

    def command(self) -> Command | None:
        """The command it begins with, if any."""
        match = _COMMAND.fullmatch(self.text)
        return Command(match["name"].lower(), match["bot"] or "", (match["rest"] or "").strip()) if match else None

    def mentions(self, username: str) -> bool:
        """Whether its words call this user."""
        return bool(mention(username).search(self.words))


def mention(username: str) -> re.Pattern[str]:
    """What calls a user in a text."""
    return re.compile(rf"(?<!\w)@{re.escape(username)}(?!\w)", re.IGNORECASE)


class Tap(_Kept):
    """A button that was pressed; without `message` it stands in a message of another bot's or of no chat."""

    id: str
    user: Sender = Field(validation_alias=AliasChoices("user", "from"))
    message: Message | None = None
    data: str = ""

    @property
    def sender_id(self) -> int:
        """Who pressed it; anonymous admins do as their group, as they write."""
        is_anonymous = self.user.id == ChatID.ANONYMOUS_ADMIN and self.message is not None
        return self.message.chat.id if is_anonymous and self.message else self.user.id


class Membership(_Kept):
    """The bot is something else in a chat from now on: a member, an admin, removed, blocked."""

    chat: Chat
    date: int = 0
    new_chat_member: Member


class Update(_Kept):
    """A message, a tap, what became of the bot in a chat, or a mention of it in a chat that it is not in."""

    update_id: int = Field(ge=-LARGEST, le=LARGEST)
    message: Message | None = None
    callback_query: Tap | None = None
    my_chat_member: Membership | None = None
    guest_message: Message | None = None

    @property
    def chat(self) -> Chat | None:
        """Where it happened."""
        if self.my_chat_member:
            return self.my_chat_member.chat
        message = self.callback_query.message if self.callback_query else self.message or self.guest_message
        return message.chat if message else None

    @property
    def user_id(self) -> int:
        """Who did it; 0: nobody we know."""
        if self.callback_query:
            return self.callback_query.sender_id
        message = self.message or self.guest_message
        return message.sender_id if message else 0

    @property
    def language_code(self) -> str:
        """Of who did it, where it is known."""
        if self.callback_query:
            return self.callback_query.user.language_code
        message = self.message or self.guest_message
        return message.user.language_code if message and message.user else ""

    @property
    def thread_id(self) -> int | None:
        """The topic of a forum in which it happened."""
        message = self.callback_query.message if self.callback_query else self.message
        return message.message_thread_id if message and message.is_topic_message else None

    @property
    def stamp(self) -> int:
        """The same whenever Telegram sends it, another for another update of the same id; and tells nothing."""
        message, tap = self.message or self.guest_message, self.callback_query
        moved = self.my_chat_member and self.my_chat_member.date
        own = (message.message_id, message.date) if message else tap.id if tap else moved
        return crc32(repr(own).encode())

    @property
    def lane(self) -> str:
        """Updates of one lane are handled in order: those of a private chat, or of one person in a group."""
        if self.chat is None:
            return f"of {self.user_id}"
        return str(self.chat.id) if self.chat.is_private else f"{self.chat.id} of {self.user_id}"


class Unreadable(NamedTuple):
    """An update that is not as the Bot API has it; nothing is kept of it but this."""

    update_id: int
    why: str


def read_update(raw: object) -> Update | Unreadable | None:
    """An update as Telegram sends it, cut down to what we need; None where it has not even an id."""
    update_id = raw.get("update_id") if isinstance(raw, dict) else None
    if not isinstance(update_id, int) or isinstance(update_id, bool) or abs(update_id) > LARGEST:
        return None
    try:
        update = Update.model_validate(raw)
        Update.model_validate_json(update.model_dump_json(exclude_defaults=True))  # as it is kept, and read again
        return update
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        kinds = ", ".join(sorted(key for key in raw if key != "update_id")) if isinstance(raw, dict) else ""
        return Unreadable(update_id, f"{kinds.encode('ascii', 'replace').decode()[:80]}: {type(error).__name__}")
