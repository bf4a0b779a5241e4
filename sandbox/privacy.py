"""Privacy mode, which BotFather gives every new bot: what it is told of what people write in a group."""

from sandbox.messages import Message, User


def concerns(message: Message, bot: User) -> bool:
    """Whether a bot with privacy mode hears a message: a command, a reply to it, its name, or no person's words."""
    if message.content.is_service or (message.reply_to is not None and message.reply_to.sender == bot):
        return True
    text, name = message.content.text, f"@{bot.username}".lower()
    for entity in text.entities:
        words = text.part(entity).lower()
        if entity["type"] == "mention" and words == name:
            return True
        if entity["type"] == "bot_command" and entity["offset"] == 0 and ("@" not in words or words.endswith(name)):
            return True
    return False
