"""One request as its method sees it: the parameters, the uploads and the bot that asks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tornado.httputil import HTTPServerRequest

from sandbox.errors import ApiError, bad_request
from sandbox.files import MAX_UPLOAD_BYTES, Upload
from sandbox.state import Bot


@dataclass(frozen=True)
class Call:
    """Parameters are text, as they come in a query, a form or a JSON body alike."""

    bot: Bot
    params: Mapping[str, str]
    uploads: Mapping[str, list[Upload]] = field(default_factory=dict)
    is_gone: Callable[[], bool] = lambda: False
    """Whether who called waits for the answer no more."""

    def text(self, name: str) -> str:
        """A parameter, empty where it is missing."""
        return self.params.get(name, "")

    def required(self, name: str) -> str:
        """A parameter that must be there and not empty."""
        if not self.text(name):
            raise bad_request(f'parameter "{name}" is required')
        return self.text(name)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; what is none counts as missing, as at Telegram."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def seconds(self, name: str, longest: float) -> float:
        """A duration from 0 to the longest allowed; 0 where it is missing."""
        try:
            return min(max(float(self.text(name)), 0.0), longest)
        except ValueError:
            return 0.0

    def flag(self, name: str) -> bool:
        """Whether a parameter says yes."""
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def json(self, name: str) -> Any:
        """A parameter that holds JSON; None where it is missing."""
        if not self.text(name):
            return None
        try:
            return json.loads(self.text(name))
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """The file uploaded under this name."""
        return next(iter(self.uploads.get(name, [])), None)


def read_call(bot: Bot, request: HTTPServerRequest, is_gone: Callable[[], bool] = lambda: False) -> Call:
    """Parameters and uploads of a request, wherever they stand in it."""
    try:
        params = {name: values[-1].decode() for name, values in request.arguments.items() if values}
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    if request.headers.get("Content-Type", "").startswith("application/json"):
        params.update(_json_params(request.body))
    uploads = {
        name: [Upload(part.filename, part.content_type, part.body) for part in parts]
        for name, parts in request.files.items()
    }
    if any(len(upload.content) > MAX_UPLOAD_BYTES for parts in uploads.values() for upload in parts):
        raise ApiError(413, "Request Entity Too Large")
    return Call(bot, params, uploads, is_gone)


def _json_params(body: bytes) -> dict[str, str]:
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(fields, dict):
        raise bad_request("the JSON body must be an object")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
        if value is not None
    }
