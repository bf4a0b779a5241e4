"""Who belongs to which chat and as what: people in groups, and the bot wherever it is; and what groups became."""

from sandbox.errors import ApiError, bad_request
from sandbox.messages import Chat, User
from sandbox.wire import Json

ADMINS = ("creator", "administrator")
INSIDE = (*ADMINS, "member")
STATUSES = (*INSIDE, "left", "kicked")

RIGHTS = (
    *("can_be_edited", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members"),
    *("can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories"),
    "can_delete_stories",
)


class Membership:
    """The chats of one bot. A bot may bear the number of a person, so what it is stands apart."""

    def __init__(self) -> None:
        self._people: dict[tuple[int, int], str] = {}
        self._bot: dict[int, str] = {}
        self._upgraded: dict[int, int] = {}

    def knows(self, chat_id: int, user_id: int) -> bool:
        """Whether somebody is in a chat, or was."""
        return (chat_id, user_id) in self._people

    def of(self, chat_id: int, user_id: int) -> str:
        """What somebody is in a chat."""
        return self._people.get((chat_id, user_id), "left")

    def of_bot(self, chat_id: int) -> str:
        """What the bot is in a chat; a member, unless somebody made it something else."""
        return self._bot.get(chat_id, "member")

    def set(self, chat_id: int, user_id: int, status: str) -> None:
        """Somebody is this from now on."""
        self._people[chat_id, user_id] = check_status(status)

    def set_bot(self, chat_id: int, status: str) -> None:
        """The bot is this from now on; `kicked` from a private chat: blocked."""
        self._bot[chat_id] = check_status(status)

    def admins(self, chat_id: int) -> dict[int, str]:
        """The people who lead a group, and what they are in it."""
        return {user: status for (chat, user), status in self._people.items() if chat == chat_id and status in ADMINS}

    def upgrade(self, old_id: int, new_id: int) -> None:
        """A group is a supergroup from now on, of another id; everyone is there what they were here."""
        self._upgraded[old_id] = new_id
        here = {user: status for (chat, user), status in self._people.items() if chat == old_id}
        self._people |= {(new_id, user): status for user, status in here.items()}
        self._bot[new_id] = self.of_bot(old_id)

    def check_current(self, chat_id: int) -> None:
        """Refuse a group that is none any more, with the id of the supergroup it became."""
        if (new_id := self._upgraded.get(chat_id)) is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, words, migrate_to_chat_id=new_id)

    def check_reachable(self, chat: Chat) -> None:
        """Refuse what the bot writes where it was blocked or is no member any more."""
        status = self.of_bot(chat.id)
        if status in INSIDE:
            return
        if chat.type == "private":
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if status == "kicked":
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        raise ApiError(403, f"Forbidden: bot is not a member of the {chat.type} chat")


def check_status(status: str) -> str:
    """A status as the Bot API names it."""
    if status not in STATUSES:
        raise bad_request(f'status must be one of {", ".join(STATUSES)}; got "{status}"')
    return status


def member_json(user: User, status: str) -> Json:
    """The Bot API's ChatMember; an administrator may do everything."""
    member: Json = {"status": status, "user": user.to_json()}
    if status in ADMINS:
        member["is_anonymous"] = False
    if status == "administrator":
        member |= dict.fromkeys(RIGHTS, True)
    if status == "kicked":
        member["until_date"] = 0
    return member
