"""What the catalogue knows of its photos, as the columns that ranking, judging and learning work on."""

from collections.abc import Sequence

import numpy as np

from imgrec.catalogue.store import CataloguePhoto
from imgrec.search.generation import NO_RANK
from imgrec.search.ranking import UNKNOWN, Photos, numbered_kinds
from imgrec.vision.vectors import Floats, Ints


def as_columns(photos: Sequence[CataloguePhoto], labels: Sequence[str], features: Floats, family: Ints) -> Photos:
    """Photos with their features (n, d), in the same order. A category that is not among the labels is UNKNOWN.

    family: int64 (n,), which photos belong together. Numbers of kinds mean something only among photos coded together:
    take queries from the result.
    """
    number = {name: at for at, name in enumerate(labels)}
    label = np.array([number.get(photo.category or "", UNKNOWN) for photo in photos], np.int64)
    return Photos(
        features=features,
        product=np.array([photo.product_id for photo in photos], np.int64),
        label=label,
        kind=numbered_kinds([photo.category for photo in photos], [photo.kind for photo in photos]),
        group=family,
        rank=np.array([NO_RANK if photo.sales_rank is None else photo.sales_rank for photo in photos], np.int64),
    )
