"""Pictures that several products show: placeholders, copies and near duplicates, found, marked and listed."""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import numpy as np

from imgrec.catalogue.duplicates import NEAR_BITS, SAME_BITS, as_hashes, clusters, differing_bits
from imgrec.catalogue.photo_status import PhotoStatus
from imgrec.catalogue.photo_store import PhotoStore
from imgrec.catalogue.store import Catalogue
from imgrec.errors import PhotoError
from imgrec.figures import counted
from imgrec.progress import Reporter
from imgrec.vision.perceptual_hash import perceptual_hash

_PAGE = 200
_WORDS_OF_A_TITLE = 2
_WORD = re.compile(r"\w+")


class Likeness(StrEnum):
    """What the photos of a cluster have in common."""

    PLACEHOLDER = "placeholder"
    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True)
class RepeatedPhoto:
    """A photo in a cluster. `split` is the feed's."""

    photo_id: int
    product_id: int
    source: str
    id: str
    category: str | None
    title: str | None
    group: str | None
    split: str | None
    sha256: str
    perceptual_hash: bytes


@dataclass(frozen=True)
class Cluster:
    """Photos of several products that look the same, in the order of the catalogue."""

    likeness: Likeness
    photos: tuple[RepeatedPhoto, ...]

    @property
    def is_across_splits(self) -> bool:
        """Whether it is on two sides of a split that the feed made, so that what is trained on is measured on."""
        return self.likeness is not Likeness.PLACEHOLDER and len({p.split for p in self.photos if p.split}) > 1


@dataclass(frozen=True)
class Repeats:
    """What repeats among the photos of products on sale."""

    clusters: tuple[Cluster, ...]

    def photos(self, *likenesses: Likeness) -> int:
        """How many photos are in clusters of these likenesses."""
        return sum(len(cluster.photos) for cluster in self.clusters if cluster.likeness in likenesses)

    @property
    def across_splits(self) -> int:
        """How many clusters are on two sides of a feed's split."""
        return sum(cluster.is_across_splits for cluster in self.clusters)

    def as_json(self) -> dict[str, object]:
        """Counts, for `--json`."""
        of_each = Counter(cluster.likeness for cluster in self.clusters)
        counts: dict[str, object] = {
            str(likeness): {"clusters": of_each[likeness], "photos": self.photos(likeness)} for likeness in Likeness
        }
        return {**counts, "across_splits": self.across_splits}

    def in_words(self, options: str = "") -> Iterator[str]:
        """A line each for a person, none where nothing repeats; `options` go behind the command that is named."""
        of_each = Counter(cluster.likeness for cluster in self.clusters)
        if of_each[Likeness.PLACEHOLDER]:
            yield (
                f"Placeholders: {counted(of_each[Likeness.PLACEHOLDER], 'picture')} that unlike products show, as "
                f"{counted(self.photos(Likeness.PLACEHOLDER), 'photo')}; index and training leave them out."
            )
        alike = of_each[Likeness.EXACT] + of_each[Likeness.NEAR]
        if alike:
            yield (
                f"{self.photos(Likeness.EXACT, Likeness.NEAR):,} photos of several products look the same: "
                f"{counted(alike, 'cluster')}, {of_each[Likeness.EXACT]:,} of exact copies. List them with: "
                f"imgrec photos --duplicates{options}"
            )
        if self.across_splits:
            yield (
                f"Clusters that a feed has in two splits: {self.across_splits:,}. What is trained on is measured there "
                "again; give their products one split, or none."
            )


def hash_stored_photos(catalogue: Catalogue, report: Reporter) -> int:
    """Hash the stored photos that have no perceptual hash yet. Returns how many files could not be read."""
    lacking = "FROM photos WHERE sha256 IS NOT NULL AND perceptual_hash IS NULL"
    total = catalogue.connection.execute(f"SELECT count(*) {lacking}").fetchone()[0]
    if not total:
        return 0
    last, unread = 0, 0
    with report.stage("Reading stored photos", total) as advance, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        while page := catalogue.connection.execute(
            f"SELECT id, sha256 {lacking} AND id > ? ORDER BY id LIMIT {_PAGE}", (last,)
        ).fetchall():
            last = page[-1]["id"]
            names = list(dict.fromkeys(row["sha256"] for row in page))
            hashes = dict(zip(names, pool.map(lambda name: _hash_of(catalogue.photos, name), names), strict=True))
            unread += sum(hashes[row["sha256"]] is None for row in page)
            with catalogue.connection:
                catalogue.connection.execute("BEGIN IMMEDIATE")
                catalogue.connection.executemany(
                    "UPDATE photos SET perceptual_hash = ? WHERE id = ?",
                    [(hashes[row["sha256"]], row["id"]) for row in page],
                )
            advance(len(page), "photos")
    return unread


