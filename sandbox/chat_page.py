"""The chat page: its files, and the headers that keep it to itself."""

from pathlib import Path
from typing import Any

from tornado.web import HTTPError, StaticFileHandler

from sandbox.guard import refusal

PAGE = Path(__file__).with_name("page")

CONTENT_TYPES = {  # some systems have other ideas about ".js", and browsers would refuse the page
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}

# Nothing comes from elsewhere, nothing inline runs, and no text ever becomes HTML (trusted-types: no policy).
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src blob:",
        "connect-src 'self' {websocket}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)


class PageHandler(StaticFileHandler):
    """`/`, and the files below `/page/`."""

    def prepare(self) -> None:
        """Refuse web sites."""
        if refusal(self):
            raise HTTPError(403)

    def set_default_headers(self) -> None:
        """What holds for refusals too."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")

    def set_extra_headers(self, path: str) -> None:
        """The strict policy; browsers ask each time whether a file is still the same."""
        scheme = "wss" if self.request.protocol == "https" else "ws"
        # Safari does not count WebSockets as 'self'.
        self.set_header("Content-Security-Policy", POLICY.format(websocket=f"{scheme}://{self.request.host}"))
        self.set_header("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-cache")

    def get_content_type(self) -> str:
        """By the name's ending."""
        return CONTENT_TYPES.get(Path(str(self.absolute_path)).suffix, "application/octet-stream")

    def write_error(self, status_code: int, **_: Any) -> None:
        """One plain line."""
        why = refusal(self) if status_code == 403 else ""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}{': ' if why else ''}{why}\n")
