"""An answer as messages: products as pictures, then the list of them with the buttons. Nothing is sent from here."""

from collections.abc import Mapping, Sequence

from bot.answering.drawing import Parts
from bot.callback_data import Save
from bot.composing import keyboards
from bot.composing.keyboards import Keyboard
from bot.found import Found
from bot.language import Language
from bot.messages import Drawing, Message, Picture, Pictures, Text, with_picture
from bot.request import Ask, Result
from bot.texts import answers, refining, wishes
from imgrec.search.answer import Match, Rank


def compose(query_id: int, result: Result, found: Found) -> list[Message]:
    """What a shopper gets for a request."""
    say, ask, matches = result.request.say, result.request.ask, result.answer.matches
    keyboard = keyboards.below_answer(say, query_id, result, found)
    if not matches:
        return [Text(html=answers.nothing_similar(say, result), keyboard=keyboard, reply_to=ask.reply_to)]
    return _with_pictures(say, query_id, matches, answers.answered(say, result), keyboard, ask.reply_to)


def compose_wish(query_id: int, wished_below: int, result: Result, found: Found) -> list[Message]:
    """What came in since that other query, whose shopper wished to be told."""
    say, matches = result.request.say, result.answer.matches
    html = wishes.came_in(say, matches, found.similar)
    keyboard = keyboards.below_told(say, query_id, wished_below, found)
    return _with_pictures(say, query_id, matches, html, keyboard, result.request.ask.reply_to)


def compose_overview(say: Language, results: Mapping[int, Result], reply_to: int) -> list[Message]:
    """Many things at once, each a query of its own: the closest product to each, and numbers that lead on."""
    matches = [match for result in results.values() for match in result.answer.matches[:1]]
    keyboard = keyboards.below_overview(list(results))
    html = answers.overview(say, list(results.values()))
    return _with_pictures(say, next(iter(results)), matches, html, keyboard, reply_to)


def compose_page(
    say: Language, query_id: int, found: Found, matches: Sequence[Match], first: int, reply_to: int
) -> list[Message]:
    """Further products of an answer, from this rank on."""
    less_similar = first > found.similar
    html = answers.page(say, matches, first, found.similar, less_similar=less_similar)
    keyboard = keyboards.below_page(say, query_id, found, first)
    return _with_pictures(say, query_id, matches, html, keyboard, reply_to)


def compose_card(
    say: Language, query_id: int, rank: int, match: Match, ask: Ask, reply_to: int, *, is_saved: bool
) -> Message:
    """One product of an answer, by itself."""
    html, explains = answers.caption(say, match), bool(ask.photos) and match.product.photo is not None
    save = Save(query_id, rank, match.product.product_id)
    keyboard = keyboards.below_card(say, save, is_saved=is_saved, explains=explains)
    return with_picture(match.product.photo, html, keyboard, reply_to)


def compose_parts(say: Language, query_id: int, parts: Parts, reply_to: int) -> Message:
    """A photo, its parts and buttons to choose one."""
    caption, keyboard = refining.parts(say, len(parts.numbered)), keyboards.below_parts(say, query_id, parts)
    return Drawing(image=parts.picture, caption=caption, keyboard=keyboard, reply_to=reply_to)


def compose_why(say: Language, ask: Ask, product: Rank, picture: bytes, reply_to: int) -> Message:
    """Where a photo and a product agree."""
    return Drawing(image=picture, caption=refining.why(say, ask, product), reply_to=reply_to)


def _with_pictures(
    say: Language,
    query_id: int,
    matches: Sequence[Match],
    html: str,
    keyboard: Keyboard | None,
    reply_to: int,
) -> list[Message]:
    pictures = tuple(
        Picture(photo=match.product.photo, caption=answers.caption(say, match))
        for match in matches
        if match.product.photo
    )
    doubtful = keyboards.with_missing(say, keyboard, query_id)
    text = Text(html=html, keyboard=keyboard, reply_to=reply_to, where_doubtful=doubtful)
    return [Pictures(items=pictures, reply_to=reply_to), text] if pictures else [text]
