"""The one error the sandbox answers with.

ApiError        a request that is refused, with Telegram's code and words
"""


class ApiError(Exception):
    """A refused request: becomes `{"ok": false, "error_code": ..., "description": ...}`.

    Keyword parameters travel as the answer's `parameters`, such as `retry_after`.
    """

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(reason: str) -> ApiError:
    """An `ApiError` of code 400, the kind that nearly every broken rule leads to."""
    return ApiError(400, f"Bad Request: {reason}")


def too_many_requests(retry_after_s: int) -> ApiError:
    """An `ApiError` of code 429, which tells the caller how long to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)
