"""From HTTP to the Bot API's methods and back: the envelope of every answer, and file downloads."""

import json
import logging
from typing import Any

from tornado.web import HTTPError, RequestHandler

from sandbox.bot_api import method_by_name
from sandbox.calls import read_call
from sandbox.errors import ApiError
from sandbox.faults import DOWNLOADS, GARBAGE, Fault, Faults
from sandbox.guard import refusal
from sandbox.record import CallRecord, message_ids
from sandbox.state import Bot, State
from sandbox.waiting import Traffic

log = logging.getLogger("sandbox")


class ApiHandler(RequestHandler):
    """Answers `{"ok": true, "result": ...}`, or the `ApiError` raised on the way."""

    state: State
    faults: Faults
    traffic: Traffic

    def initialize(self, state: State, faults: Faults, traffic: Traffic) -> None:
        """Take what all requests share."""
        self.state, self.faults, self.traffic = state, faults, traffic

    def prepare(self) -> None:
        """Count the request as under way; refuse web sites."""
        self.traffic.enter(self)
        if why := refusal(self):
            raise ApiError(403, f"Forbidden: {why}")

    def on_finish(self) -> None:
        """Count the request as over."""
        self.traffic.leave(self)

    def set_default_headers(self) -> None:
        """Drop what identifies the server software; let browsers take answers for what they are called."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def answer(self, result: Any) -> None:
        """Send a result."""
        self._send({"ok": True, "result": result})

    def refuse(self, error: ApiError) -> None:
        """Send an error, with the HTTP status it names."""
        self.set_status(error.code)
        body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
        if error.parameters:
            body["parameters"] = error.parameters
        self._send(body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Put tornado's own refusals, and our mistakes, into the same envelope."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ApiError):
            self.refuse(error)
        elif isinstance(error, HTTPError):
            self.refuse(ApiError(status_code, error.log_message or self._reason))
        else:
            self.refuse(ApiError(status_code, "Internal Server Error"))

    def log_exception(self, *exc_info: Any) -> None:
        """Log mistakes of the sandbox, not the refusals it is there for."""
        if not isinstance(exc_info[1], ApiError | HTTPError):
            super().log_exception(*exc_info)

    def _send(self, body: Any) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body, ensure_ascii=False))


class BotHandler(ApiHandler):
    """What a bot asks: carried out and answered as the fault has it that befalls the call, and noted in the record."""

    is_gone = False
    bot: Bot | None = None
    entry: CallRecord | None = None
    fault: Fault | None = None

    def begin(self, bot: Bot, method: str, chat_id: str = "", inline_message_id: str = "") -> None:
        """Note a call, and see what befalls it."""
        self.bot, self.fault = bot, self.faults.take(method)
        self.entry = bot.calls.open(method, chat_id, inline_message_id)
        self.entry.fault = str(self.fault.kind) if self.fault else ""

    async def carry_out(self) -> Any:
        """Do what is asked, whatever becomes of the answer."""
        raise NotImplementedError

    def give(self, result: Any) -> None:
        """Answer with the result."""
        self.answer(result)

    async def go_on(self) -> None:
        """Carry the call out, unless the fault forbids it, and answer."""
        fault, result, refused = self.fault, None, None
        try:
            if fault is None or fault.carries_out:
                result = await self.carry_out()
        except ApiError as error:
            refused = error
        self._note(result, refused)
        if fault is not None:
            await self.traffic.delay(fault.delay_s)
            if fault.hangs:
                await self.traffic.hang(lambda: self.is_gone)
            if fault.cuts:
                self._cut()
                return
            if fault.is_garbage:
                self.set_header("Content-Type", "text/html")
                self.finish(GARBAGE)
                return
            if not fault.carries_out:
                refused = fault.error()
                self._note(None, refused)
        if refused is not None:
            raise refused
        self.give(result)

    def on_finish(self) -> None:
        """Note that the call is answered."""
        super().on_finish()
        if self.bot is not None and self.entry is not None:
            makes_sense = self.fault is None or not self.fault.is_garbage
            self.bot.calls.close(self.entry, replied=makes_sense and not self.is_gone)

    def on_connection_close(self) -> None:
        """Who asked waits no more."""
        self.is_gone = True
        self.traffic.left()
        if self.bot is not None and self.entry is not None:
            self.bot.updates.bell.ring()
            self.bot.calls.close(self.entry, replied=False)

    def _note(self, result: Any, refused: ApiError | None) -> None:
        if self.entry is None:
            return
        if refused is not None:
            self.entry.error_code, self.entry.description = refused.code, refused.description
        elif self.fault is None or self.fault.carries_out:
            self.entry.carried_out, self.entry.message_ids = True, message_ids(result)

    def _cut(self) -> None:
        """Close the connection without a word."""
        if self.bot is not None and self.entry is not None:
            self.bot.calls.close(self.entry, replied=False)
        self.traffic.leave(self)
        if not self.is_gone:
            self.detach().close()


class BotMethodHandler(BotHandler):
    """`/bot<token>/<method>`, by GET or POST."""

    async def get(self, token: str, method: str) -> None:
        """Carry out a method."""
        self.method = method
        self.call = read_call(self.state.bot_by_token(token), self.request, lambda: self.is_gone)
        self.begin(self.call.bot, method, self.call.text("chat_id"), self.call.text("inline_message_id"))
        await self.go_on()

    post = get

    async def carry_out(self) -> Any:
        """Call the method's function, and log that it was."""
        function, bot = method_by_name(self.method), self.call.bot
        if function is None:
            raise ApiError(404, "Not Found: method not found")
        try:
            result = await function(self.call)
        except ApiError as error:
            log.info("bot %d %s: %s", bot.id, self.method, error)
            raise
        if self.method.lower() != "getupdates":
            log.info("bot %d %s", bot.id, self.method)
        return result


class BotFileHandler(BotHandler):
    """`/file/bot<token>/<file_path>`; its faults bear the method name `file`."""

    async def get(self, token: str, path: str) -> None:
        """Send a file's bytes."""
        bot = self.state.bot_by_token(token)
        self.file = bot.files.by_path(path)
        self.begin(bot, DOWNLOADS)
        await self.go_on()

    async def carry_out(self) -> bytes:
        """The bytes."""
        if self.file is None:
            raise ApiError(404, "Not Found")
        return self.file.content

    def give(self, result: Any) -> None:
        """Answer with the bytes."""
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(result)


class NotFoundHandler(ApiHandler):
    """Every other address."""

    def prepare(self) -> None:
        """Refuse, naming where things are."""
        super().prepare()
        raise ApiError(
            404,
            "Not Found: the chat page is at /, methods are at /bot<token>/<method>, "
            "users at /user/<id>/..., faults at /faults",
        )
