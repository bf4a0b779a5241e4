"""What there is: catalogue, model, index and log at a glance, whatever of them exists."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from imgrec.catalogue.store import Catalogue, CatalogueCounts
from imgrec.config import Config
from imgrec.database import to_the_minute
from imgrec.errors import ImgrecError
from imgrec.figures import counted
from imgrec.generations import current
from imgrec.log.reader import LogReader
from imgrec.search.generation import IndexRecord, read_record
from imgrec.search.milvus_store import read_note
from imgrec.vision.model_folder import ModelFolder, open_model


class _Log(NamedTuple):
    queries: int
    votes: int
    oldest_utc: str | None
    retention_days: int | None


@dataclass(frozen=True)
class Status:
    """Each part, or the error that says why it cannot be read."""

    catalogue: CatalogueCounts | ImgrecError
    model: ModelFolder | ImgrecError
    index: tuple[Path, IndexRecord] | ImgrecError
    log: _Log | ImgrecError

    def as_json(self) -> dict[str, object]:
        """The contract's object; a part that cannot be read counts as empty, and `problem` says why."""
        return {
            "catalogue": _or_problem(
                self.catalogue, _catalogue_json, {"products": 0, "with_photo": 0, "categories": {}}
            ),
            "model": _or_problem(self.model, _model_json, {}),
            "index": _or_problem(self.index, self._index_json, {}),
            "log": _or_problem(self.log, _log_json, {"queries": 0, "votes": 0, "oldest_utc": None}),
        }

    def in_words(self) -> dict[str, list[str]]:
        """A few lines for each part."""
        return {
            "catalogue": _words(self.catalogue, _catalogue_words),
            "model": _words(self.model, _model_words),
            "index": _words(self.index, self._index_words),
            "log": _words(self.log, _log_words),
        }

    def _is_of_model(self, record: IndexRecord) -> bool:
        return isinstance(self.model, ModelFolder) and record.model_sha256 == self.model.sha256

    def _index_json(self, index: tuple[Path, IndexRecord]) -> dict[str, object]:
        folder, record = index
        note = read_note(folder)
        return {
            "generation": folder.name, **record.model_dump(mode="json"), "of_present_model": self._is_of_model(record),
            "collection": note.model_dump(mode="json", exclude={"owner"}) if note else None,
        }  # fmt: skip

    def _index_words(self, index: tuple[Path, IndexRecord]) -> list[str]:
        folder, record = index
        expected = record.knowledge.expected.category.get("shop")
        recognised = f", {expected} expected to be recognised" if expected else ""
        built = to_the_minute(record.built_utc)
        categories = counted(len(record.categories), "category", "categories")
        lines = [
            f"{folder.name}: {counted(record.photos, 'photo')} in {categories}, built {built}",
            f"seen by {record.model_name} ({record.model_sha256[:12]}){recognised}",
        ]
        if note := read_note(folder):
            lines.append(f"vectors in Milvus at {note.uri}, collection {note.name}, {note.index}")
        if not self._is_of_model(record):
            lines.append("model.path now names another model; look with that one: imgrec index")
        return lines


def read_status(config: Config) -> Status:
    """Look at every part; none has to exist."""
    return Status(
        _attempt(lambda: _counts(config)),
        _attempt(lambda: open_model(config.model.path)),
        _attempt(lambda: _index(config)),
        _attempt(lambda: _log(config)),
    )


def _attempt(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ImgrecError as error:
        return error
    except (OSError, sqlite3.DatabaseError) as error:
        return ImgrecError(" ".join(str(error).split()))


def _counts(config: Config) -> CatalogueCounts:
    with Catalogue.read(config.catalogue) as catalogue:
        return catalogue.counts()


def _index(config: Config) -> tuple[Path, IndexRecord]:
    folder = current(config.index.path)
    if folder is None:
        raise ImgrecError(f"There is no index at {config.index.path}. Build one with: imgrec index")
    return folder, read_record(folder)


def _log(config: Config) -> _Log:
    with LogReader.open(config.log.path) as log:
        return _Log(*log.counts(), log.oldest_utc(), config.privacy.retention_days)


def _or_problem(part: Any, as_json: Callable[[Any], dict[str, object]], empty: dict[str, object]) -> dict[str, object]:
    return {**empty, "problem": str(part)} if isinstance(part, ImgrecError) else as_json(part)


def _words(part: Any, in_words: Callable[[Any], list[str]]) -> list[str]:
    return [str(part)] if isinstance(part, ImgrecError) else in_words(part)


def _catalogue_json(counts: CatalogueCounts) -> dict[str, object]:
    return {
        "products": counts.products,
        "with_photo": counts.with_photo,
        "retired": counts.retired,
        "categories": counts.categories,
        "photos": counts.photos,
    }


def _catalogue_words(counts: CatalogueCounts) -> list[str]:
    categories = ", ".join(f"{name} {count:,}" for name, count in counts.categories.items())
    none = f"; without one: {counts.uncategorised:,}" if counts.uncategorised else ""
    photos = ", ".join(f"{count:,} {status}" for status, count in counts.photos.items())
    on_sale = counted(counts.products, "product")
    return [
        f"{on_sale} on sale, {counts.with_photo:,} with a photo; {counts.retired:,} retired",
        f"categories ({len(counts.categories)}): {categories}{none}" if categories else "no categories",
        f"photos: {photos or 'none'}",
    ]


def _model_json(model: ModelFolder) -> dict[str, object]:
    settings = model.settings
    return {"path": str(model.path), "sha256": model.sha256, **settings.model_dump(mode="json")}


def _log_json(log: _Log) -> dict[str, object]:
    return {"queries": log.queries, "votes": log.votes, "oldest_utc": log.oldest_utc}


def _log_words(log: _Log) -> list[str]:
    lines = [f"{counted(log.queries, 'query', 'queries')}, {counted(log.votes, 'vote')}"]
    if log.oldest_utc:
        until = "kept for ever" if log.retention_days is None else f"kept for {counted(log.retention_days, 'day')}"
        lines.append(f"the oldest query is of {log.oldest_utc[:10]}; {until} (privacy.retention_days)")
    return lines


def _model_words(model: ModelFolder) -> list[str]:
    settings = model.settings
    feature = "+".join(settings.feature.layers)
    return [
        f"{settings.name} ({model.sha256[:12]}): {settings.made_from}",
        f"{settings.preprocessing.side_px} px, {feature} {settings.feature.pooling}, {settings.feature.dim:,} numbers",
    ]
