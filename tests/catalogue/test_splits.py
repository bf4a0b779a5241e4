"""Products are split 7:2:1 without leaks, the same way every time."""

import random
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.splits import look_alikes, split_photos
from imgrec.catalogue.store import CataloguePhoto
from imgrec.errors import TrainingError

# ruff: noqa: S311 - drawn by lot, not for secrecy


def photos(category: str, count: int, first: int = 0, photos_a_group: int = 1, **fields) -> list[CataloguePhoto]:
    """Photos of as many products, each unlike any other."""
    return [
        replace(
            CataloguePhoto(n, n, category, f"{n:064x}", None, None, f"group {n // photos_a_group}", None), **fields
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def split(shop: list[CataloguePhoto], seed: int = 0, look_alike: list[int] | None = None) -> dict[int, str]:
    return dict(split_photos(shop, look_alike or list(range(len(shop))), seed).of_product)


def from_the_feed(photo: CataloguePhoto, side: str) -> CataloguePhoto:
    return replace(photo, split=side, feed_split=side)


def shares(shop: list[CataloguePhoto], splits: dict[int, str]) -> dict[str, float]:
    sides = Counter(splits[photo.product_id] for photo in shop)
    return {side: sides[side] / len(shop) for side in SPLITS}


def random_catalogue(seed: int, share_of_feed: float, share_drawn: float) -> tuple[list[CataloguePhoto], list[int]]:
    """Products with one to three photos, in groups, with look-alikes between them; some have a split already."""
    rng = random.Random(seed)
    shop: list[CataloguePhoto] = []
    group_split: dict[str, str] = {}
    for product in range(rng.randrange(60, 250)):
        group = f"group {rng.randrange(200)}" if rng.random() < 0.6 else f"product {product}"
        category = rng.choice("abc" if rng.random() < 0.9 else "abcdefgh")
        feed = drawn = None
        if rng.random() < share_of_feed or group in group_split:
            feed = group_split.setdefault(group, rng.choice(SPLITS))
        elif rng.random() < share_drawn:
            drawn = rng.choice(SPLITS)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            number = len(shop)
            shop.append(
                CataloguePhoto(number, product, category, f"{number:064x}", None, None, group, feed or drawn, feed)
            )
    return shop, [rng.randrange(round(len(shop) * 0.8)) for _ in shop]


def families(shop: list[CataloguePhoto], look_alike: list[int]) -> list[set[int]]:
    """The rows that belong together, found the plain way."""
    rows_with = defaultdict(set)
    for row, photo in enumerate(shop):
        for key in (("product", photo.product_id), ("group", photo.group), ("like", look_alike[row])):
            rows_with[key].add(row)
    left, found = set(range(len(shop))), []
    while left:
        family, reached = set(), {left.pop()}
        while reached:
            row = reached.pop()
            family.add(row)
            photo = shop[row]
            for key in (("product", photo.product_id), ("group", photo.group), ("like", look_alike[row])):
                reached |= rows_with[key] - family
        left -= family
        found.append(family)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_nothing_leaks_in_any_catalogue_where_the_feed_does_not(seed):
    shop, look_alike = random_catalogue(seed, share_of_feed=(0, 0.02, 0.3)[seed % 3], share_drawn=(0, 0.5)[seed % 2])
    result = split_photos(shop, look_alike, seed)
    torn = 0
    for family in families(shop, look_alike):
        assert len({result.family[row] for row in family}) == 1
        sides = {result.of_product[shop[row].product_id] for row in family}
        of_feed = {shop[row].feed_split for row in family} - {None}
        torn += len(of_feed) > 1
        if len(of_feed) <= 1:
            assert len(sides) == 1
            assert not of_feed or sides == of_feed
    assert result.torn_families == torn
    assert len(set(result.family)) == len(families(shop, look_alike))
    for photo in shop:
        assert result.of_product[photo.product_id] in SPLITS
        assert photo.feed_split in (None, result.of_product[photo.product_id])
    assert result == split_photos(shop, look_alike, seed)


def test_the_sides_are_about_7_2_1_in_every_category_though_groups_stay_whole():
    shop = [*photos("a", 300, photos_a_group=4), *photos("b", 130, first=300, photos_a_group=2)]
    splits = split(shop, seed=3)
    for category in ("a", "b"):
        share = shares([photo for photo in shop if photo.category == category], splits)
        assert share == pytest.approx({"train": 0.7, "validation": 0.2, "test": 0.1}, abs=0.05)


def test_the_split_depends_on_the_seed_and_on_nothing_else():
    shop = [*photos("a", 60), *photos("b", 60, first=60), *photos("few", 5, first=120)]
    assert split(shop, seed=1) == split(shop, seed=1)
    assert split(shop, seed=1) != split(shop, seed=2)


def test_all_photos_of_a_product_are_on_one_side():
    shop = [replace(photo, product_id=photo.product_id // 3, group=f"product {photo.product_id // 3}")
            for photo in [*photos("a", 90), *photos("b", 90, first=90)]]  # fmt: skip
    assert len(split(shop)) == 60


def test_the_feeds_split_wins_and_its_group_and_look_alikes_follow():
    shop = photos("a", 40, photos_a_group=2)
    shop[0], shop[2] = from_the_feed(shop[0], "test"), from_the_feed(shop[2], "validation")
    shop[5] = replace(shop[5], split="train")  # drawn before it was known whom it resembles
    like = [*range(40)]
    like[4] = like[2]
    splits = split(shop, look_alike=like)
    assert [splits[n] for n in range(6)] == ["test", "test", *["validation"] * 4]


def test_a_group_that_the_feed_has_in_two_splits_is_refused_but_look_alikes_are_only_counted():
    shop = photos("a", 40, photos_a_group=2)
    shop[0], shop[1] = from_the_feed(shop[0], "test"), from_the_feed(shop[1], "train")
    with pytest.raises(TrainingError, match="group 'group 0' are in two splits, test and train"):
        split(shop)
    shop = photos("a", 40)
    shop[0], shop[1] = from_the_feed(shop[0], "test"), from_the_feed(shop[1], "validation")
    result = split_photos(shop, [0, 0, 0, *range(3, 40)], seed=0)
    assert result.torn_families == 1
    assert [result.of_product[n] for n in range(3)] == ["test", "validation", "validation"]


def test_look_alikes_that_were_drawn_apart_are_trained_on_from_now_on():
    shop = photos("a", 40)
    shop[0], shop[1], shop[2] = (replace(shop[n], split=side) for n, side in enumerate(("test", "train", "validation")))
    splits = split(shop, look_alike=[0, 0, 2, 2, *range(4, 40)])
    assert (splits[0], splits[1], splits[2], splits[3]) == ("train", "train", "validation", "validation")


@pytest.mark.parametrize(
    ("count", "sides"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (5, (3, 1, 1)), (9, (6, 2, 1))],
)
def test_a_tiny_category_gets_something_to_train_on_then_to_validate_then_to_test(count, sides):
    shop = [*photos("many", 50), *photos("tiny", count, first=50)]
    drawn = Counter(split(shop)[photo.product_id] for photo in shop[50:])
    assert tuple(drawn[side] for side in SPLITS) == sides


def test_few_large_groups_are_dealt_out_whole():
    drawn = Counter(split(photos("one", 60, photos_a_group=10)).values())
    assert set(drawn) == set(SPLITS)
    assert all(count % 10 == 0 for count in drawn.values())


def test_a_few_new_products_join_and_the_others_stay_where_they_were():
    before = [*photos("a", 40), *photos("b", 40, first=40)]
    splits = split(before)
    recorded = [replace(photo, split=splits[photo.product_id]) for photo in before]
    grown = split([*recorded, *photos("a", 3, first=100)])
    assert {product: side for product, side in grown.items() if product < 100} == splits
    assert {100, 101, 102} <= grown.keys()
    while len(recorded) < 120:  # three at a time
        new = photos("a", 3, first=1000 + len(recorded))
        grown = split([*recorded, *new])
        recorded += [replace(photo, split=grown[photo.product_id]) for photo in new]
    sides = Counter(photo.split for photo in recorded if photo.category == "a")
    assert sides == pytest.approx({"train": 56, "validation": 16, "test": 8}, abs=2)


def test_photos_look_alike_by_their_hash_or_where_there_is_none_by_their_file():
    near = bytes(31) + b"\x07"
    shop = [
        replace(photo, perceptual_hash=hash_)
        for photo, hash_ in zip(photos("a", 6), (bytes(32), near, b"\xff" * 32, None, None, None), strict=True)
    ]
    shop[4] = replace(shop[4], sha256=shop[3].sha256)
    like = look_alikes(shop).tolist()
    assert like[0] == like[1]
    assert like[3] == like[4]
    assert len(set(like)) == 4
    assert look_alikes([]).tolist() == []


def test_products_without_a_category_are_split_like_those_of_one():
    shop = [*photos("a", 60), *(replace(photo, category=None) for photo in photos("", 60, first=60))]
    share = shares(shop[60:], split(shop))
    assert share == pytest.approx({"train": 0.7, "validation": 0.2, "test": 0.1}, abs=0.05)


def test_an_empty_catalogue_has_no_splits():
    assert split_photos([], [], seed=0).of_product == {}
