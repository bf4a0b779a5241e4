"""Every keyboard below a message."""

from collections.abc import Mapping, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callback_data import (
    AUTO_CATEGORY,
    AUTO_PERMILLE,
    ChooseCategory,
    ChooseThreshold,
    LowerThreshold,
    OtherCategory,
    Tap,
    Vote,
    encode,
)
from bot.texts import percent, shortened, stricter
from imgrec.search.searcher import Answer

_OTHER_CATEGORIES = 3
_LONGEST_BUTTON = 60
_LEAST_PROBABILITY = 0.01
_MOST_CATEGORIES = 98  # Telegram takes a hundred buttons


def below_answer(
    query_id: int, answer: Answer, category_ids: Mapping[str, int], voted: int | None = None
) -> InlineKeyboardMarkup:
    """Votes, and the categories the photo may show instead; the vote that was given is marked."""
    alone = answer.scope if len(answer.scope) == 1 else ()  # of several searched, each is offered alone
    return InlineKeyboardMarkup([_votes(query_id, voted), *_others(query_id, answer, category_ids, alone)])


def below_nothing(
    query_id: int, answer: Answer, category_ids: Mapping[str, int], tapped: int
) -> InlineKeyboardMarkup | None:
    """An offer to lower the threshold to where the best product passes, and other categories.

    `tapped` is the category that was searched because it was tapped, or AUTO_CATEGORY.
    """
    rows = _others(query_id, answer, category_ids, answer.scope)
    if answer.best_similarity is not None:
        permille = int(answer.best_similarity * 100) * 10 if answer.best_similarity >= 0 else -1000
        rows.insert(
            0, [_button(f"Show from {percent(permille / 1000)} on", LowerThreshold(query_id, permille, tapped))]
        )
    return InlineKeyboardMarkup(rows) if rows else None


def with_vote(markup: InlineKeyboardMarkup, query_id: int, voted: int) -> InlineKeyboardMarkup:
    """The same keyboard with the votes' row marked anew."""
    return InlineKeyboardMarkup([_votes(query_id, voted), *markup.inline_keyboard[1:]])


def categories(category_ids: Mapping[str, int], chosen: str | None) -> InlineKeyboardMarkup:
    """The categories, two in a row, and auto; the present choice is marked. Others can be chosen by name."""
    buttons = [
        _button(_marked(name, name == chosen), ChooseCategory(number))
        for name, number in list(category_ids.items())[:_MOST_CATEGORIES]
    ]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    return InlineKeyboardMarkup([[_button(_marked("Auto", chosen is None), ChooseCategory(AUTO_CATEGORY))], *rows])


def thresholds(auto: float, chosen: float | None) -> InlineKeyboardMarkup:
    """Auto, and some values around it: two that let more through, two that are stricter."""
    around = (auto / 2, auto * 3 / 4, auto + (1 - auto) / 8, stricter(auto))
    values = sorted({round(min(max(value, 0.0), 0.99), 2) for value in around})
    row = [
        _button(
            _marked(percent(value), chosen is not None and abs(chosen - value) < 1e-6),
            ChooseThreshold(round(value * 1000)),
        )
        for value in values
    ]
    return InlineKeyboardMarkup(
        [[_button(_marked(f"Auto ({percent(auto, 1)})", chosen is None), ChooseThreshold(AUTO_PERMILLE))], row]
    )


def _votes(query_id: int, voted: int | None) -> list[InlineKeyboardButton]:
    return [
        _button(_marked("👍", voted == 1), Vote(query_id, 0, 1)),
        _button(_marked("👎", voted == -1), Vote(query_id, 0, -1)),
    ]


def _others(
    query_id: int, answer: Answer, category_ids: Mapping[str, int], left_out: Sequence[str]
) -> list[Sequence[InlineKeyboardButton]]:
    """The likeliest categories to look in instead, without those where nothing else is to be found."""
    offered = [
        candidate.name
        for candidate in answer.candidates
        if candidate.name in category_ids
        and candidate.probability >= _LEAST_PROBABILITY
        and candidate.name not in left_out
    ]
    return [
        [_button(f"🔎 {name}", OtherCategory(query_id, category_ids[name]))] for name in offered[:_OTHER_CATEGORIES]
    ]


def _button(text: str, tap: Tap) -> InlineKeyboardButton:
    return InlineKeyboardButton(shortened(text, _LONGEST_BUTTON), callback_data=encode(tap))


def _marked(text: str, chosen: bool) -> str:
    return f"✓ {text}" if chosen else text
