"""From HTTP to the Bot API's methods and back: the envelope of every answer, and file downloads."""

import json
import logging
from typing import Any

from tornado.web import HTTPError, RequestHandler

from sandbox.bot_api import method_by_name
from sandbox.calls import Call, read_call
from sandbox.errors import ApiError
from sandbox.faults import Faults
from sandbox.guard import refusal
from sandbox.state import State
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


class BotMethodHandler(ApiHandler):
    """`/bot<token>/<method>`, by GET or POST."""

    async def get(self, token: str, method: str) -> None:
        """Carry out a method."""
        call = read_call(self.state.bot_by_token(token), self.request)
        fault = self.faults.take(method)
        if fault is not None and (error := fault.error()):
            await self.traffic.delay(fault.delay_s)
            raise error
        result = await self._carry_out(method, call)
        if fault is not None:
            await self.traffic.delay(fault.delay_s)
        self.answer(result)

    post = get

    def on_connection_close(self) -> None:
        """A bot that went away in the midst of a poll no longer listens."""
        token, method = self.path_args
        if method.lower() == "getupdates" and token in self.state.bots:
            self.state.bots[token].updates.end_poll("the end of its connection")

    async def _carry_out(self, method: str, call: Call) -> Any:
        function = method_by_name(method)
        if function is None:
            raise ApiError(404, "Not Found: method not found")
        try:
            result = await function(call)
        except ApiError as error:
            log.info("bot %d %s: %s", call.bot.id, method, error)
            raise
        if method.lower() != "getupdates":
            log.info("bot %d %s", call.bot.id, method)
        return result


class BotFileHandler(ApiHandler):
    """`/file/bot<token>/<file_path>`; its faults bear the method name `file`."""

    async def get(self, token: str, path: str) -> None:
        """Send a file's bytes."""
        file = self.state.bot_by_token(token).files.by_path(path)
        fault = self.faults.take("file")
        if fault is not None:
            await self.traffic.delay(fault.delay_s)
            if error := fault.error():
                raise error
        if file is None:
            raise ApiError(404, "Not Found")
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(file.content)


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
