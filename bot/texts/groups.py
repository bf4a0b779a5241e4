"""What is said in groups alone."""

from bot.language import msgid

ADMINS_ONLY = msgid("Only the admins of this group can change its settings.")
CANNOT_TELL_ADMINS = msgid(
    "Only admins can change this, and I cannot ask Telegram just now who they are. Please try again in a minute."
)
MENTION_WITH_A_PHOTO = msgid("Mention me in reply to a photo, or in its caption, and I look for products like it.")
REPLY_TO_A_PHOTO = msgid("Send /similar in reply to a photo, and I look for products like it.")
