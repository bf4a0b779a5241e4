"""A wish that stands: to be told when something like a photo comes in; made and stopped at a tap, listed by /wishes."""

from bot.answering.answering import may_come_back
from bot.answering.downloading import NoLongerThereError
from bot.answering.seeing import look
from bot.callback_data import BELOW_ANSWER, BELOW_LIST, MakeWish, StopWish
from bot.clock import DAY_S, now_s
from bot.composing import keyboards
from bot.found import Found
from bot.handlers.context import Context, Press, too_old
from bot.messages import Edit, Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.store.journal import noting
from bot.store.wishes import MOST_OF_A_SHOPPER, Wish
from bot.texts import short, wishes
from imgrec.errors import PhotoError
from imgrec.log.schema import Action
from imgrec.search.answer import Seen


async def on_make_wish(context: Context, press: Press, tap: MakeWish) -> Reaction:
    """Keep what an answer was asked with; the notice says what that is, and the button turns into one that stops it."""
    say, store, looking = context.say, context.services.store, context.services.looking
    found = await store.outbox.found(tap.query_id, press.chat)
    if found is None:
        return too_old(context)
    before = await store.wishes.of(press.user)
    if any(wish.query_id == tap.query_id for wish in before):
        return Reaction(_turned(context, press, tap), toast=say(short.ALREADY_NOTED))
    if len(before) >= MOST_OF_A_SHOPPER:
        return Reaction(toast=wishes.too_many(say, MOST_OF_A_SHOPPER))
    try:
        seen = await _seen(context, press, tap.query_id, found)
    except (PhotoError, NoLongerThereError):
        return Reaction(toast=say(wishes.NOTHING_TO_LOOK_FOR))
    generation, on_sale = await looking.do(lambda serving: (serving.id.name, serving.on_sale()))
    made = store.wishes.make(_wish(context, press, tap.query_id, found, seen, generation), on_sale)
    noted = noting(tap.query_id, 0, Action.WISHED, press.chat, press.user)
    return Reaction(
        _turned(context, press, tap), [made, noted], toast=wishes.noted(say, context.services.wish_days)
    )  # fmt: skip


async def on_stop_wish(context: Context, press: Press, tap: StopWish) -> Reaction:
    """End it; in a group an admin may, too."""
    say, services = context.say, context.services
    if tap.below == BELOW_LIST and not press.is_own:
        return Reaction(toast=say(wishes.NOT_YOURS))
    own = await services.store.wishes.of(press.user)
    is_own = any(wish.query_id == tap.query_id for wish in own)
    if not is_own and press.message.chat.is_private:
        return Reaction(_stopped(context, press, tap, own), toast=say(wishes.STOPPED))  # expired, or forgotten
    if not is_own and not await services.group_admins.are(press.chat, press.user):
        return Reaction(toast=say(wishes.NOT_YOURS))
    stop = services.store.wishes.stop(tap.query_id, press.chat, press.user if is_own else None)
    left = [wish for wish in own if wish.query_id != tap.query_id]
    return Reaction(
        _stopped(context, press, tap, left),
        [stop, noting(tap.query_id, 0, Action.WISH_STOPPED, press.chat, press.user)],
        toast=say(wishes.STOPPED),
    )


async def on_wishes(context: Context, message: Message, wanted: str) -> Reaction:
    """List what stands of a shopper in this chat, each to be stopped."""
    own = await context.services.store.wishes.of(message.sender_id)
    here = [wish for wish in own if wish.chat_id == message.chat.id]
    html, keyboard = wishes.standing(context.say, here), keyboards.of_wishes(here)
    return Reaction([Text(html=html, keyboard=keyboard, reply_to=message.message_id)])


async def _seen(context: Context, press: Press, query_id: int, found: Found) -> Seen:
    """What was seen in the photo as it is, from memory or by looking at it again."""
    seen = context.recall(query_id, press.chat)
    if seen is not None and seen.outputs is not None:
        return seen
    if not found.ask.photos:
        raise NoLongerThereError
    return await look(context.bot, context.services, found.ask.photos[0], again=may_come_back(context.waiting))


def _wish(context: Context, press: Press, query_id: int, found: Found, seen: Seen, generation: str) -> Wish:
    if seen.outputs is None:
        raise NoLongerThereError
    now = now_s()
    category = found.ask.category_id or context.settings.category_id
    return Wish(
        query_id=query_id, chat_id=press.chat, thread_id=context.waiting.update.thread_id, user_id=press.user,
        language=context.say.code, ask=found.ask.model_copy(update={"category_id": category}),
        about=found.answer.category or found.answer.predicted_category or "", model=seen.serving.model_sha256,
        outputs=seen.outputs, likeness=found.answer.likeness, generation=generation,
        told=frozenset(rank.product_id for rank in found.ranks), made_s=now,
        until_s=now + context.services.wish_days * DAY_S,
    )  # fmt: skip


def _turned(context: Context, press: Press, tap: MakeWish) -> list[Edit]:
    """In a group the button stays for the others."""
    stop = keyboards.stop_wish(context.say, tap.query_id, BELOW_ANSWER)
    return press.with_instead(tap, stop) if press.message.chat.is_private else []


def _stopped(context: Context, press: Press, tap: StopWish, left: list[Wish]) -> list[Edit]:
    if tap.below == BELOW_LIST:
        here = [wish for wish in left if wish.chat_id == press.chat]
        html, keyboard = wishes.standing(context.say, here), keyboards.of_wishes(here)
        return [Edit(message_id=press.message.message_id, html=html, keyboard=keyboard)]
    again = keyboards.make_wish(context.say, tap.query_id) if tap.below == BELOW_ANSWER else None
    return press.with_instead(tap, again)
