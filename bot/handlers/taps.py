"""A shopper taps a button. Every tap is answered, also on messages from long ago."""

from dataclasses import replace

from telegram import Bot, InlineKeyboardMarkup

from bot import keyboards, texts
from bot.answering import answer
from bot.callback_data import (
    AUTO_CATEGORY,
    AUTO_PERMILLE,
    ChooseCategory,
    ChooseLikeness,
    ChooseThreshold,
    LessSimilar,
    LowerThreshold,
    OtherCategory,
    PicturesMissing,
    Vote,
    parse,
)
from bot.messages import Edit
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.receiving.updates import Tap as Tapped
from bot.request import Request
from bot.services import Services
from bot.store.chats import ChatSettings
from bot.store.inbox import Waiting
from bot.store.journal import VoteRecord, note_vote
from imgrec.async_database import Write
from imgrec.database import utc_now
from imgrec.log.schema import KindOfQuery

_OLD = Reaction(toast=texts.OLD_BUTTON)


async def on_tap(bot: Bot, services: Services, tapped: Tapped, waiting: Waiting) -> Reaction:
    """Find out which button it was, and do what it says."""
    tap, message = parse(tapped.data), tapped.message
    if tap is None or message is None or message.date == 0:
        return _OLD
    match tap:
        case Vote():
            return await _vote(services, tapped.user.id, message, tap)
        case ChooseCategory(category_id):
            return _choose_category(services, message, category_id)
        case ChooseLikeness(permille):
            return _choose_likeness(services, message, None if permille == AUTO_PERMILLE else permille / 1000)
        case ChooseThreshold(permille):
            chosen = None if permille == AUTO_PERMILLE else _likeness_of(services, permille)
            return _choose_likeness(services, message, chosen)
        case PicturesMissing():
            return await _send_pictures_again(services, message, tap)
        case OtherCategory(query_id, category_id):
            if services.looking.shop.category_named(category_id) is None:
                return _OLD
            request = _again(services, tapped, message, KindOfQuery.OTHER_CATEGORY, query_id, category_id)
            settings = await services.store.chats.settings(message.chat.id)
            return await _answer(bot, services, waiting, request.with_settings(settings))
        case LessSimilar(query_id, category_id):
            request = _again(services, tapped, message, KindOfQuery.LOWER_THRESHOLD, query_id, category_id)
            settings = await services.store.chats.settings(message.chat.id)
            lower = replace(request.with_settings(settings), less_similar=True)
            return await _answer(bot, services, waiting, lower)
        case LowerThreshold(query_id, permille, category_id):
            request = _again(services, tapped, message, KindOfQuery.LOWER_THRESHOLD, query_id, category_id)
            return await _lower_for_good(bot, services, waiting, request, permille)


async def _answer(bot: Bot, services: Services, waiting: Waiting, request: Request) -> Reaction:
    return replace(await answer(bot, services, waiting, request), toast=texts.ONE_MOMENT)


async def _vote(services: Services, user: int, message: Message, tap: Vote) -> Reaction:
    store, chat = services.store, message.chat.id
    if not (await store.outbox.is_of(tap.query_id, chat) or await store.log.has(tap.query_id, chat)):
        return _OLD
    before = await store.journal.last_vote(tap.query_id, tap.rank, user)
    if before is None:
        before = await store.log.last_vote(tap.query_id, tap.rank, user)
    if before == tap.vote:
        return Reaction(toast=texts.ALREADY_NOTED)
    vote = VoteRecord(query_id=tap.query_id, rank=tap.rank, vote=tap.vote, voted_utc=utc_now())
    thanks = texts.THANKS_UP if tap.vote > 0 else texts.THANKS_DOWN
    buttons = _buttons(message)
    marked = [] if buttons is None else [
        Edit(message_id=message.message_id, keyboard=keyboards.with_vote(buttons, tap.query_id, tap.vote))
    ]  # fmt: skip
    return Reaction(marked, [_noting(vote, chat, user)], toast=thanks)


def _choose_category(services: Services, message: Message, category_id: int) -> Reaction:
    shop = services.looking.shop
    category = shop.category_named(category_id)
    if category is None and category_id != AUTO_CATEGORY:
        return _OLD
    edit = Edit(
        message_id=message.message_id, html=texts.choose_category(category, shop),
        keyboard=keyboards.categories(shop.category_ids, category),
    )  # fmt: skip
    chosen = None if category is None else category_id
    return Reaction([edit], [services.store.chats.choose_category(message.chat.id, chosen)])


def _choose_likeness(services: Services, message: Message, likeness: float | None) -> Reaction:
    """Set it, and show the chat's choice in the message that was tapped."""
    shop = services.looking.shop
    edit = Edit(
        message_id=message.message_id, html=texts.choose_threshold(likeness, shop),
        keyboard=keyboards.likenesses(shop, likeness),
    )  # fmt: skip
    return Reaction([edit], [services.store.chats.choose_likeness(message.chat.id, likeness)])


async def _send_pictures_again(services: Services, message: Message, tap: PicturesMissing) -> Reaction:
    pictures = await services.store.outbox.doubtful_pictures(tap.query_id, message.chat.id)
    if pictures is None:
        return _OLD
    buttons = _buttons(message)
    without = [] if buttons is None else [
        Edit(message_id=message.message_id, keyboard=keyboards.without(buttons, tap))
    ]  # fmt: skip
    return Reaction(
        [pictures, *without], [services.store.outbox.no_longer_doubtful(tap.query_id)], toast=texts.PICTURES_AGAIN
    )


async def _lower_for_good(bot: Bot, services: Services, waiting: Waiting, request: Request, permille: int) -> Reaction:
    """A button of before likeness lowers the chat's threshold, and asks again."""
    likeness, chats = _likeness_of(services, permille), services.store.chats
    category_id = (await chats.settings(request.chat)).category_id
    reaction = await answer(bot, services, waiting, request.with_settings(ChatSettings(category_id, likeness)))
    lowered = chats.choose_likeness(request.chat, likeness)
    return replace(reaction, writes=[lowered], toast=texts.threshold_lowered(likeness))


def _again(
    services: Services, tapped: Tapped, message: Message, kind: KindOfQuery, query_id: int, category_id: int
) -> Request:
    """An earlier photo anew: as it was seen then, or from the message the answer replied to."""
    original = message.reply_to_message
    by_tap = services.looking.shop.category_named(category_id) is not None
    return Request(
        kind, message.chat.id, tapped.user.id, original.message_id if original else message.message_id,
        original.file if original else None,
        seen=services.recent.recall(query_id, message.chat.id, services.looking.shop.serving),
        category_id=category_id if by_tap else None, category_by_tap=by_tap, parent=query_id,
    )  # fmt: skip


def _likeness_of(services: Services, permille: int) -> float:
    """What a similarity means in this shop, of which buttons of before likeness carry thousandths."""
    return round(services.looking.shop.likeness.of(permille / 1000), 4)


def _noting(vote: VoteRecord, chat: int, user: int) -> Write:
    return lambda connection: note_vote(connection, vote, chat, user)


def _buttons(message: Message) -> InlineKeyboardMarkup | None:
    """The buttons of a message as Telegram sent them along with the tap."""
    if message.reply_markup is None:
        return None
    return InlineKeyboardMarkup.de_json(message.reply_markup, None)
