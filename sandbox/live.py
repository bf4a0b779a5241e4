"""A chat as it happens, over a WebSocket: what the chat page listens to.

`/user/<id>/live` takes `chat_id` and `bot` as all user addresses do, `after` (the last event known) and `world` (of
which it was: events of a sandbox that is gone are not counted on). Each message is a JSON object of one of these kinds:

    history   world, last, events    once: what happened behind `after`, and the number to go on from
    profile   bot, bots, users, user, commands, listening    first, and whenever one of them changes
    events    events                 what happens from then on, together what happened at once
"""

import asyncio
import json
from typing import Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from sandbox.calls import Call, read_call
from sandbox.errors import ApiError
from sandbox.guard import refusal
from sandbox.membership import ADMINS
from sandbox.messages import Chat
from sandbox.state import Bot, State
from sandbox.wire import Json

PROFILE_INTERVAL_S = 1.0
REFUSED, RESTARTING = 4000, 1012


class LiveHandler(WebSocketHandler):
    """`/user/<id>/live`."""

    def initialize(self, state: State) -> None:
        """Take the state to tell of."""
        self.state = state
        self._following: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Refuse web sites."""
        if refusal(self):
            self.set_status(403)
            self.finish()

    async def open(self, *args: str, **_: str) -> None:
        """Begin to tell; what was asked wrongly is said in the reason of the close."""
        try:
            call = read_call(self.state.bot_by_id(self.get_query_argument("bot", "")), self.request)
        except ApiError as error:
            self.close(REFUSED, error.description)
            return
        self._following = asyncio.create_task(self._follow(call, int(args[0])))

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected from a listener."""

    def on_close(self) -> None:
        """Stop telling."""
        if self._following is not None:
            self._following.cancel()

    async def _follow(self, call: Call, user_id: int) -> None:
        bot, chat_id = call.bot, call.integer("chat_id", user_id)
        after = call.integer("after") if call.text("world") == self.state.world else 0
        shown = profile(self.state, bot, user_id, chat_id)
        try:
            await self._tell("profile", **shown)
            last, missed = bot.events.last, bot.events.seen_by(user_id, chat_id, after)
            await self._tell("history", world=self.state.world, last=last, events=missed)
            while not bot.events.bell.closed:
                news = await bot.events.wait_for(user_id, chat_id, last, PROFILE_INTERVAL_S)
                last = bot.events.last
                if (current := profile(self.state, bot, user_id, chat_id)) != shown:
                    await self._tell("profile", **current)
                    shown = current
                if news:
                    await self._tell("events", events=news)  # at once, so that an album comes whole
        except WebSocketClosedError:
            return
        self.close(RESTARTING, "the sandbox stops")

    async def _tell(self, kind: str, **fields: Any) -> None:
        await self.write_message(json.dumps({"kind": kind, **fields}, ensure_ascii=False))


def profile(state: State, bot: Bot, user_id: int, chat_id: int) -> Json:
    """Whom the page shows: the bot, whether it listens, the user, their commands in this chat, and who else is here."""
    user = bot.person(user_id)
    chat = bot.chats.get(chat_id, Chat(chat_id, "private" if chat_id > 0 else "group", ""))
    return {
        "bot": bot.user.to_json(),
        "bots": [other.user.to_json() for other in state.bots.values()],
        "users": sorted(known for known in bot.chats if known > 0),
        "user": user.to_json(),
        "commands": bot.menus.shown(chat, user, is_admin=bot.members.of(chat_id, user_id) in ADMINS),
        "listening": bot.is_listening,
    }
