"""Products by themselves, not found for their likeness: what was saved, and what a link names."""

from collections.abc import Sequence

from bot.language import Language
from bot.shop import Kept
from bot.texts.writing import facts, line_of, name_of, title_of
from imgrec.search.answer import Match

_CAPTION_TITLE_LENGTH = 700


def caption(say: Language, match: Match) -> str:
    """What stands below a product's photo: title, price, brand. At most 1,024 characters."""
    return "\n".join(filter(None, [title_of(match, _CAPTION_TITLE_LENGTH), " · ".join(facts(say, match))]))


def saved_list(say: Language, kept: Sequence[Kept], total: int) -> str:
    """What somebody saved, a line each; of `total` this may be a page."""
    heading = say.many("You saved one product:", "You saved {count} products:", total)
    if len(kept) < total:
        first, last = kept[0].place, kept[-1].place
        shown = str(first) if first == last else f"{first}–{last}"
        heading = say("{shown} of the {total} products you saved:", shown=shown, total=say.number(total))
    return "\n".join([heading, "", *(_line(say, one) for one in kept)])


def _line(say: Language, kept: Kept) -> str:
    if kept.match is None:
        title = name_of(kept.product) if kept.product else "…"
        return f"{kept.place}. <s>{title}</s> · {say('no longer sold')}"
    return f"{kept.place}. {line_of(say, kept.match)}"
