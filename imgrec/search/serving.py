"""One opened generation with the eye that made it, and the catalogue: which products look like this photo?"""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median_low
from typing import Literal, Self

import numpy as np
from PIL import Image

from imgrec.catalogue.filters import Filters
from imgrec.catalogue.prices import NO_PRICE, Price
from imgrec.catalogue.store import Catalogue, Product
from imgrec.config import Config, SearchSection
from imgrec.errors import ImgrecError, ModelError, OtherServingError, SearchIndexError, UnreachableIndexError
from imgrec.generations import POINTER, before_current
from imgrec.search.answer import Answer, Candidate, Match, Rank, Seen, ServingId
from imgrec.search.engine import Findable
from imgrec.search.generation import IndexRecord, Knowledge
from imgrec.search.joint import Joint, joint_vectors
from imgrec.search.learned import Learned
from imgrec.search.lexicon import ENGLISH, Lexicon
from imgrec.search.naming import nearest_category
from imgrec.search.narrowing import Narrowing, read_words
from imgrec.search.refining import alike_by_chance, least_similarity, mean_vector, moved, sampled
from imgrec.search.scoping import Scoping, scope
from imgrec.search.search_index import SearchIndex, open_index
from imgrec.search.sold import energy_of
from imgrec.search.why import agreement
from imgrec.vision.eye import Eye, Outputs
from imgrec.vision.model_folder import Arithmetic, ModelFolder, model_of
from imgrec.vision.preprocessing import Pixels, Preprocessing
from imgrec.vision.vectors import Floats, Ints, softmax

SHOWN_CANDIDATES = 5
RANKED = 100
"""How many products an answer ranks, shown or not."""

_FILTERS_REMEMBERED = 8  # so that asking the same of another photo, or for another page, costs nothing


