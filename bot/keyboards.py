"""Every keyboard below a message."""

from collections.abc import Mapping, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callback_data import (
    AUTO_CATEGORY,
    AUTO_PERMILLE,
    ChooseCategory,
    ChooseLikeness,
    LessSimilar,
    OtherCategory,
    PicturesMissing,
    Tap,
    Vote,
    encode,
)
from bot.shop import Shop
from bot.texts import AUTO, PICTURES_MISSING, SHOW_LESS_SIMILAR, percent, shortened, word
from imgrec.search.likeness import DEGREES
from imgrec.search.serving import Answer

_OTHER_CATEGORIES = 3
_FEW = 3
_LONGEST_BUTTON = 60
_MOST_CATEGORIES = 98  # Telegram takes a hundred buttons
_SAME = 1e-4


def below_answer(
    query_id: int, answer: Answer, shop: Shop, tapped: int, *, all_shown: bool, voted: int | None = None
) -> InlineKeyboardMarkup:
    """Votes, less similar products where there are few, and the categories the photo may show instead.

    `tapped` is the category that was searched because it was tapped, or AUTO_CATEGORY; `all_shown` says that the
    likeness left nothing out. The vote that was given is marked.
    """
    alone = answer.scope if len(answer.scope) == 1 else ()  # of several searched, each is offered alone
    less = _less_similar(query_id, answer, shop, tapped, all_shown)
    return InlineKeyboardMarkup([_votes(query_id, voted), *less, *_others(query_id, answer, shop, alone)])


def below_nothing(
    query_id: int, answer: Answer, shop: Shop, tapped: int, *, all_shown: bool
) -> InlineKeyboardMarkup | None:
    """Less similar products, and categories that were not searched."""
    less = _less_similar(query_id, answer, shop, tapped, all_shown)
    rows = [*less, *_others(query_id, answer, shop, answer.scope)]
    return InlineKeyboardMarkup(rows) if rows else None


def with_vote(markup: InlineKeyboardMarkup, query_id: int, voted: int) -> InlineKeyboardMarkup:
    """The same keyboard with the votes' row marked anew."""
    first = encode(Vote(query_id, 0, 1))
    rows = [
        _votes(query_id, voted) if any(button.callback_data == first for button in row) else row
        for row in markup.inline_keyboard
    ]
    return InlineKeyboardMarkup(rows)


def without(markup: InlineKeyboardMarkup, tap: Tap) -> InlineKeyboardMarkup:
    """The same keyboard without the row of this button."""
    rows = [row for row in markup.inline_keyboard if not any(button.callback_data == encode(tap) for button in row)]
    return InlineKeyboardMarkup(rows)


def with_missing(markup: InlineKeyboardMarkup, query_id: int) -> InlineKeyboardMarkup:
    """The same keyboard below an offer to send the pictures, where they may not have arrived."""
    return InlineKeyboardMarkup([[_button(PICTURES_MISSING, PicturesMissing(query_id))], *markup.inline_keyboard])


def categories(category_ids: Mapping[str, int], chosen: str | None) -> InlineKeyboardMarkup | None:
    """The categories, two in a row, and auto; the present choice is marked. Others can be chosen by name.

    None where there are none.
    """
    if not category_ids:
        return None
    buttons = [
        _button(_marked(name, name == chosen), ChooseCategory(number))
        for name, number in list(category_ids.items())[:_MOST_CATEGORIES]
    ]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    return InlineKeyboardMarkup([[_button(_marked(AUTO, chosen is None), ChooseCategory(AUTO_CATEGORY))], *rows])


def likenesses(shop: Shop, chosen: float | None) -> InlineKeyboardMarkup:
    """Auto, and a button for each degree of likeness; the present choice is marked."""
    auto = f"{AUTO}: {word(shop.auto_likeness)} · {percent(shop.auto_likeness)}"
    rows = [[_button(_marked(auto, chosen is None), ChooseLikeness(AUTO_PERMILLE))]]
    for least, degree in reversed(DEGREES):
        if least > 0:
            is_chosen = chosen is not None and abs(chosen - least) < _SAME
            text = _marked(f"{degree} · {percent(least)}", is_chosen)
            rows.append([_button(text, ChooseLikeness(round(least * 1000)))])
    return InlineKeyboardMarkup(rows)


def _votes(query_id: int, voted: int | None) -> list[InlineKeyboardButton]:
    return [
        _button(_marked("👍", voted == 1), Vote(query_id, 0, 1)),
        _button(_marked("👎", voted == -1), Vote(query_id, 0, -1)),
    ]


def _less_similar(
    query_id: int, answer: Answer, shop: Shop, tapped: int, all_shown: bool
) -> list[Sequence[InlineKeyboardButton]]:
    few = len(answer.matches) < min(_FEW, shop.results)
    if not few or all_shown or answer.nearest is None:
        return []
    return [[_button(SHOW_LESS_SIMILAR, LessSimilar(query_id, tapped))]]


def _others(query_id: int, answer: Answer, shop: Shop, left_out: Sequence[str]) -> list[Sequence[InlineKeyboardButton]]:
    """The likeliest categories to look in instead, without those where nothing else is to be found."""
    offered = [name for name in shop.plausible(answer) if name not in left_out]
    return [
        [_button(f"🔎 {name}", OtherCategory(query_id, shop.category_ids[name]))]
        for name in offered[:_OTHER_CATEGORIES]
    ]


def _button(text: str, tap: Tap) -> InlineKeyboardButton:
    return InlineKeyboardButton(shortened(text, _LONGEST_BUTTON), callback_data=encode(tap))


def _marked(text: str, chosen: bool) -> str:
    return f"✓ {text}" if chosen else text
