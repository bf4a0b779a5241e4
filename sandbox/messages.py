"""Users, chats and messages, and how the Bot API writes them."""

from dataclasses import dataclass, field

from sandbox.entities import NO_TEXT, FormattedText
from sandbox.files import Document, Media, Photo, Sticker
from sandbox.wire import Json

SERVICE = ("new_chat_members", "left_chat_member", "forum_topic_created", "migrate_to_chat_id", "migrate_from_chat_id")


@dataclass(frozen=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str
    is_bot: bool = False
    username: str = ""
    language_code: str = ""

    def to_json(self) -> Json:
        """The Bot API's User."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        if self.language_code:
            user["language_code"] = self.language_code
        return user


@dataclass(frozen=True)
class Chat:
    """A conversation: `private` with one user (whose id it bears), `group` or `supergroup`; or a `channel`."""

    id: int
    type: str
    name: str
    is_forum: bool = False

    def to_json(self) -> Json:
        """The Bot API's Chat."""
        chat: Json = {"id": self.id, "type": self.type, self._name_field: self.name}
        if self.is_forum:
            chat["is_forum"] = True
        return chat

    def to_full_json(self) -> Json:
        """The Bot API's ChatFullInfo, with the fields that are always there."""
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
        return {
            **self.to_json(),
            "accent_color_id": self.id % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": {**dict.fromkeys(gifts, False), "gifts_from_channels": False},
        }

    @property
    def _name_field(self) -> str:
        return "first_name" if self.type == "private" else "title"


GROUP_ANONYMOUS = User(1087968824, "Group", is_bot=True, username="GroupAnonymousBot")
CHANNEL_BOT = User(136817688, "Channel", is_bot=True, username="Channel_Bot")


@dataclass(frozen=True)
class Content:
    """What a message says: a text, a photo or document with the text as its caption, or something else."""

    text: FormattedText = NO_TEXT
    media: Media | None = None
    other: Json = field(default_factory=dict)
    """The fields of what is none of these."""

    @property
    def is_service(self) -> bool:
        """Whether it tells of the group, and nobody wrote it."""
        return any(field in self.other for field in SERVICE)

    def to_json(self) -> Json:
        """The fields of a Bot API Message that hold its content."""
        fields: Json = dict(self.other)
        if isinstance(self.media, Sticker):
            fields["sticker"] = self.media.to_json()
        elif isinstance(self.media, Photo):
            fields["photo"] = self.media.to_json()
        elif isinstance(self.media, Document):
            fields["document"] = self.media.to_json()
        text_field, entities_field = ("caption", "caption_entities") if self.media else ("text", "entities")
        if self.text.text:
            fields[text_field] = self.text.text
        if self.text.entities:
            fields[entities_field] = list(self.text.entities)
        return fields


@dataclass
class Message:
    """A message in a chat. Edited in place; its id stays.

    sender_chat: the chat on whose behalf it is written, if it is one. topic: the message that opened its topic.
    """

    id: int
    chat: Chat
    sender: User
    date: int
    content: Content
    reply_to: "Message | None" = None
    album_id: str = ""
    keyboard: Json | None = None
    edit_date: int = 0
    sender_chat: Chat | None = None
    topic: "Message | None" = None

    def to_json(self, *, with_reply: bool = True) -> Json:
        """The Bot API's Message; one that is replied to comes without its own reply."""
        message: Json = {
            "message_id": self.id,
            "from": self.sender.to_json(),
            "chat": self.chat.to_json(),
            "date": self.date,
            **self.content.to_json(),
        }
        if self.edit_date:
            message["edit_date"] = self.edit_date
        if self.album_id:
            message["media_group_id"] = self.album_id
        if self.sender_chat is not None:
            message["sender_chat"] = self.sender_chat.to_json()
        if self.topic is not None:
            message |= {"message_thread_id": self.topic.id, "is_topic_message": True}
        answered = self.reply_to or self.topic  # in a topic each message replies to something
        if answered is not None and answered is not self and with_reply:
            message["reply_to_message"] = answered.to_json(with_reply=False)
        if self.keyboard is not None:
            message["reply_markup"] = self.keyboard
        return message

    def button_data(self) -> list[str]:
        """The callback data of the inline buttons, row by row."""
        rows = (self.keyboard or {}).get("inline_keyboard", [])
        return [button["callback_data"] for row in rows for button in row if "callback_data" in button]
