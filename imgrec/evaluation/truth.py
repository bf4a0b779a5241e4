"""What the catalogue knows of its photos, as the columns that ranking and judging work on."""

from collections.abc import Sequence

import numpy as np

from imgrec.catalogue.store import CataloguePhoto
from imgrec.search.files import NO_RANK
from imgrec.search.ranking import Photos, numbered, numbered_kinds
from imgrec.vision.vectors import Floats


def as_columns(photos: Sequence[CataloguePhoto], labels: Sequence[str], features: Floats) -> Photos:
    """Photos with their features (n, d), in the same order; `labels` are the model's, and hold every category.

    Numbers of kinds and groups mean something only among photos coded together: take queries from the result.
    """
    number = {name: at for at, name in enumerate(labels)}
    return Photos(
        features=features,
        product=np.array([photo.product_id for photo in photos], np.int64),
        label=np.array([number[photo.category] for photo in photos], np.int64),
        kind=numbered_kinds([photo.category for photo in photos], [photo.kind for photo in photos]),
        group=numbered([photo.group for photo in photos]),
        rank=np.array([NO_RANK if photo.sales_rank is None else photo.sales_rank for photo in photos], np.int64),
    )
