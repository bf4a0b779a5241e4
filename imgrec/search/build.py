"""Building a generation: what the shop's photos look like, and what they teach."""

import contextlib
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.catalogue.splits import families
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.config import Config
from imgrec.database import utc_now
from imgrec.errors import CatalogueError, SearchIndexError, UnreachableIndexError
from imgrec.features.fill import fill
from imgrec.features.looking import Here, Looker
from imgrec.features.store import ABSENT, FeatureStore, PhotoFeatures, Pruned, View, prune
from imgrec.generations import before_current, current, generations, next_name, point_to
from imgrec.lock import writing
from imgrec.progress import Reporter
from imgrec.search.columns import as_columns
from imgrec.search.engine import Store
from imgrec.search.engines import remove_generation, store_for
from imgrec.search.generation import (
    HEAD,
    NO_RANK,
    WHITENING,
    IndexRecord,
    Register,
    read_record,
    write_record,
)
from imgrec.search.ranking import Bools, Ints
from imgrec.search.search_index import SearchIndex
from imgrec.search.trial import ShopPhotos, Strangers
from imgrec.sums import seal
from imgrec.vision.eye import Eye
from imgrec.vision.learned import read_learned
from imgrec.vision.model_folder import open_model

if TYPE_CHECKING:
    from imgrec.search.learning import Learned

_DRAFT = ".draft"
_MOST_BY_TELEPHONE = 1500
_LEAST_BY_TELEPHONE = 8  # of a category
_MOST_STRANGERS = 300
_LEAST_STRANGERS = 2  # of a category
_MOST_LEARNED_FROM = 20_000
_MOST_OF_A_CATEGORY = 500
_LEARNING = 5
"""To be raised when learning changes, so that what was learned before is not taken for up to date."""


@dataclass(frozen=True)
class IndexReport:
    """What a build did. `unreadable` are stored photos that no longer decode; they are left out."""

    generation: str
    photos: int
    computed: int
    reused: int
    unreadable: int
    changed: bool
    record: IndexRecord

    def as_json(self) -> dict[str, object]:
        """The same as plain objects."""
        return {**vars(self), "record": self.record.model_dump(mode="json")}


@dataclass(frozen=True)
class LookedAt:
    """Photos on sale and what the eye saw in them, now that all that can be read were looked at.

    photos: those that can be read. seen, by_telephone, strangers: their features, and those of some of them as a
    telephone would take them, and of some cut up. computed: how many were new. unreadable: how many stored photos do
    not decode.
    """

    photos: list[CataloguePhoto]
    seen: PhotoFeatures
    by_telephone: PhotoFeatures
    strangers: PhotoFeatures
    computed: int
    unreadable: int


def build_index(config: Config, eye: Eye, rebuild: bool, report: Reporter) -> IndexReport:
    """Bring the index up to date with catalogue and model, and point CURRENT at it.

    The catalogue is only read, and only at the beginning: it may change meanwhile. Photos are looked at once; an
    interrupted build goes on where it stopped. Raises CatalogueError when there is nothing to index.
    """
    path, store = config.index.path, store_for(config.index)
    with writing(path, "imgrec index"):
        store.check()
        _remove(path.glob(f"{_DRAFT}*"), config, report)  # of builds that did not end
        photos, category_ids = _on_sale(config)
        if rebuild:
            FeatureStore(config.features_path, eye).clear()
        looked = look_at(photos, config, eye, report)
        made_of = _digest(looked.photos, eye, config, store.identity)
        present = current(path)
        if not rebuild and present and (known := _record_of_sound(present, config)) and known.made_of == made_of:
            reused = len(looked.photos) - looked.computed
            return IndexReport(
                present.name, len(looked.photos), looked.computed, reused, looked.unreadable, False, known
            )  # fmt: skip
        with report.stage("Learning what the shop knows", None):
            from imgrec.search.learning import learn  # scikit-learn takes seconds to load, and a shop as it was none

            learned = learn(
                shop_photos(looked.photos, looked, eye), eye.model.settings.labels, config.search.scope_mass,
                config.search.results,
            )  # fmt: skip
        folder = path / next_name(path)
        record = _write(folder, looked, category_ids, learned, eye, config, made_of, store, report)
        point_to(path, folder.name)
        before = next((earlier for earlier in before_current(path) if _may_serve(earlier, config)), None)
        _remove(set(generations(path)) - {folder, before}, config, report)  # a sound one stays to fall back on
    known_before = len(looked.photos) - looked.computed
    return IndexReport(
        folder.name, len(looked.photos), looked.computed, known_before, looked.unreadable, True, record
    )  # fmt: skip


