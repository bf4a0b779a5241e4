"""What a chat can choose: a list of settings, each with a line among all of them and a page of its own.

A page is a text and its buttons, shown by the setting's command and, with a way back, in the message of /settings.
To add a setting is to add a line to SETTINGS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.callback_data import OpenSetting, encode
from bot.composing.buttons import button, in_rows
from bot.composing.choosing import category_buttons, language_buttons, likeness_buttons, results_buttons
from bot.composing.keyboards import Keyboard, keeping_photos
from bot.language import Language, Languages, msgid
from bot.shop import Shop
from bot.store.chats import ChatSettings
from bot.texts import choices, short

ALL = 0


class Page(NamedTuple):
    """A text as HTML, and its buttons."""

    html: str
    keyboard: Keyboard | None


@dataclass(frozen=True)
class Standing:
    """What a chat has chosen, and what there is to choose from.

    `profile`: the language of who looks; `on_sale`: how many products a category has, by its id; `photos_can_be_kept`:
    whether the shop keeps photos of who agrees.
    """

    say: Language
    shop: Shop
    chosen: ChatSettings
    languages: Languages
    profile: str = ""
    on_sale: Mapping[int, int] = field(default_factory=dict)
    photos_can_be_kept: bool = False

    @property
    def category(self) -> str | None:
        """The name of the category that was chosen."""
        return self.shop.category_named(self.chosen.category_id)

    @property
    def results(self) -> int:
        """How many products are shown at once."""
        return self.chosen.results or self.shop.results


@dataclass(frozen=True)
class Setting:
    """`number` is in old buttons, and never given anew. `name` and `value` make the line.

    `is_there`: whether there is anything to choose.
    """

    number: int
    name: str
    value: Callable[[Standing], str]
    page: Callable[[Standing], Page]
    is_there: Callable[[Standing], bool] = lambda now: True


def category_page(standing: Standing, page: int = 0) -> Page:
    """The text and buttons of this page of the categories, the first being 0."""
    say, shop = standing.say, standing.shop
    html = choices.choose_category(say, standing.category, shop)
    return Page(html, category_buttons(say, shop.category_ids, standing.on_sale, standing.category, page))


def _likeness_page(standing: Standing) -> Page:
    say, shop, chosen = standing.say, standing.shop, standing.chosen.likeness
    return Page(choices.choose_threshold(say, chosen, shop), likeness_buttons(say, shop, chosen))


def _results_page(standing: Standing) -> Page:
    say, shop, chosen = standing.say, standing.shop, standing.chosen.results
    return Page(choices.choose_results(say, chosen, shop.results), results_buttons(say, shop, chosen))


def _language_page(standing: Standing) -> Page:
    say, chosen = standing.say, standing.chosen.language
    profile = standing.languages.of(profile=standing.profile)
    return Page(choices.choose_language(say, chosen, profile), language_buttons(say, standing.languages, chosen))


def _photos_page(standing: Standing) -> Page:
    say, agreed = standing.say, standing.chosen.keeps_photos
    chosen = None if agreed is None else bool(agreed)
    return Page(say(short.MAY_PHOTOS_BE_KEPT), keeping_photos(say, chosen))


CATEGORY = Setting(1, msgid("🗂 Category"), lambda now: choices.category_in_short(now.say, now.category), category_page)
LIKENESS = Setting(
    2, msgid("🎯 Likeness"),
    lambda now: choices.threshold_in_short(now.say, now.chosen.likeness, now.shop.auto_likeness), _likeness_page,
)  # fmt: skip
RESULTS = Setting(3, msgid("🔢 Results"), lambda now: now.say.number(now.results), _results_page)
LANGUAGE = Setting(4, msgid("🌐 Language"), lambda now: now.say.name, _language_page)
PHOTOS = Setting(
    5, msgid("📷 Keeping photos"),
    lambda now: now.say(short.MAY_KEEP if now.chosen.keeps_photos else short.MAY_NOT_KEEP), _photos_page,
    is_there=lambda now: now.photos_can_be_kept,
)  # fmt: skip

SETTINGS: tuple[Setting, ...] = (CATEGORY, LIKENESS, RESULTS, LANGUAGE, PHOTOS)


def overview(standing: Standing) -> Page:
    """All of them, a line each, and a button for each."""
    say = standing.say
    there = [setting for setting in SETTINGS if setting.is_there(standing)]
    values = [(say(setting.name), setting.value(standing)) for setting in there]
    buttons = [button(say(setting.name), OpenSetting(setting.number)) for setting in there]
    return Page(choices.all_settings(say, values), Keyboard(in_rows(buttons, 2)))


def opened(number: int, standing: Standing) -> Page | None:
    """The page of a setting with a way back, or all of them; None where there is none of this number."""
    if number == ALL:
        return overview(standing)
    setting = next((one for one in SETTINGS if one.number == number and one.is_there(standing)), None)
    return None if setting is None else with_way_back(standing.say, setting.page(standing))


def with_way_back(say: Language, page: Page) -> Page:
    """The same page with a button that leads to all settings."""
    rows = page.keyboard.inline_keyboard if page.keyboard else ()
    return Page(page.html, Keyboard([*rows, [button(say(short.BACK), OpenSetting(ALL))]]))


def has_way_back(keyboard: Keyboard | None) -> bool:
    """Whether a message with these buttons is the one that shows all settings."""
    back = encode(OpenSetting(ALL))
    return keyboard is not None and any(one.callback_data == back for row in keyboard.inline_keyboard for one in row)
