"""The groups' side, over HTTP: who is in a group and as what, its topics, and what becomes of it."""

from sandbox import groups
from sandbox.calls import Call
from sandbox.errors import bad_request
from sandbox.membership import check_status
from sandbox.messages import Chat, User
from sandbox.user_api import UserHandler
from sandbox.wire import Json


class GroupHandler(UserHandler):
    """What all requests about a group share."""

    def group(self, call: Call, chat_id: str) -> Chat:
        """The group, which comes into being here."""
        if int(chat_id) >= 0:
            raise bad_request("a group's id is a negative number")
        return call.bot.group(int(chat_id), call.text("chat_type"))

    def user(self, call: Call) -> User:
        """Whom the request is about, or who does what it asks for."""
        return call.bot.person(self.user_id(call.text("user_id") or "1"))


class MemberHandler(GroupHandler):
    """`/chat/<id>/member` and `/chat/<id>/bot`."""

    async def post(self, chat_id: str, whose: str) -> None:
        """Make somebody, or the bot, a member, an admin or the creator, or let them go."""
        call = self.read()
        status = check_status(call.text("status"))
        set_status = groups.set_bot_status if whose == "bot" else groups.set_status
        set_status(call.bot, self.group(call, chat_id), self.user(call), status)
        self.answer(True)


class TopicHandler(GroupHandler):
    """`/chat/<id>/topic`."""

    async def post(self, chat_id: str) -> None:
        """Begin a topic."""
        call = self.read()
        message = groups.open_topic(call.bot, self.group(call, chat_id), self.user(call), call.text("name"))
        topic: Json = {"message_thread_id": message.id, "name": call.text("name")}
        self.answer(topic)


class MigrateHandler(GroupHandler):
    """`/chat/<id>/migrate`."""

    async def post(self, chat_id: str) -> None:
        """Make a group a supergroup."""
        call = self.read()
        new = groups.upgrade(call.bot, self.group(call, chat_id), self.user(call))
        self.answer({"migrate_to_chat_id": new.id})


class BlockHandler(UserHandler):
    """`/user/<id>/block` and `/user/<id>/unblock`."""

    async def post(self, user_id: str, action: str) -> None:
        """Block the bot, or let it write again."""
        call = self.read()
        user = call.bot.person(self.user_id(user_id))
        status = "kicked" if action == "block" else "member"
        groups.set_bot_status(call.bot, call.bot.private_chat(user), user, status)
        self.answer(True)


class GuestsHandler(UserHandler):
    """`/guests`."""

    async def post(self) -> None:
        """Switch the bot's guest mode, as BotFather does."""
        call = self.read()
        call.bot.takes_guests = call.flag("enabled")
        self.answer(call.bot.takes_guests)


class PrivacyHandler(UserHandler):
    """`/privacy`."""

    async def post(self) -> None:
        """Switch the bot's privacy mode, as BotFather does."""
        call = self.read()
        call.bot.has_privacy = call.flag("enabled")
        self.answer(call.bot.has_privacy)
