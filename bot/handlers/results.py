"""/results: how many products an answer shows at once."""

from dataclasses import replace

from bot.answering.words import number_in
from bot.callback_data import AUTO, MOST_RESULTS, ChooseResults
from bot.composing.settings import RESULTS, Page
from bot.handlers.context import Context, Press
from bot.handlers.settings import is_auto, sent, standing, turned
from bot.messages import Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.texts import choices


async def on_results(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the numbers there are, or set the chat's to the one sent."""
    say, shop = context.say, context.services.looking.shop
    results = number_in(wanted, MOST_RESULTS)
    if results is None and not is_auto(wanted):
        page = RESULTS.page(standing(context))
        return sent(Page(choices.results_unknown(say, wanted, MOST_RESULTS), page.keyboard) if wanted else page)
    now = choices.results_now(say, results, shop.results)
    return Reaction([Text(html=now)], [context.services.store.chats.choose_results(message.chat.id, results)])


async def on_choose_results(context: Context, press: Press, tap: ChooseResults) -> Reaction:
    """Set how many products an answer in this chat shows."""
    results = None if tap.results == AUTO else tap.results
    now = standing(context, replace(context.settings, results=results))
    reaction = turned(now.say, press, RESULTS.page(now))
    return replace(reaction, writes=[context.services.store.chats.choose_results(press.chat, results)])
