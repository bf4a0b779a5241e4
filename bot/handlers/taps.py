"""A shopper taps a button. Every tap is answered, also on messages from long ago."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.callback_data import (
    ChooseCategory,
    ChooseLikeness,
    Forget,
    KeepPhotos,
    More,
    OpenProduct,
    OtherCategory,
    PicturesMissing,
    UnderPrice,
    Vote,
    WithoutWords,
    parse,
)
from bot.handlers.answers import on_more, on_open_product, on_other_category, on_pictures_missing
from bot.handlers.choices import on_choose_category, on_choose_likeness
from bot.handlers.context import Context, Press, too_old
from bot.handlers.prices import on_under_price, on_without_words
from bot.handlers.privacy import on_forget_tap, on_keep_photos
from bot.handlers.votes import on_vote
from bot.reaction import Reaction
from bot.receiving.updates import Tap

ON_TAP: Mapping[type, Callable[[Context, Press, Any], Awaitable[Reaction]]] = {
    Vote: on_vote,
    More: on_more,
    OpenProduct: on_open_product,
    OtherCategory: on_other_category,
    UnderPrice: on_under_price,
    WithoutWords: on_without_words,
    PicturesMissing: on_pictures_missing,
    ChooseCategory: on_choose_category,
    ChooseLikeness: on_choose_likeness,
    Forget: on_forget_tap,
    KeepPhotos: on_keep_photos,
}


async def on_tap(context: Context, tapped: Tap) -> Reaction:
    """Find out which button it was, and do what it says."""
    tap, message = parse(tapped.data), tapped.message
    if tap is None or message is None or message.date == 0:
        return too_old(context)
    return await ON_TAP[type(tap)](context, Press(message, tapped.user.id), tap)
