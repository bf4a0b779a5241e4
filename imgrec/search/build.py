"""Building a generation: what the shop's photos look like, and what they teach."""

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.catalogue.splits import families
from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.config import Config
from imgrec.database import utc_now
from imgrec.errors import CatalogueError, SearchIndexError, UnreachableIndexError
from imgrec.features.fill import find_or_look
from imgrec.features.looking import Here, Looker
from imgrec.features.store import (
    ABSENT,
    Contents,
    FeatureStore,
    Found,
    PhotoFeatures,
    Pruned,
    View,
    as_contents,
    places,
    prune,
)
from imgrec.generations import before_current, current, generations, next_name, point_to
from imgrec.lock import writing
from imgrec.progress import Reporter
from imgrec.search.engine import Store, VectorsOf
from imgrec.search.engines import remove_generation, store_for
from imgrec.search.generation import IndexRecord, Register, read_record, write_record
from imgrec.search.on_sale import Columns, Draw, OnSale
from imgrec.search.product_colours import names_of_products
from imgrec.search.ranking import Photos
from imgrec.search.search_index import SearchIndex
from imgrec.search.trial import ShopPhotos
from imgrec.sums import seal
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.learned import read_learned
from imgrec.vision.model_folder import open_model
from imgrec.vision.vectors import Bools, Ints

if TYPE_CHECKING:
    from imgrec.search.learned import Learned

_DRAFT = ".draft"
BY_TELEPHONE = Draw(1500, 8)
STRANGERS = Draw(300, 2)
"""Photos that are looked at in another view, too."""
_LEARNED_FROM = Draw(20_000, 1, 500)
_NOTHING = (
    "No product on sale has a photo. Fetch those that are lacking with: imgrec photos, or import products with: "
    "imgrec import FEED.csv"
)
_LEARNING = 6
"""To be raised when learning changes, so that what was learned before is not taken for up to date."""


@dataclass(frozen=True)
class IndexReport:
    """What a build did. `unreadable` are stored photos that no longer decode; they are left out.

    photos = computed, which are looked at + reused, which were known before + copies, to the byte, of one of those.
    """

    generation: str
    photos: int
    computed: int
    reused: int
    copies: int
    unreadable: int
    changed: bool
    record: IndexRecord

    def as_json(self) -> dict[str, object]:
        """The same as plain objects."""
        return {**vars(self), "record": self.record.model_dump(mode="json")}


@dataclass(frozen=True)
class LookedAt:
    """Photos on sale and where what the eye saw in them is, now that all that can be read were looked at.

    on_sale: those that can be read. found: where, of each. by_telephone, strangers: features of some of them as a
    telephone would take them, and of some cut up. computed: how many were new. unreadable: how many stored photos do
    not decode. lost: int64 (m,), ids of all photos on sale that cannot be read.
    """

    on_sale: OnSale
    store: FeatureStore
    found: Found
    by_telephone: PhotoFeatures
    strangers: PhotoFeatures
    computed: int
    unreadable: int
    lost: Ints

    def counts(self) -> tuple[int, int, int, int, int]:
        """Photos, and of them computed, reused and copies; unreadable ones. As IndexReport has them."""
        photos, pictures = len(self.on_sale.photos), self.found.pictures()
        return photos, self.computed, pictures - self.computed, photos - pictures, self.unreadable

    def readable(self, photos: Iterable[CataloguePhoto]) -> list[CataloguePhoto]:
        """Those of these photos that are among them."""
        listed = list(photos)
        at = self._rows_of(listed)
        return [photo for photo, row in zip(listed, at.tolist(), strict=True) if row != ABSENT]

    def seen_in(self, photos: Sequence[CataloguePhoto]) -> PhotoFeatures:
        """What was seen in some of them, in the order given: for as many as fit into memory."""
        return self.store.all_of(self.found.take(self._rows_of(photos)))

    def _rows_of(self, photos: Sequence[CataloguePhoto]) -> Ints:
        return places(as_contents(photo.sha256 for photo in photos), *self._by_content)

    @cached_property
    def _by_content(self) -> tuple[Contents, Ints]:
        order = np.argsort(self.on_sale.photos.content)
        return self.on_sale.photos.content, order


