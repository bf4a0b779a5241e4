"""Whether a shop's export says that a product is not for everybody's eyes."""

_OFF = frozenset(
    ["false", "no", "n", "off", "draft", "private", "pending", "hidden", "unpublished", "archived", "trash", "inactive",
     "disabled", "nein", "falsch", "entwurf", "non", "faux", "brouillon", "falso", "borrador", "bozza", "nee", "onwaar",
     "concept", "não", "rascunho", "nie", "fałsz", "szkic"]
)  # fmt: skip
"""In eight languages, for a spreadsheet translates FALSE."""


def is_off(published: str) -> bool:
    """Whether this says that a product is not published: a word, or a number that is not above zero.

    A spreadsheet is kept from calculating by an apostrophe (`'-1`), which is no part of what is said.
    """
    said = published.strip().lstrip("'").strip().casefold()
    if said in _OFF:
        return True
    try:
        return float(said.replace(",", ".")) <= 0
    except ValueError:
        return False
