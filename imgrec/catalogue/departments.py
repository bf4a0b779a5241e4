"""The study's twenty departments, and what each generation of Amazon's data calls them."""

import html
import re
from collections.abc import Iterable

DEPARTMENTS: dict[str, tuple[str, ...]] = {
    # department: names in 2014 (heads of category paths, sales ranks), 2018 (main_cat) and 2023 (main_category)
    "Apps": ("Apps for Android", "Appstore for Android", "Apps & Games", "Apps"),
    "Automotive": ("Automotive", "Automotive Parts & Accessories"),
    "Baby": ("Baby", "Baby Products"),
    "Beauty": ("Beauty", "All Beauty", "Beauty & Personal Care", "Luxury Beauty", "Premium Beauty"),
    "Books": ("Books", "Kindle Store", "Buy a Kindle", "Audible Audiobooks"),  # e-books show covers
    "Cell Phones": ("Cell Phones & Accessories", "Cell Phones"),
    "Clothing": (
        "Clothing, Shoes & Jewelry", "Clothing", "Amazon Fashion", "Fashion", "Shoes", "Jewelry", "Watches",
    ),
    "Electronics": (
        "Electronics", "All Electronics", "Computers", "Computers & Accessories", "Camera & Photo", "Car Electronics",
        "GPS & Navigation", "Home Audio & Theater", "Portable Audio & Accessories", "MP3 Players & Accessories",
        "Amazon Devices", "Amazon Fire TV", "Apple Products",
    ),
    "Grocery": ("Grocery & Gourmet Food", "Grocery", "Prime Pantry", "Amazon Pantry"),
    "Health": ("Health & Personal Care", "Health & Household", "Health"),
    "Home": ("Home & Kitchen", "Amazon Home", "Home", "Kitchen & Dining", "Furniture & Décor", "Appliances"),
    "Lawn & Garden": ("Patio, Lawn & Garden", "Lawn & Garden", "Lawn & Patio"),
    "Movies & TV": ("Movies & TV", "Amazon Instant Video", "Prime Video"),
    "Music": ("CDs & Vinyl", "Digital Music", "Music", "MP3 Downloads"),
    "Office": ("Office Products", "Office & School Supplies", "Office"),
    "Pet Supplies": ("Pet Supplies",),
    "Sports": ("Sports & Outdoors", "Sports"),
    "Tools": ("Tools & Home Improvement", "Home Improvement", "Tools"),
    "Toys": ("Toys & Games", "Toys"),
    "Video Games": ("Video Games",),
}  # fmt: skip

_MARKUP_NAME = re.compile(
    r"""\balt=["']([^"'<>]+)["']"""
)  # 2018 has the picture of a name: <img ... alt="Digital Music"/>
_WORDS = re.compile(r"[^\W_]+")


def department_named(name: str) -> str | None:
    """The department a generation calls by this name, however it is written (`Cell_Phones_and_Accessories`)."""
    return _BY_NAME.get(name) or _BY_WORDS.get(_words(name))


def first_department(names: Iterable[str]) -> str | None:
    """The department of the first name that is one's, or None."""
    return next((department for name in names if (department := department_named(name))), None)


def _words(name: str) -> str:
    """A name's words alone: capitals, ampersands, underscores and entities make no difference."""
    if name.lstrip().startswith("<"):
        picture = _MARKUP_NAME.search(name)
        name = picture.group(1) if picture else ""
    return " ".join(word for word in _WORDS.findall(html.unescape(name).casefold()) if word != "and")


_BY_NAME = {name: department for department, names in DEPARTMENTS.items() for name in names}
_BY_WORDS = {_words(name): department for name, department in _BY_NAME.items()}
