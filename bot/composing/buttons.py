"""Buttons, and how they stand: what all keyboards are made of."""

from collections.abc import Callable, Sequence

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


def pages(count: int, a_page: int) -> int:
    """How many pages there are, the first being 0; one where there is nothing."""
    return max(1, -(-count // a_page))


def turning(page: int, last: int, tap: Callable[[int], Tap]) -> list[Row]:
    """‹ and › where there is something to turn to, each naming where it leads: "‹ 1/9", "3/9 ›"."""
    back = [button(f"‹ {page}/{last + 1}", tap(page - 1))] if page > 0 else []
    on = [button(f"{page + 2}/{last + 1} ›", tap(page + 1))] if page < last else []
    return [[*back, *on]] if back or on else []
