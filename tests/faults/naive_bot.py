"""A bot as python-telegram-bot's examples have it: updates wait in memory, what fails is not tried again.

It has to fail where the real one may not; else the oracle is blind.
"""

import asyncio
import io
import logging
import os

from PIL import Image
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update
from telegram.ext import Application, ApplicationBuilder, CommandHandler, ContextTypes, MessageHandler, filters

LOOKS_FOR_S = 0.15
BELOW = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="more")]])


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (96, 96), colour).save(buffer, "JPEG")
    return buffer.getvalue()


async def on_start(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message:
        await update.message.reply_text("Send me a photo.")


async def on_photo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    message = update.message
    if message is None:
        return
    file = await message.photo[-1].get_file()
    await file.download_as_bytearray()
    await asyncio.sleep(LOOKS_FOR_S)
    similar = [InputMediaPhoto(picture(colour)) for colour in ("red", "blue")]
    await message.reply_media_group(similar, reply_to_message_id=message.message_id)
    await message.reply_text("These are similar.", reply_markup=BELOW, reply_to_message_id=message.message_id)


async def say_so(application: Application) -> None:  # type: ignore[type-arg]
    print(f"{application.bot.username} answers from memory", flush=True)  # noqa: T201


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    api = os.environ["TELEGRAM_API_URL"]
    builder = ApplicationBuilder().token(os.environ["TELEGRAM_BOT_TOKEN"])
    application = builder.base_url(f"{api}/bot").base_file_url(f"{api}/file/bot").post_init(say_so).build()
    application.add_handler(CommandHandler("start", on_start))
    application.add_handler(MessageHandler(filters.PHOTO, on_photo))
    if port := os.environ.get("WEBHOOK_PORT"):
        application.run_webhook(
            "127.0.0.1", int(port), "hook", webhook_url=f"http://127.0.0.1:{port}/hook",
            secret_token=os.environ["TELEGRAM_WEBHOOK_SECRET"],
        )  # fmt: skip
    else:
        application.run_polling()


if __name__ == "__main__":
    main()
