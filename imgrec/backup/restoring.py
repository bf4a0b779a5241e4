"""A backup put back: unpacked beside, checked, what was forgotten since taken out, and only then moved in."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from imgrec.backup.carrying_over import forget_again, keep_inbox
from imgrec.backup.manifest import BOT, CATALOGUE, CONFIG, LOG, SECRET, Manifest
from imgrec.backup.snapshot import check
from imgrec.backup.swapping import Swap, see_that_none_was_cut_short
from imgrec.backup.unpacking import opened, see_that_there_is_room
from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.catalogue.photo_store import PhotoStore
from imgrec.catalogue.schema import MIGRATIONS as CATALOGUE_MIGRATIONS
from imgrec.config import Config, load_config
from imgrec.database import connect
from imgrec.errors import BackupError, ConfigError, ModelError
from imgrec.generations import current, next_name, point_to
from imgrec.lock import writing
from imgrec.log.identity import secret_of
from imgrec.log.schema import MIGRATIONS as LOG_MIGRATIONS
from imgrec.progress import Reporter
from imgrec.sums import SUMS
from imgrec.vision.model_folder import find_model, model_of, quick_identity

_STAGED = ".restoring"


@dataclass(frozen=True)
class Restored:
    """What a restore came to. `config_beside` is where the backup's configuration lies if it is not the one in use."""

    manifest: Manifest
    forgotten_queries: int
    waiting_messages: int
    photos_lacking: int
    config_beside: Path | None

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            **self.manifest.model_dump(mode="json", exclude={"files"}), "photos": self.manifest.photos,
            "photos_lacking": self.photos_lacking, "forgotten_queries": self.forgotten_queries,
            "waiting_messages": self.waiting_messages,
            "config_beside": str(self.config_beside) if self.config_beside else None,
        }  # fmt: skip


def restore_backup(config: Config, config_file: Path, archive: Path, replace: bool, report: Reporter) -> Restored:
    """Put a backup back to where this configuration has its files; where the backup had them does not matter.

    Until everything was checked nothing is changed, and when it is stopped all is as before. Raises BackupError when
    the backup is damaged or newer than this imgrec, or data stand there that `replace` does not give up; BusyError
    while a bot, an import or another command writes.
    """
    places = _Places(config, config_file)
    with contextlib.ExitStack() as stack:
        for path in (config.catalogue.path, config.index.path, config.bot_database):
            stack.enter_context(writing(path, "imgrec restore"))
        see_that_none_was_cut_short(*places.files.values())
        backup = stack.enter_context(opened(archive))
        manifest = backup.manifest
        if not replace:
            places.see_that_nothing_is_in_the_way(manifest)
        stack.callback(places.clear)
        places.clear()
        see_that_there_is_room(manifest, config.catalogue.path.parent)
        backup.unpack(places.staged, report)
        with report.stage("Checking the databases", None):
            _bring_up_to_date(places, manifest, archive)
        log, secret, bot = (places.staged(name) if name in manifest.files else None for name in (LOG, SECRET, BOT))
        if secret is not None:
            secret.chmod(0o600)
        forgotten = forget_again(places.files[LOG], places.files[SECRET], log, secret, bot)
        waiting = keep_inbox(places.files[BOT], bot) if bot is not None and places.files[BOT].is_file() else 0
        lacking = places.move_in(manifest)
        beside = _put_config(places, manifest) if CONFIG in manifest.files else None
    return Restored(manifest, forgotten, waiting, lacking, beside)


