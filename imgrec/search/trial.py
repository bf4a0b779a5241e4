"""Queries asked out of fold: what the shop's own photos find, each left out of what it is searched with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from imgrec.search.head import Head
from imgrec.search.judging import judge
from imgrec.search.measures import SHOWN, recall_at, success_at
from imgrec.search.ranking import Gallery, Photos, Ranked, nearest, scoped
from imgrec.search.scoping import Scoping
from imgrec.search.whitening import Whitening
from imgrec.vision.eye import Outputs
from imgrec.vision.vectors import Bools, Doubles, Floats, Ints, softmax

_NOBODY = -2  # a group that no product is of


@dataclass(frozen=True)
class ShopPhotos:
    """n photos of the shop that it learns from, m of them seen as a telephone would, and s cut up, as strangers.

    labels: category names. photos: their columns, features of no account. seen, by_telephone, in_pieces: what the eye
    put out of them. telephone, stranger: int64 (m,), (s,), which photo each is of. learned: bool (n,), what the model
    was trained or chosen on.
    """

    labels: tuple[str, ...]
    photos: Photos
    seen: Outputs
    telephone: Ints
    by_telephone: Outputs
    stranger: Ints
    in_pieces: Outputs
    learned: Bools

    def __len__(self) -> int:
        return len(self.photos)


@dataclass(frozen=True)
class Fold:
    """Photos left out, bool (n,), and what was fitted without them."""

    rows: Bools
    whitening: Whitening
    head: Head | None


@dataclass(frozen=True)
class Way:
    """One way to search. category_weight: of a category's probability in the similarity, see joint.py."""

    scoping: Scoping
    category_weight: float = 0.0


@dataclass(frozen=True)
class LogitsOf:
    """By photo, telephone view and stranger, float32 (n, k), (m, k), (s, k), out of fold; k is 0 where nothing is told
    apart.
    """

    shop: Floats
    telephone: Floats
    strangers: Floats


@dataclass(frozen=True)
class Trial:
    """What q queries found, each searched against all photos but those of its own family.

    queries: their columns, without features. by_telephone: bool (q,). first_similarity, is_it: of the queries by
    telephone, the first match where the own product is searched too, and whether it is that.
    """

    queries: Photos
    by_telephone: Bools
    ranked: Ranked
    gallery: Gallery
    first_similarity: Doubles
    is_it: Bools

    @property
    def score(self) -> float:
        """The mean of three shares, of those for which there is one of their kind: it comes first, one is among ten,
        and of those that could be among ten are.
        """
        judged = judge(self.queries, self.ranked, self.gallery)
        can = judged.relevant > 0
        if not can.any():
            return 0.0
        right = judged.right[can]
        shares = success_at(right, 1), success_at(right, SHOWN), recall_at(right, judged.relevant[can], SHOWN)
        return float(np.mean([share.mean() for share in shares]))

    def first_matches(self) -> tuple[Doubles, Bools, Ints]:
        """First matches of the queries by telephone: similarity, whether it is the very product, and the query's group.

        Each query twice, once with its own product searched and once without: of what customers photograph, the shop
        has some and not the rest, and a match of the latter is never the very product.
        """
        queries, ranked = self.of_telephones()
        similarity = np.concatenate([self.first_similarity, ranked.similarity[:, 0]])
        is_it = np.concatenate([self.is_it, np.zeros(len(queries), bool)])
        found = np.isfinite(similarity)
        return similarity[found], is_it[found], np.concatenate([queries.group, queries.group])[found]

    def of_telephones(self) -> tuple[Photos, Ranked]:
        """The queries by telephone alone."""
        rows = np.flatnonzero(self.by_telephone)
        return self.queries.take(rows), Ranked(self.ranked.product[rows], self.ranked.similarity[rows])


def ask(
    shop: ShopPhotos, folds: Sequence[Fold], logits: LogitsOf, temperature: float, fair: Bools, way: Way,
    scope_mass: float,
) -> Trial:  # fmt: skip
    """Search with every fair photo that has a telephone view, both ways; each by the whitening that leaves it out."""
    features = shop.seen.features.astype(np.float32)

    def found_by(queries: Photos, gallery: Gallery, said: Floats, depth: int) -> Ranked:
        probabilities = softmax(said / np.float32(temperature))
        in_scope, joint = scoped(probabilities, gallery, way.scoping, scope_mass, way.category_weight)
        return nearest(queries, gallery, in_scope, depth, joint)

    gallery = Gallery(replace(shop.photos, features=np.zeros((len(shop), 1), np.float32)))
    parts: list[tuple[Ints, bool, Ranked]] = []
    firsts: list[Ranked] = []
    for fold in folds:
        views = np.flatnonzero((fold.rows & fair)[shop.telephone])
        if not len(views):
            continue
        at = shop.telephone[views]
        gallery = Gallery(replace(shop.photos, features=fold.whitening(features)))
        as_it_is = replace(shop.photos.take(at), features=fold.whitening(features[at]))
        parts.append((at, False, found_by(as_it_is, gallery, logits.shop[at], SHOWN)))
        taken = replace(as_it_is, features=fold.whitening(shop.by_telephone.features[views]))
        said = logits.telephone[views]
        parts.append((at, True, found_by(taken, gallery, said, SHOWN)))
        firsts.append(found_by(replace(taken, group=np.full(len(at), _NOBODY)), gallery, said, 1))
    return _together(shop, parts, firsts, gallery)


def _together(
    shop: ShopPhotos, parts: Sequence[tuple[Ints, bool, Ranked]], firsts: Sequence[Ranked], gallery: Gallery
) -> Trial:
    """The folds' queries as one; galleries differ in features alone, so that one serves to judge them all."""
    none = np.zeros(0, np.int64)
    rows = np.concatenate([none, *(at for at, _, _ in parts)])
    by_telephone = np.concatenate([none, *(np.full(len(at), telephone) for at, telephone, _ in parts)]).astype(bool)
    product = np.concatenate([np.zeros((0, SHOWN), np.int64), *(ranked.product for _, _, ranked in parts)])
    similarity = np.concatenate([np.zeros((0, SHOWN)), *(ranked.similarity for _, _, ranked in parts)])
    queries = replace(shop.photos, features=np.zeros((len(shop), 0), np.float32)).take(rows)
    first = np.concatenate([none, *(ranked.product[:, 0] for ranked in firsts)])
    is_it = (gallery.products.group[first] == queries.group[by_telephone]) & (first >= 0)
    first_similarity = np.concatenate([np.zeros(0), *(ranked.similarity[:, 0] for ranked in firsts)])
    return Trial(queries, by_telephone, Ranked(product, similarity), gallery, first_similarity, np.asarray(is_it))
