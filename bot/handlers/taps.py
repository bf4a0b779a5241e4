"""A shopper taps a button. Every tap is answered, also on messages from long ago."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.callback_data import (
    AskAgain,
    AskPart,
    CategoryPage,
    ChooseCategory,
    ChooseLanguage,
    ChooseLikeness,
    ChooseResults,
    Forget,
    HistoryPage,
    KeepPhotos,
    LessLike,
    MakeWish,
    More,
    MoreLike,
    OpenProduct,
    OpenSaved,
    OpenSetting,
    OtherCategory,
    PicturesMissing,
    RemoveSaved,
    Removing,
    Save,
    SavedAfter,
    ShowParts,
    StopWish,
    UnderPrice,
    Vote,
    Why,
    WithoutWords,
    encode,
    parse,
)
from bot.handlers.answers import on_more, on_open_product, on_other_category, on_pictures_missing
from bot.handlers.categories import on_category_page, on_choose_category
from bot.handlers.context import Context, Press, too_old
from bot.handlers.groups import TAPS_ON_SETTINGS, refused
from bot.handlers.history import on_ask_again, on_history_page
from bot.handlers.languages import on_choose_language
from bot.handlers.parts import on_part, on_show_parts
from bot.handlers.prices import on_under_price, on_without_words
from bot.handlers.privacy import on_forget_tap, on_keep_photos
from bot.handlers.refining import on_less_like, on_more_like
from bot.handlers.results import on_choose_results
from bot.handlers.saved import on_open_saved, on_remove_saved, on_removing, on_save, on_saved_after
from bot.handlers.settings import on_open_setting
from bot.handlers.thresholds import on_choose_likeness
from bot.handlers.votes import on_vote
from bot.handlers.why import on_why
from bot.handlers.wishes import on_make_wish, on_stop_wish
from bot.reaction import Reaction
from bot.receiving.updates import Tap
from bot.texts import short

ON_TAP: Mapping[type, Callable[[Context, Press, Any], Awaitable[Reaction]]] = {
    Vote: on_vote,
    More: on_more,
    OpenProduct: on_open_product,
    OtherCategory: on_other_category,
    UnderPrice: on_under_price,
    WithoutWords: on_without_words,
    MoreLike: on_more_like,
    LessLike: on_less_like,
    ShowParts: on_show_parts,
    AskPart: on_part,
    Why: on_why,
    PicturesMissing: on_pictures_missing,
    OpenSetting: on_open_setting,
    ChooseCategory: on_choose_category,
    CategoryPage: on_category_page,
    ChooseLikeness: on_choose_likeness,
    Forget: on_forget_tap,
    KeepPhotos: on_keep_photos,
    MakeWish: on_make_wish,
    StopWish: on_stop_wish,
    ChooseResults: on_choose_results,
    ChooseLanguage: on_choose_language,
    HistoryPage: on_history_page,
    AskAgain: on_ask_again,
    Save: on_save,
    SavedAfter: on_saved_after,
    OpenSaved: on_open_saved,
    Removing: on_removing,
    RemoveSaved: on_remove_saved,
}

_SENDING = (
    More, OpenProduct, OtherCategory, UnderPrice, WithoutWords, ShowParts, AskPart, Why, AskAgain, SavedAfter,
    OpenSaved,
)  # fmt: skip
"""What is answered by messages each time it is tapped."""


async def on_tap(context: Context, tapped: Tap) -> Reaction:
    """Find out which button it was, and do what it says."""
    tap, message = parse(tapped.data), tapped.message
    if tap is None or message is None or message.date == 0:
        return too_old(context)
    if isinstance(tap, TAPS_ON_SETTINGS) and (why := await refused(context, message.chat, tapped.sender_id)):
        return Reaction(toast=why)
    press = Press(message, tapped.sender_id)
    handle = _once if isinstance(tap, _SENDING) else ON_TAP[type(tap)]
    return await handle(context, press, tap)


async def _once(context: Context, press: Press, tap: Any) -> Reaction:
    """Who taps again because nothing has come yet is told to wait, and does not get it twice."""
    taps, waiting = context.services.taps, context.waiting
    button = press.user, press.chat, press.message.message_id, encode(tap)
    if taps.is_repeated(button, waiting.seq, waiting.received_s):
        return Reaction(toast=context.say(short.ONE_MOMENT))
    reaction = await ON_TAP[type(tap)](context, press, tap)
    if reaction.messages:
        taps.handled(button, waiting.seq)
    return reaction
