"""Where a product's pictures are, out of what a feed's field holds: one address, a list of them, a file's name."""

import html
import re
import unicodedata

from imgrec.catalogue.feed import is_url

_PLAIN = re.compile(
    r"https?://(?!https?:)[\w-][!#-%'-+\--:=?-\[\]-{}~]*[\w/]", re.ASCII
)  # no list's mark, nothing to be mended
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]+\d*);")
_TIMES_ESCAPED = 3
_HOST_FOLLOWS = r"(?=[\w-]+\.[\w.-]+(?::\d+)?[\\/])"
_BEGINS = r"(?:https?\ ?:\ ?(?:[\\/]{2}\ ?(?![\\/])|[\\/]{1,4}HOST)|https?;?//HOST|//HOST)".replace(
    "HOST", _HOST_FOLLOWS
)
_BETWEEN = re.compile(rf"(?<!http:)(?<!https:)(?:[\s,|;、，]|<br\ ?/?>|\\[nrt])+(?={_BEGINS})", re.IGNORECASE)
_ADDRESS = re.compile(_BEGINS, re.IGNORECASE)
_TWICE = re.compile(rf"https?:[\\/]{{2}}(?={_BEGINS})", re.IGNORECASE)
_BETWEEN_FILES = re.compile(r"\s*[,|;\n]\s*")
_FILE = re.compile(r"\.(?:jpe?g|jfif|png|webp|gif|avif|heic|heif|bmp|tiff?|jxl)$", re.IGNORECASE)
_IN_QUOTES = re.compile(rf"""["'(]({_BEGINS}[^"'<>\s]+?)(?:["')]|$)""", re.IGNORECASE)  # of markup, JSON or a formula
_DESCRIBED = re.compile(r"\s+!\s(?:alt|title|desc|caption)\s*:.*?(?=$|[|,]\s*https?:)", re.IGNORECASE | re.DOTALL)
_ENDED = re.compile(r"(\.(?:jpe?g|png|webp|gif|avif))[.:)\]}!?]+$", re.IGNORECASE)
_AROUND = " \t\r\n\u00a0\u2002\u2003\u2007\u2009\u202f\u3000,|;\"'<>`“”„‘’«»"
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_HOST = re.compile(
    r"(?:[\w-]+\.)+(?:com|net|org|info|biz|shop|store|io|co|eu|de|at|ch|fr|it|es|pt|nl|be|uk|ie|pl|cz|sk|hu|ro|bg|gr|hr"
    r"|si|se|dk|no|fi|ee|lv|lt|ua|ru|tr|us|ca|mx|br|ar|cl|au|nz|in|jp|kr|cn|za|ae)(?::\d+)?/",
    re.IGNORECASE,
)
_NOTHING = frozenset(["-", "0", "none", "null", "nil", "nan", "n/a", "#n/a", "false", "no image", "undefined"])


def pictures_in(text: str) -> list[str]:
    """The pictures that a field names, each once, in order: URLs, or paths of files.

    A list is split only where an address begins, or where every part is a picture's file, for addresses and names may
    hold commas themselves. Of a field that does not begin with an address, those in quotes count, as in JSON. What
    says that there is no picture, and one within the feed (`data:`), is none.
    """
    if _PLAIN.fullmatch(text):
        return [text]
    text = _bare(text)
    parts = [text]
    if _ADDRESS.search(text):
        parts = _addresses(text)
    elif len(names := _BETWEEN_FILES.split(text)) > 1 and all(map(_FILE.search, names)):
        parts = names
    found = (part if _PLAIN.fullmatch(part) else _mended(part.strip(_AROUND)) for part in parts)
    return list(dict.fromkeys(picture for picture in found if picture and not _is_none(picture)))


def address_in(text: str) -> str | None:
    """The one address that a field holds, mended; None where it is blank."""
    return text if _PLAIN.fullmatch(text) else _mended(_bare(text)) or None


def _bare(text: str) -> str:
    text = _visible(_unescaped(text))
    return (_CDATA.sub("", text) if "CDATA" in text else text).strip(_AROUND)


def _addresses(text: str) -> list[str]:
    """The parts of a list that holds at least one address."""
    if text[:4] != "http" and not _ADDRESS.match(text):
        text = text.replace("\\/", "/")  # as JSON may have it
        if quoted := _IN_QUOTES.findall(text):
            return quoted
        if text[-1] == _CLOSES.get(text[0]):
            text = text[1:-1]
    parts = _BETWEEN.split(_DESCRIBED.sub("", text) if "!" in text else text)
    return [part for part in parts if part[:4] == "http" or _ADDRESS.match(part) or _FILE.search(part)] or parts


def _is_none(picture: str) -> bool:
    return picture[:4] != "http" and (picture.lower() in _NOTHING or picture[:5].lower() == "data:")


def _unescaped(text: str) -> str:
    """Entities resolved, also those that were escaped twice; `&copy=1` is none, but a part of an address."""
    for _ in range(_TIMES_ESCAPED):
        found = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text
        if found == text:
            break
        text = found
    return text


def _visible(text: str) -> str:
    """Without what nobody sees: byte-order marks, zero-width spaces, directions, control characters."""
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc"))


def _mended(picture: str) -> str:
    r"""An address as a browser would take it: `//` is https, and `\` is `/`. A file's name stays as it is."""
    begins = _ADDRESS.match(picture)
    if not begins:
        is_host = picture.lower().startswith("www.") or _HOST.match(picture)
        return f"https://{picture}" if is_host else picture
    if twice := _TWICE.match(picture):
        return _mended(picture[twice.end() :])
    scheme = re.split(r"[ :;/]", begins[0])[0] or "https"
    address, question, query = picture[begins.end() :].partition("?")
    address = f"{scheme}://" + address.replace("\\/", "/").replace("\\", "/")
    return _ENDED.sub(r"\1", address + question + query) if is_url(address) else picture
