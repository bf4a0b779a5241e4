"""Which categories a photo is looked for in."""

import numpy as np
import pytest

from imgrec.search.scoping import scope

LIKELY = np.array([0.15, 0.5, 0.05, 0.3], np.float32)


def test_hard_is_the_likeliest_category_alone():
    assert scope(LIKELY, "hard", 0.9) == [1]


@pytest.mark.parametrize(
    ("mass", "searched"), [(0.4, [1]), (0.5, [1]), (0.51, [1, 3]), (0.8, [1, 3]), (0.9, [1, 3, 0]), (1.0, [1, 3, 0, 2])]
)
def test_soft_is_the_fewest_categories_that_reach_the_mass(mass: float, searched: list[int]):
    assert scope(LIKELY, "soft", mass) == searched


def test_soft_of_a_mass_that_rounding_keeps_out_of_reach_ends():
    thirds = np.full(3, 1 / 3, np.float32) * np.float32(0.9999)
    assert scope(thirds, "soft", 1.0) == [0, 1, 2]


def test_soft_of_a_certain_photo_is_hard():
    assert scope(np.array([0, 1, 0], np.float32), "soft", 0.9) == [1]
