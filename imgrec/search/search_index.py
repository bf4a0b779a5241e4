"""A generation, opened: what a shop knows, and the engine that has its vectors."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from imgrec.config import IndexSection
from imgrec.errors import SearchIndexError
from imgrec.generations import current
from imgrec.search.engine import EVERYTHING, Engine, Findable, Hit
from imgrec.search.engines import open_engine
from imgrec.search.generation import RECORD, IndexRecord, Register, damaged, record_in
from imgrec.search.learned import Learned
from imgrec.sums import SUMS, SealedFolder
from imgrec.vision.vectors import Floats, Ints

_NOTHING_CONFIGURED = IndexSection()


class SearchIndex:
    """One generation, open for searching from any thread."""

    def __init__(self, folder: Path, section: IndexSection = _NOTHING_CONFIGURED, anew: bool = False) -> None:
        """Open a generation: it is read and checked, large arrays are mapped. section: where servers are.

        anew: also sum large arrays that stand as they did when they were summed (sums.py).

        Raises SearchIndexError when it is damaged, has no sums, is of an older imgrec, or its vectors are gone;
        UnreachableIndexError when the server that has them does not answer.
        """
        self.folder = folder
        try:
            content = (folder / RECORD).read_bytes()
            self.record: IndexRecord = record_in(folder, content)
            sealed = _sealed(folder, anew)
            sealed.check(RECORD, content)
            self.learned = Learned.read(sealed, self.record.knowledge)
            self.engine: Engine = open_engine(sealed, self.record, self.learned.whitening.dim, section)
        except (OSError, ValueError) as error:
            raise damaged(folder, error) from None

    @property
    def generation(self) -> str:
        """The name of this generation."""
        return self.folder.name

    @property
    def register(self) -> Register:
        """What each row is of."""
        return self.engine.register

    def search(
        self, vector: Floats, categories: Sequence[str] | None, top: int, findable: Findable = EVERYTHING,
        roots: Mapping[str | None, float] | None = None,
    ) -> list[Hit]:  # fmt: skip
        """See Engine."""
        return self.engine.search(vector, categories, top, findable, roots)

    def vectors(self, rows: Ints) -> Floats:
        """See Engine."""
        return self.engine.vectors(rows)

    def close(self) -> None:
        """See Engine."""
        self.engine.close()


def _sealed(folder: Path, anew: bool) -> SealedFolder:
    """Without sums a generation might be read, but whether it is whole cannot be known."""
    try:
        return SealedFolder(folder, anew)
    except FileNotFoundError:
        raise SearchIndexError(
            f"The index {folder} has no {SUMS}, so it cannot be trusted: it is damaged, or an older imgrec made it. "
            "Build it anew with: imgrec index --rebuild"
        ) from None


def open_index(path: Path, section: IndexSection = _NOTHING_CONFIGURED) -> SearchIndex:
    """Open the current generation below `path`. Raises SearchIndexError when there is none, or it cannot be used."""
    folder = current(path)
    if folder is None:
        raise SearchIndexError(f"There is no index at {path}. Build one with: imgrec index")
    return SearchIndex(folder, section)
