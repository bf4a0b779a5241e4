"""What a Google Merchant product becomes, whether it stands in a table or in XML."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from imgrec.catalogue.feed import MOST_PHOTOS, FeedRow, Reason, Unusable, cleaned, cleaned_html, needed
from imgrec.catalogue.formats.stock import is_in_stock, options_in
from imgrec.catalogue.pictures import address_in, pictures_in
from imgrec.catalogue.prices import Price, current_price, read_price

Attributes = Mapping[str, Sequence[str]]
"""Attribute -> its values, named as Google does (`image_link`), each as often as the feed gives it."""

ATTRIBUTES = (
    "id", "title", "image_link", "additional_image_link", "google_product_category", "product_type",
    "fb_product_category", "price", "sale_price", "sale_price_effective_date", "brand", "link", "item_group_id",
    "status", "visibility", "availability", "size", "color",
)  # fmt: skip
"""Those that are read; the last few are Meta's."""

_STEP = re.compile("[>›»]")
_NOT_SHOWN = ("archived", "draft", "hidden", "staging")
TOP_CATEGORIES = {
    1: "Animals & Pet Supplies", 166: "Apparel & Accessories", 8: "Arts & Entertainment", 537: "Baby & Toddler",
    111: "Business & Industrial", 141: "Cameras & Optics", 222: "Electronics", 412: "Food, Beverages & Tobacco",
    436: "Furniture", 632: "Hardware", 469: "Health & Beauty", 536: "Home & Garden", 5181: "Luggage & Bags",
    772: "Mature", 783: "Media", 922: "Office Supplies", 5605: "Religious & Ceremonial", 2092: "Software",
    988: "Sporting Goods", 1239: "Toys & Games", 888: "Vehicles & Parts",
}  # fmt: skip
"""The numbers that Google's product taxonomy gives its top categories; those below them are several thousand."""


def to_row(attributes: Attributes, now: datetime | None = None, decimal_comma: bool = False) -> FeedRow:
    """A product as a row. Raises Unusable when it has no id or photo, or is not to be shown.

    `now` decides whether a sale that is limited in time is on.
    """
    external_id = needed(_text(attributes, "id"), Reason.MISSING_ID, "id")
    for name in ("status", "visibility"):
        if (said := _text(attributes, name)) and said.lower() in _NOT_SHOWN:
            raise Unusable(Reason.NOT_PUBLISHED, f"{name} {said}")
    path, kind = _category(attributes)
    image, *further_images = _photos(attributes)
    price = _price(attributes, now or datetime.now(UTC), decimal_comma)
    link = next(filter(None, map(address_in, attributes.get("link", ()))), None)
    return FeedRow(
        external_id, _text(attributes, "title"), path[0] if path else None, image, price.amount, price.currency,
        _text(attributes, "brand"), cleaned_html(link), group=_text(attributes, "item_group_id"), kind=kind,
        further_images=tuple(further_images), unreadable_price=price.unreadable,
        in_stock=is_in_stock(_text(attributes, "availability")), sizes=options_in(attributes.get("size", ())),
        colours=options_in(attributes.get("color", ())), path=tuple(path),
    )  # fmt: skip


def path_of(text: str) -> list[str]:
    """A category path such as `Home & Garden > Lighting > Lamps`, broad to fine."""
    return [step for part in _STEP.split(text) if (step := " ".join(part.split()))]


def _category(attributes: Attributes) -> tuple[list[str], str | None]:
    """(path, kind): Google's path or else the shop's own or Meta's, and the end of the finest.

    A number stands for a path of Google's taxonomy. Those of its top categories are known; another is used as it is
    when the shop names no category of its own.
    """
    standard = path_of(_text(attributes, "google_product_category") or "")
    own = path_of(_text(attributes, "product_type") or _text(attributes, "fb_product_category") or "")
    number = int(standard[0]) if len(standard) == 1 and standard[0].isascii() and standard[0].isdigit() else None
    if number is not None:
        standard = [TOP_CATEGORIES[number]] if number in TOP_CATEGORIES else own or [f"Google category {number}"]
    path = standard or own
    finest = path if len(path) > 1 else own
    return path, finest[-1] if finest and finest[-1] != path[0] else None


def _photos(attributes: Attributes) -> list[str]:
    named = (*attributes.get("image_link", ()), *attributes.get("additional_image_link", ()))
    photos = list(dict.fromkeys(picture for value in named for picture in pictures_in(value)))
    if not photos:
        raise Unusable(Reason.MISSING_IMAGE, "image_link is blank")
    return photos[:MOST_PHOTOS]


def _price(attributes: Attributes, now: datetime, decimal_comma: bool) -> Price:
    begins, to, ends = (_text(attributes, "sale_price_effective_date") or "").partition("/")
    regular = read_price(_written(attributes, "price"), None, decimal_comma)
    sale = read_price(_written(attributes, "sale_price"), regular.currency, decimal_comma)
    return current_price(regular, sale, begins, ends if to else begins, now)  # a lone day tells no end


def _written(attributes: Attributes, name: str) -> str | None:
    """A text with the markup in it, which may tell that 12<sup>99</sup> is not 1299."""
    return next((text for value in attributes.get(name, ()) if (text := cleaned(value))), None)


def _text(attributes: Attributes, name: str) -> str | None:
    return next((text for value in attributes.get(name, ()) if (text := cleaned_html(value))), None)