class Serving:
    """Answers photos. Its methods may be called from any one thread at a time; a context manager."""

    def __init__(self, eye: Eye, index: SearchIndex, catalogue: Catalogue, search: SearchSection) -> None:
        self.eye = eye
        self.index = index
        self.catalogue = catalogue
        self.settings = search
        self.id = ServingId(index.generation, index.record.model_sha256, index.record.built_utc)
        self._passing = lru_cache(_FILTERS_REMEMBERED)(lambda filters, version: _passing(catalogue, filters))

    @classmethod
    def open(cls, config: Config) -> Self:
        """Open what CURRENT points to, with the model that made it. Raises ImgrecError, with the way out."""
        return cls._of(config, None)

    @classmethod
    def open_sound(cls, config: Config) -> tuple[Self, str | None]:
        """The same; where that or its model is damaged or gone, the newest generation before it that can be opened.

        Also returns what the log is to have then, which names the way out. Raises ImgrecError where none can be opened.
        """
        try:
            return cls.open(config), None
        except UnreachableIndexError:  # it is whole, and nothing would take it up once its server answers
            raise
        except (SearchIndexError, ModelError) as error:
            for folder in before_current(config.index.path):
                with contextlib.suppress(ImgrecError):
                    serving = cls._of(config, folder)
                    return serving, f"An earlier generation answers, {folder.name}. {error}"
            raise

    @classmethod
    def _of(cls, config: Config, generation: Path | None) -> Self:
        """Open this generation, or the current one."""
        catalogue = Catalogue.read(config.catalogue)
        try:
            _ = catalogue.photos.folder  # answers show photos: raises where they are not here
            section = config.index
            index = SearchIndex(generation, section) if generation else open_index(section.path, section)
            model = model_of(index.record.model_sha256, config.model.path)
            return cls(_eye_for(index.record, model, config.model.arithmetic), index, catalogue, config.search)
        except BaseException:
            catalogue.close()
            raise

    def close(self) -> None:
        """Close the catalogue's file, and what the index holds open."""
        self.catalogue.close()
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def learned(self) -> Learned:
        """What the shop has learned of its photos."""
        return self.index.learned

    @property
    def knowledge(self) -> Knowledge:
        """What the shop knows."""
        return self.learned.knowledge

    @property
    def preprocessing(self) -> Preprocessing:
        """How photos are made into pixels."""
        return self.eye.preprocessing

    @property
    def categories(self) -> dict[str, int]:
        """Name -> id of every category that can be searched, by name."""
        return dict(sorted(self.index.record.categories.items()))

    @property
    def threshold(self) -> float:
        """The least similarity where a chat or a command sets none."""
        return self.knowledge.threshold_by(self.settings)

    @property
    def scoping(self) -> Scoping:
        """The scoping in force."""
        return self.knowledge.scoping_by(self.settings)

    def see(self, photos: Sequence[Image.Image]) -> list[Seen]:
        """Look at upright RGB images as one batch."""
        return self.see_pixels(self.preprocessing.batch(photos))

    def see_pixels(self, pixels: Pixels, *, others_wait: bool = False) -> list[Seen]:
        """Look at uint8 (n, side, side, 3) RGB, as the eye's preprocessing makes them; `others_wait`: for the cores."""
        return self.seen_in(self.eye.look_at_pixels(pixels, others_wait=others_wait))

    def seen_in(self, outputs: Outputs) -> list[Seen]:
        """What this generation sees in what its model said of n photos, now or in an earlier generation."""
        vectors = self.learned.whitening(outputs.features)
        logits = self._logits(outputs, vectors)
        rows = zip(softmax(logits), vectors, map(self._sold, logits, vectors), strict=True)
        return [
            Seen(self.id, probabilities, vector, outputs.take(slice(row, row + 1)), sold)
            for row, (probabilities, vector, sold) in enumerate(rows)
        ]

    def see_where(self, pixels: Pixels) -> tuple[list[Seen], Floats]:
        """The same, and the last block's map of each, float32 (n, channels, rows, columns): what `regions` needs."""
        outputs, maps = self.eye.look_where(pixels)
        return self.seen_in(outputs), maps

    def agreement(self, pixels: Pixels) -> tuple[Floats, Floats]:
        """Where two photos agree, by place: see `why.agreement`. pixels: both, as `see_pixels` takes them."""
        outputs, maps = self.eye.look_where(pixels)
        feature = self.eye.model.settings.feature
        whitening = self.learned.whitening
        return agreement(maps, whitening(outputs.features), feature, whitening)

    def probabilities(self, outputs: Outputs) -> Floats:
        """Calibrated, of what the shop sells, float32 (n, labels); (n, 0) where categories are not told apart."""
        return softmax(self._logits(outputs, self.learned.whitening(outputs.features)))

    def _logits(self, outputs: Outputs, vectors: Floats) -> Floats:
        """Over the temperature, float32 (n, labels)."""
        logits = self.learned.logits(outputs, vectors, self.eye.model.settings.labels)
        return logits / np.float32(self.knowledge.temperature)

    def _sold(self, logits: Floats, vector: Floats) -> float:
        """The probability that the shop sells what one photo shows; 1 where that was not learned."""
        sold = self.knowledge.sold
        if sold is None:
            return 1.0
        nearest = self.index.search(vector, [self.knowledge.labels[int(logits.argmax())]], 1)
        return float(sold.of(nearest[0].similarity if nearest else -1.0, energy_of(logits[None])[0]))

    def answer(
        self, seen: Seen, category: str | None = None, threshold: float | None = None, top: int | None = None,
        filters: Filters | None = None, without: Collection[int] = (), among: Ints | None = None,
    ) -> Answer:  # fmt: skip
        """Find similar products.

        Without a category the scope of what was seen is searched. `threshold` (cosine) and `top` default to the
        configured ones; `filters` narrow what may be found, by the catalogue as it is now; the products `without`, and
        all that is shown as one with them, are left out; `among`: only these products, by id. Raises OtherServingError
        when another serving saw the photo.
        """
        self._must_be_own(seen)
        labels = self.knowledge.labels
        order = np.argsort(-seen.probabilities, kind="stable")
        candidates = tuple(Candidate(labels[i], round(float(seen.probabilities[i]) * seen.sold, 6)) for i in order)
        searched = (category,) if category else self._scope(seen.probabilities)
        least = self.threshold if threshold is None else threshold
        shown = top or self.settings.results
        roots = self._roots(seen.probabilities, category)
        found = self._on_sale(seen.vector, roots, searched, max(shown, RANKED), filters, without, among)
        ranked = [(product, self._rank(product.product_id, similarity)) for product, similarity in found]
        return Answer(
            serving=self.id,
            category=candidates[0] if candidates else None,
            candidates=candidates[:SHOWN_CANDIDATES],
            scope=searched,
            threshold=least,
            matches=self._with_lowest_prices(
                [self._match(*one) for one in ranked[:shown] if one[1].similarity >= least]
            ),
            nearest=self._match(*ranked[0]) if ranked else None,
            ranked=tuple(rank for _, rank in ranked[:RANKED]),
            sold=round(seen.sold, 6),
        )

    def matches(self, ranks: Iterable[Rank]) -> tuple[Match, ...]:
        """Products that were ranked before, without those that are no longer shown."""
        wanted = list(ranks)
        products = self.catalogue.products(rank.product_id for rank in wanted)
        hides_gone = self.settings.out_of_stock == "hide"
        there = [
            (products[rank.product_id], rank)
            for rank in wanted
            if rank.product_id in products and not products[rank.product_id].retired
        ]
        return self._with_lowest_prices(
            [self._match(product, rank) for product, rank in there if not (hides_gone and product.in_stock is False)]
        )

    def on_sale(self) -> Ints:
        """The ids of all products that can be found, as the catalogue is now: (n,), ascending."""
        shown = self.catalogue.ids_on_sale(with_out_of_stock=self.settings.out_of_stock != "hide")
        return np.intersect1d(self.index.register.product, shown)

    def narrow(self, words: str, lexicon: Lexicon = ENGLISH, spoken_of: Iterable[Rank] = ()) -> Narrowing:
        """What a shopper's words ask for, by what is on sale now; its filters are for `answer`.

        What is "cheaper" costs less than the middle one, by price, of the products that are spoken of.
        """
        return read_words(words, self.catalogue.vocabulary(), lexicon, _middle_price(self.matches(spoken_of)))

    def seen_of_product(self, product_id: int) -> Seen | None:
        """What the index holds of a product, as if its first photo had been sent; None where it has none there."""
        register = self.index.register
        rows = np.flatnonzero(register.product == product_id)
        if not len(rows):
            return None
        row = rows[[np.argmin(register.photo[rows])]]
        return Seen(self.id, self._of_rows(row)[0], self.index.vectors(row)[0])

    def combined(self, seens: Sequence[Seen]) -> Seen:
        """Several photos of one thing as one. Raises OtherServingError when another serving saw one of them."""
        self._must_be_own(*seens)
        probabilities = np.stack([seen.probabilities for seen in seens]).mean(axis=0)
        vector, sold = mean_vector([seen.vector for seen in seens]), float(np.mean([seen.sold for seen in seens]))
        return Seen(self.id, np.asarray(probabilities, np.float32), vector, sold=sold)

    def refined(self, seen: Seen, liked: Sequence[int], disliked: Sequence[int]) -> Seen:
        """The photo moved towards products that are liked and away from those that are not, by their ids.

        Products that the index does not hold move nothing. Raises OtherServingError as `answer` does.
        """
        self._must_be_own(seen)
        towards, away = (
            [found for found in map(self.seen_of_product, products) if found] for products in (liked, disliked)
        )
        vector = moved(seen.vector, [one.vector for one in towards], [one.vector for one in away])
        return replace(self.combined([seen, *towards]), vector=vector)

    def show_one_thing(self, seens: Sequence[Seen]) -> bool:
        """Whether several photos show one product, or things of one kind.

        Then any two are as alike as what is shown as a match, or more alike than 19 of 20 pairs of the shop's photos.
        Raises OtherServingError as `answer` does.
        """
        self._must_be_own(*seens)
        enough = min(self.knowledge.threshold, self._alike_by_chance)
        vectors = np.stack([seen.vector for seen in seens])
        probabilities = np.stack([seen.probabilities for seen in seens])
        return least_similarity(joint_vectors(vectors, probabilities, self.knowledge.category_weight)) >= enough

    @cached_property
    def _alike_by_chance(self) -> float:
        rows, weight = sampled(len(self.index.register)), self.knowledge.category_weight
        return alike_by_chance(joint_vectors(self.index.vectors(rows), self._of_rows(rows), weight))

    def _of_rows(self, rows: Ints) -> Floats:
        """The probabilities of the index's rows, float32 (n, labels): certain of their category, even without one."""
        labels = self.knowledge.labels
        spans = np.array([self.index.record.rows.get(name, (0, 0)) for name in labels], np.int64).reshape(-1, 2)
        is_own = (spans[:, 0] <= rows[:, None]) & (rows[:, None] < spans[:, 1])
        is_known = is_own.any(axis=1, keepdims=True)
        return np.where(is_known, is_own, 1 / max(1, len(labels))).astype(np.float32)

    def _must_be_own(self, *seens: Seen) -> None:
        for seen in seens:
            if seen.serving != self.id:
                raise OtherServingError(
                    f"This was seen by {seen.serving.generation}, and {self.id.generation} serves now. "
                    "Look at it again."
                )

    def category_named(self, name: str) -> str:
        """The category meant by a name, whatever its capitals. Raises CatalogueError that names the nearest ones."""
        return nearest_category(name, tuple(self.categories))

    def _scope(self, probabilities: Floats) -> tuple[str, ...]:
        """The categories to search: of those that have photos, as one that is sold out is not worth searching."""
        labels, held = self.knowledge.labels, self.categories
        if not len(labels):
            return tuple(held)
        is_held = np.array([label in held for label in labels])
        chosen = scope(np.where(is_held, probabilities, 0), self.scoping, self.settings.scope_mass)
        return tuple(labels[number] for number in chosen if is_held[number])

    def _roots(self, probabilities: Floats, category: str | None) -> dict[str | None, float] | None:
        """What the joint similarity takes of each category; of one that was chosen it is certain."""
        labels, weight = self.knowledge.labels, self.knowledge.category_weight
        if not weight or not labels:
            return None
        if category in labels:
            probabilities = np.array([label == category for label in labels], np.float32)
        names: tuple[str | None, ...] = (*labels, None)
        return dict(zip(names, Joint.of(probabilities[None], weight).roots[0].tolist(), strict=True))

    def _findable(self, filters: Filters, among: Ints | None) -> Findable:
        """What the filters let through, of these products; remembered for as long as the catalogue stays as it is."""
        passing = self._passing(filters, self.catalogue.version())
        if among is None:
            return passing
        return replace(passing, products=among if passing.products is None else np.intersect1d(passing.products, among))

    def _on_sale(
        self, vector: Floats, roots: Mapping[str | None, float] | None, categories: Sequence[str], top: int,
        filters: Filters | None, without: Collection[int], among: Ints | None,
    ) -> list[tuple[Product, float]]:  # fmt: skip
        """The nearest products on these shelves that are shown, those `without` left out, and their similarity.

        The index may be older than the catalogue, which says what is on sale and in stock.
        """
        everything = len(categories) == len(self.categories)
        findable = self._findable(filters or Filters(), among)
        hides_gone = self.settings.out_of_stock == "hide" and not (filters and filters.out_of_stock)
        left_out = {self._card(product) for product in self.catalogue.products(without).values()}
        asked = top + len(left_out)
        while True:
            hits = self.index.search(vector, None if everything else categories, asked, findable, roots)
            products = self.catalogue.products(hit.product_id for hit in hits)
            cards: dict[tuple[str, str] | int, tuple[Product, float]] = {}
            for hit in hits:
                product = products.get(hit.product_id)
                if product is None or product.retired or product.category not in {*categories, None}:
                    continue
                card = self._card(product)
                if card not in left_out and not (hides_gone and product.in_stock is False):
                    cards.setdefault(card, (product, hit.similarity))
            if len(cards) >= top or len(hits) < asked:
                return list(cards.values())[:top]
            asked *= 2

    def _card(self, product: Product) -> tuple[str, str] | int:
        """What is shown as one: a product, or all variants of one."""
        if product.group is None or self.settings.variants == "each":
            return product.product_id
        return product.source, product.group

    def _with_lowest_prices(self, matches: Sequence[Match]) -> tuple[Match, ...]:
        cards = [self._card(match.product) for match in matches]
        groups = (card for card in cards if isinstance(card, tuple))
        lowest = self.catalogue.lowest_prices(groups, self.settings.out_of_stock != "hide")
        return tuple(
            replace(match, from_price=lowest[card]) if isinstance(card, tuple) and card in lowest else match
            for match, card in zip(matches, cards, strict=True)
        )

    def _match(self, product: Product, rank: Rank) -> Match:
        is_marked = product.in_stock is False and self.settings.out_of_stock != "show"
        return Match(product, rank.similarity, rank.likeness, rank.degree, is_marked_gone=is_marked)

    def _rank(self, product_id: int, similarity: float) -> Rank:
        likeness = self.knowledge.likeness
        return Rank(product_id, similarity, round(likeness.of(similarity), 4), likeness.degree(similarity))


