"""What is on sale as columns: the same photos, the same order, and the same ones drawn, as one by one."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest

from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.config import Config
from imgrec.search import on_sale
from imgrec.search.generation import NO_RANK
from imgrec.search.on_sale import Columns, Draw, OnSale


def photo(number: int, category: str | None) -> CataloguePhoto:
    content = hashlib.sha256(str(number % 290).encode()).hexdigest()  # some are the same picture
    return CataloguePhoto(number, number // 2, category, content, number if number % 3 else None, None, "", None)


def one_by_one(photos: list[CataloguePhoto], draw: Draw) -> list[CataloguePhoto]:
    """Photo by photo: each category's in the order of their lots, the category of the first lot first.

    Copies of those drawn wait until there is nothing else.
    """
    by_category = defaultdict(list)
    copies: Counter[tuple[str | None, str]] = Counter()
    of_copy = {}
    for one in sorted(photos, key=lambda one: hashlib.sha256(one.sha256.encode()).digest()):
        by_category[one.category].append(one)
        of_copy[one.photo_id] = copies[one.category, one.sha256]
        copies[one.category, one.sha256] += 1
    for members in by_category.values():
        members.sort(key=lambda one: of_copy[one.photo_id])
    each = max(draw.least_of_a_category, draw.most // len(by_category))
    if draw.most_of_a_category is not None and len(by_category) > 1:
        each = min(each, draw.most_of_a_category)
    return [one for members in by_category.values() for one in members[:each]]


@pytest.mark.parametrize("draw", [Draw(50, 1), Draw(50, 8), Draw(5000, 1), Draw(5000, 1, 10), Draw(1, 2)])
@pytest.mark.parametrize("categories", [["a"], [None], ["b", "a", None, "rare"]])
def test_columns_draw_whom_one_by_one_draws_and_in_that_order(draw: Draw, categories: list[str | None]):
    rng = np.random.default_rng(0)
    drawn = rng.choice(len(categories), 300, p=None if len(categories) < 4 else [0.5, 0.3, 0.19, 0.01])
    photos = [photo(number, categories[drawn[number]]) for number in range(300)]
    rows = Columns.of(photos, {}).drawn(draw)
    assert [photos[row] for row in rows.tolist()] == one_by_one(photos, draw)


def test_where_a_hundred_products_share_each_photo_every_photo_is_drawn_before_one_is_drawn_again():
    photos = [replace(photo(number % 30, "a"), photo_id=number) for number in range(3000)]
    columns = Columns.of(photos, {})
    assert len(set(columns.content[columns.drawn(Draw(30, 1))].tolist())) == 30
    assert len(columns.drawn(Draw(45, 1))) == 45


def test_nobody_is_drawn_of_nothing():
    assert len(Columns.of([], {}).drawn(Draw(10, 1))) == 0


def test_the_catalogue_is_read_as_columns_of_one_moment(
    own_config: Config, own_catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(on_sale, "_ROWS_AT_ONCE", 50)
    own_catalogue.connection.execute("INSERT INTO categories (id, name) VALUES (99, '')")
    own_catalogue.connection.execute("UPDATE products SET category_id = 99 WHERE id % 5 = 0")
    own_catalogue.connection.execute("UPDATE products SET sales_rank = 7 WHERE id % 4 = 0")
    listed = list(own_catalogue.on_sale())

    def writes_meanwhile(done: int, note: str) -> None:
        own_catalogue.connection.execute("UPDATE products SET retired_utc = 'now'")

    with Catalogue.read(own_config.catalogue) as catalogue:
        read = OnSale.read(catalogue, Draw(30, 1), writes_meanwhile)
    photos = read.photos
    assert photos.photo.tolist() == [one.photo_id for one in listed]
    assert photos.product.tolist() == [one.product_id for one in listed]
    assert photos.rank.tolist() == [one.sales_rank or NO_RANK for one in listed]
    assert photos.content.tolist() == [one.sha256.encode() for one in listed]
    names = [None if number < 0 else read.categories[number] for number in photos.category.tolist()]
    assert names == [one.category for one in listed]
    assert {one.photo_id for one in read.sample} == {one.photo_id for one in one_by_one(listed, Draw(30, 1))}

    shelved = [listed[row] for row in read.by_shelf().tolist()]
    assert shelved == sorted(listed, key=lambda one: (one.category is None, one.category or "", one.photo_id))
    for name, (start, end) in read.rows_of_categories().items():
        assert {one.category for one in shelved[start:end]} == {name}
        assert sum(one.category == name for one in listed) == end - start