def look_at_all(config: Config, eye: Eye, report: Reporter, looker: Looker | None = None) -> LookedAt:
    """Look at all photos on sale that this eye has not looked at. Raises CatalogueError when there are none."""
    return look_at(_on_sale(config)[0], config, eye, report, looker)


def look_at(
    photos: Sequence[CataloguePhoto], config: Config, eye: Eye, report: Reporter, looker: Looker | None = None
) -> LookedAt:
    """Look at those of these photos that this eye has not looked at, and read what it saw in all of them.

    looker: who looks for it; else this process. Raises CatalogueError when none can be read.
    """
    store = FeatureStore(config.features_path, eye)
    looker = looker or Here(eye, PhotoStore(config.catalogue.photos))
    by_telephone, strangers = (
        [photo.sha256 for photo in _drawn(photos, most, least)]
        for most, least in ((_MOST_BY_TELEPHONE, _LEAST_BY_TELEPHONE), (_MOST_STRANGERS, _LEAST_STRANGERS))
    )
    views: tuple[tuple[View, str, list[str]], ...] = (
        ("shop", "Looking at photos", list(dict.fromkeys(photo.sha256 for photo in photos))),
        ("telephone", "Looking as telephones do", by_telephone),
        ("stranger", "Looking at what is nothing", strangers),
    )
    counts = {}
    for view, title, contents in views:
        held = store.held(view)
        lacking = [content for content in contents if content not in held]
        with report.stage(title, len(lacking)) as advance:
            counts[view] = (len(lacking), fill(store, looker, view, lacking, advance))
    seen = store.read("shop", {photo.sha256 for photo in photos})
    rows = seen.rows_of([photo.sha256 for photo in photos])
    usable = [photo for photo, row in zip(photos, rows, strict=True) if row != ABSENT]
    if not usable:
        raise CatalogueError(
            f"None of the {len(photos)} stored photos can be read. Delete their folder and import the feed again."
        )
    lacked, unreadable = counts["shop"]
    return LookedAt(
        usable, seen, store.read("telephone", set(by_telephone)), store.read("stranger", set(strangers)),
        lacked - unreadable, unreadable,
    )  # fmt: skip


def prune_features(config: Config) -> Pruned:
    """Remove features of photos no longer on sale, and of models that neither model.path nor the index names."""
    with writing(config.index.path, "imgrec features --prune"):
        photos, _ = _on_sale(config)
        models = {open_model(config.model.path).sha256}
        if present := current(config.index.path):
            with contextlib.suppress(SearchIndexError):
                models.add(read_record(present).model_sha256)
        return prune(config.features_path, models, {photo.sha256 for photo in photos})


def shop_photos(photos: Sequence[CataloguePhoto], looked: LookedAt, eye: Eye) -> ShopPhotos:
    """What a shop learns from: these of the photos looked at, or a sample of each category where there are many."""
    chosen = _drawn(photos, _MOST_LEARNED_FROM, 1, _MOST_OF_A_CATEGORY)
    labels = tuple(sorted({photo.category for photo in chosen if photo.category}))
    first_of = {photo.sha256: row for row, photo in reversed(list(enumerate(chosen)))}
    views, strangers = (
        of.take(np.array([bytes(content).decode() in first_of for content in of.content], bool))
        for of in (looked.by_telephone, looked.strangers)
    )
    family = families(chosen)
    return ShopPhotos(
        labels=labels,
        photos=as_columns(chosen, labels, np.zeros((len(chosen), 1), np.float32), family),
        seen=looked.seen.take(looked.seen.rows_of([photo.sha256 for photo in chosen])).outputs,
        telephone=np.array([first_of[bytes(content).decode()] for content in views.content], np.int64),
        by_telephone=views.outputs,
        learned=_learned_by(eye, chosen, family),
        strangers=Strangers(
            np.array([first_of[bytes(content).decode()] for content in strangers.content], np.int64), strangers.outputs
        ),
    )


def _on_sale(config: Config) -> tuple[list[CataloguePhoto], dict[str, int]]:
    """Stored photos of products on sale, and the ids of their categories."""
    with Catalogue.read(config.catalogue) as catalogue:
        photos, category_ids = list(catalogue.on_sale()), catalogue.categories()
    if not photos:
        raise CatalogueError("The catalogue has no product with a photo. Import some with: imgrec import FEED.csv")
    return photos, category_ids


