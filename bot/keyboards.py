"""Every keyboard below a message."""

from collections.abc import Mapping, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callback_data import (
    AUTO_CATEGORY,
    AUTO_PERMILLE,
    ChooseCategory,
    ChooseLikeness,
    Forget,
    KeepPhotos,
    More,
    OpenProduct,
    OtherCategory,
    PicturesMissing,
    Tap,
    UnderPrice,
    Vote,
    WithoutWords,
    encode,
)
from bot.found import Found
from bot.language import Language
from bot.request import Result
from bot.shop import Shop
from bot.texts import short
from bot.texts.writing import shortened, word
from imgrec.search.likeness import DEGREES

Keyboard = InlineKeyboardMarkup
_Row = Sequence[InlineKeyboardButton]

_OTHER_CATEGORIES = 2
_LONGEST_BUTTON = 60
_MOST_IN_A_ROW = 6
_MOST_CATEGORIES = 98  # Telegram takes a hundred buttons
_SAME = 1e-4


def below_answer(say: Language, query_id: int, result: Result, found: Found) -> Keyboard | None:
    """The products by number, votes and more of them, limits of price, and the categories the photo may show instead.

    None where there is nothing to tap.
    """
    answer, shown = result.answer, len(result.answer.matches)
    left_out = answer.scope if len(answer.scope) == 1 or not shown else ()  # of several searched, each is offered alone
    more = _more(say, query_id, found, shown + 1)
    rows = [*_numbers(query_id, 1, shown), [*(_votes(query_id, 0) if shown else []), *more]]
    return _keyboard([*rows, _under(say, query_id, result), _others(query_id, result, left_out)])


def below_page(say: Language, query_id: int, found: Found, first: int, shown: int) -> Keyboard:
    """The same for further products."""
    more = _more(say, query_id, found, first + shown)
    return Keyboard([*_numbers(query_id, first, shown), [*_votes(query_id, 0), *more]])


def below_card(query_id: int, rank: int, voted: int | None = None) -> Keyboard:
    """What can be done with one product of an answer."""
    return Keyboard([_votes(query_id, rank, voted)])


def with_vote(markup: Keyboard, query_id: int, rank: int, voted: int) -> Keyboard:
    """The same keyboard with the votes marked anew."""
    marked = {button.callback_data: button for button in _votes(query_id, rank, voted)}
    return Keyboard([
        [marked.get(button.callback_data, button) for button in row] for row in markup.inline_keyboard
    ])  # fmt: skip


def without(markup: Keyboard, tap: Tap) -> Keyboard:
    """The same keyboard without this button."""
    rows = [[button for button in row if button.callback_data != encode(tap)] for row in markup.inline_keyboard]
    return Keyboard([row for row in rows if row])


def with_missing(say: Language, markup: Keyboard | None, query_id: int) -> Keyboard:
    """The same keyboard below an offer to send the pictures, where they may not have arrived."""
    rows = markup.inline_keyboard if markup else ()
    return Keyboard([[_button(say(short.PICTURES_MISSING), PicturesMissing(query_id))], *rows])


def below_overview(query_ids: Sequence[int]) -> Keyboard:
    """A number for each thing of an album, which shows all that is similar to it."""
    buttons = [_button(str(number), More(query_id, 1)) for number, query_id in enumerate(query_ids, start=1)]
    return Keyboard(_in_even_rows(buttons))


def categories(say: Language, category_ids: Mapping[str, int], chosen: str | None) -> Keyboard | None:
    """The categories, two in a row, and auto; the present choice is marked. Others can be chosen by name.

    None where there are none.
    """
    if not category_ids:
        return None
    buttons = [
        _button(_marked(name, name == chosen), ChooseCategory(number))
        for name, number in list(category_ids.items())[:_MOST_CATEGORIES]
    ]
    auto = _button(_marked(say(short.AUTO), chosen is None), ChooseCategory(AUTO_CATEGORY))
    return Keyboard([[auto], *_in_rows(buttons, 2)])


