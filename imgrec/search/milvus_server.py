"""The one door to pymilvus: questions to a Milvus server with a time limit, and its errors in plain words."""

import contextlib
import logging
import os
import time
from typing import Any

from imgrec.config import MilvusSection
from imgrec.errors import SearchIndexError, UnreachableIndexError

_GONE = 100
_NOT_LOADED = 101
_REFUSED = (1400, 1401, "UNAUTHENTICATED", "PERMISSION_DENIED")
_SPARED_S = 1.0
"""After a question in vain the server is not asked for so long: whoever waits in line hears at once, not one by one."""


class MissingCollectionError(SearchIndexError):
    """The server has no such collection."""


class NotLoadedError(UnreachableIndexError):
    """The server has not loaded a collection, as after its restart."""


class MilvusServer:
    """A Milvus server, connected to when it is first asked. For any thread."""

    def __init__(self, section: MilvusSection) -> None:
        self.section = section
        self._client: Any = None
        self._spared_until = 0.0

    def ask(self, method: str, collection: str = "", timeout_s: float | None = None, **arguments: Any) -> Any:
        """What MilvusClient.method returns, such as `search`, of a collection where it is about one.

        Raises UnreachableIndexError when there is no answer in time (by default section.timeout_s),
        MissingCollectionError when there is no such collection, SearchIndexError when the server refuses.
        """
        if time.monotonic() < self._spared_until:
            raise self._unreachable("it did not answer a moment ago")
        named = {"collection_name": collection} if collection else {}
        limit = self.section.timeout_s if timeout_s is None else timeout_s
        try:
            return getattr(self._connected(), method)(**named, **arguments, timeout=limit)
        except SearchIndexError:
            raise
        except Exception as error:  # MilvusException, gRPC's own, and what its channel raises while it is closed
            raise self._in_plain_words(error, collection) from None

    def load(self, collection: str, timeout_s: float | None = None) -> None:
        """Have it searchable, as after a restart of the server. Raises as `ask` does."""
        self.ask("load_collection", collection, timeout_s)

    def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            with contextlib.suppress(Exception):  # of a server that is gone
                self._client.close()
            self._client = None

    def _connected(self) -> Any:
        if self._client is None:
            client, section = pymilvus().MilvusClient, self.section
            self._client = client(section.uri, token=section.token, timeout=section.timeout_s, dedicated=True)
        return self._client

    def _in_plain_words(self, error: Exception, collection: str) -> SearchIndexError:
        code, said = getattr(error, "code", None), " ".join(str(getattr(error, "message", error)).split())[:200]
        code = code() if callable(code) else code
        code = getattr(code, "name", code)  # a number of Milvus', or the name of a status of gRPC's
        uri = self.section.uri
        if code == _GONE:
            return MissingCollectionError(f"There is no collection {collection} in Milvus at {uri}.")
        if code == _NOT_LOADED or "wait for loading" in said:
            return NotLoadedError(f"Milvus at {uri} has not loaded {collection} yet. Try again later.")
        if code in _REFUSED or "auth check" in said:
            return SearchIndexError(f"Milvus at {uri} refuses us ({said}). Is MILVUS_TOKEN set, and right?")
        if getattr(error, "is_input_error", False) or type(error).__name__ == "ParamError":
            return SearchIndexError(f"Milvus at {uri} cannot do that: {said}")
        self._spared_until = time.monotonic() + _SPARED_S
        return self._unreachable(said or type(error).__name__)

    def _unreachable(self, why: str) -> UnreachableIndexError:
        uri = self.section.uri
        return UnreachableIndexError(
            f"Milvus at {uri} does not answer just now ({why}). Is it running, and is index.milvus.uri right?"
        )


def pymilvus() -> Any:
    """The package, which else would read a .env file, and print what it makes of errors that are told here."""
    os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")
    try:
        import pymilvus as package  # late: only a shop with a Milvus needs it, and it loads pandas
    except ImportError:
        raise SearchIndexError(
            "The index is in Milvus, and pymilvus is not installed. Install it with: pip install 'imgrec[milvus]'"
        ) from None
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
    return package
