"""Where a product's pictures are, out of what a feed's field holds: one address, a list of them, a file's name."""

import html
import re
import unicodedata

from imgrec.catalogue.feed import is_url

_PLAIN = re.compile(r"https?://[!#-%'-+\--:=?-\[\]-{}~]+")  # no mark that lists are made of, nothing to be mended
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]+\d*);")
_TIMES_ESCAPED = 3
_BEGINS = r"(?:https?:[\\/]{2}|//(?=[\w-]+\.[\w.-]+/))"
_BETWEEN = re.compile(rf"[\s,|;]+(?={_BEGINS})", re.IGNORECASE)
_ADDRESS = re.compile(_BEGINS, re.IGNORECASE)
_BETWEEN_FILES = re.compile(r"\s*[,|;\n]\s*")
_FILE = re.compile(r"\.(?:jpe?g|jfif|png|webp|gif|avif|heic|heif|bmp|tiff?|jxl)$", re.IGNORECASE)
_AROUND = " \t\r\n,|;\"'<>"


def pictures_in(text: str) -> list[str]:
    """The pictures that a field names, each once, in order: URLs, or paths of files.

    A list is split only where an address begins, or where every part is a picture's file, for addresses and names may
    hold commas themselves.
    """
    if _PLAIN.fullmatch(text):
        return [text]
    text = _visible(_unescaped(text)).strip(_AROUND)
    parts = [text]
    if _ADDRESS.search(text):
        parts = _BETWEEN.split(text)
    elif len(names := _BETWEEN_FILES.split(text)) > 1 and all(map(_FILE.search, names)):
        parts = names
    return list(dict.fromkeys(picture for part in parts if (picture := _mended(part.strip(_AROUND)))))


def address_in(text: str) -> str | None:
    """The one address that a field holds, mended; None where it is blank."""
    return _mended(_visible(_unescaped(text)).strip(_AROUND)) or None


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
        return f"https://{picture}" if picture.lower().startswith("www.") else picture
    address, question, query = picture.partition("?")
    address = address.replace("\\", "/")
    if address.startswith("//"):
        address = f"https:{address}"
    return address + question + query if is_url(address) else picture
