"""Lists that are longer than a message: a page of them, and the buttons that turn it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.callback_data import Tap
from bot.composing.buttons import Row, button

T = TypeVar("T")


def pages(count: int, a_page: int) -> int:
    """How many pages there are; one where there is nothing."""
    return max(1, -(-count // a_page))


def page_of(items: Sequence[T], page: int, a_page: int) -> Sequence[T]:
    """What stands on a page, the first being 0."""
    return items[page * a_page : (page + 1) * a_page]


def turning(page: int, last: int, tap: Callable[[int], Tap]) -> list[Row]:
    """‹ and › where there is something to turn to, each naming where it leads: "‹ 1/9", "3/9 ›"."""
    back = [button(f"‹ {page}/{last + 1}", tap(page - 1))] if page > 0 else []
    on = [button(f"{page + 2}/{last + 1} ›", tap(page + 1))] if page < last else []
    return [[*back, *on]] if back or on else []
