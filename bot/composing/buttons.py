"""Buttons, and how they stand: what all keyboards are made of."""

from collections.abc import Sequence

from telegram import InlineKeyboardButton

from bot.callback_data import Tap, encode
from bot.texts.writing import shortened

_LONGEST = 60

Row = Sequence[InlineKeyboardButton]


def button(text: str, tap: Tap) -> InlineKeyboardButton:
    """A button that says this and means that."""
    return InlineKeyboardButton(shortened(text, _LONGEST), callback_data=encode(tap))


def marked(text: str, chosen: bool) -> str:
    """What a button says, marked where it is the present choice."""
    return f"✓ {text}" if chosen else text


def in_rows(buttons: Sequence[InlineKeyboardButton], most: int) -> list[Row]:
    """At most so many beside each other."""
    return [buttons[start : start + most] for start in range(0, len(buttons), most)]
