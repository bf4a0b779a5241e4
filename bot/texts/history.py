"""What somebody asked before, a line each."""

from collections.abc import Mapping, Sequence

from bot.language import Language
from bot.shop import Shop
from bot.store.history import Asked
from bot.texts.narrowing import conditions
from bot.texts.writing import as_html

_MOST_NAMED = 4


def history(
    say: Language, shop: Shop, asked: Sequence[Asked], first: int, now_s: float, titles: Mapping[int, str | None]
) -> str:  # fmt: skip
    """The queries of a page, numbered from `first` on; `titles` are those of products that were asked about."""
    lines = [f"{number}. {_line(say, shop, one, now_s, titles)}" for number, one in enumerate(asked, start=first)]
    return "\n".join([f"<b>{say('What you asked here')}</b>", "", *lines, "", say("A number answers it anew.")])


def _line(say: Language, shop: Shop, asked: Asked, now_s: float, titles: Mapping[int, str | None]) -> str:
    found = asked.found
    similar = say.many("one similar", "{count} similar", found.similar) if found.similar else say("nothing similar")
    about = _about(say, asked, titles)
    narrowed = conditions(say, found.ask.filters, shop)[:_MOST_NAMED]
    return " · ".join([*([f"<b>{about}</b>"] if about else []), *narrowed, similar, say.ago(now_s - asked.asked_s)])


def _about(say: Language, asked: Asked, titles: Mapping[int, str | None]) -> str:
    """The product it was about, else the category that was searched, or was seen."""
    ask, answer = asked.found.ask, asked.found.answer
    if ask.product_id is not None:
        return as_html(titles.get(ask.product_id) or say("A product"))
    return as_html(answer.category or answer.predicted_category or "")
