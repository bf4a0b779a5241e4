"""The feature that finds most wins, by figures on a shelf made by hand."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.training.choose import choose
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


SURE = np.eye(2, dtype=np.float32)[VALIDATION.label]
MISTAKEN = np.where(SURE == 1, 0.4, 0.6).astype(np.float32)  # soft scoping searches both categories, hard the wrong one


def test_the_output_that_tells_kinds_apart_wins_and_every_choice_has_its_figures():
    best, figures = choose(SHOP, {"noise": telling(50, 1), "kinds": telling(0.05, 2)}, SURE, 0.9, 8)
    assert best.output == "kinds"
    assert best.score == 1.0
    assert set(figures) == {
        f"{output}, {made}, {scoping}"
        for output in ("noise", "kinds") for made in ("plain", "whitened") for scoping in ("soft", "hard")
    }  # fmt: skip
    noise = max(figures[name]["kind_in_first_10"] for name in figures if name.startswith("noise"))
    assert noise < 1.0


def test_of_equal_scores_the_first_output_wins_whitened_and_with_one_category_searched():
    same = telling(0.05, 1)
    best, figures = choose(SHOP, {"first": same, "second": telling(0.05, 2)}, SURE, 0.9, 8)
    assert {figure["kind_in_first_10"] for figure in figures.values()} == {1.0}  # or it would be no tie
    assert best.name == "first, whitened, hard"
    assert choose(SHOP, {"first": same}, SURE, 0.9, 0)[0].name == "first, plain, hard"


def test_a_mistaken_classifier_makes_soft_scoping_win():
    best, figures = choose(SHOP, {"kinds": telling(0.05, 1)}, MISTAKEN, 0.9, 0)
    assert best.scoping == "soft"
    assert figures["kinds, plain, hard"]["kind_in_first_10"] == 0.0
    assert figures["kinds, plain, soft"]["categories_searched"] == 2.0


def test_without_kinds_the_share_of_queries_searched_in_their_own_category_decides():
    shop = {"train": side(PHOTOS_A_KIND, known=False)[0], "validation": side(1, known=False)[0]}
    best, figures = choose(shop, {"kinds": telling(0.05, 1)}, MISTAKEN, 0.9, 0)
    assert (best.scoping, best.score) == ("soft", 1.0)
    assert figures["kinds, plain, hard"] == {
        "kind_in_first_10": None, "group_first": None, "own_category_searched": 0.0, "categories_searched": 1.0,
    }  # fmt: skip


def test_too_few_photos_to_whiten_are_left_plain():
    few = {"train": telling(0.05, 1)["train"][:16], "validation": telling(0.05, 1)["validation"]}
    part = Examples(TRAIN.files[:16], TRAIN.label[:16], TRAIN.kind[:16], TRAIN.group[:16])
    best, figures = choose({**SHOP, "train": part}, {"kinds": few}, SURE, 0.9, 8)
    assert set(figures) == {"kinds, plain, soft", "kinds, plain, hard"}
    assert best.whitening is None


def test_what_is_chosen_is_what_is_searched():
    best, _ = choose(SHOP, {"kinds": telling(0.05, 1)}, SURE, 0.9, 8)
    assert len(best.photos.features) == len(TRAIN) + len(VALIDATION)
    assert np.linalg.norm(best.photos.features, axis=1) == pytest.approx(np.ones(len(best.photos.features)), abs=1e-5)
    assert best.photos.features.shape[1] == best.whitening.affine.shape[1] == 8


def test_where_the_very_product_is_wanted_the_output_that_finds_another_photo_of_it_first_wins():
    """Twice the validation photos, two of each group: one output tells groups apart, the other kinds alone."""
    twice = Examples(
        VALIDATION.files * 2, np.tile(VALIDATION.label, 2), VALIDATION.kind * 2, VALIDATION.group * 2
    )  # fmt: skip
    shop, sure = {"train": TRAIN, "validation": twice}, np.tile(SURE, (2, 1))
    kinds = {split: np.concatenate([part] * (1 + (split == "validation"))) for split, part in telling(0.05, 1).items()}
    kinds["validation"] += 0.05 * RNG.standard_normal(kinds["validation"].shape).astype(np.float32)
    groups = {
        "train": RNG.standard_normal((len(TRAIN), 40)).astype(np.float32),
        "validation": np.tile(np.eye(KINDS, dtype=np.float32), (2, 1)),
    }
    outputs = {"kinds": kinds, "groups": groups}
    by_kind, _ = choose(shop, outputs, sure, 0.9, 0)
    by_group, figures = choose(shop, outputs, sure, 0.9, 0, "group")
    assert (by_kind.output, by_group.output) == ("kinds", "groups")
    assert figures["groups, plain, hard"]["group_first"] == by_group.score == 1.0
    assert figures["kinds, plain, hard"]["group_first"] < 0.7  # of four equal photos, one is it