class _Places:
    """Where everything belongs, and where it waits until it was checked: beside that place, so that moving is quick."""

    def __init__(self, config: Config, config_file: Path) -> None:
        log = config.log.path
        self.config = config
        self.files = {
            CATALOGUE: config.catalogue.path, LOG: log, SECRET: secret_of(log),
            BOT: config.bot_database, CONFIG: config_file,
        }  # fmt: skip
        self._index = config.index.path / _STAGED
        self._model = config.model.path.parent / _STAGED / "model"  # a step deeper than where models are looked for
        self._photos = PhotoStore(config.catalogue.photos).folder / _STAGED

    def staged(self, name: str) -> Path:
        """Where a file of the backup waits."""
        if name in self.files:
            place = self.files[name]
            return place.with_name(f".{place.name}{_STAGED}")
        folder, _, inner = name.partition("/")
        return {"index": self._index, "model": self._model, "photos": self._photos}[folder] / inner

    def see_that_nothing_is_in_the_way(self, manifest: Manifest) -> None:
        """Raise BackupError that names what stands where the backup's data belong."""
        data = [path for name, path in self.files.items() if name in manifest.files and name != CONFIG]
        standing = [path for path in data if path.exists()]
        if manifest.index and current(self.config.index.path):
            standing.append(self.config.index.path)
        if standing:
            raise BackupError(
                f"In the way: {', '.join(map(str, standing))}. Restore into another folder (--config), or replace what "
                "is there: --replace"
            )

    def clear(self) -> None:
        """Remove what waits."""
        for folder in (self._index, self._model.parent, self._photos):
            shutil.rmtree(folder, ignore_errors=True)
        for name in self.files:
            for ending in ("", "-wal", "-shm", "-journal"):
                staged = self.staged(name)
                staged.with_name(staged.name + ending).unlink(missing_ok=True)

    def move_in(self, manifest: Manifest) -> int:
        """Put everything in its place; returns how many photos are neither in the backup nor here."""
        for staged in sorted(self._photos.rglob("*.jpg")):
            target = self._photos.parent / staged.relative_to(self._photos)
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)  # named by its content: whatever stands there is the same, or damaged
        lacking = 0
        if CATALOGUE in manifest.files:
            lacking = _ask_for_lost_photos(self.staged(CATALOGUE), PhotoStore(self.config.catalogue.photos))
        if manifest.has_model and manifest.model:
            self._move_model(manifest.model)
        generation = self._move_generation(manifest.index) if manifest.index else None
        with Swap() as swap:
            for name in (CATALOGUE, LOG, SECRET, BOT):
                if name in manifest.files:
                    swap.put(self.staged(name), self.files[name])
            if generation:
                point_to(self.config.index.path, generation)
        return lacking

    def _move_generation(self, name: str) -> str:
        """Put the generation beside those there are, under its own name unless another one has that."""
        target = self.config.index.path / name
        if target.exists():
            if _bytes_of(target / SUMS) == _bytes_of(self._index / SUMS):
                return name
            target = self.config.index.path / next_name(self.config.index.path)
        self._index.replace(target)
        return target.name

    def _move_model(self, name: str) -> None:
        """Put the model where the index looks for it, unless it is there; one of its name stays beside it."""
        configured = self.config.model.path
        with contextlib.suppress(ModelError):
            model_of(quick_identity(self._model), configured)
            return
        is_model = configured.name == name or find_model(configured) == configured
        target = configured.with_name(name) if is_model else configured / name
        number = 2
        while target.exists():
            target, number = target.with_name(f"{name}-{number}"), number + 1
        target.parent.mkdir(parents=True, exist_ok=True)
        self._model.replace(target)


def _bring_up_to_date(places: _Places, manifest: Manifest, archive: Path) -> None:
    for name in (CATALOGUE, LOG, BOT):
        if name in manifest.files:
            check(places.staged(name), f"{name} in {archive}")
    for name, migrations in ((CATALOGUE, CATALOGUE_MIGRATIONS), (LOG, LOG_MIGRATIONS)):
        if name in manifest.files:
            connect(places.staged(name), migrations).close()


def _ask_for_lost_photos(catalogue: Path, store: PhotoStore) -> int:
    """Photos whose file is not here are pending again, so that `imgrec photos`, or an import, brings them back."""
    with contextlib.closing(connect(catalogue, CATALOGUE_MIGRATIONS)) as connection:
        contents = connection.execute("SELECT DISTINCT sha256 FROM photos WHERE sha256 IS NOT NULL").fetchall()
        lost = [(content,) for (content,) in contents if not store.path(content).is_file()]
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                f"UPDATE photos SET status = '{PhotoStatus.PENDING}', status_detail = NULL, attempts = 0, "
                "sha256 = NULL, width_px = NULL, height_px = NULL, perceptual_hash = NULL, origin_stamp = NULL "
                "WHERE sha256 = ?",
                lost,
            )
    return len(lost)


def _put_config(places: _Places, manifest: Manifest) -> Path | None:
    """Put the configuration in place where there is none and it leads to the same files; else lay it beside."""
    staged, target = places.staged(CONFIG), places.files[CONFIG]
    if target.exists() and target.read_bytes() == staged.read_bytes():
        return None
    if not target.exists() and _leads_to_same(staged, places.config):
        staged.replace(target)
        return None
    moment = "".join(character for character in manifest.made_utc if character.isalnum())
    beside = target.with_name(f"{target.stem}.of-backup-{moment}{target.suffix}")
    staged.replace(beside)
    return beside


def _leads_to_same(file: Path, config: Config) -> bool:
    """Whether a configuration has its files where this one has them."""
    try:
        other = load_config(file, {})
    except ConfigError:
        return False
    return _places_of(other) == _places_of(config)


def _places_of(config: Config) -> tuple[object, ...]:
    return config.catalogue, config.log, config.index, config.bot_database


def _bytes_of(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
