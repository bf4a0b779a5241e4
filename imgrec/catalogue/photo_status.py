"""What has become of a photo: one named status each, and whether it is worth trying again."""

from enum import StrEnum


class PhotoStatus(StrEnum):
    """The status of every photo of the catalogue; docs/photos.md explains each."""

    PENDING = "pending"
    STORED = "stored"
    PLACEHOLDER = "placeholder"

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    CUT_SHORT = "cut_short"

    BAD_ADDRESS = "bad_address"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    GONE = "gone"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    NOT_AN_IMAGE = "not_an_image"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"

    @property
    def is_transient(self) -> bool:
        """Whether the next run tries again by itself."""
        return self in TRANSIENT

    @property
    def is_permanent(self) -> bool:
        """Whether only `--retry-failed` tries again."""
        return self in PERMANENT

    @property
    def tried_again(self) -> str:
        """When, in words; blank for a photo that is stored."""
        if self.is_permanent:
            return "only with --retry-failed"
        return "by the next run" if self.is_transient or self is PhotoStatus.PENDING else ""


TRANSIENT = frozenset(
    {
        PhotoStatus.RATE_LIMITED,
        PhotoStatus.SERVER_ERROR,
        PhotoStatus.TIMED_OUT,
        PhotoStatus.UNREACHABLE,
        PhotoStatus.CUT_SHORT,
    }
)
PERMANENT = frozenset(PhotoStatus) - TRANSIENT - {PhotoStatus.PENDING, PhotoStatus.STORED, PhotoStatus.PLACEHOLDER}


class Unfetched(Exception):  # noqa: N818 - an outcome on its way to where it is recorded, not an error of ours
    """Why a photo could not be had this time. `retry_after_s` is how long the server asks to be left alone."""

    def __init__(self, status: PhotoStatus, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s
