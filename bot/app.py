"""The bot put together: what comes in is committed, handled, and what it comes to is sent."""

import asyncio
import contextlib
import logging
import signal
import sqlite3
from collections.abc import Awaitable
from typing import Any

from pydantic import SecretStr
from telegram import Bot, BotCommand
from telegram.error import InvalidToken, TelegramError

from bot.actions import Actions, Toasts
from bot.admins import Admins
from bot.admission import Admission
from bot.answering.help_picture import HelpPicture
from bot.answering.links import Links
from bot.answering.looking import Looking
from bot.dispatching import Dispatching
from bot.handlers.routing import handle
from bot.heartbeat import beat
from bot.language import SOURCE, Languages
from bot.owner.watching import Watching
from bot.receiving.polling import Outage, Polling, RefusedTokenError
from bot.receiving.updates import Update, read_update
from bot.receiving.webhook import Webhook
from bot.retention import tidy
from bot.sending.calls import Calls
from bot.sending.courier import Courier
from bot.sending.delivery import Delivery
from bot.sending.pacing import Pacing
from bot.services import Services
from bot.speaking import Speaking
from bot.store.store import Store
from bot.texts import short
from bot.wishing import Wishing
from imgrec.config import Config
from imgrec.errors import BusyError, ImgrecError
from imgrec.lock import writing
from imgrec.log.writer import LogWriter
from imgrec.search.serving import Serving, pointer

log = logging.getLogger(__name__)

_CONNECTIONS = 64
_TIDY_EVERY_S = 3600.0
_LOOKS_EVERY_S = 0.5


