"""What tells a photo of something the shop sells from others: fitted on its own photos, as they are and cut up.

What people send is taken by telephone, so both sides are: telephone views of photos that are left out in turn, their
own product not searched, stand for what is sold; the same photos in pieces stand for what is not.
"""

import numpy as np

from imgrec.search.fitting import fit_sold
from imgrec.search.meaning import LEAST_JUDGED
from imgrec.search.ranking import UNKNOWN
from imgrec.search.sold import NOT_SOLD, Sold, energy_of
from imgrec.search.trial import Fold, LogitsOf, ShopPhotos
from imgrec.vision.vectors import Bools, Floats, Halves, Ints


def sold_of(shop: ShopPhotos, folds: list[Fold], logits: LogitsOf, temperature: float, fair: Bools) -> Sold | None:
    """The probability that something is sold. None where there are no categories, too few photos to go by,
    or neither score tells the two apart: to doubt everything alike says nothing.
    """
    if not logits.shop.shape[1]:
        return None
    known: list[Floats] = []
    strange: list[Floats] = []
    for fold in folds:
        left_out = fold.rows & fair
        vectors = fold.whitening(shop.seen.features)
        for into, of, features, said in (
            (known, shop.telephone, shop.by_telephone.features, logits.telephone),
            (strange, shop.stranger, shop.in_pieces.features, logits.strangers),
        ):
            views = left_out[of]
            into.append(_told(shop, vectors, fold, of[views], features[views], said[views] / np.float32(temperature)))
    sold, not_sold = np.concatenate(known), np.concatenate(strange)
    if min(len(sold), len(not_sold)) < LEAST_JUDGED:
        return None
    fitted = fit_sold(sold, not_sold, NOT_SOLD)
    return fitted if fitted.tells else None


def _told(shop: ShopPhotos, vectors: Floats, fold: Fold, of: Ints, features: Halves, logits: Floats) -> Floats:
    """What the probability is taken of: similarity to the nearest product of the likeliest category, and energy.

    vectors: (n, d), the shop's. of: (q,), which photos the queries are made of. Returns float32 (q, 2).
    """
    likeliest, label = logits.argmax(axis=1), shop.photos.label
    similarity = np.full(len(of), -1.0, np.float32)
    whitened = fold.whitening(features)
    for category in np.unique(likeliest):
        asked, held = likeliest == category, np.isin(label, (category, UNKNOWN))  # as an index searches a category
        cosine = whitened[asked] @ vectors[held].T
        is_own = shop.photos.group[of[asked]][:, None] == shop.photos.group[held][None, :]
        similarity[asked] = np.where(is_own, -1, cosine).max(axis=1, initial=-1)
    return np.stack([similarity, energy_of(logits)], axis=1)
