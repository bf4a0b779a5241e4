"""The menus of commands that a bot has set, and which of them a user is shown."""

import json

from sandbox.errors import bad_request
from sandbox.messages import Chat, User
from sandbox.wire import Json

DEFAULT_SCOPE = {"type": "default"}


class Menus:
    """The menus of one bot, each for a scope and a language ("": every other language)."""

    def __init__(self) -> None:
        self._menus: dict[tuple[str, str], list[Json]] = {}

    def set(self, scope: Json | None, language: str, commands: list[Json]) -> None:
        """Set a menu; one without commands is none."""
        if language and not (len(language) == 2 and language.isascii() and language.islower()):
            raise bad_request("invalid language code specified")
        self._menus[_key(scope, language)] = commands

    def get(self, scope: Json | None, language: str) -> list[Json]:
        """The menu set for exactly this scope and language."""
        return self._menus.get(_key(scope, language), [])

    def drop(self, scope: Json | None, language: str) -> None:
        """Forget the menu of a scope and language."""
        self._menus.pop(_key(scope, language), None)

    def shown(self, chat: Chat, user: User, *, is_admin: bool) -> list[Json]:
        """What a user sees in a chat: the first there is (Bot API, "Determining list of commands")."""
        language = user.language_code[:2]
        menus = (self.get(scope, one) for scope in _scopes(chat, user, is_admin) for one in (language, ""))
        return next(filter(None, menus), [])


def _scopes(chat: Chat, user: User, is_admin: bool) -> list[Json]:
    """From narrow to wide."""
    here = {"chat_id": chat.id}
    if chat.type == "private":
        return [{"type": "chat", **here}, {"type": "all_private_chats"}, DEFAULT_SCOPE]
    admins = [{"type": "chat_administrators", **here}] if is_admin else []
    all_admins = [{"type": "all_chat_administrators"}] if is_admin else []
    return [
        {"type": "chat_member", **here, "user_id": user.id}, *admins, {"type": "chat", **here},
        *all_admins, {"type": "all_group_chats"}, DEFAULT_SCOPE,
    ]  # fmt: skip


def _key(scope: Json | None, language: str) -> tuple[str, str]:
    """Ids may come as numbers or as text."""
    fields = {name: str(value) for name, value in (scope or DEFAULT_SCOPE).items()}
    return json.dumps(fields, sort_keys=True), language
