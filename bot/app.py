"""The bot put together: what is open while it runs, and every handler in the order in which it is tried."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from pydantic import SecretStr
from telegram import BotCommand, Update
from telegram.error import Forbidden, TelegramError
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot import texts
from bot.chat_order import ChatOrder
from bot.handlers.commands import on_category, on_forget, on_help, on_start, on_threshold
from bot.handlers.photos import on_anything_else, on_image_file, on_photo
from bot.handlers.taps import on_tap
from bot.heartbeat import ListeningRequest, beat_while
from bot.photo_queue import PhotoQueue
from bot.rate_limit import AnswersFirst
from bot.services import Context, Services, put_services
from imgrec.config import Config
from imgrec.log.writer import LogWriter
from imgrec.search.serving import Serving, pointer

log = logging.getLogger(__name__)

_IMAGE_EXTENSIONS = ("jpg", "jpeg", "png", "webp")

BotApplication = Application[Any, Any, Any, Any, Any, Any]


def build_application(config: Config, token: SecretStr, serving: Serving, opened_at: str) -> BotApplication:
    """The bot, ready to run. The serving becomes its own, and is closed with it.

    `opened_at` is what `pointer` read before the serving was opened.
    """
    api = config.telegram.api_url.rstrip("/")
    application: BotApplication = (
        Application.builder()
        .token(token.get_secret_value())
        .base_url(f"{api}/bot")
        .base_file_url(f"{api}/file/bot")
        .get_updates_request(
            ListeningRequest(
                config.bot.heartbeat, lambda: application.stop_running(), connection_pool_size=2, read_timeout=20
            )
        )
        .concurrent_updates(ChatOrder(_tell_too_many))
        .rate_limiter(AnswersFirst())
        .read_timeout(20)
        .connect_timeout(10)
        .pool_timeout(60)
        .post_init(_opening(config, serving, opened_at))
        .post_shutdown(_close)
        .build()
    )
    add_handlers(application)
    return application


def add_handlers(application: BotApplication) -> None:
    """The first handler that fits an update gets it."""
    new = filters.UpdateType.MESSAGE
    private = new & filters.ChatType.PRIVATE
    application.add_handlers(
        [
            CommandHandler("start", on_start, new),
            CommandHandler("help", on_help, new),
            CommandHandler("category", on_category, new),
            CommandHandler("threshold", on_threshold, new),
            CommandHandler("forget", on_forget, new),
            MessageHandler(new & filters.PHOTO, on_photo),
            MessageHandler(new & filters.Document.IMAGE, on_image_file),
            # some clients name no type
            *(MessageHandler(new & filters.Document.FileExtension(end), on_image_file) for end in _IMAGE_EXTENSIONS),
            CallbackQueryHandler(on_tap),
            MessageHandler(private & ~filters.StatusUpdate.ALL, on_anything_else),
        ]
    )
    application.add_error_handler(_on_error)


def _opening(config: Config, serving: Serving, opened_at: str) -> Callable[[BotApplication], Coroutine[Any, Any, None]]:
    async def open_services(application: BotApplication) -> None:
        writer = await LogWriter.open(config.log.path)
        queue = PhotoQueue(
            serving,
            lambda: Serving.open(config),
            lambda: pointer(config),
            opened_at,
            config.bot.batch_size,
            config.bot.queue_limit,
        )
        queue.start()
        services = Services(queue, writer)
        put_services(application.bot_data, services)
        if config.telegram.mode == "webhook":
            services.heartbeat = asyncio.create_task(
                beat_while(lambda: bool(application.updater and application.updater.running), config.bot.heartbeat)
            )
        try:
            await application.bot.set_my_commands([BotCommand(name, words) for name, words in texts.COMMANDS])
        except TelegramError as error:
            log.warning("The commands could not be registered with Telegram: %s", error)
        log.info("@%s answers from %s.", application.bot.username, queue.shop.serving.generation)

    return open_services


async def _close(application: BotApplication) -> None:
    for services in application.bot_data.values():
        if isinstance(services, Services):
            await services.close()


async def _tell_too_many(update: Update) -> None:
    if update.effective_message and not update.callback_query:
        await update.effective_message.reply_text(texts.TOO_MANY)


async def _on_error(update: object, context: Context) -> None:
    """The outermost edge: the log gets what happened, the shopper a plain sentence."""
    if not isinstance(update, Update):
        # Fetching updates failed; python-telegram-bot goes on trying, ever more slowly.
        log.warning("No updates from Telegram just now: %s", context.error)
        return
    if isinstance(context.error, Forbidden):
        log.info("A shopper has blocked the bot, or left.")
        return
    log.error("An update could not be handled.", exc_info=context.error)
    try:
        if update.callback_query:
            await update.callback_query.answer(texts.FAILED_TAP)
        elif update.effective_message:
            await update.effective_message.reply_text(texts.FAILED)
    except TelegramError as error:
        log.warning("The shopper could not be told: %s", error)
