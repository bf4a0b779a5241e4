"""What a backup says of itself: the first member of its archive, by which every other one is checked."""

import hashlib
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from imgrec import __version__
from imgrec.catalogue.schema import MIGRATIONS as CATALOGUE_MIGRATIONS
from imgrec.errors import BackupError
from imgrec.log.schema import MIGRATIONS as LOG_MIGRATIONS

MANIFEST, MANIFEST_SUM = "manifest.json", "manifest.json.sha256"
CATALOGUE, LOG, SECRET, BOT, CONFIG = "catalogue.db", "log.db", "log.db.secret", "bot.db", "config.yaml"
FORMAT = 1

_NAMES = re.compile(
    r"catalogue\.db|log\.db|log\.db\.secret|bot\.db|config\.yaml"
    r"|photos/[0-9a-f]{2}/[0-9a-f]{64}\.jpg|(index|model)/[A-Za-z0-9_-][A-Za-z0-9._-]*"
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileSum(_Part):
    """A file of the backup: SHA-256 in hex, and bytes."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class Schemas(_Part):
    """Versions of the databases' schemas; None of one that is not there."""

    catalogue: int | None = None
    log: int | None = None


class Manifest(_Part):
    """`index` is the name of the generation that was current, `model` the name of what made it.

    The model itself is in the backup (`model/`) unless it comes with imgrec.
    """

    format: Literal[1] = 1
    imgrec: str = __version__
    made_utc: str
    schemas: Schemas
    index: str | None = Field(None, pattern=r"^generation-[0-9]{6,18}$")
    model: str | None = Field(None, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$")
    files: dict[str, FileSum]

    @property
    def photos(self) -> int:
        """How many photos it holds."""
        return sum(name.startswith("photos/") for name in self.files)

    @property
    def has_model(self) -> bool:
        """Whether it holds the model that made its index."""
        return any(name.startswith("model/") for name in self.files)


def read_manifest(content: bytes, digest: bytes, source: str) -> Manifest:
    """The manifest in these bytes, whose SHA-256 in hex is said to be `digest`.

    Raises BackupError where it is damaged or none, or of a newer imgrec.
    """
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise BackupError(f"{source} is damaged: {MANIFEST} differs from its sum. Nothing was changed.")
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        if _format_of(content) > FORMAT:
            raise newer(source) from None
        problem = " ".join(str(error.errors()[0]["msg"]).split())
        raise BackupError(f"{source} is no backup of imgrec: its manifest cannot be read ({problem}).") from None
    schemas = manifest.schemas
    if (
        _numbers(manifest.imgrec) > _numbers(__version__)
        or (schemas.catalogue or 0) > len(CATALOGUE_MIGRATIONS)
        or (schemas.log or 0) > len(LOG_MIGRATIONS)
    ):
        raise newer(source, manifest.imgrec)
    unknown = next((name for name in manifest.files if not is_member(name)), None)
    if unknown is not None:
        raise BackupError(f"{source} lists {unknown!r}, which no backup has; nothing of it is used.")
    return manifest


def is_member(name: str) -> bool:
    """Whether a file of this name belongs into a backup: nothing absolute, nothing with `..`, nothing unforeseen."""
    return _NAMES.fullmatch(name) is not None


def newer(source: str, version: str = "") -> BackupError:
    """What is said of a backup that this version does not understand."""
    made_by = f"imgrec {version}" if version else "an imgrec"
    return BackupError(
        f"{source} was made by {made_by} that is newer than this one ({__version__}). Upgrade imgrec to restore it."
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]{1,9}", version)[:3])


def _format_of(content: bytes) -> int:
    found = re.search(rb'"format":\s*(\d{1,6})', content)
    return int(found[1]) if found else 0
