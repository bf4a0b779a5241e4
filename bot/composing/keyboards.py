"""Every keyboard below a message."""

from collections.abc import Sequence
from dataclasses import astuple

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.answering.drawing import Parts
from bot.callback_data import (
    BELOW_LIST,
    BELOW_TOLD,
    AskAgain,
    AskPart,
    Forget,
    HistoryPage,
    KeepPhotos,
    LessLike,
    MakeWish,
    More,
    MoreLike,
    OpenProduct,
    OtherCategory,
    PicturesMissing,
    Save,
    ShowParts,
    StopWish,
    Tap,
    UnderPrice,
    Vote,
    Why,
    WithoutWords,
    encode,
)
from bot.composing.buttons import Row, button, in_even_rows, marked, turning
from bot.found import Found
from bot.language import Language
from bot.request import Result
from bot.store.history import Asked
from bot.store.wishes import Wish
from bot.texts import short, wishes
from imgrec.vision.boxes import Box, quadrants

Keyboard = InlineKeyboardMarkup

ASKED_A_PAGE = 10
_OTHER_CATEGORIES = 2
_QUARTERS = "◰◳◱◲"  # as they are read


def below_answer(say: Language, query_id: int, result: Result, found: Found) -> Keyboard | None:
    """The products by number, votes and more of them, limits of price, the categories the photo may show instead, and
    a wish beside parts of it: of three in a row the words of one would be cut.

    None where there is nothing to tap.
    """
    answer = result.answer
    # of several searched, each is offered alone
    left_out = answer.scope if len(answer.scope) == 1 or not answer.matches else ()
    rows = [*_numbers(query_id, 1, found.shown), *_votes_and_more(say, query_id, found)]
    wish = [make_wish(say, query_id)] if found.ask.photos else []
    part = [button(say(short.PART_OF_IT), ShowParts(query_id))] if found.ask.shows_whole_photo else []
    return _keyboard([*rows, _under(say, query_id, result), _others(query_id, result, left_out), [*wish, *part]])


def below_page(say: Language, query_id: int, found: Found, first: int) -> Keyboard:
    """The same for further products."""
    return Keyboard([*_numbers(query_id, first, found.shown), *_votes_and_more(say, query_id, found)])


def below_told(say: Language, query_id: int, wished_below: int, found: Found) -> Keyboard:
    """The same for what came in, and the end of being told."""
    page = below_page(say, query_id, found, 1)
    return Keyboard([*page.inline_keyboard, [stop_wish(say, wished_below, BELOW_TOLD)]])


def of_wishes(standing: Sequence[Wish]) -> Keyboard | None:
    """A button for each wish, by its number in the list, which stops it."""
    buttons = [
        button(f"🔕 {number}", StopWish(wish.query_id, BELOW_LIST)) for number, wish in enumerate(standing, start=1)
    ]
    return _keyboard(in_even_rows(buttons))


def make_wish(say: Language, query_id: int) -> InlineKeyboardButton:
    """Asks to be told what comes in."""
    return button(say(wishes.MAKE), MakeWish(query_id))


def stop_wish(say: Language, query_id: int, below: int) -> InlineKeyboardButton:
    """Ends that."""
    return button(say(wishes.STOP), StopWish(query_id, below))


def below_card(say: Language, save: Save, *, is_saved: bool, explains: bool) -> Keyboard:
    """What can be done with one product of an answer. `explains`: there are two photos to compare."""
    product = save.query_id, save.rank
    pointing = [
        button(say(short.MORE_LIKE_THIS), MoreLike(*product)),
        button(say(short.NOT_LIKE_THIS), LessLike(*product)),
    ]
    why = [button(say(short.WHY), Why(*product))] if explains else []
    return Keyboard([[save_button(say, save, is_saved=is_saved), *why], pointing, _votes(*product)])


def save_button(say: Language, tap: Save, *, is_saved: bool) -> InlineKeyboardButton:
    """Saves a product, or no longer."""
    return button(say(short.SAVED if is_saved else short.SAVE), tap)


def below_parts(say: Language, query_id: int, parts: Parts) -> Keyboard:
    """The numbered parts of a photo, its middle and its quarters."""
    numbered = [button(str(number), _asking(query_id, box)) for number, box in enumerate(parts.numbered, start=1)]
    middle = button(f"◎ {say(short.MIDDLE)}", _asking(query_id, parts.middle))
    quarters = [button(sign, _asking(query_id, box)) for sign, box in zip(_QUARTERS, quadrants(), strict=True)]
    return Keyboard([*([numbered] if numbered else []), [middle], quarters])


