"""Likeness: what a similarity means to people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.search.fitting import fit_likeness, very_one_from
from imgrec.search.likeness import DEGREES, Likeness

CURVE = Likeness(
    truth="kind", fitted_on="a test", similarity=(0.2, 0.4, 0.6, 0.8), likeness=(0.1, 0.5, 0.5, 0.9), very_one_from=0.75
)


def matches(rng: np.random.Generator, n: int = 4000):
    """Matches that are right the more often the more similar they are: at similarity s in s of all cases."""
    similarity = rng.uniform(0, 1, n)
    return similarity, rng.random(n) < similarity, rng.integers(0, n // 5, n)


def test_a_fitted_curve_says_what_share_is_right_and_never_falls():
    fitted = fit_likeness(*matches(np.random.default_rng(0)), "kind", "a test", None)
    for similarity in (0.1, 0.35, 0.6, 0.85):
        assert fitted.of(similarity) == pytest.approx(similarity, abs=0.07)
    assert list(fitted.likeness) == sorted(fitted.likeness)
    inside = [low <= at <= high for low, at, high in zip(fitted.low, fitted.similarity, fitted.high, strict=True)]
    assert np.mean(inside) > 0.85


@given(st.floats(0, 1))
def test_the_similarity_of_a_likeness_is_the_least_that_has_it(likeness: float):
    similarity = CURVE.similarity_of(likeness)
    if likeness <= 0.1:
        assert similarity == -1
    elif likeness > 0.9:
        assert similarity == 1
    else:
        assert CURVE.of(similarity) == pytest.approx(likeness, abs=1e-9)
        assert CURVE.of(similarity - 1e-6) < likeness


def test_words_stand_for_likeness_and_the_very_one_has_a_bound_of_its_own():
    assert CURVE.degree(0.76) == "the very one"
    assert CURVE.degree(0.74) == "similar"
    assert CURVE.degree(0.5) == "somewhat similar"
    assert CURVE.degree(-1) == "hardly similar"
    assert [least for least, _ in DEGREES] == sorted((least for least, _ in DEGREES), reverse=True)


def test_nothing_is_certain_however_often_it_was_right():
    similarity = np.linspace(0.5, 0.9, 50)
    curve = fit_likeness(similarity, np.ones(50, bool), np.arange(50), "kind", "a test", None)
    assert 0.9 < curve.of(0.9) < 1


def test_the_very_one_is_said_only_where_pairs_of_one_product_told_so():
    rng = np.random.default_rng(1)
    similarity, is_it, _ = matches(rng)
    bound = very_one_from(similarity, is_it)
    assert bound == pytest.approx(0.9, abs=0.06)
    assert is_it[similarity >= bound].mean() > 0.88
    assert very_one_from(similarity[:20], is_it[:20]) is None
    assert very_one_from(similarity, rng.random(len(is_it)) < 0.4) is None