def pointer(config: Config) -> str:
    """A cheap reading of which generation is current; when it changes, there is something new to open."""
    file = config.index.path / POINTER
    try:
        status = file.stat()
    except OSError:
        return "absent"
    return f"{status.st_mtime_ns} {status.st_ino}"


def _eye_for(record: IndexRecord, model: ModelFolder, configured: Literal["auto", "float32"]) -> Eye:
    """The model's eye, in an arithmetic whose features can be compared with those of the index.

    Raises SearchIndexError when this processor has none.
    """
    eye = Eye(model, configured)
    if all(eye.can_be_compared_with(arithmetic) for arithmetic in record.arithmetic):
        return eye
    wanted: Arithmetic = record.arithmetic[0]
    if wanted == "float32" and len(record.arithmetic) == 1:
        return Eye(model, "float32")
    raise SearchIndexError(
        f"The index was made in {wanted}, and this processor computes in {eye.arithmetic}; what they find was not "
        "measured to be the same. Build it anew here with: imgrec index"
    )


def _middle_price(matches: Iterable[Match]) -> Price:
    """The median, of an even number the lower one; none where no price is known, or they are in several currencies."""
    shown = [(match.from_price or match.product.price, match.product.currency) for match in matches]
    amounts, currencies = [Decimal(price) for price, _ in shown if price], {code for price, code in shown if price}
    return Price(format(median_low(amounts), "f"), *currencies) if len(currencies) == 1 else NO_PRICE


def _passing(catalogue: Catalogue, filters: Filters) -> Findable:
    products = None if filters.of_any_colour.is_empty else catalogue.allowed(filters)
    return Findable(products, filters.colours, filters.without_colours)
