"""The feature that finds most wins, by figures on a shelf made by hand."""

from pathlib import Path

import numpy as np

from imgrec.training.choose import choose, find
from imgrec.training.examples import Examples

RNG = np.random.default_rng(0)
KINDS, PHOTOS_A_KIND = 40, 3


def side(photos_a_kind: int, known: bool = True) -> tuple[Examples, np.ndarray]:
    """Photos of two categories with twenty kinds each, and the number of each one's kind."""
    kind = np.repeat(np.arange(KINDS), photos_a_kind)
    names = tuple(f"kind {number % (KINDS // 2)}" if known else None for number in kind)
    files = tuple(Path(f"{photos_a_kind}-{row}.jpg") for row in range(len(kind)))
    return Examples(files, kind // (KINDS // 2), names, tuple(str(file) for file in files)), kind


TRAIN, TRAIN_KIND = side(PHOTOS_A_KIND)
VALIDATION, VALIDATION_KIND = side(1)
SHOP = {"train": TRAIN, "validation": VALIDATION}
DIRECTIONS = RNG.standard_normal((KINDS, 12))


def telling(noise: float, seed: int) -> dict[str, np.ndarray]:
    """An output that points in a direction of the photo's kind, more or less."""
    rng = np.random.default_rng(seed)
    return {
        split: (DIRECTIONS[kind] + noise * rng.standard_normal((len(kind), 12))).astype(np.float32)
        for split, kind in (("train", TRAIN_KIND), ("validation", VALIDATION_KIND))
    }


def test_the_output_that_tells_kinds_apart_wins_and_each_has_its_figures():
    best, found = choose(SHOP, {"noise": telling(50, 1), "kinds": telling(0.05, 2)})
    assert best == "kinds"
    assert set(found) == {"noise", "kinds"}
    assert found["kinds"].score("kind") == 1.0
    assert found["noise"].kind < 0.8
    assert set(found["kinds"].as_json()) == {"kind_recall_at_10", "group_first", "category_first"}


def test_of_equal_scores_the_first_output_wins():
    best, found = choose(SHOP, {"first": telling(0.05, 1), "second": telling(0.05, 2)})
    assert {figures.kind for figures in found.values()} == {1.0}  # or it would be no tie
    assert best == "first"


def test_without_kinds_the_share_that_finds_its_own_category_first_decides():
    shop = {"train": side(PHOTOS_A_KIND, known=False)[0], "validation": side(1, known=False)[0]}
    best, found = choose(shop, {"noise": telling(50, 1), "kinds": telling(0.05, 1)})
    assert (best, found["kinds"].kind, found["kinds"].group) == ("kinds", None, None)
    assert found["kinds"].score("kind") == found["kinds"].score("group") == found["kinds"].category == 1.0
    assert found["noise"].category < 0.9


def test_a_handful_of_photos_is_enough():
    few = {"train": telling(0.05, 1)["train"][:5], "validation": telling(0.05, 1)["validation"]}
    part = Examples(TRAIN.files[:5], TRAIN.label[:5], TRAIN.kind[:5], TRAIN.group[:5])
    assert 0 <= find({**SHOP, "train": part}, few).category <= 1


def test_where_the_very_product_is_wanted_the_output_that_finds_another_photo_of_it_first_wins():
    """Twice the validation photos, two of each group: one output tells groups apart, the other kinds alone."""
    twice = Examples(
        VALIDATION.files * 2, np.tile(VALIDATION.label, 2), VALIDATION.kind * 2, VALIDATION.group * 2
    )  # fmt: skip
    shop = {"train": TRAIN, "validation": twice}
    kinds = {split: np.concatenate([part] * (1 + (split == "validation"))) for split, part in telling(0.05, 1).items()}
    kinds["validation"] += 0.05 * RNG.standard_normal(kinds["validation"].shape).astype(np.float32)
    groups = {
        "train": RNG.standard_normal((len(TRAIN), 40)).astype(np.float32),
        "validation": np.tile(6 * np.eye(KINDS, dtype=np.float32), (2, 1)),
    }
    outputs = {"kinds": kinds, "groups": groups}
    by_kind, _ = choose(shop, outputs)
    by_group, found = choose(shop, outputs, "group")
    assert (by_kind, by_group) == ("kinds", "groups")
    assert found["groups"].group == found["groups"].score("group") == 1.0
    assert found["kinds"].group < 0.7  # of four equal photos, one is it
