"""An answer as messages: the products as pictures, then the sentence with the buttons. Nothing is sent from here."""

from bot import keyboards, texts
from bot.callback_data import AUTO_CATEGORY
from bot.messages import Message, Picture, Pictures, Text
from bot.request import Result


def compose(query_id: int, result: Result) -> list[Message]:
    """What a shopper gets for a request."""
    answer, shop, request = result.answer, result.shop, result.request
    tapped = shop.category_ids[result.category] if result.category and request.category_by_tap else AUTO_CATEGORY
    all_shown, source = request.less_similar, result.category_source
    if not answer.matches:
        nothing = keyboards.below_nothing(query_id, answer, shop, tapped, all_shown=all_shown)
        sentence = texts.nothing_similar(answer, source, shop, result.likeness)
        return [Text(html=sentence, keyboard=nothing, reply_to=request.reply_to)]
    below = keyboards.below_answer(query_id, answer, shop, tapped, all_shown=all_shown)
    sentence = texts.answered(answer, source, shop, all_shown=all_shown)
    pictures = tuple(
        Picture(photo=match.product.photo, caption=texts.caption(match))
        for match in answer.matches
        if match.product.photo
    )
    text = Text(
        html=sentence, keyboard=below, reply_to=request.reply_to, where_doubtful=keyboards.with_missing(below, query_id)
    )
    return [Pictures(items=pictures, reply_to=request.reply_to), text] if pictures else [text]
