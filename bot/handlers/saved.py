"""♡ and /saved: products that a shopper wants to find again."""

from collections.abc import Sequence

from bot.callback_data import OpenSaved, RemoveSaved, Removing, Save, SavedAfter
from bot.composing import keyboards
from bot.composing.saved import below_saved, compose_product, compose_saved, listed
from bot.handlers.context import Context, Press, too_old
from bot.messages import Edit, Text
from bot.reaction import Reaction
from bot.receiving.updates import Message
from bot.shop import Kept
from bot.store.journal import noting
from bot.texts import products, short
from imgrec.log.schema import Action


async def on_saved(context: Context, message: Message, wanted: str) -> Reaction:
    """Show the products somebody saved, the latest first."""
    return await _page(context, message.sender_id, None, message.message_id)


async def on_saved_after(context: Context, press: Press, tap: SavedAfter) -> Reaction:
    """Show further ones."""
    if not press.is_own:
        return Reaction(toast=context.say(short.NOT_YOURS))
    asked = press.message.reply_to_message or press.message
    return await _page(context, press.user, tap.number, asked.message_id)


async def on_save(context: Context, press: Press, tap: Save) -> Reaction:
    """Save a product, or no longer. In a group the button stays as it is, for it is everybody's."""
    say, saved = context.say, context.services.store.saved
    is_saved = await saved.of(press.user, tap.product_id) is not None
    if not is_saved and not (await _kept(context, [(1, tap.product_id)]))[0].match:
        return Reaction(toast=say(short.NO_LONGER_SOLD))
    if is_saved:
        write, action, toast = saved.remove(press.user, tap.product_id), Action.UNSAVED, short.NO_LONGER_SAVED
    else:
        write = saved.save(press.user, tap.product_id, tap.query_id, tap.rank)
        action, toast = Action.SAVED, short.SAVED_IT
    turned = keyboards.save_button(say, tap, is_saved=not is_saved)
    edits = press.with_instead(tap, turned) if press.message.chat.is_private else []
    noted = noting(tap.query_id, tap.rank, action, press.chat, press.user)
    return Reaction(edits, [write, noted], toast=say(toast))


async def on_open_saved(context: Context, press: Press, tap: OpenSaved) -> Reaction:
    """Show a saved product by itself."""
    [kept] = await _kept(context, [(tap.place, tap.product_id)])
    if kept.match is None:
        return Reaction(toast=context.say(short.NO_LONGER_SOLD))
    row = await context.services.store.saved.of(press.user, tap.product_id)
    save = Save(row.query_id, row.rank, row.product_id) if row else Save(0, 0, tap.product_id)
    is_saved = await shows_as_saved(context, press.message, press.user, tap.product_id)
    return Reaction([compose_product(context.say, save, kept.match, press.message.message_id, is_saved=is_saved)])


async def on_removing(context: Context, press: Press, tap: Removing) -> Reaction:
    """Have the numbers remove products, or open them again."""
    if not press.is_own:
        return Reaction(toast=context.say(short.NOT_YOURS))
    if press.keyboard is None:
        return too_old(context)
    keyboard = below_saved(context.say, listed(press.keyboard), removing=bool(tap.on))
    return Reaction([Edit(message_id=press.message.message_id, keyboard=keyboard)])


async def on_remove_saved(context: Context, press: Press, tap: RemoveSaved) -> Reaction:
    """Take a product off the list; the others keep their numbers, for the pictures above stay."""
    say, saved = context.say, context.services.store.saved
    if not press.is_own:
        return Reaction(toast=say(short.NOT_YOURS))
    if press.keyboard is None:
        return too_old(context)
    before = listed(press.keyboard)
    left = before._replace(products=tuple(one for one in before.products if one[1] != tap.product_id))
    kept = await _kept(context, left.products)
    row = await saved.of(press.user, tap.product_id)
    total = await saved.count(press.user) - (row is not None)
    html = products.saved_list(say, kept, max(total, len(kept))) if kept else say(short.NONE_LEFT)
    edit = Edit(message_id=press.message.message_id, html=html, keyboard=below_saved(say, left, removing=True))
    noted = [noting(row.query_id, row.rank, Action.UNSAVED, press.chat, press.user)] if row else []
    return Reaction([edit], [saved.remove(press.user, tap.product_id), *noted], toast=say(short.NO_LONGER_SAVED))


async def shows_as_saved(context: Context, message: Message, user: int, product_id: int) -> bool:
    """Whether the button below a product is to say that it is saved; never in a group, where it is everybody's."""
    return message.chat.is_private and await context.services.store.saved.of(user, product_id) is not None


async def _page(context: Context, user: int, before: int | None, reply_to: int) -> Reaction:
    services, chat = context.services, context.waiting.update.chat
    most = services.looking.shown(context.settings, chat.id if chat else user)
    found = await services.store.saved.page(user, before, most + 1)
    if not found and before is not None:
        return too_old(context)
    if not found:
        return Reaction([Text(html=context.say(short.NOTHING_SAVED), reply_to=reply_to)])
    page, after = found[:most], found[most - 1].number if len(found) > most else None
    first = await services.store.saved.count(user, since=page[0].number)
    kept = await _kept(context, [(place, one.product_id) for place, one in enumerate(page, start=first)])
    total = await services.store.saved.count(user)
    return Reaction(compose_saved(context.say, kept, total, after, reply_to))


async def _kept(context: Context, places: Sequence[tuple[int, int]]) -> list[Kept]:
    """Products at their places as the catalogue has them now."""
    ids = [product_id for _, product_id in places]
    known = await context.services.looking.do(lambda serving: serving.catalogue.products(ids))
    return [Kept(place, product_id, known.get(product_id)) for place, product_id in places]
