"""What was seen while features were compared, kept as what the finished model sees: where that is the same to the bit.

The network that was compared is the one exported, but for what else it puts out. In float32, where a look is dear, both
say the same to the bit. In bfloat16 they do not, for OpenVINO rounds at other places; there the model looks by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.features.colours import dominant_colours
from imgrec.features.looking import BATCH, Looked, decoded
from imgrec.features.store import Contents, PhotoFeatures, View, as_contents, as_names
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.preprocessing import Pixels
from imgrec.vision.vectors import Floats


def sees_the_same(eye: Eye, pixels: Pixels, outputs: Outputs) -> bool:
    """Whether an eye says of photos, uint8 (n, side, side, 3), what was said of them: of the first few, to the bit."""
    ours, theirs = eye.look_at_pixels(np.asarray(pixels[:BATCH])), outputs.take(slice(BATCH))
    return np.array_equal(ours.features, theirs.features) and np.array_equal(ours.logits, theirs.logits)


class Told:
    """A looker that was told what an eye sees in photos, and takes their colours alone."""

    def __init__(self, eye: Eye, photos: PhotoStore, contents: Contents, outputs: Outputs) -> None:
        """outputs: of the photos with these contents, in their order."""
        self._eye = eye
        self._photos = photos
        self._outputs = outputs
        self._row = {content: row for row, content in enumerate(as_names(contents))}

    def look(self, view: View, wanted: Sequence[str]) -> Iterator[Looked]:
        """The wanted photos in order, a batch at a time; they are ones that it was told of, in the view `shop`."""
        with ThreadPoolExecutor(thread_name_prefix="colours") as pool:
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                coloured = zip(batch, pool.map(self._colours, batch), strict=True)
                readable = {content: colours for content, colours in coloured if colours is not None}
                seen = self._features(readable) if readable else None
                yield Looked(seen, len(batch) - len(readable), self._eye.arithmetic)

    def _features(self, readable: Mapping[str, Floats]) -> PhotoFeatures:
        seen = self._outputs.take(np.array([self._row[content] for content in readable]))
        return PhotoFeatures(as_contents(readable), seen.features, seen.logits, np.stack(list(readable.values())))

    def _colours(self, content: str) -> Floats | None:
        """None: unreadable."""
        photo = decoded(self._photos, content, self._eye)
        return dominant_colours(photo) if photo else None
