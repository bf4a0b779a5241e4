"""Google Merchant's XML feed, RSS 2.0 or Atom with the `g:` namespace, read item by item.

A feed is untrusted: a document type, and with it entities and whatever they might expand to or fetch, is refused, and
so are tags and nesting without end. What is not well-formed costs the item it stands in: reading goes on with the next.
"""

import re
from collections import deque
from xml.parsers import expat

from imgrec.catalogue.feed import Numbered, Outcome, Reason, Rejection, Unusable
from imgrec.catalogue.formats import google
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.xml_text import pieces
from imgrec.errors import FeedError

NAMESPACE = "http://base.google.com/ns/1.0"
_ITEMS = ("item", "entry")
_LONGEST_ITEM = 1_000_000  # characters of text
_LONGEST_TAG = 1 << 20
_DEEPEST = 100
_START_TAG = re.compile(rb"""<[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*>""")
_NAME = re.compile(rb"[^\s/<>]+")
_ITEM = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s>/]")
_AROUND = (b"rss", b"channel", b"feed", b"rdf:RDF", b"RDF")
_KEPT = 100  # bytes of what is skipped: a tag that goes on in the next piece
_READ = frozenset(google.ATTRIBUTES)


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection); the line is that on which the item begins.

    Raises FeedError when the file is no XML, is cut off, is no feed, or is an attack.
    """
    reader = _Reader(feed)
    try:
        for piece in pieces(feed):
            reader.feed(piece)
            yield from reader.taken()
        reader.close()
    except FeedError:
        yield from reader.taken()
        raise


class _ItemWithinItem(Exception):  # noqa: N818 - from a handler to the reader, nothing more
    """An item begins before the last one has ended; carries where, in bytes and in lines of the parser."""

    def __init__(self, position: int, line: int) -> None:
        self.position = position
        self.line = line


class _Reader:
    """Collects the attributes of each item as the parser comes by.

    Expat cannot go on behind an error. So another parser does, at the next item: it is told of the tags that are open
    around the items, and then reads on.
    """

    def __init__(self, feed: FeedFile) -> None:
        self._file = feed
        self._done: deque[tuple[int, Outcome]] = deque()
        self._open: list[bytes] = []  # the start tags of what is open, outside items
        self._around: list[bytes] = []  # and of what was open around the last item
        self._is_closed = False  # the outermost tag
        self._is_damaged = False  # so that what follows is skipped up to the next item
        self._found_items = False
        self._skipped = b""
        self._line = 1  # of what is skipped, or of the parser's first line
        self._item_line = 0
        self._item_name = ""
        self._length = 0
        self._name = ""
        self._value: list[str] = []
        self._own: dict[str, list[str]] = {}  # attributes in Google's namespace,
        self._plain: dict[str, list[str]] = {}  # and what RSS and Atom themselves say
        self._begin_anew()

    def feed(self, data: bytes) -> None:
        """Parse the next bytes of the file."""
        while data:
            if self._is_damaged:
                data = self._next_item(data)
            if data:
                data = self._parsed(data)

    def close(self) -> None:
        """The file ends here. Raises FeedError when it should not."""
        if self._is_closed:
            return
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise self._malformed(error) from None
        raise FeedError(
            f"{self._file.path} ends within damage, and perhaps too early. Fetch it again; nothing was retired."
        )

    def taken(self) -> Numbered:
        """What has been read since the last time."""
        while self._done:
            yield self._done.popleft()

    def _begin_anew(self) -> None:
        """A parser within the tags that are open around items."""
        self._open = list(self._around or [tag for tag in self._open if _called(tag) in _AROUND])
        around = b"".join(self._open)
        self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._parser.Parse(around, False)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse
        self._fed = len(around)
        self._depth = len(self._open)
        self._item_depth = 0  # 0: outside
        self._is_damaged = self._is_closed = False
        self._resumed = True  # and no item has begun since

    def _parsed(self, data: bytes) -> bytes:
        """Parse, and return what follows a damage."""
        before, self._fed = self._fed, self._fed + len(data)
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            if not self._open:
                raise self._malformed(error) from None
            if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNBOUND_PREFIX] and not self._found_items:
                raise self._malformed(error) from None
            if self._is_closed:
                self._file.warn("goes on behind its end; what stands there was ignored, the feed itself is whole.")
            else:
                self._lose(f"not well-formed XML ({expat.ErrorString(error.code)}, line {self._at(error.lineno)})")
            return self._damaged(data, self._parser.ErrorByteIndex - before, error.lineno)
        except _ItemWithinItem as found:
            self._lose("the item has no end")
            return self._damaged(data, found.position - before, found.line)
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TAG:
            raise self._attack(f"a tag longer than {_LONGEST_TAG:,} bytes")
        return b""

    def _damaged(self, data: bytes, position: int, line: int) -> bytes:
        """Skip from there on, and at least the tag that the parser began with: it would fail there again."""
        self._is_damaged, self._skipped = True, b""
        self._line = self._at(line)
        return data[max(position, 1 if self._resumed else 0) :]

    def _lose(self, why: str) -> None:
        """An item is lost, or something between two of them that may have been some."""
        if self._item_depth:
            known = next(iter({**self._plain, **self._own}.get("id", ())), "")
            self._done.append((self._item_line, Unusable(Reason.BAD_ROW, why).rejection(self._item_line, known)))
        elif not self._resumed:
            line = self._at(self._parser.CurrentLineNumber)
            self._done.append((line, Rejection(line, "", Reason.BAD_ROW, why)))

    def _next_item(self, data: bytes) -> bytes:
        """What follows from the next item on, or from the end of what is around items; nothing where none is seen."""
        data = self._skipped + data
        ends = b"|".join(re.escape(_called(tag)) for tag in self._open)
        found = _ITEM.search(data) if self._is_closed else re.search(_ITEM.pattern + b"|</(?:" + ends + rb")\s*>", data)
        if not found:
            self._skipped = data[-_KEPT:]
            self._line += data[:-_KEPT].count(b"\n")
            return b""
        self._line += data[: found.start()].count(b"\n")
        self._begin_anew()
        return data[found.start() :]

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._attack(f"tags within tags more than {_DEEPEST} deep")
        if not self._item_depth:
            if _local(name) in _ITEMS:
                self._item_depth, self._item_name, self._length = self._depth, name, 0
                self._item_line = self._at(self._parser.CurrentLineNumber)
                self._own, self._plain = {}, {}
                self._around, self._resumed = self._open[:], False
            else:
                written = _START_TAG.match(self._parser.GetInputContext() or b"")
                self._open.append(b" ".join((written[0] if written else b"<damaged>").splitlines()))
        elif self._depth == self._item_depth + 1:
            if name == self._item_name:
                raise _ItemWithinItem(self._parser.CurrentByteIndex, self._parser.CurrentLineNumber)
            self._name, self._value = name, []
            self._length += len(name)
            if _local(name) == "link" and attributes.get("rel", "alternate") == "alternate" and "href" in attributes:
                self._value.append(attributes["href"])  # Atom's
        else:
            self._text(f"<{_local(name)}>")  # markup within a text, dealt with as in any other

    def _text(self, text: str) -> None:
        if self._item_depth and self._depth > self._item_depth:
            self._length += len(text)
            if self._length <= _LONGEST_ITEM:
                self._value.append(text)

    def _end(self, name: str) -> None:
        if self._item_depth == self._depth:
            self._item_depth, self._found_items = 0, True
            self._done.append((self._item_line, self._outcome()))
        elif not self._item_depth:
            self._is_closed = self._depth == 1
            if not self._is_closed:
                self._open.pop()
        elif self._depth == self._item_depth + 1:
            attributes = self._own if name.startswith(NAMESPACE) else self._plain
            local = _local(self._name)
            if local in _READ and self._length <= _LONGEST_ITEM:
                attributes.setdefault(local, []).append("".join(self._value))
        else:
            self._text(f"</{_local(name)}>")
        self._depth -= 1

    def _outcome(self) -> Outcome:
        attributes = {**self._plain, **self._own}
        try:
            if self._length > _LONGEST_ITEM:
                raise Unusable(Reason.BAD_ROW, f"the item is longer than {_LONGEST_ITEM:,} characters")
            if any("\ufffd" in value for values in attributes.values() for value in values):
                raise Unusable(Reason.BAD_ENCODING, "the item holds bytes that are not in the feed's encoding")
            return google.to_row(attributes)
        except Unusable as unusable:
            return unusable.rejection(self._item_line, next(iter(attributes.get("id", ())), ""))

    def _at(self, line: int) -> int:
        """The file's line of what the parser counts as this one."""
        return self._line + line - 1

    def _refuse(self, *_: object) -> int:
        raise self._attack("a document type or entities")

    def _attack(self, what: str) -> FeedError:
        return FeedError(
            f"{self._file.path}, line {self._at(self._parser.CurrentLineNumber)}: the feed holds {what}, which a "
            "product feed has no use for and imgrec does not read. Take it out and import again; nothing was retired."
        )

    def _malformed(self, error: expat.ExpatError) -> FeedError:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNBOUND_PREFIX]:
            hint = f'A prefix is not declared; the first tag of a feed says xmlns:g="{NAMESPACE}".'
        else:
            hint = "Fetch the feed again or mend that line."
        return FeedError(
            f"{self._file.path}, line {self._at(error.lineno)}: not well-formed XML ({expat.ErrorString(error.code)}). "
            f"{hint} Nothing was retired."
        )


def _called(tag: bytes) -> bytes:
    """A start tag's name as it is written."""
    found = _NAME.search(tag)
    return found[0] if found else b""


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