def find_repeats(catalogue: Catalogue, placeholder_products: int) -> Repeats:
    """The clusters of photos that look the same, among those of products on sale that have a perceptual hash.

    A picture is a placeholder when at least `placeholder_products` unlike products show it, all but bit by bit.
    """
    rows = catalogue.connection.execute(
        "SELECT photos.id, perceptual_hash FROM photos JOIN products ON products.id = product_id "
        "WHERE retired_utc IS NULL AND sha256 IS NOT NULL AND perceptual_hash IS NOT NULL ORDER BY photos.id"
    ).fetchall()
    hashes, ids = as_hashes([row["perceptual_hash"] for row in rows]), np.array([row["id"] for row in rows], np.int64)
    near = clusters(hashes, NEAR_BITS)
    repeated = np.bincount(near)[near] > 1 if len(near) else np.zeros(0, bool)
    photos = _photos(catalogue, ids[repeated].tolist())
    placeholders = [
        same for same in _gathered(photos, clusters(hashes[repeated], SAME_BITS))
        if count_unlike(same) >= placeholder_products
    ]  # fmt: skip
    taken = {photo.photo_id for photo in chain.from_iterable(placeholders)}
    found = [Cluster(Likeness.PLACEHOLDER, tuple(cluster)) for cluster in placeholders]
    for cluster in _gathered(photos, near[repeated]):
        alike = tuple(photo for photo in cluster if photo.photo_id not in taken)
        if len({photo.product_id for photo in alike}) > 1:
            is_one = len({photo.sha256 for photo in alike}) == 1
            found.append(Cluster(Likeness.EXACT if is_one else Likeness.NEAR, alike))
    return Repeats(tuple(found))


def mark_placeholders(catalogue: Catalogue, repeats: Repeats) -> None:
    """Give placeholders their status, and take it from photos that no longer are any."""
    marked = [
        (photo.photo_id,)
        for cluster in repeats.clusters
        if cluster.likeness is Likeness.PLACEHOLDER
        for photo in cluster.photos
    ]
    with catalogue.connection:
        catalogue.connection.execute("BEGIN IMMEDIATE")
        catalogue.connection.execute(
            "UPDATE photos SET status = ? WHERE status = ?", (PhotoStatus.STORED, PhotoStatus.PLACEHOLDER)
        )
        catalogue.connection.executemany(f"UPDATE photos SET status = '{PhotoStatus.PLACEHOLDER}' WHERE id = ?", marked)


def count_unlike(photos: Iterable[RepeatedPhoto]) -> int:
    """How many unlike products show these photos.

    Products of one group are alike, and so are those whose titles begin with the same two words: sizes and colours.
    """
    return len({_product_like(photo) for photo in photos})


def listing(repeats: Repeats, photos: PhotoStore) -> Iterator[dict[str, object]]:
    """A row for every photo in a cluster, for a person to act on; `bits` differ from the cluster's first photo."""
    for number, cluster in enumerate(repeats.clusters, start=1):
        bits = differing_bits(as_hashes([photo.perceptual_hash for photo in cluster.photos]))
        for photo, differing in zip(cluster.photos, bits.tolist(), strict=True):
            yield {
                "cluster": number,
                "likeness": str(cluster.likeness),
                "bits": differing,
                "product_id": photo.product_id,
                "source": photo.source,
                "id": photo.id,
                "category": photo.category,
                "title": photo.title,
                "group": photo.group,
                "split": photo.split,
                "photo": photos.address(photo.sha256),
            }


def _hash_of(photos: PhotoStore, sha256: str) -> bytes | None:
    try:
        return perceptual_hash(photos.source(sha256))
    except PhotoError:  # the file is gone or damaged
        return None


def _photos(catalogue: Catalogue, photo_ids: list[int]) -> list[RepeatedPhoto]:
    rows = catalogue.connection.execute(
        """
        SELECT photos.id, product_id, sources.name, external_id, nullif(categories.name, ''), title, group_name, split,
               sha256, perceptual_hash
        FROM photos JOIN products ON products.id = product_id JOIN sources ON sources.id = source_id
        JOIN categories ON categories.id = category_id
        WHERE photos.id IN (SELECT value FROM json_each(?)) ORDER BY photos.id
        """,
        (json.dumps(photo_ids),),
    )
    return [RepeatedPhoto(*row) for row in rows]


def _gathered(photos: Sequence[RepeatedPhoto], numbers: Iterable[int]) -> list[list[RepeatedPhoto]]:
    """The photos by the number of their cluster, in the order of the first of each."""
    of_each: dict[int, list[RepeatedPhoto]] = defaultdict(list)
    for photo, number in zip(photos, numbers, strict=True):
        of_each[number].append(photo)
    return list(of_each.values())


def _product_like(photo: RepeatedPhoto) -> tuple[str, str | int]:
    if photo.group:
        return "group", photo.group
    words = _WORD.findall((photo.title or "").casefold())[:_WORDS_OF_A_TITLE]
    if words:
        return "title", " ".join(words)
    return "product", photo.product_id
