"""Calls to Telegram by python-telegram-bot's own way; of what comes back only what is asked about is read."""

from typing import Any

from telegram.request import HTTPXRequest


class Calls(HTTPXRequest):
    """An album comes back as ten messages, each with all that it replies to, and each field would become an object."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As Telegram answers, but messages have no more than number, date, chat and the largest size of a photo."""
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer, dict) and "result" in answer:
            result = answer["result"]
            answer["result"] = [_cut(one) for one in result] if isinstance(result, list) else _cut(result)
        return answer


def _cut(result: Any) -> Any:
    if not isinstance(result, dict) or "message_id" not in result:
        return result
    kept = {key: result[key] for key in ("message_id", "date", "chat") if key in result}
    return {**kept, "photo": result.get("photo", [])[-1:]}
