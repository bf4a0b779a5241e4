# ruff: noqa: E402 - Keras may be absent
"""What the network is fed: every photo once an epoch, another view each time, the same on every machine."""

from pathlib import Path

import numpy as np
import pytest
from tiny_shop import draw_product, jpeg

keras = pytest.importorskip("keras")

from imgrec.errors import TrainingError
from imgrec.training.pixels import TrainingBatches, augmented, cached_pixels
from imgrec.vision.preprocessing import Preprocessing

pytestmark = pytest.mark.training

PIXELS = np.stack([np.asarray(draw_product("Balls", "red", number, side_px=32)) for number in range(21)])
LABEL = np.arange(21) % 3


def batches(epoch: int, seed: int = 0, augment: bool = True) -> list[tuple[np.ndarray, np.ndarray]]:
    made = TrainingBatches(PIXELS, LABEL, 3, 8, augment, seed, epoch)
    return [made[number] for number in range(len(made))]


def equal(first: list, second: list) -> bool:
    return all(np.array_equal(a, b) for one, other in zip(first, second, strict=True) for a, b in zip(one, other))  # noqa: B905


def test_batches_are_a_pure_function_of_seed_and_epoch():
    assert equal(batches(epoch=2), batches(epoch=2))
    assert equal(batches(epoch=2)[::-1], [TrainingBatches(PIXELS, LABEL, 3, 8, True, 0, 2)[n] for n in (2, 1, 0)])
    assert not equal(batches(epoch=2), batches(epoch=3))
    assert not equal(batches(epoch=2), batches(epoch=2, seed=1))


def test_every_photo_comes_once_an_epoch_with_its_own_label():
    plain = batches(epoch=1, augment=False)
    assert [len(photos) for photos, _ in plain] == [8, 8, 5]
    rows = [
        int(np.flatnonzero((photo == PIXELS).all(axis=(1, 2, 3)))[0]) for photos, _ in plain for photo in photos
    ]  # fmt: skip
    assert sorted(rows) == list(range(21))
    assert rows != list(range(21))
    targets = np.concatenate([targets for _, targets in plain])
    assert (targets.argmax(axis=1) == LABEL[rows]).all()
    assert (targets.sum(axis=1) == 1).all()


def test_an_augmented_photo_is_another_view_of_the_same_product():
    rng = np.random.default_rng(0)
    views = np.stack([augmented(PIXELS[0], rng) for _ in range(60)])
    assert (views.dtype, views.shape) == (np.uint8, (60, 32, 32, 3))
    assert len(np.unique(views.reshape(60, -1), axis=0)) == 60
    red = (views[..., 0].astype(int) - views[..., 2] > 60).mean(axis=(1, 2))
    assert ((red > 0.05) & (red < 0.95)).all()  # the red ball is in every one of them


def test_photos_are_decoded_once_and_a_cache_cut_short_is_not_used(tmp_path: Path):
    files = [tmp_path / f"{number}.jpg" for number in range(2)]
    for number, file in enumerate(files):
        file.write_bytes(jpeg(draw_product("Boxes", "blue", number)))
    cache, preprocessing = tmp_path / "run" / "train.npy", Preprocessing(side_px=32)
    decoded: list[None] = []
    first = np.array(cached_pixels(files, preprocessing, cache, lambda: decoded.append(None)))
    assert np.array_equal(cached_pixels(files, preprocessing, cache, lambda: decoded.append(None)), first)
    assert len(decoded) == 2
    cache.rename(cache.with_suffix(".part"))  # as a crash while writing leaves it
    cached_pixels(files, preprocessing, cache, lambda: decoded.append(None))
    assert len(decoded) == 4


def test_a_photo_that_does_not_decode_is_named(tmp_path: Path):
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"bad\.jpg: .*import its feed again"):
        cached_pixels([tmp_path / "bad.jpg"], Preprocessing(side_px=32), tmp_path / "train.npy")