def build_index(config: Config, eye: Eye, rebuild: bool, report: Reporter, looker: Looker | None = None) -> IndexReport:
    """Bring the index up to date with catalogue and model, and point CURRENT at it.

    The catalogue is only read, and only at the beginning: it may change meanwhile. Photos are looked at once, by
    `looker` or by this process; an interrupted build goes on where it stopped. Memory grows by some 300 bytes a photo,
    and not with what a feature or a vector takes. Raises CatalogueError when there is nothing to index.
    """
    path, store = config.index.path, store_for(config.index)
    with writing(path, "imgrec index"):
        store.check()
        _remove(path.glob(f"{_DRAFT}*"), config, report)  # of builds that did not end
        digest = _digest(eye, config, store.identity)
        on_sale = _on_sale(config, report, digest.update)
        if rebuild:
            FeatureStore(config.features_path, eye).clear()
        looked = look_at(on_sale, config, eye, report, looker)
        if len(looked.lost):
            digest.update(json.dumps(looked.lost.tolist()).encode())
        made_of = digest.hexdigest()
        present = current(path)
        if not rebuild and present and (known := _record_of_sound(present, config)) and known.made_of == made_of:
            return IndexReport(present.name, *looked.counts(), False, known)
        with report.stage("Learning what the shop knows", None):
            from imgrec.search.learning import learn  # scikit-learn takes seconds to load, and a shop as it was none

            learned = learn(
                shop_photos(looked.on_sale.sample, looked, eye), eye.model.settings.labels, config.search.scope_mass,
                config.search.results,
            )  # fmt: skip
        folder = path / next_name(path)
        record = _write(folder, looked, learned, eye, config, made_of, store, report)
        point_to(path, folder.name)
        before = next((earlier for earlier in before_current(path) if _may_serve(earlier, config)), None)
        _remove(set(generations(path)) - {folder, before}, config, report)  # a sound one stays to fall back on
    return IndexReport(folder.name, *looked.counts(), True, record)


def look_at_all(config: Config, eye: Eye, report: Reporter, looker: Looker | None = None) -> LookedAt:
    """Look at all photos on sale that this eye has not looked at. Raises CatalogueError when there are none."""
    return look_at(_on_sale(config, report), config, eye, report, looker)


def look_at(on_sale: OnSale, config: Config, eye: Eye, report: Reporter, looker: Looker | None = None) -> LookedAt:
    """Look at those of these photos that this eye has not looked at.

    looker: who looks for it; else this process. Raises CatalogueError when none can be read.
    """
    store, photos = FeatureStore(config.features_path, eye), on_sale.photos
    looker = looker or Here(eye, PhotoStore(config.catalogue.photos))
    found, lacked, unreadable = find_or_look(store, looker, "shop", "Looking at photos", photos.content, report)

    def seen_as(view: View, title: str, draw: Draw) -> PhotoFeatures:
        contents = np.unique(photos.content[photos.drawn(draw)])
        of_view, _, _ = find_or_look(store, looker, view, title, contents, report)
        return store.all_of(of_view.take(of_view.is_there))

    by_telephone = seen_as("telephone", "Looking as telephones do", BY_TELEPHONE)
    strangers = seen_as("stranger", "Looking at what is not sold", STRANGERS)
    usable = found.is_there
    if not usable.any():
        raise CatalogueError(
            f"None of the {len(photos)} stored photos can be read. Delete their folder and import the feed again."
        )
    lost = photos.photo[~usable]
    if len(lost):
        names = set(lost.tolist())
        sample = [photo for photo in on_sale.sample if photo.photo_id not in names]
        on_sale, found = replace(on_sale, photos=photos.take(usable), sample=sample), found.take(usable)
    return LookedAt(on_sale, store, found, by_telephone, strangers, lacked - unreadable, unreadable, lost)


def prune_features(config: Config) -> Pruned:
    """Remove features of photos no longer on sale, and of models that neither model.path nor the index names."""
    with writing(config.index.path, "imgrec features --prune"):
        with Catalogue.read(config.catalogue) as catalogue:
            contents = as_contents(photo.sha256 for photo in catalogue.on_sale())
        if not len(contents):
            raise CatalogueError(_NOTHING)
        models = {open_model(config.model.path).sha256}
        if present := current(config.index.path):
            with contextlib.suppress(SearchIndexError):
                models.add(read_record(present).model_sha256)
        return prune(config.features_path, models, contents)


