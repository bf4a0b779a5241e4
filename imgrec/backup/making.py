"""A backup made while the shop is open: snapshots, sums, one archive, moved in when it is whole."""

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from imgrec.backup.manifest import (
    BOT,
    CATALOGUE,
    CONFIG,
    LOG,
    MANIFEST,
    MANIFEST_SUM,
    SECRET,
    FileSum,
    Manifest,
    Schemas,
    is_member,
)
from imgrec.backup.snapshot import leave_out_messages, snapshot
from imgrec.catalogue.photo_store import PhotoStore
from imgrec.config import Config
from imgrec.database import connect_read_only, utc_now
from imgrec.errors import BackupError, ModelError
from imgrec.generations import current, sha256_of
from imgrec.log.identity import secret_of
from imgrec.progress import Reporter
from imgrec.search.generation import read_record
from imgrec.search.milvus_store import read_note
from imgrec.vision.model_folder import model_of

SHIPPED_MODELS = frozenset({"imagenet", "sample"})
"""Every imgrec has these."""

_TRIES = 5
_PACKED = (".gz", ".tgz")


@dataclass(frozen=True)
class Backup:
    """A backup that was made. `photos_lacking` are those whose file was gone or damaged."""

    path: Path
    size_bytes: int
    manifest: Manifest
    photos_lacking: int

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        manifest = self.manifest.model_dump(mode="json", exclude={"files"})
        return {
            "file": str(self.path), "bytes": self.size_bytes, **manifest, "files": len(self.manifest.files),
            "photos": self.manifest.photos, "photos_lacking": self.photos_lacking,
        }  # fmt: skip


def make_backup(
    config: Config, config_file: Path | None, target: Path, photos: bool, replace: bool, report: Reporter
) -> Backup:
    """Write a backup of the shop to `target`, a tar archive, packed where its name ends in .gz or .tgz.

    It may be made while bot and imports run. Where it is interrupted, nothing is left of it. Raises BackupError when
    there is nothing to back up, `target` exists, or a database is damaged.
    """
    if target.exists() and not replace:
        raise BackupError(f"{target} exists already. Name another file, or overwrite it with --replace.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(target) as folder:
        schemas, model, generation = _gather(config, config_file, folder, report)
        files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
        sums = {name: FileSum(sha256=sha256_of(file), bytes=file.stat().st_size) for name, file in files.items()}
        lacking = 0
        if photos and schemas.catalogue:
            found, lacking = _photos(folder / CATALOGUE, PhotoStore(config.catalogue.photos), report)
            for name, (file, summed) in found.items():
                files[name], sums[name] = file, summed
        manifest = Manifest(made_utc=utc_now(), schemas=schemas, index=generation, model=model, files=sums)
        draft = folder / target.name
        _write(draft, manifest, files, report)
        draft.replace(target)
    return Backup(target, target.stat().st_size, manifest, lacking)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder for drafts where the backup is to be, readable by its owner alone; removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gather(
    config: Config, config_file: Path | None, folder: Path, report: Reporter
) -> tuple[Schemas, str | None, str | None]:
    """Put all but the photos into a folder. Returns the schemas, and the names of model and generation."""
    if not (config.catalogue.path.is_file() or config.log.path.is_file()):
        raise BackupError(
            f"There is nothing to back up: neither a catalogue at {config.catalogue.path} nor a log at "
            f"{config.log.path}."
        )
    versions: dict[str, int] = {}
    for name, database in ((CATALOGUE, config.catalogue.path), (LOG, config.log.path), (BOT, config.bot_database)):
        if database.is_file():
            versions[name] = snapshot(database, folder / name, report)
    if BOT in versions:
        leave_out_messages(folder / BOT)
    secret = secret_of(config.log.path)
    if secret.is_file():
        shutil.copyfile(secret, folder / SECRET)
    if config_file is not None:
        shutil.copyfile(config_file, folder / CONFIG)
    generation = _copy_generation(config.index.path, folder / "index")
    if note := read_note(folder / "index"):
        report.say(f"The index's vectors stay in Milvus at {note.uri}. Where they are gone, make them: imgrec index")
    model = _copy_model(config, folder, report) if generation else None
    return Schemas(catalogue=versions.get(CATALOGUE), log=versions.get(LOG)), model, generation


def _copy_generation(index: Path, target: Path) -> str | None:
    """Copy the current generation, if there is one. It may be swapped meanwhile: then it is the next one."""
    for _ in range(_TRIES):
        folder = current(index)
        if folder is None:
            return None
        try:
            shutil.copytree(folder, target, ignore=shutil.ignore_patterns(".*"))  # what is noted of these very files
        except (shutil.Error, FileNotFoundError):
            shutil.rmtree(target, ignore_errors=True)
        else:
            return folder.name
    raise BackupError(f"The index at {index} changes faster than it can be read. Wait until `imgrec index` is done.")


def _copy_model(config: Config, folder: Path, report: Reporter) -> str | None:
    """Copy the model that made the index, unless it comes with imgrec. Returns its name; None where it is gone."""
    try:
        model = model_of(read_record(folder / "index").model_sha256, config.model.path).path
    except ModelError as error:
        report.say(f"The backup is without the model of its index. {error}")
        return None
    if model.name not in SHIPPED_MODELS:
        (folder / "model").mkdir()
        for file in model.iterdir():
            if file.is_file() and is_member(f"model/{file.name}"):
                shutil.copyfile(file, folder / "model" / file.name)
    return model.name


def _photos(catalogue: Path, store: PhotoStore, report: Reporter) -> tuple[dict[str, tuple[Path, FileSum]], int]:
    """The photos that a catalogue names, by their names in the archive, and how many of them are gone or damaged."""
    with closing(connect_read_only(catalogue)) as connection:
        contents = [
            row[0]
            for row in connection.execute("SELECT DISTINCT sha256 FROM photos WHERE sha256 IS NOT NULL ORDER BY sha256")
        ]
    found: dict[str, tuple[Path, FileSum]] = {}
    with report.stage("Checking photos", len(contents)) as advance:
        for content in contents:
            file = store.path(content)
            if file.is_file() and sha256_of(file) == content:
                size = file.stat().st_size
                found[f"photos/{content[:2]}/{content}.jpg"] = file, FileSum(sha256=content, bytes=size)
            advance(1, "")
    return found, len(contents) - len(found)


def _write(draft: Path, manifest: Manifest, files: dict[str, Path], report: Reporter) -> None:
    mode = "w:gz" if draft.suffix in _PACKED else "w"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # it holds a secret
        with tarfile.open(fileobj=stream, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            described = manifest.model_dump_json(indent=1).encode()
            digest = hashlib.sha256(described).hexdigest().encode()
            for name, written in ((MANIFEST, described), (MANIFEST_SUM, digest)):
                _add(archive, name, io.BytesIO(written), len(written))
            with report.stage("Writing the backup, files", len(files)) as advance:
                for name, file in files.items():
                    with file.open("rb") as content:
                        _add(archive, name, content, manifest.files[name].bytes)
                    advance(1, "")
        stream.flush()
        os.fsync(stream.fileno())


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, content)
