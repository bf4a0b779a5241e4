"""The buttons by which a chat chooses; the present choice is marked."""

from collections.abc import Mapping, Sequence

from bot.callback_data import (
    AUTO,
    AUTO_PERMILLE,
    MOST_RESULTS,
    CategoryPage,
    ChooseCategory,
    ChooseLanguage,
    ChooseLikeness,
    ChooseResults,
)
from bot.composing.buttons import Row, button, in_rows, marked, pages, turning
from bot.composing.keyboards import Keyboard
from bot.language import Language, Languages
from bot.shop import Shop
from bot.texts import short
from bot.texts.writing import word
from imgrec.search.likeness import DEGREES

CATEGORIES_A_PAGE = 10
_FITS_IN_HALF_A_ROW = 18
_FITS_IN_A_ROW = 44
_RESULTS_IN_A_ROW = 5
_SAME = 1e-4


def category_buttons(
    say: Language, category_ids: Mapping[str, int], on_sale: Mapping[int, int], chosen: str | None, page: int
) -> Keyboard | None:
    """Auto, and a page of the categories with how many products each has; None where there are none."""
    if not category_ids:
        return None
    last = pages(len(category_ids), CATEGORIES_A_PAGE) - 1
    page = min(page, last)
    auto = button(marked(say(short.AUTO), chosen is None), ChooseCategory(AUTO))
    shown = list(category_ids)[page * CATEGORIES_A_PAGE : (page + 1) * CATEGORIES_A_PAGE]
    rows = _categories(say, shown, category_ids, on_sale, chosen)
    return Keyboard([[auto], *rows, *turning(page, last, CategoryPage)])


def near_category_buttons(
    say: Language, near: Sequence[str], category_ids: Mapping[str, int], on_sale: Mapping[int, int], chosen: str | None
) -> Keyboard:
    """The categories that may have been meant, and the way to all of them."""
    rows = _categories(say, near[:CATEGORIES_A_PAGE], category_ids, on_sale, chosen)
    return Keyboard([*rows, [button(say(short.ALL_CATEGORIES), CategoryPage(0))]])


def page_with(category_ids: Mapping[str, int], category_id: int | None) -> int:
    """The page on which a category stands; the first for none."""
    ids = list(category_ids.values())
    return ids.index(category_id) // CATEGORIES_A_PAGE if category_id in ids else 0


def likeness_buttons(say: Language, shop: Shop, chosen: float | None) -> Keyboard:
    """Auto, and a button for each degree of likeness; where another one was chosen, for that, too."""
    auto = f"{say(short.AUTO)}: {word(say, shop.auto_likeness)} · {say.percent(shop.auto_likeness)}"
    rows = [[button(marked(auto, chosen is None), ChooseLikeness(AUTO_PERMILLE))]]
    offered = [least for least, _ in DEGREES if least > 0]
    if chosen is not None and not any(abs(chosen - least) < _SAME for least in offered):
        offered.append(chosen)
    for least in sorted(offered):
        is_chosen = chosen is not None and abs(chosen - least) < _SAME
        text = marked(f"{word(say, least)} · {say.percent(least)}", is_chosen)
        rows.append([button(text, ChooseLikeness(round(least * 1000)))])
    return Keyboard(rows)


def results_buttons(say: Language, shop: Shop, chosen: int | None) -> Keyboard:
    """Auto, and a button for each number of products."""
    auto = button(marked(f"{say(short.AUTO)}: {say.number(shop.results)}", chosen is None), ChooseResults(AUTO))
    numbers = [
        button(marked(say.number(number), number == chosen), ChooseResults(number))
        for number in range(1, MOST_RESULTS + 1)
    ]
    return Keyboard([[auto], *in_rows(numbers, _RESULTS_IN_A_ROW)])


def language_buttons(say: Language, languages: Languages, chosen: str | None) -> Keyboard:
    """As the profile has it, and a button for each language, in its own words."""
    profile = button(marked(say(short.AS_TELEGRAM), chosen is None), ChooseLanguage(AUTO))
    others = [
        button(marked(languages.of(code).name, code == chosen), ChooseLanguage(number_of(code)))
        for code in languages.codes
    ]
    return Keyboard([[profile], *in_rows(others, 2)])


def number_of(language: str) -> int:
    """What a button carries for a language: the bytes of its code. It stays the same when others are added."""
    return int.from_bytes(language.encode("ascii"))


def language_of(number: int, languages: Languages) -> str | None:
    """The code of a language by its number; None where there is none, or no longer."""
    return next((code for code in languages.codes if number_of(code) == number), None)


def _categories(
    say: Language, names: Sequence[str], category_ids: Mapping[str, int], on_sale: Mapping[int, int], chosen: str | None
) -> list[Row]:
    """Two in a row, or one where a name is long; of the longest, beginning and end."""
    buttons = [
        button(
            marked(f"{_fitting(name)} · {say.number(on_sale.get(category_ids[name], 0))}", name == chosen),
            ChooseCategory(category_ids[name]),
        )
        for name in names
    ]
    return in_rows(buttons, 2 if all(len(name) <= _FITS_IN_HALF_A_ROW for name in names) else 1)


def _fitting(name: str) -> str:
    """Names of categories often begin alike ("Home > Kitchen > ..."): what tells them apart is at the end."""
    if len(name) <= _FITS_IN_A_ROW:
        return name
    half = _FITS_IN_A_ROW // 2
    return f"{name[:half].rstrip()}…{name[-half:].lstrip()}"
