"""Buttons, and how they stand: what all keyboards are made of."""

from collections.abc import Sequence

from telegram import InlineKeyboardButton

from bot.callback_data import Tap, encode
from bot.texts.writing import shortened

_LONGEST = 60
_MOST_IN_A_ROW = 6

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


def in_even_rows(buttons: Sequence[InlineKeyboardButton]) -> list[Row]:
    """Short ones, such as numbers: one row, or two of the same length."""
    return in_rows(buttons, _MOST_IN_A_ROW if len(buttons) <= _MOST_IN_A_ROW else -(-len(buttons) // 2))
