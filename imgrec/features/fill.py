"""From photos to features: what the store lacks is looked at, and kept."""

from collections import defaultdict
from collections.abc import Iterable

from imgrec.features.looking import Looker
from imgrec.features.store import FeatureStore, PhotoFeatures, View
from imgrec.progress import Advance
from imgrec.vision.model_folder import Arithmetic

_PHOTOS_A_SHARD = 512


def fill(store: FeatureStore, looker: Looker, view: View, wanted: Iterable[str], advance: Advance) -> int:
    """Have photos looked at, named by their content, and keep what was seen. Returns how many cannot be read.

    What is done is kept every few hundred photos, and when it is interrupted; a shard holds photos of one arithmetic.
    """
    waiting: defaultdict[Arithmetic, list[PhotoFeatures]] = defaultdict(list)
    unreadable = 0
    try:
        for looked in looker.look(view, list(wanted)):
            unreadable += looked.unreadable
            if looked.seen:
                waiting[looked.arithmetic].append(looked.seen)
                if sum(map(len, waiting[looked.arithmetic])) >= _PHOTOS_A_SHARD:
                    store.add(view, PhotoFeatures.joined(waiting.pop(looked.arithmetic)), looked.arithmetic)
            advance(len(looked), looked.note)
    finally:
        for arithmetic, parts in waiting.items():
            store.add(view, PhotoFeatures.joined(parts), arithmetic)
    return unreadable