async def run(config: Config, token: SecretStr, webhook_secret: str | None, serving: Serving, opened_at: str) -> None:
    """Run until SIGTERM or SIGINT. The serving becomes the bot's own, and is closed with it.

    `opened_at` is what `pointer` read before the serving was opened. Raises ImgrecError.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        if not await _is_alone(config, stack, stop):
            return
        store = await _open_store(config, token)
        stack.push_async_callback(store.close)
        bot = Bot(
            token.get_secret_value(), f"{config.telegram.api_url}/bot", f"{config.telegram.api_url}/file/bot",
            request=Calls(_CONNECTIONS, read_timeout=10, connect_timeout=5, pool_timeout=60),
        )  # fmt: skip
        stack.push_async_callback(bot.shutdown)
        try:
            await _unless(stop, _greet(bot, config))
            if not stop.is_set():
                await _Running(config, bot, store, serving, opened_at, webhook_secret).until(stop)
        except sqlite3.DatabaseError as error:
            raise ImgrecError(f"{config.bot_database} cannot be used any more: {error}.") from None


class _Running:
    """All parts of a bot at work."""

    def __init__(
        self, config: Config, bot: Bot, store: Store, serving: Serving, opened_at: str, webhook_secret: str | None
    ) -> None:
        self._config = config
        self._store = store
        self._bot = bot
        useful_for_s = config.bot.answer_within_s
        self._looking = Looking(
            serving, lambda: Serving.open(config), lambda: pointer(config), opened_at, config.bot.batch_size
        )
        self._actions, self._toasts = Actions(bot), Toasts(bot)
        self._languages = Languages.load()
        speaking = Speaking(self._languages, store.chats)
        links = Links(config.photos, are_followed=config.bot.links)
        self._watching = Watching(
            config, bot.token, store, self._looking, speaking, lambda chat: self._delivery.kick(chat)
        )
        services = Services(
            self._looking, store, self._actions, speaking, Admins(bot), links, bot.username, useful_for_s,
            config.privacy, config.telegram.admins, self._watching.troubles,
            HelpPicture(self._looking, config.bot_database.with_name(f"{config.bot_database.stem}-pictures")),
            config.bot.wish_days,
        )  # fmt: skip
        pacing = Pacing()
        self._delivery = Delivery(
            store, Courier(bot, store.files), self._languages, pacing, self._finished, self._watching.metrics.sent
        )
        self._wishing = Wishing(bot, services, self._delivery.kick)
        self._dispatching = Dispatching(
            store, lambda waiting: handle(bot, services, waiting), speaking, self._toasts, self._delivery.kick,
            useful_for_s,
        )  # fmt: skip
        self._admission = Admission(bot, store, config.bot, speaking, pacing, bot.username, useful_for_s)
        self._receiving = (
            Webhook(config, bot, webhook_secret, self._take, self._beat)
            if webhook_secret is not None
            else Polling(config, bot.token, self._take, self._beat)
        )

    async def until(self, stop: asyncio.Event) -> None:
        """Work until told to stop, or until something ends that must not."""
        async with self._watching:
            await self._work_until(stop)

    async def _work_until(self, stop: asyncio.Event) -> None:
        self._looking.start()
        self._store.journal.start()
        await self._delivery.start()
        await self._dispatching.start()
        await self._admission.start()
        log.info("@%s answers from %s.", self._bot.username, self._looking.shop.serving.generation)
        receiving = asyncio.create_task(self._receiving.run(), name="receiving")
        others = [
            asyncio.create_task(self._tidy(), name="tidying"),
            asyncio.create_task(self._wishing.run(), name="wishing"),
            asyncio.create_task(_register(self._bot, self._languages)),
        ]
        try:
            await _unless(stop, receiving, self._dispatching.task)
        finally:
            for task in (receiving, *others):
                task.cancel()
            await asyncio.gather(receiving, *others, return_exceptions=True)
            await self._wind_down()

    async def _wind_down(self) -> None:
        """Answer what is under way, within the time there is; the rest is kept for the next start."""
        deadline = asyncio.get_running_loop().time() + self._config.bot.stop_within_s
        await self._admission.close()
        await self._dispatching.stop(self._config.bot.stop_within_s)
        await self._delivery.stop(deadline - asyncio.get_running_loop().time())
        await self._actions.close()
        await self._toasts.close()
        await self._looking.close()

    async def _take(self, raw: list[Any]) -> None:
        """Commit what came in; when this returns, Telegram may forget it."""
        read = [update for update in map(read_update, raw) if update is not None]
        new = set(await self._store.inbox.add(read))
        for one in read:
            if one.update_id in new:
                self._watching.metrics.came_in(one)
        updates = [update for update in read if isinstance(update, Update) and update.update_id in new]
        for update in updates:
            if update.callback_query is not None:
                self._toasts.expect(update.callback_query.id)
        self._dispatching.kick()
        try:
            await self._admission.look_at(updates)
        except Exception:  # they are ours by now, whatever becomes of the notice
            log.exception("Whoever has to wait could not be told.")

    def _beat(self) -> None:
        beat(self._config.bot.heartbeat, self._store.journal.trouble)
        self._watching.beat()

    def _finished(self, lane: str) -> None:
        self._store.journal.ring()
        self._dispatching.sent(lane)
        self._admission.answered(lane)

    async def _tidy(self) -> None:
        while True:
            try:
                await tidy(self._store, self._config.privacy.retention_days)
            except (OSError, sqlite3.OperationalError) as error:
                log.error("What is too old could not be deleted, and is tried again in an hour: %s", error)
            await asyncio.sleep(_TIDY_EVERY_S)


async def _is_alone(config: Config, stack: contextlib.AsyncExitStack, stop: asyncio.Event) -> bool:
    """Wait until no other bot works on this database, so that nobody is answered twice; False when told to stop."""
    told = False
    while not stop.is_set():
        try:
            stack.enter_context(writing(config.bot_database, "python -m bot"))
        except BusyError as error:
            if not told:
                log.warning("%s This one takes over then.", error)
                told = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOKS_EVERY_S)
        else:
            return True
    return False


async def _open_store(config: Config, token: SecretStr) -> Store:
    bot_id = int(token.get_secret_value().partition(":")[0])
    writer = await LogWriter.open(config.log.path)
    try:
        return await Store.open(config.bot_database, writer, bot_id, config.privacy.photos)
    except BaseException:
        await writer.close()
        raise


async def _greet(bot: Bot, config: Config) -> None:
    """Wait until Telegram answers; raises RefusedTokenError where it does not know the token."""
    outage = Outage(config.telegram.api_url)
    while True:
        try:
            await bot.initialize()
            outage.over()
            return
        except InvalidToken:
            raise RefusedTokenError(config.telegram.api_url) from None
        except TelegramError as error:
            await outage.pause(error.message)


async def _register(bot: Bot, languages: Languages) -> None:
    """Have Telegram offer the commands in a menu, in every language."""
    try:
        for code in languages.codes:
            say = languages.of(code)
            menu = [BotCommand(name, say(words)) for name, words in short.COMMANDS]
            await bot.set_my_commands(menu, language_code=None if code == SOURCE else code)
    except TelegramError as error:
        log.warning("The commands could not be registered with Telegram: %s", error)


async def _unless(stop: asyncio.Event, *works: Awaitable[None]) -> None:
    """Do this until it ends, or a stop is asked for. What it raises is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                await task
    finally:
        stopped.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(stopped, *tasks, return_exceptions=True)
