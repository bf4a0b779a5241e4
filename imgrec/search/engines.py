"""The engines there are: which one keeps the vectors of the next generation, and which one has those of another."""

import shutil
from pathlib import Path

from imgrec.config import IndexSection
from imgrec.errors import SearchIndexError
from imgrec.search.embedded import EmbeddedEngine, EmbeddedStore
from imgrec.search.engine import Engine, Store
from imgrec.search.generation import IndexRecord, read_register
from imgrec.search.milvus import COLLECTION, CollectionNote, MilvusEngine
from imgrec.search.milvus_store import MilvusStore, address, drop
from imgrec.sums import SealedFolder


def store_for(section: IndexSection) -> Store:
    """Where the next generation's vectors are kept."""
    return MilvusStore(section.path, section.milvus) if section.engine == "milvus" else EmbeddedStore()


def open_engine(sealed: SealedFolder, record: IndexRecord, dim: int, section: IndexSection) -> Engine:
    """The engine that has a generation's vectors, of `dim` numbers each, whichever the next one's has.

    Raises OSError or ValueError when something in the folder is missing or damaged, SearchIndexError when something
    elsewhere is, and UnreachableIndexError when that cannot be told just now.
    """
    if COLLECTION not in sealed:
        return EmbeddedEngine(sealed, record, dim)
    note, register = CollectionNote.model_validate_json(sealed.read(COLLECTION)), read_register(sealed)
    if (len(register), note.dim) != (record.photos, dim):
        raise ValueError("its arrays do not fit its record")
    server = section.milvus.model_copy(update={"uri": address(note, section)})
    return MilvusEngine(note, record, register, server)


def remove_generation(folder: Path, section: IndexSection) -> str:
    """Remove a generation, or a draft of one, and what an engine has of it elsewhere.

    Returns what is in the way, if anything is: then the folder stays, so that the next build tries again.
    """
    try:
        drop(folder, section)
    except SearchIndexError as error:
        return f"{folder.name} is removed later, with its vectors. {error}"
    shutil.rmtree(folder, ignore_errors=True)
    return ""
