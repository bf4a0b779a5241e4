"""Links to a product in the bot: whoever follows one is shown the product and what is like it."""

import re

_START = re.compile(r"p_([1-9]\d{0,17})", re.ASCII)  # as many digits as SQLite's numbers certainly hold
_USERNAME = re.compile(r"[A-Za-z]\w{2,31}", re.ASCII)


def link_to(product_id: int, bot: str) -> str:
    """The address that opens the bot of this username with a product (Telegram, "Deep linking")."""
    return f"https://t.me/{bot}?start=p_{product_id}"


def product_of(start: str) -> int | None:
    """The product_id that follows /start where a link to a product was followed; None for anything else."""
    match = _START.fullmatch(start)
    return int(match[1]) if match else None


def is_username(name: str) -> bool:
    """Whether a bot may be called so."""
    return bool(_USERNAME.fullmatch(name))
