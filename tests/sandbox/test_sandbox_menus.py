"""Which of a bot's menus a user is shown: the narrowest scope first, in it the user's language, then any."""

import pytest

from sandbox.menus import Menus
from sandbox.messages import Chat, User

ANNA = User(7, "Anna", language_code="de-at")
PRIVATE, GROUP = Chat(7, "private", "Anna"), Chat(-5, "supergroup", "Friends")

HERE = {"chat_id": "-5"}  # ids may come as text
RISING = [
    ({"type": "default"}, ""), ({"type": "default"}, "de"), ({"type": "all_group_chats"}, ""),
    ({"type": "all_group_chats"}, "de"), ({"type": "all_chat_administrators"}, ""), ({"type": "chat", **HERE}, "de"),
    ({"type": "chat_administrators", **HERE}, ""), ({"type": "chat_member", **HERE, "user_id": 7}, ""),
]  # fmt: skip


def test_in_a_group_each_narrower_scope_comes_before_the_last() -> None:
    menus = Menus()
    for number, (scope, language) in enumerate(RISING):
        menus.set(scope, language, [{"command": f"c{number}", "description": "x"}])
        [command] = menus.shown(GROUP, ANNA, is_admin=True)
        assert command["command"] == f"c{number}", scope


def test_what_is_for_admins_or_for_groups_nobody_else_is_shown() -> None:
    menus = Menus()
    for scope in ("all_chat_administrators", "all_group_chats"):
        menus.set({"type": scope}, "", [{"command": scope, "description": "x"}])
    assert menus.shown(PRIVATE, ANNA, is_admin=False) == []
    assert menus.shown(GROUP, ANNA, is_admin=False)[0]["command"] == "all_group_chats"
    menus.set({"type": "all_group_chats"}, "", [])
    assert menus.shown(GROUP, ANNA, is_admin=False) == []


def test_another_language_falls_back_to_the_menu_for_all() -> None:
    menus = Menus()
    for language in ("", "ru"):
        menus.set(None, language, [{"command": f"in_{language}", "description": "x"}])
    assert menus.shown(PRIVATE, ANNA, is_admin=False)[0]["command"] == "in_"
    with pytest.raises(Exception, match="invalid language code specified"):
        menus.set(None, "russian", [])
