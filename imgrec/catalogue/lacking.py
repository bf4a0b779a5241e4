"""The photos that the catalogue lacks: their addresses host by host, each once, and what became of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imgrec.catalogue.photo_status import PERMANENT, TRANSIENT, PhotoStatus, Unfetched
from imgrec.catalogue.photo_store import StoredPhoto
from imgrec.catalogue.sources import source_id
from imgrec.catalogue.store import Catalogue
from imgrec.database import utc_now

_PAGE = 100
_STORED = PhotoStatus.STORED
_HOST = re.compile(r"https?://(?:[^/?#@]*@)?([^/?#]*)", re.IGNORECASE)
_BEHIND_SLASH = "0"  # the character after "/": where the addresses of a host have ended


@dataclass(frozen=True)
class _Span:
    """Addresses from `first` up to, and without, `end`, in the order of text. `host` is None for what is no address."""

    host: str | None
    first: str
    end: str


class Lacking:
    """Photos of products on sale that are still to be fetched, read a page at a time."""

    def __init__(self, catalogue: Catalogue, source: str | None, retry_failed: bool) -> None:
        """Of one source, or of all. Raises CatalogueError when there is no such source."""
        self.connection = catalogue.connection
        statuses = {PhotoStatus.PENDING} | TRANSIENT | (PERMANENT if retry_failed else frozenset())
        listed = ",".join(f"'{status}'" for status in sorted(statuses))
        of_source = "" if source is None else f"AND source_id = {source_id(self.connection, source)}"
        self.wanted = (
            f"FROM photos WHERE sha256 IS NULL AND status IN ({listed}) AND EXISTS "
            f"(SELECT 1 FROM products WHERE products.id = product_id AND retired_utc IS NULL {of_source})"
        )

    def count(self) -> int:
        """How many addresses there are to ask for."""
        found: int = self.connection.execute(
            f"SELECT count(DISTINCT origin) {self.wanted} AND (origin LIKE 'http://%' OR origin LIKE 'https://%')"
        ).fetchone()[0]
        return found

    def lanes(self) -> Iterator[tuple[str, Iterator[str]]]:
        """Every host with its addresses; a host whose addresses are written in several ways comes several times."""
        span = self._span_from("")
        while span:
            if span.host is not None:
                yield span.host, self._addresses(span)
            span = self._span_from(span.end)

    def record(self, address: str, outcome: StoredPhoto | Unfetched, attempts: int) -> None:
        """Write down what became of an address, for every product whose photo it is. Committed at once."""
        stored = outcome if isinstance(outcome, StoredPhoto) else None
        status, detail = (outcome.status, outcome.detail) if isinstance(outcome, Unfetched) else (_STORED, None)
        self.connection.execute(
            "UPDATE photos SET status = ?, status_detail = ?, attempts = attempts + ?, tried_utc = ?, "
            "sha256 = ?, width_px = ?, height_px = ?, perceptual_hash = ? WHERE sha256 IS NULL AND origin = ?",
            (
                status, detail, attempts, utc_now(), stored and stored.sha256, stored and stored.width_px,
                stored and stored.height_px, stored and stored.perceptual_hash, address,
            ),
        )  # fmt: skip

    def _span_from(self, first: str) -> _Span | None:
        """The addresses of the next host."""
        address = self.connection.execute(f"SELECT min(origin) {self.wanted} AND origin >= ?", (first,)).fetchone()[0]
        if address is None:
            return None
        match = _HOST.match(address)
        if match and address.startswith("/", match.end()):
            begin = match.group()
            return _Span(match.group(1).lower(), f"{begin}/", f"{begin}{_BEHIND_SLASH}")
        return _Span(match.group(1).lower() if match else None, address, f"{address}\0")

    def _addresses(self, span: _Span) -> Iterator[str]:
        operator, last = ">=", span.first
        while True:
            page = [
                row[0]
                for row in self.connection.execute(
                    f"SELECT DISTINCT origin {self.wanted} AND origin {operator} ? AND origin < ? "
                    f"ORDER BY origin LIMIT {_PAGE}",
                    (last, span.end),
                )
            ]
            yield from page
            if len(page) < _PAGE:
                return
            operator, last = ">", page[-1]


def list_failures(catalogue: Catalogue) -> Iterator[dict[str, object]]:
    """A row for every photo of a product on sale that could not be fetched, for a person to act on."""
    listed = ",".join(f"'{status}'" for status in sorted(TRANSIENT | PERMANENT))
    for row in catalogue.connection.execute(
        f"""
        SELECT status, status_detail AS detail, attempts, tried_utc, product_id, sources.name AS source,
               external_id AS id, title, origin AS address
        FROM photos JOIN products ON products.id = product_id JOIN sources ON sources.id = source_id
        WHERE status IN ({listed}) AND retired_utc IS NULL ORDER BY photos.id
        """
    ):
        yield dict(row)
