"""Guest mode: mentioned in a chat that it is not in, a bot may answer once, with one message."""

from sandbox.errors import bad_request
from sandbox.messages import Message
from sandbox.wire import Json


class Guests:
    """The mentions that a bot has not answered yet."""

    def __init__(self) -> None:
        self._waiting: dict[str, Message] = {}
        self._last = 0

    def invite(self, message: Message) -> Json:
        """The message as the bot is told of it, with the query by which it may answer."""
        self._last += 1
        self._waiting[f"guest-{self._last}"] = message
        return {**message.to_json(), "guest_query_id": f"guest-{self._last}"}

    def answered(self, query_id: str) -> Message:
        """The message that a bot answers now, which it can do once."""
        message = self._waiting.pop(query_id, None)
        if message is None:
            raise bad_request("guest query is too old or query ID is invalid")
        return message
