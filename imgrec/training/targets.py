"""What the network is taught to answer: the category, and where an embedding is trained, what it should tell apart."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from imgrec.training.examples import Examples
from imgrec.training.settings import TrainingSettings

Targets = dict[str, NDArray[np.float32]]
_LEAST_PHOTOS_A_CLASS = 2


def training_targets(examples: Examples, categories: int, settings: TrainingSettings) -> Targets:
    """Targets float32 (n, classes) by output: `logits`, and `metric` where the settings want an embedding.

    A row is the smoothed one-hot vector of the photo's class; a photo whose class is not known, or that is the only one
    of its class, has a row of zeros, which adds nothing to a cross-entropy.
    """
    targets = {"logits": _smoothed(examples.label, categories, settings.label_smoothing)}
    if settings.metric != "none":
        label, classes = metric_labels(examples, settings.metric)
        targets["metric"] = _smoothed(label, classes, settings.label_smoothing)
    return targets


def metric_labels(examples: Examples, metric: str) -> tuple[NDArray[np.int64], int]:
    """The class of each photo for the embedding, int64 (n,), -1 where there is none; and how many classes there are.

    Classes are the categories, the kinds within them, or the groups; a photo that is alone in its group is told by its
    kind. Where not even two kinds or groups have two photos each, there is nothing to tell apart, and the categories
    serve.
    """
    keys: Sequence[Hashable | None] = examples.label.tolist()
    if metric != "category":
        pairs = zip(examples.label.tolist(), examples.kind, strict=True)
        keys = [(category, kind) if kind else None for category, kind in pairs]
    if metric == "group":
        members = Counter(examples.group)
        several = (members[group] >= _LEAST_PHOTOS_A_CLASS for group in examples.group)
        keys = [group if of else kind for group, of, kind in zip(examples.group, several, keys, strict=True)]
    counted = Counter(key for key in keys if key is not None)
    classes = [key for key, count in counted.items() if count >= _LEAST_PHOTOS_A_CLASS]
    if len(classes) < 2:
        return examples.label, int(examples.label.max()) + 1
    number = {key: index for index, key in enumerate(classes)}
    return np.array([number.get(key, -1) for key in keys], np.int64), len(classes)


def _smoothed(label: NDArray[np.int64], classes: int, smoothing: float) -> NDArray[np.float32]:
    """One-hot rows with a share spread over all classes (C. Szegedy et al., Rethinking the Inception Architecture for
    Computer Vision, 2016, section 7); -1 gives a row of zeros.
    """
    rows = np.full((len(label), classes), smoothing / classes, np.float32)
    known = label >= 0
    rows[known, label[known]] += 1 - smoothing
    rows[~known] = 0
    return rows
