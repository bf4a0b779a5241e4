"""The answer to a photo: what it shows, where was looked, and the products as a numbered list; and each by itself."""

from collections.abc import Sequence
from itertools import groupby

from bot.language import Language, msgid
from bot.request import Result
from bot.shop import Shop
from bot.texts.narrowing import narrowed
from bot.texts.refining import refined
from bot.texts.writing import LISTED_TITLE_LENGTH, as_html, capitalised, categories, facts, line_of, title_of
from imgrec.search.answer import Answer, Candidate, Match

_CAPTION_TITLE_LENGTH = 700
_SURE = 0.5
_MOST_ASKED = 3

_LOOKED_EVERYWHERE = msgid("I looked through the whole shop.")


def answered(say: Language, result: Result) -> str:
    """The message below an album: what the photo shows, where was looked, and what was found."""
    return f"{_heading(say, result)}\n\n{product_list(say, result.answer.matches, 1)}"


def page(say: Language, matches: Sequence[Match], first: int, similar: int, *, less_similar: bool) -> str:
    """The message below a further page, whose first product has this rank; `similar`: how many passed the threshold."""
    last = first + len(matches) - 1
    shown = str(first) if first == last else f"{first}–{last}"
    heading = (
        say("Less similar, but the closest there are:")
        if less_similar
        else say("{shown} of {total} similar ones:", shown=shown, total=similar)
    )
    return f"{heading}\n\n{product_list(say, matches, first)}"


def nothing_similar(say: Language, result: Result) -> str:
    """When no product is as alike as it has to be: how close the best one was."""
    where = _heading(say, result)
    nearest = result.answer.nearest
    if nearest is None and not result.request.ask.filters.is_empty:
        return f"{where}\n{say('There is nothing like that.')}"
    if nearest is None:
        return f"{where}\n{say('There are no products to compare with there.')}"
    return "\n".join([
        where,
        say(
            "Nothing there is similar enough (from {least} on); the closest product is {degree} ({likeness}).",
            least=say.percent(result.likeness), degree=say(nearest.degree), likeness=say.percent(nearest.likeness),
        ),
    ])  # fmt: skip


def overview(say: Language, results: Sequence[Result]) -> str:
    """The message below an album of the closest product to each thing of a shopper's album."""
    heading = say("These show different things. The closest product to each:")
    lines = [f"{number}. {_closest(say, result)}" for number, result in enumerate(results, start=1)]
    narrowed_by = narrowed(say, results[0].request, results[0].shop)
    how_to_go_on = say("A number shows all that is similar to it.")
    return "\n".join([_in_lines(heading, narrowed_by), "", *lines, "", how_to_go_on])


def product_list(say: Language, matches: Sequence[Match], first: int) -> str:
    """The products, numbered from `first` on, a line each, below how alike they are."""
    lines: list[str] = []
    numbered = enumerate(matches, start=first)
    for degree, alike in groupby(numbered, key=lambda one: one[1].degree):
        lines.append(f"<i>{capitalised(say(degree))}</i>")
        lines += [f"{number}. {line_of(say, match)}" for number, match in alike]
    return "\n".join(lines)


def caption(say: Language, match: Match) -> str:
    """What stands below a product's photo: title, brand, price, likeness. At most 1,024 characters."""
    likeness = [say(match.degree)]
    if match.degree != "the very one":
        likeness.append(say.percent(match.likeness))
    return f"{title_of(match, _CAPTION_TITLE_LENGTH)}\n{' · '.join([*facts(say, match), *likeness])}"


def _closest(say: Language, result: Result) -> str:
    matches = result.answer.matches
    return f"{line_of(say, matches[0])} · {say(matches[0].degree)}" if matches else say("Nothing is similar enough.")


def _in_lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _heading(say: Language, result: Result) -> str:
    return _in_lines(_where(say, result), refined(say, result), narrowed(say, result.request, result.shop))


def _where(say: Language, result: Result) -> str:
    answer, shop, source = result.answer, result.shop, result.category_source
    if result.product is not None:
        return say("Similar to {product}:", product=title_of(result.product, LISTED_TITLE_LENGTH))
    if source == "chat":
        chosen = say("I looked in {category}, as you chose with /category.", category=categories(say, answer.scope))
        if not answer.is_sold:
            return f"{chosen} {_doubt(say, answer)}"
        return f"{chosen} {_guess(say, answer.category, to_me=True)}" if answer.category else chosen
    if source == "tap" or answer.category is None:
        return _looked_in(say, answer.scope)
    if not answer.is_sold:
        return f"{_doubt(say, answer)} {_looked_in(say, answer.scope)}"
    if answer.category.probability < _SURE:
        return _question(say, answer, shop)
    others = [name for name in answer.scope if name != answer.category.name]
    also = say("I also looked in {categories}.", categories=categories(say, others)) if others else ""
    return f"{_guess(say, answer.category)} {also}".rstrip()


def _doubt(say: Language, answer: Answer) -> str:
    """What is said of a photo that seems to show nothing sold: less firmly above products that are similar enough."""
    if answer.matches:
        return say("I am not sure that there is anything like this here.")
    return say("There seems to be nothing like this here.")


def _guess(say: Language, category: Candidate, *, to_me: bool = False) -> str:
    values = {"category": f"<b>{as_html(category.name)}</b>", "share": say.percent(category.probability)}
    if category.probability < _SURE:
        return say("To me this may look like {category} ({share}).", **values)
    if to_me:
        return say("To me this looks like {category} ({share}).", **values)
    return say("This looks like {category} ({share}).", **values)


def _question(say: Language, answer: Answer, shop: Shop) -> str:
    """What is asked where the model is less than half sure."""
    asked = shop.plausible(answer)[:_MOST_ASKED]
    if not asked:
        return f"{say('I am not sure what this is.')} {_looked_in(say, answer.scope)}"
    question = say("Is this {categories}?", categories=categories(say, asked, "or"))
    if set(asked) == set(answer.scope):
        return f"{question} {say('I looked there.') if len(asked) == 1 else say('I looked in all of them.')}"
    if set(asked) < set(answer.scope):
        return f"{question} {say('I looked there and in others.')}"
    return f"{question} {_looked_in(say, answer.scope)}"


def _looked_in(say: Language, scope: Sequence[str]) -> str:
    return say("I looked in {categories}.", categories=categories(say, scope)) if scope else say(_LOOKED_EVERYWHERE)
