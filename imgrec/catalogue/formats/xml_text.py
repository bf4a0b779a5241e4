"""A feed's XML as a strict parser takes it: decoded, and mended where a character is none that XML allows.

Stray ampersands and angle brackets, the entities of HTML, control characters: browsers read over them, expat stops at
the first. Nothing is expanded here but single characters.
"""

import codecs
import html
import re
from collections.abc import Iterator

from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.text_encoding import python_name
from imgrec.errors import FeedError

_PIECE_BYTES = 1 << 16
_FAR_ENOUGH = 4_000  # characters, before which a feed begins if it is one
_DECLARED = re.compile(rb"""<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([^"'<>]{1,80})["']""")
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,300}\?>")
_NOT_ALLOWED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_OTHER_THAN_XMLS = re.compile(
    r"<(?![^\W\d]|[/!?:])"  # 3 < 4
    r"|&(?!(?:amp|lt|gt|quot|apos);)(#[0-9]{1,8};|#[xX][0-9a-fA-F]{1,7};|[A-Za-z][A-Za-z0-9]{1,31};)?"
)
_LONGEST_ENTITY = 40


def pieces(feed: FeedFile) -> Iterator[bytes]:
    """The feed in UTF-8 from its first tag on, without its declaration; lines are where they were."""
    decoder = codecs.getincrementaldecoder(_encoding(feed))(errors="replace")
    text, is_last = "", False
    while len(text) < _FAR_ENOUGH and not is_last:
        more = feed.stream.read1(_PIECE_BYTES)
        is_last = not more
        text += decoder.decode(more, is_last)
    text = _from_its_beginning(feed, text)
    while True:
        text, held = (text, "") if is_last else _up_to_an_entity(text)
        yield _OTHER_THAN_XMLS.sub(_mended, _NOT_ALLOWED.sub(" ", text)).encode()
        if is_last:
            return
        more = feed.stream.read1(_PIECE_BYTES)
        is_last = not more
        text = held + decoder.decode(more, is_last)


def _encoding(feed: FeedFile) -> str:
    """Python's name of the encoding. Raises FeedError when the feed declares one that nobody knows."""
    found = _DECLARED.search(feed.head[: 2 * _FAR_ENOUGH])
    declared = python_name(found[1].decode("ascii", "replace")) if found else None
    if found and not declared and not feed.reading.encoding:
        raise FeedError(
            f"{feed.path} declares the encoding {found[1].decode('ascii', 'replace')!r}, which nobody knows. Say which "
            "it is in, such as --encoding utf-8 or --encoding windows-1252, and import again; nothing was retired."
        )
    return feed.encoding(declared)


def _from_its_beginning(feed: FeedFile, text: str) -> str:
    """Without what a server wrote before the feed, and without its declaration, but for line ends."""
    begins = text.find("<?xml", 0, _FAR_ENOUGH)
    begins = text.find("<") if begins < 0 else begins
    before, text = text[: max(begins, 0)], text[max(begins, 0) :]
    if before.strip("\ufeff \t\r\n\0"):
        feed.warn("begins with text that is no part of the feed and was ignored.")
    return "\n" * before.count("\n") + _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1)


def _up_to_an_entity(text: str) -> tuple[str, str]:
    """What can be read by now, and the entity, or tag, that begins at the end of it and goes on in the next piece."""
    if text.endswith("<"):
        return text[:-1], "<"
    begins = text.rfind("&", len(text) - _LONGEST_ENTITY)
    return (text, "") if begins < 0 or ";" in text[begins:] else (text[:begins], text[begins:])


def _mended(found: re.Match[str]) -> str:
    if not found[1]:
        return "&lt;" if found[0] == "<" else "&amp;"
    resolved = html.unescape(found[0])
    if resolved == found[0]:
        return f"&amp;{found[1]}"  # an entity that nobody knows
    return html.escape(_NOT_ALLOWED.sub(" ", resolved.replace("\ufffd", " ")))
