"""A page of what somebody asked, as text and buttons that ask it again."""

from collections.abc import Sequence

from bot.callback_data import AskAgain, HistoryPage
from bot.composing.buttons import button, in_even_rows
from bot.composing.keyboards import Keyboard
from bot.composing.paging import turning
from bot.language import Language
from bot.store.history import Asked

ASKED_A_PAGE = 10


def history_buttons(say: Language, page: int, last: int, asked: Sequence[Asked]) -> Keyboard:
    """A number for each query of a page, and the way to other pages."""
    first = page * ASKED_A_PAGE + 1
    numbers = [button(say.number(number), AskAgain(one.query_id)) for number, one in enumerate(asked, start=first)]
    return Keyboard([*in_even_rows(numbers), *turning(page, last, HistoryPage)])
