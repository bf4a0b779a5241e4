"""Files that come with messages, and which of them may be an image: only their content tells, once it is here."""

import re

from pydantic import BaseModel, ConfigDict, Field

from imgrec.vision.boxes import Box

LARGEST = 2**63 - 1  # what SQLite holds
_IMAGE_NAME = re.compile(r"\.(jpe?g?|jfif|pjpe?g|png|webp|gif|avif|bmp|dib|tiff?|hei[cf])$", re.IGNORECASE)
_OTHER_NAME = re.compile(
    r"\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|txt|md|csv|tsv|json|xml|ya?ml|html?|log|epub|vcf|ics"
    r"|zip|rar|7z|gz|tgz|bz2|xz|tar|iso|apk|exe|msi|dmg|deb|rpm|torrent|ttf|otf"
    r"|mp4|m4v|mov|avi|mkv|webm|mpe?g|3gp|mp3|m4a|aac|ogg|oga|opus|wav|flac|midi?|tgs)$",
    re.IGNORECASE,
)
_OTHER_TYPE = re.compile(
    r"(video|audio|text|font|message|model)/"
    r"|application/(pdf|zip|gzip|json|xml|rtf|msword|x-tgsticker|x-(7z|rar|tar|bzip|gzip|zip)|vnd\.)",
    re.IGNORECASE,
)


class File(BaseModel):
    """A photo in its largest size, a document, or a sticker. `part`: what of it is meant; None is all of it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    file_id: str
    file_unique_id: str
    file_size: int = Field(0, ge=0, le=LARGEST)
    width: int = 0
    height: int = 0
    mime_type: str = ""
    file_name: str = ""
    part: Box | None = None

    @property
    def may_be_image(self) -> bool:
        """Whether it is worth a look: some clients name no type, or a wrong one.

        Not worth it is what its type and its name both say is something else. A name without an ending, or with one
        that nobody knows, says nothing.
        """
        if _IMAGE_NAME.search(self.file_name) or not _OTHER_TYPE.match(self.mime_type):
            return True
        return bool(self.file_name) and not _OTHER_NAME.search(self.file_name)


class Sticker(File):
    """A sticker; those that move are no images."""

    is_animated: bool = False
    is_video: bool = False

    @property
    def is_still(self) -> bool:
        """Whether it is a picture."""
        return not (self.is_animated or self.is_video)