def shop_photos(photos: Sequence[CataloguePhoto], looked: LookedAt, eye: Eye) -> ShopPhotos:
    """What a shop learns from: these of the photos looked at, or a sample of each category where there are many."""
    chosen = [photos[row] for row in Columns.of(photos, {}).drawn(_LEARNED_FROM).tolist()]
    labels = tuple(sorted({photo.category for photo in chosen if photo.category}))
    contents = as_contents(photo.sha256 for photo in chosen)
    order = np.argsort(contents, kind="stable")  # of products with one photo the first is meant

    def of_chosen(views: PhotoFeatures) -> tuple[Ints, Outputs]:
        at = places(views.content, contents, order)
        return at[at != ABSENT], views.take(at != ABSENT).outputs

    telephone, by_telephone = of_chosen(looked.by_telephone)
    stranger, in_pieces = of_chosen(looked.strangers)
    family = families(chosen)
    return ShopPhotos(
        labels=labels,
        photos=Photos.of(chosen, labels, np.zeros((len(chosen), 1), np.float32), family),
        seen=looked.seen_in(chosen).outputs,
        telephone=telephone,
        by_telephone=by_telephone,
        stranger=stranger,
        in_pieces=in_pieces,
        learned=_learned_by(eye, chosen, family),
    )


def _on_sale(config: Config, report: Reporter, note: Callable[[bytes], object] = lambda row: None) -> OnSale:
    """Stored photos of products on sale. note: is told of all that an index is made of."""
    with Catalogue.read(config.catalogue) as catalogue, report.stage("Reading the catalogue", None) as advance:
        on_sale = OnSale.read(catalogue, _LEARNED_FROM, advance, note)
    if not len(on_sale.photos):
        raise CatalogueError(_NOTHING)
    return on_sale


def _record_of_sound(generation: Path, config: Config) -> IndexRecord | None:
    """The record of a generation that is whole, all of it summed anew; None of one that is not: it counts for nothing.

    Raises UnreachableIndexError when that cannot be told just now.
    """
    try:
        index = SearchIndex(generation, config.index, anew=True)
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


def _digest(eye: Eye, config: Config, engine: tuple[str, ...]) -> "hashlib._Hash":
    """Of what a generation is made of beside its photos, which are to be added."""
    parts = [_LEARNING, eye.model.sha256, eye.arithmetic, config.search.scope_mass, config.search.results, *engine]
    return hashlib.sha256(json.dumps(parts).encode())


def _learned_by(eye: Eye, photos: Sequence[CataloguePhoto], family: Ints) -> Bools:
    """Which photos the model was trained or chosen on, or has seen a near-identical one of: bool (n,)."""
    learned = read_learned(eye.model.path)
    if learned is None:
        return np.zeros(len(photos), bool)
    known = learned.knows([photo.sha256 for photo in photos], [photo.group for photo in photos])
    return np.isin(family, family[known])


def _write(
    folder: Path, looked: LookedAt, learned: "Learned", eye: Eye, config: Config, made_of: str, store: Store,
    report: Reporter,
) -> IndexRecord:  # fmt: skip
    """Write a generation whose arrays stand category by category, those without one last.

    It is written beside its place and moved there when it is whole, so that none that a crash left half is ever taken
    for one to fall back on.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{_DRAFT}-", dir=folder.parent))
    draft.chmod(0o755)
    on_sale, order = looked.on_sale, looked.on_sale.by_shelf()
    found = looked.found.take(order)
    product = on_sale.photos.product[order]
    colours = names_of_products(product, found.colours, on_sale.said)
    register = Register(on_sale.photos.photo[order], product, on_sale.photos.rank[order], colours)
    learned.save(draft)
    rows = on_sale.rows_of_categories()
    record = IndexRecord(
        model_sha256=eye.model.sha256, model_name=eye.model.settings.name,
        arithmetic=tuple(sorted(looked.store.arithmetics("shop"))), built_utc=utc_now(),
        made_of=made_of, photos=len(order), categories={name: on_sale.category_ids[name] for name in rows}, rows=rows,
        knowledge=learned.knowledge,
    )  # fmt: skip
    vectors = VectorsOf(
        learned.whitening.dim, lambda rows: learned.whitening(looked.store.all_of(found.take(rows)).features),
        lambda: ((rows, learned.whitening(seen.features)) for rows, seen in looked.store.parts(found)),
    )  # fmt: skip
    store.write(draft, record, register, vectors, report)
    write_record(draft, record)
    seal(draft)
    draft.replace(folder)
    return record
