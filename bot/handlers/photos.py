"""A shopper sends a photo, or an image as a file; or something else."""

from telegram import Message, MessageEntity, Update
from telegram.constants import ChatType, FileSizeLimit

from bot import texts
from bot.handlers.answering import Question, answer_question
from bot.services import Context, services_of
from imgrec.log.schema import KindOfQuery


async def on_photo(update: Update, context: Context) -> None:
    """A photo: answer with products that look like it."""
    message = update.effective_message
    if message is None or not _is_meant_for_us(message, context.bot.username):
        return
    photo = max(message.photo, key=lambda size: size.width * size.height)
    await _ask(message, context, KindOfQuery.PHOTO, photo.file_id, photo.file_unique_id)


async def on_image_file(update: Update, context: Context) -> None:
    """An image sent as a file: the same, unless it is larger than Telegram hands out."""
    message = update.effective_message
    if message is None or message.document is None or not _is_meant_for_us(message, context.bot.username):
        return
    document = message.document
    too_large = (document.file_size or 0) > FileSizeLimit.FILESIZE_DOWNLOAD
    await _ask(
        message, context, KindOfQuery.FILE, document.file_id, document.file_unique_id, known_to_be_too_large=too_large
    )


async def on_anything_else(update: Update, context: Context) -> None:
    """Any other private message: say what to send."""
    if update.effective_message:
        await update.effective_message.reply_text(texts.SEND_A_PHOTO)


def _is_meant_for_us(message: Message, username: str) -> bool:
    """In a group, only photos whose caption mentions the bot; in private, all."""
    mentions = message.parse_caption_entities([MessageEntity.MENTION]).values()
    return message.chat.type == ChatType.PRIVATE or f"@{username}".lower() in {name.lower() for name in mentions}


async def _ask(
    message: Message,
    context: Context,
    kind: KindOfQuery,
    file_id: str,
    unique_id: str,
    known_to_be_too_large: bool = False,
) -> None:
    user = message.from_user.id if message.from_user else message.chat.id
    question = Question(
        kind, message.chat.id, user, message.message_id, file_id, unique_id, known_too_large=known_to_be_too_large
    )
    await answer_question(context.bot, services_of(context), question)
