"""Google Merchant's XML feed, RSS 2.0 or Atom with the `g:` namespace, read item by item.

A feed is untrusted: a document type, and with it entities and whatever they might expand to or fetch, is refused, and
so are tags and nesting without end.
"""

from collections import deque
from xml.parsers import expat

from imgrec.catalogue.feed import Numbered, Outcome, Reason, Unusable
from imgrec.catalogue.formats import google
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.errors import FeedError

NAMESPACE = "http://base.google.com/ns/1.0"
_ITEMS = ("item", "entry")
_CHUNK_BYTES = 1 << 16
_LONGEST_ITEM = 1_000_000  # characters of text
_LONGEST_TAG = 1 << 20
_DEEPEST = 100


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection); the line is that on which the item begins.

    Raises FeedError when the file is not well-formed XML, is no feed, or is an attack.
    """
    reader = _Reader(feed)
    while True:
        chunk = feed.stream.read1(_CHUNK_BYTES)
        try:
            reader.feed(chunk)
        except FeedError:
            yield from reader.taken()
            raise
        yield from reader.taken()
        if not chunk:
            return


class _Reader:
    """Collects the attributes of each item as the parser comes by."""

    def __init__(self, feed: FeedFile) -> None:
        self._path = feed.path
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse
        self._done: deque[tuple[int, Outcome]] = deque()
        self._fed = 0
        self._depth = 0
        self._item_depth = 0  # 0: outside
        self._line = 0
        self._length = 0
        self._name = ""
        self._value: list[str] = []
        self._own: dict[str, list[str]] = {}  # attributes in Google's namespace,
        self._plain: dict[str, list[str]] = {}  # and what RSS and Atom themselves say

    def feed(self, chunk: bytes) -> None:
        """Parse the next bytes of the file; none at its end."""
        self._fed += len(chunk)
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNBOUND_PREFIX]:
                hint = f'A prefix is not declared; the first tag of a feed says xmlns:g="{NAMESPACE}".'
            else:
                hint = "Fetch the feed again or mend that line."
            raise FeedError(
                f"{self._path}, line {error.lineno}: not well-formed XML ({expat.ErrorString(error.code)}). {hint} "
                "Nothing was retired."
            ) from None
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TAG:
            raise self._attack(f"a tag longer than {_LONGEST_TAG:,} bytes")

    def taken(self) -> Numbered:
        """What has been read since the last time."""
        while self._done:
            yield self._done.popleft()

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._attack(f"tags within tags more than {_DEEPEST} deep")
        if not self._item_depth:
            if _local(name) in _ITEMS:
                self._item_depth, self._line, self._length = self._depth, self._parser.CurrentLineNumber, 0
                self._own, self._plain = {}, {}
        elif self._depth == self._item_depth + 1:
            self._name, self._value = name, []
            self._length += len(name)
            if _local(name) == "link" and attributes.get("rel", "alternate") == "alternate" and "href" in attributes:
                self._value.append(attributes["href"])  # Atom's

    def _text(self, text: str) -> None:
        if self._item_depth and self._depth == self._item_depth + 1:
            self._length += len(text)
            if self._length <= _LONGEST_ITEM:
                self._value.append(text)

    def _end(self, name: str) -> None:
        if self._item_depth == self._depth:
            self._item_depth = 0
            self._done.append((self._line, self._outcome()))
        elif self._item_depth and self._depth == self._item_depth + 1:
            attributes = self._own if name.startswith(NAMESPACE) else self._plain
            if self._length <= _LONGEST_ITEM:
                attributes.setdefault(_local(self._name), []).append("".join(self._value))
        self._depth -= 1

    def _outcome(self) -> Outcome:
        attributes = {**self._plain, **self._own}
        try:
            if self._length > _LONGEST_ITEM:
                raise Unusable(Reason.BAD_ROW, f"the item is longer than {_LONGEST_ITEM:,} characters")
            return google.to_row(attributes)
        except Unusable as unusable:
            return unusable.rejection(self._line, next(iter(attributes.get("id", ())), ""))

    def _refuse(self, *_: object) -> int:
        raise self._attack("a document type or entities")

    def _attack(self, what: str) -> FeedError:
        return FeedError(
            f"{self._path}, line {self._parser.CurrentLineNumber}: the feed holds {what}, which a product feed has no "
            "use for and imgrec does not read. Take it out and import again; nothing was retired."
        )


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
