"""What happens to groups, and to the bot in a chat: who comes, leads and goes; topics; upgrades; blocks."""

from dataclasses import replace

from sandbox.errors import bad_request
from sandbox.membership import INSIDE, member_json
from sandbox.messages import Chat, Content, Message, User
from sandbox.state import Bot

SUPERGROUP_IDS = -1_000_000_000_000
TOPIC_COLOUR = 7322096


def set_status(bot: Bot, chat: Chat, user: User, status: str) -> None:
    """Somebody comes into a group, leads it, or is gone; coming and going is a service message."""
    before = bot.members.of(chat.id, user.id)
    bot.members.set(chat.id, user.id, status)
    _tell_of_move(bot, chat, user, user, before, status)


def set_bot_status(bot: Bot, chat: Chat, by: User, status: str) -> None:
    """Somebody adds the bot to a chat, makes it an admin, removes it, or blocks it: a `my_chat_member` update."""
    before = bot.members.of_bot(chat.id)
    bot.members.set_bot(chat.id, status)
    if status == before:
        return
    bot.updates.push(
        "my_chat_member",
        {
            "chat": chat.to_json(),
            "from": by.to_json(),
            "date": int(bot.clock()),
            "old_chat_member": member_json(bot.user, before),
            "new_chat_member": member_json(bot.user, status),
        },
    )
    if chat.type != "private":
        _tell_of_move(bot, chat, by, bot.user, before, status)


def open_topic(bot: Bot, chat: Chat, by: User, name: str) -> Message:
    """Begin a topic, which makes a supergroup a forum; its thread has the id of the message that tells of it."""
    if chat.type != "supergroup":
        raise bad_request("only a supergroup has topics")
    if not 1 <= len(name) <= 128:
        raise bad_request(f"a topic's name has 1 to 128 characters, got {len(name)}")
    forum = bot.chats[chat.id] = replace(chat, is_forum=True)
    fields = {"forum_topic_created": {"name": name, "icon_color": TOPIC_COLOUR}}
    [message] = bot.post(by, forum, [Content(other=fields)], opens_topic=True)
    return message


def upgrade(bot: Bot, chat: Chat, by: User) -> Chat:
    """Make a group a supergroup: another chat of another id, which service messages in both tell."""
    if chat.type != "group":
        raise bad_request(f"only a group becomes a supergroup, chat {chat.id} is a {chat.type}")
    new = bot.group(SUPERGROUP_IDS + chat.id, "supergroup", chat.name)
    bot.post(by, chat, [Content(other={"migrate_to_chat_id": new.id})])
    bot.members.upgrade(chat.id, new.id)
    bot.post(by, new, [Content(other={"migrate_from_chat_id": chat.id})])
    return new


def _tell_of_move(bot: Bot, chat: Chat, by: User, user: User, before: str, after: str) -> None:
    if (before in INSIDE) == (after in INSIDE):
        return
    fields = {"new_chat_members": [user.to_json()]} if after in INSIDE else {"left_chat_member": user.to_json()}
    bot.post(by, chat, [Content(other=fields)])
