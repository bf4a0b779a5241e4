"""What the whitening scales down: how telephones see a photo, and how a kind of thing is wide."""

from dataclasses import replace

import numpy as np
import pytest

from imgrec.search.ranking import UNKNOWN, Photos
from imgrec.search.trial import ShopPhotos
from imgrec.search.whitening import Whitening
from imgrec.search.within import differences
from imgrec.vision.eye import Outputs

DIM = 24


def a_shop(kind: np.ndarray, features: np.ndarray, views: int = 0) -> ShopPhotos:
    """Photos of these kinds; the first ones also by telephone, which sees everything a little brighter."""
    n, none = len(kind), np.zeros((len(kind), 0), np.float32)
    photos = Photos(
        np.zeros((n, 1), np.float32), np.arange(n), np.zeros(n, np.int64), kind, np.arange(n), np.zeros(n, np.int64)
    )
    seen = Outputs(features.astype(np.float16), none)
    brighter = Outputs((features[:views] + 0.5).astype(np.float16), none[:views])
    nobody = np.arange(0)
    return ShopPhotos(
        ("all",), photos, seen, np.arange(views), brighter, nobody, seen.take(nobody), learned=np.zeros(n, bool)
    )


def wide_kinds(rng: np.random.Generator, kinds: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Kinds lie apart in all directions alike, and are wide in four."""
    kind = np.repeat(np.arange(kinds), each)
    wide = rng.standard_normal((len(kind), 4)) @ rng.standard_normal((4, DIM)) * 3
    return kind, rng.standard_normal((kinds, DIM))[kind] + wide


def test_what_makes_a_kind_wide_no_longer_hides_what_a_new_photo_is_of():
    kind, features = wide_kinds(np.random.default_rng(0), 60, 10)
    shop = a_shop(kind, features)
    known = np.arange(len(shop)) % 10 > 0
    fitted_on = features[known].astype(np.float32)

    def found(whitening: Whitening) -> float:
        similarity = whitening(features[~known].astype(np.float16)) @ whitening(features[known].astype(np.float16)).T
        return float((kind[known][similarity.argmax(axis=1)] == kind[~known]).mean())

    assert found(Whitening.fit(fitted_on, DIM, differences(shop, known))) > found(Whitening.fit(fitted_on, DIM)) + 0.3


def test_a_kind_of_many_counts_as_one_of_twenty():
    rng = np.random.default_rng(1)
    kind = np.repeat([0, 1, 2], [20, 40, 400])
    shop = a_shop(kind, rng.standard_normal((len(kind), DIM)))
    squares = (differences(shop, np.ones(len(shop), bool)) ** 2).sum(axis=1)
    spread = np.array([squares[kind == number].sum() for number in range(3)])
    assert spread == pytest.approx(spread.mean(), rel=0.2)


def test_kinds_count_half_as_much_as_telephones_however_many_there_are_of_each():
    kind, features = wide_kinds(np.random.default_rng(2), 30, 4)
    for views in (5, 100):
        shop = a_shop(kind, features, views)
        rows = np.ones(len(shop), bool)
        by_telephone, of_kinds = np.split(differences(shop, rows), [views])
        alone = differences(a_shop(kind, features), rows)
        assert 2 * np.square(of_kinds).sum() / views == pytest.approx(np.square(alone).sum() / len(alone), rel=1e-3)
        assert by_telephone == pytest.approx(-0.5, abs=0.01)


def test_without_kinds_or_only_one_of_each_the_telephones_alone_are_heard():
    features = np.random.default_rng(3).standard_normal((40, DIM))
    for kind in (np.full(40, UNKNOWN), np.arange(40)):
        shop = a_shop(kind, features, views=8)
        assert differences(shop, np.ones(40, bool)).shape == (8, DIM)
        assert differences(replace(shop, telephone=np.zeros(0, np.int64)), np.arange(40) < 0).shape == (0, DIM)


def test_only_the_rows_asked_for_are_looked_at():
    kind, features = wide_kinds(np.random.default_rng(4), 10, 6)
    rows = kind < 5
    spoilt = np.where(rows[:, None], features, np.nan)
    found = differences(a_shop(kind, spoilt, views=30), rows)
    assert np.isfinite(found).all()
    assert len(found) == 60
