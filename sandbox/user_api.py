"""The user side: plays the people who talk to the bot, over HTTP. README.md lists its addresses and events.

Bodies are JSON or forms; answers have the Bot API's envelope. A user is any positive number, and comes into being by
speaking. Several files make an album: separate messages with one `media_group_id`.
"""

import asyncio
import mimetypes
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from sandbox import rules
from sandbox.calls import Call, read_call
from sandbox.entities import NO_TEXT, FormattedText, detect_entities
from sandbox.errors import ApiError, bad_request
from sandbox.files import Refusal, Upload
from sandbox.handlers import ApiHandler
from sandbox.membership import ADMINS, INSIDE
from sandbox.messages import CHANNEL_BOT, GROUP_ANONYMOUS, Chat, Content, Message, User
from sandbox.other_kinds import OTHER_KINDS
from sandbox.record import to_json
from sandbox.wire import Json

LONGEST_WAIT_S = 60
MAX_CLIENT_ID = 64
STICKER_EMOJI = "👟"
SHOWN_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")


class UserHandler(ApiHandler):
    """What all requests of a user share."""

    def read(self) -> Call:
        """The request's parameters and the bot it is meant for."""
        return read_call(self.state.bot_by_id(self.get_query_argument("bot", "")), self.request)

    def user_id(self, user_id: str) -> int:
        """The number of a person."""
        if int(user_id) <= 0:
            raise bad_request("a user's id is a positive number")
        return int(user_id)

    def chat_id(self, call: Call, user_id: str) -> int:
        """The chat the user means: their own with the bot, unless they name a group."""
        return call.integer("chat_id", self.user_id(user_id))

    def meet(self, call: Call, user_id: str) -> tuple[User, Chat]:
        """The user and the chat they speak in."""
        return call.bot.meet(int(user_id), self.chat_id(call, user_id), call.text("chat_type"))

    def reply_to(self, call: Call, chat: Chat) -> Message | None:
        """The message the user replies to, if any."""
        message_id = call.integer("reply_to_message_id")
        if message_id and (chat.id, message_id) not in call.bot.messages:
            raise bad_request("message to be replied not found")
        return call.bot.messages.get((chat.id, message_id))

    def uploads(self, call: Call, kind: str) -> list[Upload]:
        """The files that came with the request, of which there must be one."""
        uploads = [upload for parts in call.uploads.values() for upload in parts]
        if not uploads:
            raise bad_request(f"there is no {kind} in the request: send it as a multipart file")
        return uploads

    def post_from(self, call: Call, user_id: str, contents: list[Content]) -> list[Json]:
        """Write into the chat as the user; several contents are an album."""
        user, chat = self.meet(call, user_id)
        if chat.type == "private" and call.bot.members.of_bot(chat.id) not in INSIDE:
            raise bad_request("this user has blocked the bot, and writes to it again once it is unblocked")
        reply_to = self.reply_to(call, chat)
        sender, sender_chat = self.author(call, user, chat)
        messages = call.bot.post(
            sender,
            chat,
            contents,
            reply_to=reply_to,
            client_id=self.client_id(call),
            sender_chat=sender_chat,
            topic=call.bot.topic(chat, call.integer("message_thread_id"), reply_to),
        )
        return [message.to_json() for message in messages]

    def author(self, call: Call, user: User, chat: Chat) -> tuple[User, Chat | None]:
        """Whom the bot is told a message is from: the user, the group they lead unnamed, or a channel of theirs."""
        sender_chat_id = call.integer("sender_chat_id")
        if not sender_chat_id:
            return user, None
        if chat.type == "private" or sender_chat_id > 0:
            raise bad_request("sender_chat_id is the id of the group, or of a channel to write as there")
        if sender_chat_id != chat.id:
            return CHANNEL_BOT, Chat(sender_chat_id, "channel", f"Channel {-sender_chat_id}")
        if call.bot.members.of(chat.id, user.id) not in ADMINS:
            raise bad_request("only an admin writes as the group")
        return GROUP_ANONYMOUS, chat

    def words(self, call: Call, name: str) -> FormattedText:
        """A text with its entities; forms end lines in their own way, which Telegram's clients do not."""
        return detect_entities(call.text(name).replace("\r\n", "\n").strip())

    def client_id(self, call: Call) -> str:
        """What the user's client calls this sending."""
        return call.text("client_id")[:MAX_CLIENT_ID]

    async def answer_once(self, call: Call, user_id: str, write: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Write, and answer with what was written; what a client sends again under the same name is written once."""
        if not self.client_id(call):
            self.answer(await write())
            return
        name, sendings = (int(user_id), self.chat_id(call, user_id), self.client_id(call)), call.bot.sendings
        if name not in sendings:
            sendings[name] = asyncio.create_task(write())
        try:
            self.answer(await sendings[name])
        except Exception:
            sendings.pop(name, None)
            raise


class TextHandler(UserHandler):
    """`/user/<id>/text`."""

    async def post(self, user_id: str) -> None:
        """Write a text to the bot."""
        call = self.read()
        await self.answer_once(call, user_id, partial(self._write, call, user_id))

    async def _write(self, call: Call, user_id: str) -> Json:
        return self.post_from(call, user_id, [Content(rules.check_text(self.words(call, "text")))])[0]


class MediaHandler(UserHandler):
    """`/user/<id>/photo` and `/user/<id>/document`."""

    async def post(self, user_id: str, kind: str) -> None:
        """Send one file, or several as an album; the caption goes with the first."""
        call = self.read()
        await self.answer_once(call, user_id, partial(self._write, call, user_id, kind))

    async def _write(self, call: Call, user_id: str, kind: str) -> list[Json]:
        uploads = self.uploads(call, kind)
        if len(uploads) > 1:
            rules.check_album([kind] * len(uploads))
        caption = rules.check_caption(self.words(call, "caption"))
        media = [await call.bot.files.add(kind, upload) for upload in uploads]
        captions = [caption, *[NO_TEXT] * (len(media) - 1)]
        return self.post_from(call, user_id, [Content(*pair) for pair in zip(captions, media, strict=True)])


class StickerHandler(UserHandler):
    """`/user/<id>/sticker`."""

    async def post(self, user_id: str) -> None:
        """Send a WebP picture as a static sticker."""
        call = self.read()
        [upload, *_] = self.uploads(call, "sticker")
        sticker = call.bot.files.add_sticker(upload.content, call.text("emoji") or STICKER_EMOJI)
        self.answer(self.post_from(call, user_id, [Content(media=sticker)])[0])


class OtherHandler(UserHandler):
    """`/user/<id>/other`."""

    async def post(self, user_id: str) -> None:
        """Send something of another kind, which has no file behind it."""
        call = self.read()
        if (kind := call.text("kind")) not in OTHER_KINDS:
            raise bad_request(f'kind must be one of {", ".join(OTHER_KINDS)}; got "{kind}"')
        self.answer(self.post_from(call, user_id, [Content(other=OTHER_KINDS[kind])])[0])


class TapHandler(UserHandler):
    """`/user/<id>/tap`."""

    async def post(self, user_id: str) -> None:
        """Press an inline button; `force` presses one that the message does not have (any more)."""
        call = self.read()
        data = call.text("data")
        if inline_message_id := call.text("inline_message_id"):
            user = call.bot.person(self.user_id(user_id))
            self.answer({"callback_query_id": call.bot.tap_inline(user, inline_message_id, data)})
            return
        user, chat = self.meet(call, user_id)
        message_id = call.integer("message_id")
        message = call.bot.messages.get((chat.id, message_id))
        buttons = message.button_data() if message else []
        if data not in buttons and not call.flag("force"):
            raise bad_request(
                f'message {message_id} has no button with data "{data}"; it has {buttons}. '
                'Pass "force": true to imitate a tap on an old message'
            )
        self.answer({"callback_query_id": call.bot.tap(user, chat, message_id, data)})


class LanguageHandler(UserHandler):
    """`/user/<id>/language`."""

    async def post(self, user_id: str) -> None:
        """Set what language the user's app tells the bot."""
        call = self.read()
        code = rules.check_language(call.text("language_code").lower())
        self.answer(call.bot.set_language(self.user_id(user_id), code).to_json())


class MessagesHandler(UserHandler):
    """`/user/<id>/messages`."""

    async def get(self, user_id: str) -> None:
        """What happened in the chat behind event `after`, waiting up to `wait` seconds for the first."""
        call = self.read()
        chat_id, wait_s = self.chat_id(call, user_id), call.seconds("wait", LONGEST_WAIT_S)
        self.answer(await call.bot.events.wait_for(int(user_id), chat_id, call.integer("after"), wait_s))


class UserFileHandler(UserHandler):
    """`/user/<id>/file/<file_id>`."""

    async def get(self, user_id: str, file_id: str) -> None:
        """Send a file's bytes; of any size, and behind an expired id too."""
        file = self.read().bot.files.get(file_id)
        if file is None:
            raise ApiError(404, f"Not Found: no file has the id {file_id}")
        guessed = mimetypes.guess_type(file.path)[0]
        self.set_header("Content-Type", guessed if guessed in SHOWN_TYPES else "application/octet-stream")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")  # an id is of one content for ever
        self.finish(file.content)


class FaultsHandler(UserHandler):
    """`/faults`."""

    async def post(self) -> None:
        """Ask for a fault."""
        call = self.read()
        bots = self.state.bots.values()
        if call.flag("drop_file_ids"):
            for bot in bots:
                bot.files.expire_all()
        elif call.text("refuse_photo"):
            refusal = Refusal(
                call.text("description") or Refusal.description, not call.text("named") or call.flag("named")
            )
            for bot in bots:
                bot.files.refusals[call.text("refuse_photo").lower()] = refusal
        elif call.text("next_update_id"):
            call.bot.updates.count_from(call.integer("next_update_id", 1))
        else:
            self.faults.add(call)
        self.answer(self.faults.to_json())

    async def get(self) -> None:
        """The faults that still wait for their call, and the shares."""
        self.answer(self.faults.to_json())

    async def delete(self) -> None:
        """No more faults, and no photo is refused any more."""
        self.faults.clear()
        for bot in self.state.bots.values():
            bot.files.refusals.clear()
        self.answer(self.faults.to_json())


class RecordHandler(UserHandler):
    """`/record`."""

    async def get(self) -> None:
        """All calls and updates of a bot."""
        bot = self.read().bot
        self.answer(to_json(bot.calls, bot.updates.book))
