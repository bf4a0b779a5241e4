"""Augmented and mixed photos: other views of the same products, their targets in proportion."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_shop import draw_product

from imgrec.training import augmentation
from imgrec.training.augmentation import AUGMENTATIONS, Augmentation, augmented, mixed

STILL = Augmentation(area=(1, 1), aspect=1, light=0)
BALL = np.asarray(draw_product("Balls", "red", 3, side_px=80))


class Unmoved:
    """A generator whose every draw is the middle of its range, and no mirror, blur or eraser among them."""

    def uniform(self, low: float, high: float, size: int | None = None) -> Any:
        middle = (low + high) / 2
        return middle if size is None else np.full(size, middle)

    def random(self) -> float:
        return 0.999


def test_where_nothing_is_random_the_photo_is_the_photo():
    assert np.array_equal(augmented(BALL, 80, STILL, Unmoved()), BALL)


@pytest.mark.parametrize("side_px", [32, 64, 79])
def test_the_frame_of_an_unmoved_photo_is_its_middle_to_a_part_of_a_pixel(side_px: int):
    """Symmetric pictures stay symmetric, and what is bright at the left is as bright at the right."""
    columns = np.minimum(np.arange(80), 79 - np.arange(80)) * 6
    symmetric = np.repeat(np.tile(columns, (80, 1))[..., None], 3, axis=2).astype(np.uint8)
    view = augmented(symmetric, side_px, STILL, Unmoved()).astype(int)
    assert np.abs(view - view[:, ::-1]).max() <= 1
    assert np.abs(view - view[::-1]).max() <= 1
    smaller = np.asarray(Image.fromarray(symmetric).resize((side_px, side_px), Image.Resampling.BILINEAR), int)
    assert np.abs(view - smaller).mean() < 3


def test_a_mirrored_photo_is_the_mirror_image():
    class Mirrored(Unmoved):
        def random(self) -> float:
            return 0.4

    assert np.array_equal(augmented(BALL, 80, STILL, Mirrored()), BALL[:, ::-1])


@pytest.mark.parametrize("name", ["standard", "strong"])
def test_an_augmented_photo_is_another_view_of_the_same_product(name: str):
    rng = np.random.default_rng(0)
    views = np.stack([augmented(BALL, 64, AUGMENTATIONS[name], rng) for _ in range(120)])
    assert (views.dtype, views.shape) == (np.uint8, (120, 64, 64, 3))
    assert len(np.unique(views.reshape(120, -1), axis=0)) == 120
    spread = views.max(axis=3).astype(int) - views.min(axis=3)
    coloured = (views[..., 0].astype(int) - views[..., 2] > 30).mean(axis=(1, 2))
    if name == "standard":
        assert ((coloured > 0.08) & (coloured < 0.98)).all()  # the red ball is in every one of them
    else:  # but for the few made grey
        assert (coloured > 0.08).mean() > 0.85
        grey = (np.quantile(spread, 0.7, axis=(1, 2)) < 12).mean()
        assert 0 < grey < 0.15


def test_strong_goes_further_than_standard():
    def distance(name: str) -> float:
        rng = np.random.default_rng(0)
        plain = augmented(BALL, 64, STILL, Unmoved()).astype(float)
        return float(np.mean([np.abs(augmented(BALL, 64, AUGMENTATIONS[name], rng) - plain) for _ in range(60)]))

    assert distance("strong") > 1.1 * distance("standard")


@pytest.mark.parametrize("name", ["standard", "strong"])
def test_the_same_random_numbers_give_the_same_photos(name: str):
    def views(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.stack([augmented(BALL, 48, AUGMENTATIONS[name], rng) for _ in range(12)])

    assert np.array_equal(views(1), views(1))
    assert not np.array_equal(views(1), views(2))


def test_beyond_the_edge_there_is_white():
    wide = Augmentation(area=(4, 4), aspect=1, light=0)
    view = augmented(np.zeros((80, 80, 3), np.uint8), 80, wide, Unmoved())
    assert (view[:18] == 255).all()
    assert (view[22:58, 22:58] == 0).all()
    assert (view == 0).all(axis=2).mean() == pytest.approx(1 / 4, abs=0.02)


def test_light_changes_brightness_and_not_where_things_are():
    lit = Augmentation(area=(1, 1), aspect=1, light=0.3)
    greys = np.repeat(np.arange(0, 160, 2, np.uint8)[:, None, None], 80, axis=1).repeat(3, axis=2)
    rng = np.random.default_rng(0)
    for _ in range(10):
        view = augmented(greys, 80, lit, rng).astype(int)
        assert (np.diff(view[:, 0, 0]) >= 0).all()
        assert np.ptp(view, axis=2).max() <= 1  # grey stays grey


# ------------------------------------------------------------------------------------------------------------- mixing

BLACK_AND_WHITE = np.stack([np.full((40, 40, 3), value, np.uint8) for value in (0, 255, 0, 255)])
TARGETS = {"logits": np.eye(4, dtype=np.float32), "metric": np.array([[1, 0], [0, 1], [0, 0], [0, 0]], np.float32)}


@pytest.mark.parametrize("cut", [0.0, 1.0])
def test_targets_are_mixed_in_the_proportion_of_the_pixels(cut: float, monkeypatch: pytest.MonkeyPatch):
    """0 is mixup, 1 is CutMix. Each photo has one colour, so that its mean tells how much of which is in it."""
    monkeypatch.setattr(augmentation, "_SHARE_OF_BATCH_CUT", cut)
    shares = []
    for seed in range(40):
        photos, targets = mixed(BLACK_AND_WHITE, TARGETS, np.random.default_rng(seed))
        assert (photos.dtype, photos.shape) == (np.uint8, BLACK_AND_WHITE.shape)
        white = photos.mean(axis=(1, 2, 3)) / 255
        assert white == pytest.approx(targets["logits"][:, [1, 3]].sum(axis=1), abs=0.003)
        assert targets["logits"].sum(axis=1) == pytest.approx(np.ones(4), abs=1e-6)
        assert targets["logits"].dtype == np.float32
        shares.append(targets["logits"].max())
    assert np.ptp(shares) > 0.2  # the proportion differs from batch to batch
    assert (BLACK_AND_WHITE[[0, 2]] == 0).all()  # what was given is left as it was


def test_a_photo_of_no_known_class_dilutes_the_target_it_is_mixed_with():
    for seed in range(20):
        _, targets = mixed(BLACK_AND_WHITE, TARGETS, np.random.default_rng(seed))
        known = targets["logits"][:, :2].sum(axis=1)  # the share of those two photos whose class is known
        assert targets["metric"].sum(axis=1) == pytest.approx(known, abs=1e-6)


def test_cutmix_pastes_one_square_of_the_other_photo(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(augmentation, "_SHARE_OF_BATCH_CUT", 1.0)
    pasted = 0
    for seed in range(30):
        photos, _ = mixed(BLACK_AND_WHITE, TARGETS, np.random.default_rng(seed))
        for before, after in zip(BLACK_AND_WHITE, photos, strict=True):
            rows, columns = np.nonzero((after != before).any(axis=2))
            if len(rows):
                side = np.ptp(rows) + 1
                assert np.ptp(columns) + 1 == side
                assert len(rows) == side**2
                pasted += 1
    assert pasted > 20
