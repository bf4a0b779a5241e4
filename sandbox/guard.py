"""Who may ask: programs on this machine and the sandbox's own page, but no web site that a browser happens to show.

Two tricks are open to a web site against a server on loopback. It can send requests there from its own pages
(cross-site request forgery); browsers then name the site in `Origin` or `Sec-Fetch-Site`. Or it can let its own name
point to this machine for a while (DNS rebinding), and be of the same origin; `Host` then holds that name.
"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

OWN_ENDINGS = (".localhost", ".internal")  # reserved: nobody can have a web site there
OWN_FETCHES = ("", "same-origin", "none")


def refusal(handler: RequestHandler) -> str:
    """Why a handler's request is not to be answered; empty where it is. Clients that are no browsers pass."""
    request = handler.request
    if not is_own_host(request.host, handler.settings.get("own_name", "")):
        return (
            f'the host "{request.host}" is not this sandbox; use an IP address, localhost or the name given by --host'
        )
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).netloc != request.host:
        return f'pages of "{origin}" may not use this sandbox'
    fetched_from = request.headers.get("Sec-Fetch-Site", "")
    if fetched_from not in OWN_FETCHES and not _is_visit(request):
        return f"other web sites may not use this sandbox; the request was {fetched_from}"
    return ""


def is_own_host(host: str, own_name: str = "") -> bool:
    """Whether a `Host` names this machine: by an address, by a name without a dot, or by the name listened on.

    A web site in disguise shows its own name there, which has a dot.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        return bool(ip_address(name))
    except ValueError:
        plain = re.fullmatch(r"[\w-]+", name, re.ASCII)
        return bool(plain) or name.endswith(OWN_ENDINGS) or (bool(name) and name == own_name.lower())


def _is_visit(request: HTTPServerRequest) -> bool:
    """Somebody follows a link to the page itself."""
    return request.method == "GET" and request.path == "/" and request.headers.get("Sec-Fetch-Mode") == "navigate"
