"""Photos are split 7:2:1 without leaks, the same way every time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_shop import Shop, write_config, write_feed

from imgrec.catalogue.store import Catalogue, CataloguePhoto
from imgrec.config import load_config
from imgrec.errors import TrainingError
from imgrec.training.examples import load_examples, split_products


def photos(category: str, count: int, first: int = 0, photos_a_group: int = 1) -> list[CataloguePhoto]:
    return [
        CataloguePhoto(
            number, number, category, f"{number:064x}", None, None, f"group {number // photos_a_group}", None
        )
        for number in range(first, first + count)
    ]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Three categories of twelve products, imported."""
    made = Shop(tmp_path, write_feed(tmp_path, 12), write_config(tmp_path))
    made.imgrec("import", made.feed)
    with Catalogue.open(load_config(made.config, {}).catalogue) as opened:
        yield opened


def test_no_group_is_on_two_sides_and_the_sides_are_about_7_2_1():
    shop = [*photos("a", 300, photos_a_group=4), *photos("b", 130, first=300, photos_a_group=2)]
    splits = split_products(shop, seed=3)
    sides_of_group: dict[str, set[str]] = {}
    for photo in shop:
        sides_of_group.setdefault(photo.group, set()).add(splits[photo.product_id])
    assert all(len(sides) == 1 for sides in sides_of_group.values())
    for category in ("a", "b"):
        sides = Counter(splits[photo.product_id] for photo in shop if photo.category == category)
        share = {side: count / sum(sides.values()) for side, count in sides.items()}
        assert share == pytest.approx({"train": 0.7, "validation": 0.2, "test": 0.1}, abs=0.05)


def test_the_split_depends_on_the_seed_and_on_nothing_else():
    shop = [*photos("a", 60), *photos("b", 60, first=60)]
    assert split_products(shop, seed=1) == split_products(shop, seed=1)
    assert split_products(shop, seed=1) != split_products(shop, seed=2)


def test_all_photos_of_a_product_are_on_one_side():
    shop = [replace(photo, product_id=photo.product_id // 3, group=f"product {photo.product_id // 3}")
            for photo in [*photos("a", 90), *photos("b", 90, first=90)]]  # fmt: skip
    assert len(split_products(shop, seed=0)) == 60


def test_the_feeds_split_wins_and_its_group_follows():
    shop = photos("a", 40, photos_a_group=2)
    shop[0], shop[2] = replace(shop[0], split="test"), replace(shop[2], split="validation")
    splits = split_products(shop, seed=0)
    assert (splits[0], splits[1], splits[2], splits[3]) == ("test", "test", "validation", "validation")


def test_a_category_too_small_to_split_says_so():
    with pytest.raises(TrainingError, match=r"at least 10 photos .* few has 9"):
        split_products([*photos("many", 50), *photos("few", 9, first=50)], seed=0)
    with pytest.raises(TrainingError, match="form 6 groups; at least 10"):
        split_products(photos("one", 60, photos_a_group=10), seed=0)


def test_a_few_new_products_join_and_the_others_stay_where_they_were():
    before = [*photos("a", 40), *photos("b", 40, first=40)]
    splits = split_products(before, seed=0)
    recorded = [replace(photo, split=splits[photo.product_id]) for photo in before]
    grown = split_products([*recorded, *photos("a", 3, first=100)], seed=0)
    assert {product: side for product, side in grown.items() if product < 100} == splits
    assert {100, 101, 102} <= grown.keys()
    while len(recorded) < 120:  # three at a time
        new = photos("a", 3, first=1000 + len(recorded))
        grown = split_products([*recorded, *new], seed=0)
        recorded += [replace(photo, split=grown[photo.product_id]) for photo in new]
    sides = Counter(photo.split for photo in recorded if photo.category == "a")
    assert sides == pytest.approx({"train": 56, "validation": 16, "test": 8}, abs=2)


def test_examples_are_the_catalogues_photos_and_their_split_is_recorded(catalogue: Catalogue):
    labels, sides = load_examples(catalogue, seed=0)
    assert labels == ("Balls", "Boxes", "Tents & Co")
    assert sum(len(side) for side in sides.values()) == 36
    assert all(file.is_file() for side in sides.values() for file in side.files)
    for side in sides.values():
        assert set(side.label) <= {0, 1, 2}
    again = load_examples(catalogue, seed=99)[1]  # another seed changes nothing that is recorded
    assert {split: side.files for split, side in again.items()} == {split: side.files for split, side in sides.items()}


def test_a_catalogue_of_one_category_cannot_be_trained_on(catalogue: Catalogue):
    catalogue.connection.execute("UPDATE products SET category_id = 1")
    with pytest.raises(TrainingError, match="at least two categories; the catalogue has 1"):
        load_examples(catalogue, seed=0)


def test_a_category_that_the_feed_gives_no_validation_photo_says_so(catalogue: Catalogue):
    catalogue.connection.execute("UPDATE products SET split = CASE WHEN category_id = 2 OR id % 2 THEN 'train' "
                                 "ELSE 'validation' END")  # fmt: skip
    with pytest.raises(TrainingError, match="No validation photos in Boxes"):
        load_examples(catalogue, seed=0)
