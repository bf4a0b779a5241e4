"""The wishes that stand, searched in each new index: who wished for what came in is told, once."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from telegram import Bot

from bot.answering.downloading import TRIES_OF_WHAT_MAY_BE_GONE, NoLongerThereError
from bot.answering.seeing import look
from bot.clock import DAY_S, now_s
from bot.composing.answers import compose_wish
from bot.found import found
from bot.messages import Text
from bot.reaction import LaterError
from bot.request import Request, Result
from bot.services import Services
from bot.store.journal import noting
from bot.store.outbox import add_steps, answer_request, begin_unasked
from bot.store.wishes import Products, Wish, note_searched
from bot.texts import wishes
from imgrec.database import utc_of
from imgrec.errors import OtherServingError, PhotoError
from imgrec.log.schema import Action, KindOfQuery, Outcome
from imgrec.log.writer import LoggedTimes, QueryRecord
from imgrec.search.answer import ServingId

log = logging.getLogger(__name__)

_LOOKS_EVERY_S = 5.0
_PAUSE_S = 60.0
"""After a wish could not be searched, times how often it could not."""
_USEFUL_FOR_S = DAY_S
"""A message that Telegram does not take for longer is not sent any more."""


class Wishing:
    """Searches one wish at a time, between two batches of photos, so that no answer waits for it.

    `kick` is called with the chat that has something to be sent. `put_off`: of wishes that wait and could not be
    searched, by id, how often they could not, and when they are to be searched again.
    """

    def __init__(
        self, bot: Bot, services: Services, kick: Callable[[int], None], clock: Callable[[], float] = now_s
    ) -> None:
        self._bot = bot
        self._services = services
        self._wishes = services.store.wishes
        self._kick = kick
        self._clock = clock
        self.put_off: dict[int, tuple[int, float]] = {}

    async def run(self) -> None:
        """Look for a new index every few seconds, for as long as the bot runs."""
        while True:
            try:
                await self.look()
            except Exception:  # the wishes are as they were, and are searched the next time
                log.exception("Wishes could not be searched.")
            await asyncio.sleep(_LOOKS_EVERY_S)

    async def look(self) -> None:
        """Search all wishes that were not searched in the generation that serves now."""
        if not await self._wishes.are_there():
            self.put_off.clear()
            return
        serving = await self._services.looking.do(lambda serving: serving.id)  # which takes up a new one, too
        waiting = await self._wishes.to_search(serving.name, self._clock())
        self.put_off = {wish_id: self.put_off[wish_id] for wish_id in waiting if wish_id in self.put_off}
        if not waiting:
            return
        on_sale = await self._services.looking.do(lambda serving: serving.on_sale())
        for wish_id in waiting:
            wish = await self._wishes.get(wish_id)
            tries, not_before_s = self.put_off.get(wish_id, (0, 0.0))
            if wish is None or not_before_s > self._clock():
                continue
            try:
                await self._search(wish_id, wish, serving, on_sale, again=tries < TRIES_OF_WHAT_MAY_BE_GONE)
            except OtherServingError:
                return  # the next look begins anew
            except LaterError as error:
                self._put_off(wish_id, tries + 1)
                log.info("A wish is searched later: %s", error)
            except sqlite3.Error:
                raise
            except Exception:  # whatever is wrong with one, the others are searched
                self._put_off(wish_id, tries + 1)
                log.exception("A wish could not be searched.")

    def _put_off(self, wish_id: int, tries: int) -> None:
        self.put_off[wish_id] = tries, self._clock() + _PAUSE_S * tries

    async def _search(self, wish_id: int, wish: Wish, serving: ServingId, on_sale: Products, *, again: bool) -> None:
        """Search one, and settle what is found; `again`: what may be gone for good is tried again."""
        before = await self._wishes.on_sale_in(wish.generation)
        new = np.setdiff1d(on_sale, on_sale if before is None else before)
        new = np.setdiff1d(new, list(wish.told))
        result = None
        if len(new):
            try:
                wish = await self._seen_by(wish, serving.model_sha256, again=again)
            except (PhotoError, NoLongerThereError):
                await self._end(wish_id, wish)
                return
            result = await self._result(wish, serving, new)
        await self._services.store.database.write(
            lambda connection: self._settle(connection, wish_id, wish, serving, on_sale, result)
        )
        if result is not None and result.answer.matches:
            self._services.store.journal.ring()
            self._kick(wish.chat_id)

    async def _seen_by(self, wish: Wish, model: str, *, again: bool) -> Wish:
        """The wish with what this model sees in its photo; where another one saw it, the photo is looked at anew."""
        if wish.model == model:
            return wish
        if not wish.ask.photos:
            raise NoLongerThereError
        seen = await look(self._bot, self._services, wish.ask.photos[0], again=again)
        if seen.outputs is None or seen.serving.model_sha256 != model:
            raise OtherServingError("Another model serves now.")
        return replace(wish, model=model, outputs=seen.outputs)

    async def _result(self, wish: Wish, serving: ServingId, new: Products) -> Result:
        """What of the new products is as alike as they have to be."""
        services = self._services
        [seen] = await services.looking.do(lambda opened: opened.seen_in(wish.outputs))
        if seen.serving != serving:
            raise OtherServingError("Another index serves now.")
        settings = await services.store.chats.settings(wish.chat_id)
        say = services.speaking.languages.of(settings.language or wish.language)
        settings = replace(settings, likeness=wish.likeness)
        request = Request(
            KindOfQuery.WISH, wish.chat_id, wish.user_id, wish.ask, say, settings, parent=wish.query_id, among=new
        )
        return await services.looking.ask(seen, request)

    def _settle(
        self, connection: sqlite3.Connection, wish_id: int, wish: Wish, serving: ServingId, on_sale: Products,
        result: Result | None,
    ) -> None:  # fmt: skip
        """In one transaction: it was searched, and what was found is to be sent. So none is lost, or told twice."""
        if result is None or not result.answer.matches:
            note_searched(connection, wish_id, wish, serving.name, on_sale)
            return
        kept = found(result)
        told = [rank.product_id for rank in kept.ranks[: kept.similar]]
        now, say, request = self._clock(), result.request.say, result.request
        if not note_searched(connection, wish_id, wish, serving.name, on_sale, told, now):
            return  # stopped meanwhile
        query_id = begin_unasked(connection, f"wish {wish_id}", wish.chat_id, wish.user_id, say.code)
        record = QueryRecord(
            id=query_id, asked_utc=utc_of(now), kind=KindOfQuery.WISH, outcome=Outcome.ANSWERED, language=say.code,
            photo_unique_id=request.photo.file_unique_id if request.photo else None, parent=wish.query_id,
            answer=kept.logged(kept.ranks[: len(result.answer.matches)], 1),
            times=LoggedTimes(search_ms=result.times.search_ms),
        )  # fmt: skip
        answer_request(connection, record, kept)
        messages = compose_wish(query_id, wish.query_id, result, kept)
        place = wish.chat_id, wish.thread_id
        add_steps(connection, place, messages, query_id, now + _USEFUL_FOR_S)
        noting(wish.query_id, 0, Action.TOLD, wish.chat_id, wish.user_id)(connection)

    async def _end(self, wish_id: int, wish: Wish) -> None:
        """Its photo is gone: say so, once."""
        settings = await self._services.store.chats.settings(wish.chat_id)
        say = self._services.speaking.languages.of(settings.language or wish.language)

        def end(connection: sqlite3.Connection) -> None:
            cursor = connection.execute("DELETE FROM wishes WHERE id = ?", (wish_id,))
            if cursor.rowcount:
                told = Text(html=say(wishes.PHOTO_GONE), reply_to=wish.ask.reply_to)
                place = wish.chat_id, wish.thread_id
                add_steps(connection, place, [told], None, self._clock() + _USEFUL_FOR_S)

        await self._services.store.database.write(end)
        self._kick(wish.chat_id)
