"""What a link leads to, fetched as a feed's photos are: private addresses refused, bounded in time and size."""

import logging

from imgrec.catalogue.download import Downloader
from imgrec.catalogue.photo_status import PhotoStatus, Unfetched
from imgrec.config import PhotosSection

log = logging.getLogger(__name__)

_LONGEST_S = 20.0
_LONGEST_SILENCE_S = 8.0


class LinkError(Exception):
    """There is nothing to be had at a link."""


class TooLargeAtLinkError(LinkError):
    """What is there is larger than what is fetched."""


class Links:
    """Follows links of shoppers, where the owner has not switched that off. Somebody waits for what they lead to."""

    def __init__(self, settings: PhotosSection, *, are_followed: bool) -> None:
        self.are_followed = are_followed
        self._settings = settings.model_copy(
            update={
                "total_timeout_s": min(settings.total_timeout_s, _LONGEST_S),
                "connect_timeout_s": min(settings.connect_timeout_s, _LONGEST_SILENCE_S),
                "read_timeout_s": min(settings.read_timeout_s, _LONGEST_SILENCE_S),
            }
        )

    @property
    def most_bytes(self) -> int:
        """What is fetched at most."""
        return int(self._settings.largest_mb * 1_000_000)

    async def fetch(self, link: str) -> bytes:
        """The bytes there. Raises LinkError."""
        if not self.are_followed:
            raise LinkError("switched off")
        try:
            async with Downloader(self._settings) as downloader:
                return (await downloader.get(link)).content
        except Unfetched as why:
            log.info("Nothing was fetched from a shopper's link: %s.", why.status)
            raise (TooLargeAtLinkError if why.status is PhotoStatus.TOO_LARGE else LinkError)(why.status) from None
