"""A list of saved products as messages: pictures, the list of them, and buttons that open or remove them.

The buttons carry all there is to know of the list, so that it is written anew from them when one is removed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bot.callback_data import OpenSaved, RemoveSaved, Removing, Save, SavedAfter, parse
from bot.composing.buttons import button, in_even_rows
from bot.composing.keyboards import Keyboard, save_button
from bot.language import Language
from bot.messages import Message, Picture, Pictures, Text, with_picture
from bot.shop import Kept
from bot.texts import products, short
from imgrec.search.answer import Match


class Listed(NamedTuple):
    """What the buttons below a list say of it: places and products, and the number after which there are more."""

    products: tuple[tuple[int, int], ...]
    after: int | None


def compose_saved(say: Language, kept: Sequence[Kept], total: int, after: int | None, reply_to: int) -> list[Message]:
    """A page of saved products."""
    listed = Listed(tuple((one.place, one.product_id) for one in kept), after)
    html = products.saved_list(say, kept, total)
    text = Text(html=html, keyboard=below_saved(say, listed, removing=False), reply_to=reply_to)
    pictures = tuple(
        Picture(photo=one.match.product.photo, caption=products.caption(say, one.match))
        for one in kept
        if one.match and one.match.product.photo
    )
    return [Pictures(items=pictures, reply_to=reply_to), text] if pictures else [text]


def compose_product(say: Language, tap: Save, match: Match, reply_to: int, *, is_saved: bool) -> Message:
    """One product by itself, which was not found for its likeness."""
    html, keyboard = products.caption(say, match), Keyboard([[save_button(say, tap, is_saved=is_saved)]])
    return with_picture(match.product.photo, html, keyboard, reply_to)


def below_saved(say: Language, listed: Listed, *, removing: bool) -> Keyboard | None:
    """A number for each product, which opens or removes it; the way to more. None where there is nothing to tap."""
    kind = RemoveSaved if removing else OpenSaved
    numbers = [
        button(f"✕ {say.number(place)}" if removing else say.number(place), kind(place, product_id))
        for place, product_id in listed.products
    ]
    switch = button(say(short.DONE if removing else short.REMOVE), Removing(0 if removing else 1))
    more = [] if listed.after is None else [button(say(short.MORE), SavedAfter(listed.after))]
    last = [*([switch] if numbers else []), *more]
    return Keyboard([*in_even_rows(numbers), last]) if last else None


def listed(keyboard: Keyboard) -> Listed:
    """What the buttons below a list say of it."""
    taps = [parse(str(button.callback_data)) for row in keyboard.inline_keyboard for button in row]
    places = tuple((tap.place, tap.product_id) for tap in taps if isinstance(tap, OpenSaved | RemoveSaved))
    return Listed(places, next((tap.number for tap in taps if isinstance(tap, SavedAfter)), None))
