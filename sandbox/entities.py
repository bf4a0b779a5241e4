"""Formatted text: Telegram's HTML into plain text and entities, and what clients find by themselves.

Offsets and lengths count UTF-16 code units, as everywhere in the Bot API.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import ApiError, bad_request
from sandbox.wire import Json

ENTITY_OF_TAG = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}

ENTITY_TYPES = frozenset(ENTITY_OF_TAG.values()) | {
    *("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"),
    *("expandable_blockquote", "text_mention"),
}

_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot)(?![A-Za-z]));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_END_TAG = re.compile(r"</([^\s>]*)\s*>")
_ATTRIBUTE = re.compile(r"""([^\s=>"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]*)(?=[\s>]))""", re.ASCII)
_SPACE = re.compile(r"\s*")

_BOT_COMMAND = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@])")
_MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")
_URL = re.compile(r"(?<!\w)https?://[^\s<>]+[^\s<>.,;:!?'\")]")


@dataclass(frozen=True)
class FormattedText:
    """Plain text and its entities, in the order of their offsets."""

    text: str
    entities: tuple[Json, ...] = ()

    @property
    def length(self) -> int:
        """Length in UTF-16 code units, which is what Telegram's limits count."""
        return utf16_length(self.text)

    def part(self, entity: Json) -> str:
        """The words that an entity covers."""
        units = self.text.encode("utf-16-le")[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])]
        return units.decode("utf-16-le", errors="replace")


NO_TEXT = FormattedText("")


def utf16_length(text: str) -> int:
    """How many UTF-16 code units a text takes."""
    return len(text) + sum(char > "\uffff" for char in text)


def format_text(source: str, parse_mode: str = "", entities: Any = None) -> FormattedText:
    """The text a bot sends, parsed by its parse mode or paired with the entities given, then trimmed."""
    source = source.replace("\r", "")
    mode = parse_mode.lower()
    if mode in ("", "none"):
        return _trim(FormattedText(source, _checked(entities)))
    if mode == "html":
        return _trim(_HtmlParser(source).parse())
    if mode in ("markdown", "markdownv2"):
        raise bad_request(f"the sandbox parses HTML only; parse_mode {parse_mode} is not imitated")
    raise bad_request("unsupported parse_mode")


def detect_entities(text: str) -> FormattedText:
    """The text a user types, with the commands, mentions and links that Telegram finds in it."""
    found: list[Json] = []
    for kind, pattern in (("url", _URL), ("bot_command", _BOT_COMMAND), ("mention", _MENTION)):
        for match in pattern.finditer(text):
            offset, length = utf16_length(text[: match.start()]), utf16_length(match[0])
            if not any(e["offset"] < offset + length and offset < e["offset"] + e["length"] for e in found):
                found.append({"type": kind, "offset": offset, "length": length})
    return FormattedText(text, _sorted(found))


def _sorted(entities: list[Json]) -> tuple[Json, ...]:
    return tuple(sorted(entities, key=lambda entity: (entity["offset"], -entity["length"])))


def _checked(entities: Any) -> tuple[Json, ...]:
    if not isinstance(entities, list):
        return ()
    for entity in entities:
        if not isinstance(entity, dict):
            raise bad_request("can't parse MessageEntity: expected an Object")
        if not isinstance(entity.get("offset"), int) or not isinstance(entity.get("length"), int):
            raise bad_request('can\'t parse MessageEntity: Can\'t find field "offset" or "length"')
        if entity.get("type") not in ENTITY_TYPES:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
    return _sorted(entities)


def _trim(formatted: FormattedText) -> FormattedText:
    """Cut white space off both ends; entities move along and shrink to what is left."""
    text = formatted.text.strip()
    cut = utf16_length(formatted.text) - utf16_length(formatted.text.lstrip())
    end = utf16_length(text)
    kept = []
    for entity in formatted.entities:
        start = min(max(entity["offset"] - cut, 0), end)
        stop = min(max(entity["offset"] + entity["length"] - cut, 0), end)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return FormattedText(text, tuple(kept))


@dataclass(frozen=True)
class _OpenTag:
    name: str
    attributes: dict[str, str]
    offset: int
    first_piece: int


