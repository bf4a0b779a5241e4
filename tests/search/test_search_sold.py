"""Whether a photo shows anything that the shop sells: fitted on its own photos in pieces, honest at its base rate."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from test_search_learning import DIM, a_shop
from tiny_shop import CATEGORIES, Shop, draw_product

from imgrec.catalogue.filters import Filters
from imgrec.config import load_config
from imgrec.search.fitting import fit_sold
from imgrec.search.generation import Knowledge
from imgrec.search.learning import learn
from imgrec.search.page import write_page
from imgrec.search.serving import Serving
from imgrec.search.sold import NOT_SOLD, Sold, energy_of
from imgrec.search.trial import ShopPhotos
from imgrec.vision.eye import Outputs
from imgrec.vision.vectors import unit_rows

TELLS = Sold(fitted_on="some photos", similarity=4.0, energy=0.5, shift=-2.0)


@pytest.fixture(scope="module")
def serving(shop: Shop) -> Iterator[Serving]:
    """Of drawn things, which look the same in pieces: what is sold is told as TELLS does."""
    with Serving.open(load_config(shop.config, {})) as opened:
        assert opened.knowledge.sold is None
        told = opened.knowledge.model_copy(update={"sold": TELLS})
        opened.index.learned = replace(opened.index.learned, knowledge=told)
        yield opened


def with_strangers(shop: ShopPhotos, seed: int = 1) -> ShopPhotos:
    """Beside photos around centres of their kind such as point anywhere, and of which the model's own softmax knows
    nothing.
    """
    things = np.random.default_rng(seed).normal(size=(len(shop), DIM)).astype(np.float32)
    seen = Outputs(unit_rows(things).astype(np.float16), np.zeros_like(shop.seen.logits))
    return replace(shop, stranger=np.arange(len(shop)), in_pieces=seen)


def test_the_energy_is_the_logarithm_of_what_a_softmax_divides_by_however_large():
    assert energy_of(np.array([[0, 0], [np.log(3), 0]], np.float32)) == pytest.approx([np.log(2), np.log(4)])
    assert energy_of(np.array([[1000.0, 0.0]], np.float32)) == pytest.approx([1000])


def test_of_what_is_sent_as_much_is_doubted_as_is_taken_to_be_strange():
    """Two normal distributions of one spread: there logistic regression finds the true probability."""
    rng = np.random.default_rng(0)
    sold = np.column_stack([rng.normal(0.6, 0.1, 3000), rng.normal(5, 1, 3000)]).astype(np.float32)
    strange = np.column_stack([rng.normal(0.4, 0.1, 500), rng.normal(4, 1, 500)]).astype(np.float32)
    fitted = fit_sold(sold, strange, NOT_SOLD)
    of_sold, of_strange = fitted.of(*sold.T), fitted.of(*strange.T)
    assert (1 - NOT_SOLD) * of_sold.mean() + NOT_SOLD * of_strange.mean() == pytest.approx(1 - NOT_SOLD, abs=0.01)
    assert fitted.of(0.5, 4.5) == pytest.approx(1 - NOT_SOLD, abs=0.05)  # where both are as likely, the base rate
    assert fitted.of(0.6, 4.5) > fitted.of(0.5, 4.5) > fitted.of(0.5, 4.0)


def test_what_points_the_wrong_way_is_not_heeded():
    rng = np.random.default_rng(0)
    sold = np.column_stack([rng.normal(0.6, 0.1, 300), rng.normal(4, 1, 300)]).astype(np.float32)
    strange = np.column_stack([rng.normal(0.4, 0.1, 300), rng.normal(5, 1, 300)]).astype(np.float32)
    fitted = fit_sold(sold, strange, NOT_SOLD)
    assert fitted.energy == 0
    assert fitted.similarity > 0


@pytest.mark.parametrize("own", [None, "right"])
def test_a_shop_learns_what_it_does_not_sell_and_new_photos_are_told_apart(own: str | None):
    shop = with_strangers(a_shop(own=own))
    labels = shop.labels if own else ()
    learned = learn(shop, labels, 0.9, 6)
    sold = learned.knowledge.sold
    assert sold is not None
    assert "in pieces" in sold.fitted_on
    if own:  # the logits alone tell there
        assert sold.energy > 0
        return
    new = with_strangers(a_shop(), seed=7)
    probability = []
    for seen in (new.by_telephone, new.in_pieces):
        logits = learned.head(seen.features) / np.float32(learned.knowledge.temperature)
        cosine = learned.whitening(seen.features) @ learned.whitening(shop.seen.features).T
        likeliest = logits.argmax(axis=1)
        cosine[likeliest[:, None] != shop.photos.label[None, :]] = -1
        cosine[np.arange(len(new)), np.arange(len(new))] = -1  # its own product
        probability.append(sold.of(cosine.max(axis=1), energy_of(logits)))
    assert probability[0].mean() > 0.85
    assert probability[1].mean() < 0.5


def test_nothing_is_doubted_where_nothing_tells():
    assert learn(a_shop(), (), 0.9, 6).knowledge.sold is None
    assert learn(with_strangers(a_shop(categories=1)), (), 0.9, 6).knowledge.sold is None
    assert learn(with_strangers(a_shop(labels=False)), (), 0.9, 6).knowledge.sold is None
    assert learn(with_strangers(a_shop(categories=2, kinds=1, each=12)), (), 0.9, 6).knowledge.sold is None


def test_where_nothing_tells_the_two_apart_nothing_is_doubted():
    strange = fit_sold(*[np.random.default_rng(1).normal(size=(60, 2)).astype(np.float32)] * 2, NOT_SOLD)
    assert not strange.tells
    shop = with_strangers(a_shop(categories=3, kinds=2, each=30))
    alike = replace(shop, stranger=shop.telephone, in_pieces=shop.by_telephone)
    assert learn(alike, (), 0.9, 6).knowledge.sold is None


def test_it_is_kept_with_what_the_shop_knows_and_an_index_made_before_doubts_nothing(serving: Serving):
    knowledge = serving.knowledge
    assert knowledge.sold == TELLS
    assert Knowledge.model_validate_json(knowledge.model_dump_json()) == knowledge
    before = knowledge.model_dump(mode="json")
    del before["sold"]
    assert Knowledge.model_validate(before).sold is None


def test_the_doubt_is_in_every_probability_and_changes_neither_scope_nor_matches(serving: Serving):
    [seen] = serving.see([draw_product(CATEGORIES[0], "red", 700)])
    sure, unsure = (serving.answer(replace(seen, sold=sold), threshold=-1) for sold in (1.0, 0.25))
    assert sum(candidate.probability for candidate in unsure.candidates) == pytest.approx(0.25, abs=1e-5)
    assert [one.name for one in unsure.candidates] == [one.name for one in sure.candidates]
    assert unsure.category.probability == pytest.approx(sure.category.probability / 4, abs=1e-5)
    assert (unsure.scope, unsure.matches) == (sure.scope, sure.matches)
    assert (sure.is_sold, unsure.is_sold) == (True, False)
    assert sum(candidate["probability"] for candidate in unsure.as_json()["candidates"]) == pytest.approx(
        0.25, abs=1e-5
    )
    together = serving.combined([replace(seen, sold=0.5), replace(seen, sold=1.0)])
    assert together.sold == 0.75


def test_what_was_seen_is_judged_by_its_nearest_product_and_its_logits(serving: Serving):
    photos = [draw_product(category, "red", 700) for category in CATEGORIES]
    for seen in serving.see(photos):
        likeliest = serving.knowledge.labels[int(seen.probabilities.argmax())]
        nearest = serving.index.search(seen.vector, [likeliest], 1)[0].similarity
        logits = serving.learned.logits(seen.outputs, seen.vector[None], ()) / serving.knowledge.temperature
        assert seen.sold == pytest.approx(float(TELLS.of(nearest, energy_of(logits)[0])), abs=1e-5)
    product = serving.answer(seen, threshold=-1).matches[0].product.product_id
    assert serving.seen_of_product(product).sold == 1


def test_a_page_says_that_nothing_like_it_is_sold(serving: Serving, shop: Shop, tmp_path):
    photo = next((shop.folder / "photos").iterdir())
    [seen] = serving.see([draw_product(CATEGORIES[0], "red", 700)])
    for sold, says in ((0.2, True), (0.9, False)):
        write_page(tmp_path / "page.html", photo, serving.answer(replace(seen, sold=sold)))
        assert ("Nothing like this seems to be sold here (80%)." in (tmp_path / "page.html").read_text()) is says


def test_a_page_says_why_it_shows_nothing(serving: Serving, shop: Shop, tmp_path):
    photo = next((shop.folder / "photos").iterdir())
    [seen] = serving.see([draw_product(CATEGORIES[0], "red", 700)])
    for answer, says in (
        (serving.answer(seen, threshold=1.0), "No product is similar enough."),
        (serving.answer(seen, filters=Filters(brand="nobody")), "No product there has what else was asked for."),
        (serving.answer(seen, threshold=-1, top=2), "Found: 2"),
    ):
        write_page(tmp_path / "page.html", photo, answer)
        assert says in (tmp_path / "page.html").read_text()


def test_a_probability_has_no_units_to_overflow():
    assert Sold(fitted_on="", similarity=1000, energy=0, shift=0).of([-1.0, 1.0], [0.0, 0.0]).tolist() == [0, 1]