def _record_of_sound(generation: Path, config: Config) -> IndexRecord | None:
    """The record of a generation that is whole; None of one that is not, which counts for nothing.

    Raises UnreachableIndexError when that cannot be told just now.
    """
    try:
        index = SearchIndex(generation, config.index)
    except UnreachableIndexError:
        raise
    except SearchIndexError:
        return None
    index.close()
    return index.record


def _may_serve(generation: Path, config: Config) -> bool:
    try:
        return _record_of_sound(generation, config) is not None
    except UnreachableIndexError:
        return True


def _remove(folders: Iterable[Path], config: Config, report: Reporter) -> None:
    """Remove generations, or drafts; what cannot be removed is said, and tried again by the next build."""
    for folder in sorted(folders):
        if problem := remove_generation(folder, config.index):
            report.say(problem)


def _digest(photos: Sequence[CataloguePhoto], eye: Eye, config: Config, engine: tuple[str, ...]) -> str:
    """Of all that a generation is made of."""
    parts = [_LEARNING, eye.model.sha256, eye.arithmetic, config.search.scope_mass, config.search.results, *engine]
    digest = hashlib.sha256(json.dumps(parts).encode())
    for p in photos:
        row = [p.photo_id, p.product_id, p.category, p.sha256, p.sales_rank, p.kind, p.group]
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def _drawn(
    photos: Sequence[CataloguePhoto], most: int, least_of_a_category: int, most_of_a_category: int | None = None
) -> list[CataloguePhoto]:
    """At most about so many photos, evenly of all categories; the same ones as long as they are there.

    A photo's content decides by lot, so that a catalogue that grows keeps most of what was drawn.
    """
    by_category: defaultdict[str | None, list[CataloguePhoto]] = defaultdict(list)
    for photo in sorted(photos, key=lambda photo: hashlib.sha256(photo.sha256.encode()).digest()):
        by_category[photo.category].append(photo)
    each = max(least_of_a_category, most // len(by_category))
    if most_of_a_category is not None and len(by_category) > 1:
        each = min(each, most_of_a_category)
    return [photo for members in by_category.values() for photo in members[:each]]


def _learned_by(eye: Eye, photos: Sequence[CataloguePhoto], family: Ints) -> Bools:
    """Which photos the model was trained or chosen on, or has seen a near-identical one of: bool (n,)."""
    learned = read_learned(eye.model.path)
    if learned is None:
        return np.zeros(len(photos), bool)
    known = learned.knows([photo.sha256 for photo in photos], [photo.group for photo in photos])
    return np.isin(family, family[known])


def _write(
    folder: Path, looked: LookedAt, category_ids: dict[str, int], learned: "Learned", eye: Eye, config: Config,
    made_of: str, store: Store, report: Reporter,
) -> IndexRecord:  # fmt: skip
    """Write a generation whose arrays stand category by category, those without one last.

    It is written beside its place and moved there when it is whole, so that none that a crash left half is ever taken
    for one to fall back on.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{_DRAFT}-", dir=folder.parent))
    draft.chmod(0o755)
    ordered = sorted(looked.photos, key=lambda photo: (photo.category is None, photo.category or "", photo.photo_id))
    at = looked.seen.rows_of([photo.sha256 for photo in ordered])
    register = Register(
        photo=np.array([photo.photo_id for photo in ordered], np.int64),
        product=np.array([photo.product_id for photo in ordered], np.int64),
        rank=np.array([NO_RANK if photo.sales_rank is None else photo.sales_rank for photo in ordered], np.int64),
        colours=looked.seen.colours[at].astype(np.float16),
    )
    learned.whitening.save(draft / WHITENING)
    if learned.head is not None:
        learned.head.save(draft / HEAD)
    if learned.neighbours is not None:
        learned.neighbours.save(draft)
    rows: dict[str, tuple[int, int]] = {}
    for row, photo in enumerate(ordered):
        if photo.category is not None:
            rows[photo.category] = (rows.get(photo.category, (row, row))[0], row + 1)
    record = IndexRecord(
        model_sha256=eye.model.sha256, model_name=eye.model.settings.name,
        arithmetic=tuple(sorted(FeatureStore(config.features_path, eye).arithmetics("shop"))), built_utc=utc_now(),
        made_of=made_of, photos=len(ordered), categories={name: category_ids[name] for name in rows}, rows=rows,
        knowledge=learned.knowledge,
    )  # fmt: skip
    store.write(draft, record, register, lambda rows: learned.whitening(looked.seen.features[at[rows]]), report)
    write_record(draft, record)
    seal(draft)
    draft.replace(folder)
    return record
