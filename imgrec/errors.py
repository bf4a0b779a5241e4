"""Every error imgrec raises on purpose.

    ImgrecError                     the command ends with exit code 1 and this one line
    ├── ConfigError                 config.yaml cannot be used
    ├── CatalogueError              the catalogue is missing, empty, or unfit for what was asked
    │   └── FeedError               a feed file cannot be read at all
    │       └── RenamedFeedError    a new source holds what is on sale under another
    ├── StorageError                object storage cannot be reached, or not used so
    ├── FeaturesError               what was seen in photos and kept cannot be read again
    ├── ClusterError                the machines that look at photos cannot be had, or are lost again and again
    ├── BusyError                   another process is writing; the message says which
    ├── PhotoError                  one photo cannot be used
    │   ├── UnreadablePhotoError    it does not decode as an image
    │   ├── TooLargePhotoError      more pixels than we decode
    │   ├── CostlyPhotoError        it asks for more time or memory than any honest photo
    │   └── TooSmallPhotoError      too few pixels to show a product
    ├── GuardError                  the processes that decode photos cannot be started, or were closed
    ├── ModelError                  the model is missing, damaged, or does not fit
    │   ├── WeightsError            pretrained weights cannot be had or do not fit
    │   └── TrainingError           training cannot start or go on
    ├── SearchIndexError            the index is missing, damaged, or its model cannot be had
    │   ├── OtherServingError       a photo was seen with another generation than the one that serves
    │   └── UnreachableIndexError   the server that has the vectors does not answer just now
    ├── LogError                    the log cannot be opened or does not hold what was asked
    ├── BackupError                 a backup cannot be made, or is none that can be restored here
    └── ReportError                 a report cannot be written

A message says what happened, the value got, what is allowed, and the command that mends it.
"""


class ImgrecError(Exception):
    """What went wrong and what to do next, in one line."""


class ConfigError(ImgrecError):
    """The configuration cannot be used."""


class CatalogueError(ImgrecError):
    """The catalogue is missing, empty, or unfit for what was asked."""


class FeedError(CatalogueError):
    """A feed file cannot be read at all (a single bad row is a counted rejection instead)."""


class RenamedFeedError(FeedError):
    """A source that would be new holds products that are on sale under another."""


class StorageError(ImgrecError):
    """Object storage cannot be reached, or is asked for where only files of this machine will do."""


class FeaturesError(ImgrecError):
    """What was seen in photos was there before, and cannot be read again."""


class ClusterError(ImgrecError):
    """The machines that look at photos cannot be had, or are lost again and again."""


class BusyError(ImgrecError):
    """Another process holds the writer's lock."""


class PhotoError(ImgrecError):
    """One photo cannot be used."""


class UnreadablePhotoError(PhotoError):
    """The bytes do not decode as an image."""


class TooLargePhotoError(PhotoError):
    """The photo has more pixels than we are willing to decode."""


class CostlyPhotoError(PhotoError):
    """Decoding the photo takes more time or memory than any honest photo."""


class TooSmallPhotoError(PhotoError):
    """The photo has too few pixels to show a product."""


class GuardError(ImgrecError):
    """The processes that decode photos cannot be started, or were closed: no photo's fault."""


class ModelError(ImgrecError):
    """The model is missing, damaged, or does not fit."""


class WeightsError(ModelError):
    """Pretrained weights cannot be had, or do not fit the network."""


class TrainingError(ModelError):
    """Training cannot start or go on."""


class SearchIndexError(ImgrecError):
    """The index is missing, damaged, or its model cannot be had."""


class OtherServingError(SearchIndexError):
    """A photo was seen with another generation than the one that serves: look at it again."""


class UnreachableIndexError(SearchIndexError):
    """The server that has the vectors does not answer just now: what was asked may be asked again later."""


class LogError(ImgrecError):
    """The log cannot be opened, or does not hold what was asked."""


class BackupError(ImgrecError):
    """A backup cannot be made, or is damaged, newer than this imgrec, or in the way of what is there."""


class ReportError(ImgrecError):
    """A report cannot be written."""