class _HtmlParser:
    """Reads Telegram's HTML from left to right; errors name the byte they were met at, as Telegram's do."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.pieces: list[str] = []
        self.offset = 0
        self.open: list[_OpenTag] = []
        self.entities: list[Json] = []

    def parse(self) -> FormattedText:
        """The text without tags, and an entity for each of them that holds something."""
        while self.position < len(self.source):
            if self.source.startswith("</", self.position):
                self._end_tag()
            elif self.source[self.position] == "<":
                self._start_tag()
            else:
                self._text()
        if self.open:
            raise _unparsable(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        return FormattedText("".join(self.pieces), _sorted(self.entities))

    def _text(self) -> None:
        reference = _REFERENCE.match(self.source, self.position)
        piece = _decoded(reference) if reference else ""
        if reference and piece:
            self.position = reference.end()
        else:
            piece = self.source[self.position]
            self.position += 1
        self.pieces.append(piece)
        self.offset += utf16_length(piece)

    def _start_tag(self) -> None:
        begin = self.position
        name_match = _TAG_NAME.match(self.source, begin + 1)
        assert name_match is not None  # noqa: S101 - the pattern matches the empty string
        name, self.position = name_match[0].lower(), name_match.end()
        if self.position == len(self.source):
            raise _unparsable(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if name not in ENTITY_OF_TAG:
            raise _unparsable(f'Unsupported start tag "{name}" at byte offset {self._byte(begin)}')
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.open.append(_OpenTag(name, attributes, self.offset, len(self.pieces)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        """The attributes up to the closing `>`, which is consumed."""
        attributes: dict[str, str] = {}
        while True:
            space = _SPACE.match(self.source, self.position)
            self.position = space.end() if space else self.position
            if self.source.startswith(">", self.position):
                self.position += 1
                return attributes
            if tag == "blockquote" and self.source.startswith("expandable", self.position):
                self.position += len("expandable")
                attributes["expandable"] = ""
                continue
            match = _ATTRIBUTE.match(self.source, self.position)
            if match is None:
                raise self._broken_attribute(tag, begin)
            value = next((group for group in match.groups()[1:] if group is not None), "")
            attributes[match[1]] = _REFERENCE.sub(_decoded, value)
            self.position = match.end()

    def _broken_attribute(self, tag: str, begin: int) -> ApiError:
        if ">" not in self.source[self.position :]:
            return _unparsable(f"Unclosed start tag at byte offset {self._byte(begin)}")
        return _unparsable(
            f'Expected equal sign in declaration of an attribute of the tag "{tag}" at byte offset {self._byte(begin)}'
        )

    def _end_tag(self) -> None:
        begin = self._byte(self.position)
        if not self.open:
            raise _unparsable(f"Unexpected end tag at byte offset {begin}")
        match = _END_TAG.match(self.source, self.position)
        if match is None:
            raise _unparsable(f"Unclosed end tag at byte offset {begin}")
        tag, found = self.open.pop(), match[1].lower()
        if found not in ("", tag.name):
            raise _unparsable(f'Unmatched end tag at byte offset {begin}, expected "</{tag.name}>", found "</{found}>"')
        self.position = match.end()
        if self.offset > tag.offset:
            self._close(tag)

    def _close(self, tag: _OpenTag) -> None:
        kind = ENTITY_OF_TAG[tag.name]
        entity: Json = {"type": kind, "offset": tag.offset, "length": self.offset - tag.offset}
        if kind == "text_link":
            url = checked_link(tag.attributes.get("href") or "".join(self.pieces[tag.first_piece :]))
            if not url:
                return
            entity["url"] = url
        elif kind == "custom_emoji":
            if not tag.attributes.get("emoji-id", "").isdigit():
                raise _unparsable("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = tag.attributes["emoji-id"]
        elif kind == "code" and tag.attributes.get("class", "").startswith("language-"):
            entity["language"] = tag.attributes["class"].removeprefix("language-")
        elif kind == "blockquote" and "expandable" in tag.attributes:
            entity["type"] = "expandable_blockquote"
        elif kind == "pre":
            self._absorb_code(entity)
        self.entities.append(entity)

    def _absorb_code(self, pre: Json) -> None:
        """`<pre><code class="language-x">` is one `pre` entity with a language."""
        inner = self.entities[-1] if self.entities else {}
        same_place = (inner.get("offset"), inner.get("length")) == (pre["offset"], pre["length"])
        if same_place and inner["type"] == "code" and inner.get("language"):
            pre["language"] = self.entities.pop()["language"]

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode())


def _unparsable(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")


def _decoded(reference: re.Match[str]) -> str:
    """The character a reference stands for; the reference itself where there is none."""
    decimal, hexadecimal, name = reference.groups()
    if name:
        return {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else reference[0]


def checked_link(url: str) -> str:
    """The address as Telegram stores it, with scheme and path; empty where it is no address."""
    url = url.strip()
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme == "tg":
        return url
    if parts.scheme not in ("http", "https") or not parts.hostname or "." not in parts.hostname:
        return ""
    return url if parts.path or parts.query else f"{url}/"
