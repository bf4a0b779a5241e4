"""What is sent to a chat, as data: it is composed in one place, kept until it is sent, and sent in another."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from telegram import InlineKeyboardMarkup

Json = dict[str, Any]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Picture(_Message):
    """A product's photo, a file named by the SHA-256 of its content, with an HTML caption."""

    photo: Path
    caption: str

    @property
    def sha256(self) -> str:
        """The name of its content."""
        return self.photo.stem


def _as_data(keyboard: object) -> object:
    return keyboard.to_dict() if isinstance(keyboard, InlineKeyboardMarkup) else keyboard


Buttons = Annotated[Json | None, BeforeValidator(_as_data)]


class _WithKeyboard(_Message):
    keyboard: Buttons = None


class Pictures(_WithKeyboard):
    """One photo, or an album of two to ten, which cannot bear buttons."""

    kind: Literal["pictures"] = "pictures"
    items: tuple[Picture, ...] = Field(min_length=1, max_length=10)
    reply_to: int | None = None


class Text(_WithKeyboard):
    """An HTML text, with buttons below it.

    `where_doubtful`: the buttons instead, where it is not known whether the pictures before it arrived.
    """

    kind: Literal["text"] = "text"
    html: str
    reply_to: int | None = None
    where_doubtful: Buttons = None


class Drawing(_WithKeyboard):
    """A picture made for this one message, as a file that Telegram takes; with an HTML caption, and buttons."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    kind: Literal["drawing"] = "drawing"
    image: bytes
    caption: str = ""
    reply_to: int | None = None


class Edit(_WithKeyboard):
    """A message of ours made new: its text and buttons, or its buttons alone."""

    kind: Literal["edit"] = "edit"
    message_id: int
    html: str | None = None


class Guest(_Message):
    """An HTML text that answers a mention in a chat the bot is not in: the one message it may send there."""

    kind: Literal["guest"] = "guest"
    query_id: str
    html: str


class Menu(_Message):
    """The menu of commands in a chat, each with what it is for; without any, it is as the bot has it everywhere."""

    kind: Literal["menu"] = "menu"
    commands: tuple[tuple[str, str], ...] = ()


Message = Annotated[Pictures | Text | Drawing | Edit | Menu | Guest, Field(discriminator="kind")]

_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


def with_picture(photo: Path | None, html: str, keyboard: InlineKeyboardMarkup | None, reply_to: int) -> Message:
    """A text as the caption of a picture; by itself where there is none."""
    if photo is None:
        return Text(html=html, keyboard=keyboard, reply_to=reply_to)
    return Pictures(items=(Picture(photo=photo, caption=html),), keyboard=keyboard, reply_to=reply_to)


def read_message(text: str) -> Message:
    """A message from the JSON it was kept as."""
    return _MESSAGE.validate_json(text)
