"""From photos to features: what the store lacks is looked at, and kept."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from imgrec.features.looking import Looker
from imgrec.features.store import Contents, FeatureStore, Found, PhotoFeatures, View, as_names
from imgrec.progress import Advance, Reporter
from imgrec.vision.model_folder import Arithmetic

_PHOTOS_A_SHARD = 512
_LOOKED_AT_ONCE = 65_536


def find_or_look(
    store: FeatureStore, looker: Looker, view: View, title: str, contents: Contents, report: Reporter
) -> tuple[Found, int, int]:
    """Where what was seen in these photos is, how many were new, and how many of those cannot be read.

    title: of the stage in which those are looked at that the store lacks.
    """
    found = store.find(view, contents)
    absent = contents[~found.is_there]
    lacking = absent[np.sort(np.unique(absent, return_index=True)[1])]
    unreadable = 0
    with report.stage(title, len(lacking)) as advance:
        for start in range(0, len(lacking), _LOOKED_AT_ONCE):
            some = as_names(lacking[start : start + _LOOKED_AT_ONCE])
            unreadable += fill(store, looker, view, some, advance)
    return store.find(view, contents) if len(lacking) else found, len(lacking), unreadable


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
