"""/start, also from a link to a product, and /help."""

from dataclasses import replace

from bot.answering.answering import answer
from bot.callback_data import OpenSetting, Save
from bot.composing.buttons import button
from bot.composing.keyboards import Keyboard
from bot.composing.saved import compose_product
from bot.composing.settings import ALL
from bot.handlers.context import Context
from bot.handlers.saved import shows_as_saved
from bot.messages import Picture, Pictures, Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.request import Ask, Request
from bot.shop import by_itself
from bot.texts import choices, short
from imgrec.catalogue.linking import product_of
from imgrec.catalogue.store import Product
from imgrec.log.schema import KindOfQuery


async def on_start(context: Context, message: Message, wanted: str) -> Reaction:
    """Greet, and say what to send; from a link, show its product and what is like it."""
    product_id = product_of(wanted)
    if product_id is None:
        return Reaction([Text(html=context.say(short.START))])
    known = await context.services.looking.do(lambda serving: serving.catalogue.products([product_id]))
    product = known.get(product_id)
    if product is None or product.retired:
        words = short.NO_PRODUCT_OF_LINK if product is None else short.PRODUCT_OF_LINK_IS_GONE
        return Reaction([Text(html=context.say(words))])
    return await _similar_to(context, message, product)


async def on_help(context: Context, message: Message, wanted: str) -> Reaction:
    """Explain how to use the bot, in a picture and a few words."""
    html = choices.how_to_use(context.say, context.services.looking.shop, in_group=not message.chat.is_private)
    keyboard = Keyboard([[button(context.say(short.SETTINGS), OpenSetting(ALL))]])
    picture = await context.services.help_picture.file()
    if picture is None:
        return Reaction([Text(html=html, keyboard=keyboard)])
    drawn = Picture(photo=picture, caption=html)
    return Reaction([Pictures(items=(drawn,), keyboard=keyboard, reply_to=message.message_id)])


async def _similar_to(context: Context, message: Message, product: Product) -> Reaction:
    """The product by itself, then an answer as if a photo of it had been sent."""
    services, user, product_id = context.services, message.sender_id, product.product_id
    ask = Ask(reply_to=message.message_id, product_id=product_id)
    request = Request(KindOfQuery.PRODUCT, message.chat.id, user, ask, context.say, context.settings)
    reaction = await answer(context.bot, services, context.waiting, request)
    if reaction.record is None:
        return reaction
    is_saved = await shows_as_saved(context, message, user, product_id)
    save = Save(reaction.record.id, 0, product_id)
    card = compose_product(context.say, save, by_itself(product), message.message_id, is_saved=is_saved)
    return replace(reaction, messages=[card, *reaction.messages])
