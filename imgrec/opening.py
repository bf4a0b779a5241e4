"""From a feed to a shop that answers: the steps of `imgrec open`, which other commands take singly.

What only one of them needs, to fetch or to look, is imported by it: an import takes half a second less.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.catalogue.formats.detect import format_of
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.import_report import ImportReport
from imgrec.catalogue.importing import FeedPart, ImportOptions, import_feeds
from imgrec.catalogue.lacking import Lacking
from imgrec.catalogue.safeguards import refuse_renamed
from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.errors import ConfigError
from imgrec.generations import write_atomically
from imgrec.lock import writing
from imgrec.progress import Reporter

if TYPE_CHECKING:
    from imgrec.catalogue.fetching import FetchReport
    from imgrec.catalogue.repeated import Repeats
    from imgrec.search.build import IndexReport

_WRITTEN = b"# Written by `"
_CONFIG = """\
# Written by `imgrec open --folder`: a shop's own files, apart from others.
catalogue: {{path: catalogue.db, photos: photos}}
model: {{path: {model}}}
index: {{path: index}}
log: {{path: log.db}}
bot: {{heartbeat: bot.heartbeat}}
"""
_MODEL = re.compile(rb'^(model: {path: )"(?:[^"\\]|\\.)*"', re.MULTILINE)
"""Of that, what --model sets."""


@dataclass(frozen=True)
class Fetched:
    """What became of the photos that the catalogue lacked. `asked` are the addresses; `statuses` counts all photos.

    `former` are products that are found by a photo which their feed no longer names, for no other is there yet.
    """

    asked: int
    report: "FetchReport"
    repeats: "Repeats"
    statuses: dict[str, int]
    former: int = 0

    def in_words(self, may_be_private: bool, retried: bool = False, options: str = "") -> Iterator[str]:
        """A line each for a person: what was done, and what can be done next.

        `may_be_private` is photos.allow_private; `retried`: those that had failed for good were tried again;
        `options` go behind the commands that are named.
        """
        from imgrec.catalogue.photo_status import PhotoStatus

        if self.asked:
            yield self.report.in_words()
        elif self.statuses:
            yield "Nothing to fetch."
        else:
            yield f"There are no products to fetch photos of. Next: imgrec import FEED.csv{options}"
        failed = sum(count for status, count in self.statuses.items() if PhotoStatus(status).is_permanent)
        if failed and not retried:
            yield (
                f"Photos that have failed for good: {failed:,}. List them with: imgrec photos --failures{options}; try "
                f"them again with: imgrec photos --retry-failed{options}"
            )
        if self.former:
            yield f"Products found by the photo they had, until one that their feed names is there: {self.former:,}."
        if self.report.failed[PhotoStatus.FORBIDDEN_ADDRESS] and not may_be_private:
            yield "Are their hosts in your own network, and is the feed yours? Then set photos.allow_private."
        yield from self.repeats.in_words(options)


def write_config(folder: Path, model: Path | None, report: Reporter) -> Path:
    """Write the configuration of a shop that lives in one folder, where it has none yet, and return its path.

    One that is there may have been edited since: it stays, but for the model where one is given. Raises ModelError
    where there is no such model, and ConfigError where the file is somebody else's, or says the model in its own way.
    """
    from imgrec.vision.model_folder import open_model

    file = folder.resolve() / "config.yaml"
    if not file.exists():
        looking = model or Path("models")
        open_model(looking)
        write_atomically(file, _CONFIG.format(model=_quoted(looking)).encode())
        return file
    content = file.read_bytes()
    if not content.startswith(_WRITTEN):
        raise ConfigError(
            f"{file} is not of `imgrec open --folder`. Name another folder, or open the shop as that file says: "
            f"--config {file}"
        )
    if model is None or load_config(file, {}).model.path.resolve() == model.resolve():
        report.say(f"The settings in {file} stay as they are.")
        return file
    open_model(model)
    changed, count = _MODEL.subn(lambda found: found[1] + _quoted(model).encode(), content)
    if not count:
        raise ConfigError(f"model.path in {file} is not where we wrote it. Change it there, and leave --model out.")
    write_atomically(file, changed)
    report.say(f"The settings in {file} stay as they are, but for model.path: {model}")
    return file


def bring_in(
    config: Config, parts: Sequence[FeedPart], options: ImportOptions, report: Reporter, new_source: bool = False
) -> list[ImportReport]:
    """Bring the catalogue up to date with feeds.

    Unless it is said to be a `new_source`, one that is new and has the products of another is refused. Raises
    RenamedFeedError then, and FeedError where a file is no feed at all, before anything is written; else FeedError as
    `import_feeds`.
    """
    for part in parts:
        if part.path.is_file():  # what comes through a pipe can be read only once
            with FeedFile(part.path, options.reading) as feed:
                format_of(feed, options.format)
    with writing(config.catalogue.path, "imgrec import"), Catalogue.open(config.catalogue) as catalogue:
        if not new_source:
            refuse_renamed(catalogue, parts, options)
        return import_feeds(catalogue, parts, report, options)


def fetch(
    config: Config, report: Reporter, source: str | None = None, limit: int | None = None, retry_failed: bool = False
) -> Fetched:
    """Fetch the photos that the catalogue lacks, then find placeholders and photos that look the same.

    Of one source, or of all; at most `limit` addresses. Raises CatalogueError when there is no such source.
    """
    from imgrec.catalogue import former_photos
    from imgrec.catalogue.fetching import fetch_photos
    from imgrec.catalogue.repeated import find_repeats, hash_stored_photos, mark_placeholders

    with writing(config.catalogue.path, "imgrec photos"), Catalogue.open(config.catalogue) as catalogue:
        if unread := hash_stored_photos(catalogue, report):
            report.say(f"Stored photos that are gone or damaged: {unread:,}. Import their feeds again.")
        lacking = Lacking(catalogue, source, retry_failed)
        asked = min(lacking.count(), limit or sys.maxsize)
        with report.stage("Fetching photos", asked) as advance:
            fetched = fetch_photos(lacking, catalogue.photos, config.photos, limit=limit, on_progress=advance)
        with report.stage("Comparing photos", None):
            repeats = find_repeats(catalogue, config.photos.placeholder_products)
        mark_placeholders(catalogue, repeats)
        former = former_photos.drop(catalogue.connection)
        return Fetched(asked, fetched, repeats, catalogue.counts().photos, former)


def lacks_photos(config: Config) -> bool:
    """Whether there are photos to be fetched."""
    with Catalogue.read(config.catalogue) as catalogue:
        return Lacking(catalogue, None, retry_failed=False).count() > 0


def build(config: Config, report: Reporter, rebuild: bool = False) -> "IndexReport":
    """Bring the index up to date with the catalogue and the model that model.path names."""
    from imgrec.search.build import build_index
    from imgrec.vision.eye import Eye
    from imgrec.vision.model_folder import open_model

    return build_index(config, Eye(open_model(config.model.path), config.model.arithmetic), rebuild, report)


def _quoted(path: Path) -> str:
    return json.dumps(str(path.resolve()))