def likenesses(say: Language, shop: Shop, chosen: float | None) -> Keyboard:
    """Auto, and a button for each degree of likeness; the present choice is marked."""
    auto = f"{say(short.AUTO)}: {word(say, shop.auto_likeness)} · {say.percent(shop.auto_likeness)}"
    rows = [[_button(_marked(auto, chosen is None), ChooseLikeness(AUTO_PERMILLE))]]
    for least, degree in reversed(DEGREES):
        if least > 0:
            is_chosen = chosen is not None and abs(chosen - least) < _SAME
            text = _marked(f"{say(degree)} · {say.percent(least)}", is_chosen)
            rows.append([_button(text, ChooseLikeness(round(least * 1000)))])
    return Keyboard(rows)


def deleting(say: Language, user_id: int) -> Keyboard:
    """Whether all there is of a user shall go."""
    return Keyboard([
        [_button(say(short.DELETE_EVERYTHING), Forget(user_id, 1))], [_button(say(short.KEEP_IT), Forget(user_id, 0))],
    ])  # fmt: skip


def keeping_photos(say: Language, agreed: bool | None) -> Keyboard:
    """Whether the shop may keep the shopper's photos; the present choice is marked."""
    return Keyboard([[
        _button(_marked(say(short.MAY_KEEP), agreed is True), KeepPhotos(1)),
        _button(_marked(say(short.MAY_NOT_KEEP), agreed is False), KeepPhotos(0)),
    ]])  # fmt: skip


def _numbers(query_id: int, first: int, shown: int) -> list[_Row]:
    """A number for each product, which opens it."""
    buttons = [_button(str(rank), OpenProduct(query_id, rank)) for rank in range(first, first + shown)]
    return _in_even_rows(buttons)


def _votes(query_id: int, rank: int, voted: int | None = None) -> list[InlineKeyboardButton]:
    return [
        _button(_marked("👍", voted == 1), Vote(query_id, rank, 1)),
        _button(_marked("👎", voted == -1), Vote(query_id, rank, -1)),
    ]


def _more(say: Language, query_id: int, found: Found, next_rank: int) -> list[InlineKeyboardButton]:
    if next_rank > len(found.ranks):
        return []
    text = short.MORE if next_rank <= found.similar else short.SHOW_LESS_SIMILAR
    return [_button(say(text), More(query_id, next_rank))]


def _under(say: Language, query_id: int, result: Result) -> list[InlineKeyboardButton]:
    """Prices to narrow an answer by; where it was narrowed so far that nothing is left, the way back."""
    if not result.answer.matches and not result.request.ask.filters.is_empty:
        return [_button(say(short.WITHOUT_THESE_WORDS), WithoutWords(query_id))]
    steps = result.price_steps
    return [
        _button(
            say(short.UNDER_PRICE, price=say.round_money(limit, steps.currency)),
            UnderPrice(query_id, int(limit * 1000)),
        )
        for limit in steps.limits
    ]


def _others(query_id: int, result: Result, left_out: Sequence[str]) -> list[InlineKeyboardButton]:
    """The likeliest categories to look in instead, without those where nothing else is to be found."""
    shop = result.shop
    offered = [name for name in shop.plausible(result.answer) if name not in left_out]
    return [
        _button(f"🔎 {name}", OtherCategory(query_id, shop.category_ids[name])) for name in offered[:_OTHER_CATEGORIES]
    ]


def _in_even_rows(buttons: Sequence[InlineKeyboardButton]) -> list[_Row]:
    """One row, or two of the same length."""
    return _in_rows(buttons, _MOST_IN_A_ROW if len(buttons) <= _MOST_IN_A_ROW else -(-len(buttons) // 2))


def _in_rows(buttons: Sequence[InlineKeyboardButton], most: int) -> list[_Row]:
    return [buttons[start : start + most] for start in range(0, len(buttons), most)]


def _keyboard(rows: Sequence[_Row]) -> Keyboard | None:
    filled = [row for row in rows if row]
    return Keyboard(filled) if filled else None


def _button(text: str, tap: Tap) -> InlineKeyboardButton:
    return InlineKeyboardButton(shortened(text, _LONGEST_BUTTON), callback_data=encode(tap))


def _marked(text: str, chosen: bool) -> str:
    return f"✓ {text}" if chosen else text