def with_vote(markup: Keyboard, query_id: int, rank: int, voted: int) -> Keyboard:
    """The same keyboard with the votes marked anew."""
    anew = {one.callback_data: one for one in _votes(query_id, rank, voted)}
    return Keyboard([
        [anew.get(one.callback_data, one) for one in row] for row in markup.inline_keyboard
    ])  # fmt: skip


def with_instead(markup: Keyboard, tap: Tap, other: InlineKeyboardButton | None) -> Keyboard:
    """The same keyboard with another button, or none, in place of this one."""
    rows = [[other if one.callback_data == encode(tap) else one for one in row] for row in markup.inline_keyboard]
    filled = [[one for one in row if one is not None] for row in rows]
    return Keyboard([row for row in filled if row])


def with_missing(say: Language, markup: Keyboard | None, query_id: int) -> Keyboard:
    """The same keyboard below an offer to send the pictures, where they may not have arrived."""
    rows = markup.inline_keyboard if markup else ()
    return Keyboard([[button(say(short.PICTURES_MISSING), PicturesMissing(query_id))], *rows])


def below_overview(query_ids: Sequence[int]) -> Keyboard:
    """A number for each thing of an album, which shows all that is similar to it."""
    buttons = [button(str(number), More(query_id, 1)) for number, query_id in enumerate(query_ids, start=1)]
    return Keyboard(in_even_rows(buttons))


def below_history(say: Language, page: int, last: int, asked: Sequence[Asked]) -> Keyboard:
    """A number for each query of a page, which asks it again, and the way to other pages."""
    first = page * ASKED_A_PAGE + 1
    numbers = [button(say.number(number), AskAgain(one.query_id)) for number, one in enumerate(asked, start=first)]
    return Keyboard([*in_even_rows(numbers), *turning(page, last, HistoryPage)])


def deleting(say: Language, user_id: int) -> Keyboard:
    """Whether all there is of a user shall go."""
    return Keyboard([
        [button(say(short.DELETE_EVERYTHING), Forget(user_id, 1))], [button(say(short.KEEP_IT), Forget(user_id, 0))],
    ])  # fmt: skip


def keeping_photos(say: Language, agreed: bool | None) -> Keyboard:
    """Whether the shop may keep the shopper's photos; the present choice is marked."""
    return Keyboard([[
        button(marked(say(short.MAY_KEEP), agreed is True), KeepPhotos(1)),
        button(marked(say(short.MAY_NOT_KEEP), agreed is False), KeepPhotos(0)),
    ]])  # fmt: skip


def _numbers(query_id: int, first: int, last: int) -> list[Row]:
    """A number for each product, which opens it."""
    buttons = [button(str(rank), OpenProduct(query_id, rank)) for rank in range(first, last + 1)]
    return in_even_rows(buttons)


def _votes(query_id: int, rank: int, voted: int | None = None) -> list[InlineKeyboardButton]:
    return [
        button(marked("👍", voted == 1), Vote(query_id, rank, 1)),
        button(marked("👎", voted == -1), Vote(query_id, rank, -1)),
    ]


def _votes_and_more(say: Language, query_id: int, found: Found) -> list[Row]:
    """Side by side; less similar ones are offered in a row of their own, for their words are cut in a third of one."""
    votes = _votes(query_id, 0) if found.shown else []
    if found.shown >= len(found.ranks):
        return [votes]
    more = More(query_id, found.shown + 1)
    if found.shown < found.similar:
        return [[*votes, button(say(short.MORE), more)]]
    return [votes, [button(say(short.SHOW_LESS_SIMILAR), more)]]


def _under(say: Language, query_id: int, result: Result) -> list[InlineKeyboardButton]:
    """Prices to narrow an answer by; where it was narrowed so far that nothing is left, the way back."""
    if not result.answer.matches and not result.request.ask.filters.is_empty:
        return [button(say(short.WITHOUT_THESE_WORDS), WithoutWords(query_id))]
    steps = result.price_steps
    return [
        button(
            say(short.UNDER_PRICE, price=say.round_money(limit, steps.currency)),
            UnderPrice(query_id, int(limit * 1000)),
        )
        for limit in steps.limits
    ]


def _asking(query_id: int, box: Box) -> AskPart:
    return AskPart(query_id, *(round(1000 * edge) for edge in astuple(box)))


def _others(query_id: int, result: Result, left_out: Sequence[str]) -> list[InlineKeyboardButton]:
    """The likeliest categories to look in instead, without those where nothing else is to be found."""
    shop = result.shop
    offered = [name for name in shop.plausible(result.answer) if name not in left_out]
    return [
        button(f"🔎 {name}", OtherCategory(query_id, shop.category_ids[name])) for name in offered[:_OTHER_CATEGORIES]
    ]


def _keyboard(rows: Sequence[Row]) -> Keyboard | None:
    filled = [row for row in rows if row]
    return Keyboard(filled) if filled else None
