# ruff: noqa: E402 - Keras may be absent
"""What the network is fed: every photo once an epoch, another view each time, the same on every machine."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_shop import draw_product, jpeg

keras = pytest.importorskip("keras")

from imgrec.errors import TrainingError
from imgrec.progress import Silent
from imgrec.training.pixels import PhotoCache, TrainingBatches, augmenting, cached_pixels
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.vision.decode import decode_photo
from imgrec.vision.preprocessing import Preprocessing

pytestmark = pytest.mark.training

PIXELS = np.stack([np.asarray(draw_product("Balls", "red", number, side_px=40)) for number in range(21)])
TARGETS = {"logits": np.eye(3, dtype=np.float32)[np.arange(21) % 3], "metric": np.eye(21, dtype=np.float32)}
Batch = tuple[np.ndarray, dict[str, np.ndarray]]


def epoch(number: int, seed: int = 0, **settings: Any) -> TrainingBatches:
    wanted = TrainingSettings(batch_size=8, seed=seed, **{"augmentation": "standard", "mixing": 0.5} | settings)
    side_px = 40 if wanted.augmentation == "none" else 32
    return TrainingBatches(augmenting(PIXELS, side_px, wanted.augmentation), TARGETS, wanted, number)


def batches(made: TrainingBatches) -> list[Batch]:
    return [made[number] for number in range(len(made))]


def equal(first: list[Batch], second: list[Batch]) -> bool:
    return all(
        np.array_equal(photos, other) and all(np.array_equal(targets[name], others[name]) for name in targets)
        for (photos, targets), (other, others) in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("augmentation", ["standard", "strong"])
def test_batches_are_a_pure_function_of_settings_seed_and_epoch(augmentation: str):
    made = epoch(2, augmentation=augmentation)
    straight = batches(made)
    assert equal(straight, batches(epoch(2, augmentation=augmentation)))
    assert equal(straight[::-1], [made[number] for number in (2, 1, 0)])  # in any order, as often as one likes
    assert not equal(straight, batches(epoch(3, augmentation=augmentation)))
    assert not equal(straight, batches(epoch(2, seed=1, augmentation=augmentation)))


def test_batches_leave_photos_and_targets_as_they_were():
    pixels, targets = PIXELS.copy(), {name: target.copy() for name, target in TARGETS.items()}
    for augmentation in ("none", "strong"):
        batches(epoch(1, augmentation=augmentation, mixing=1.0))
    assert np.array_equal(PIXELS, pixels)
    assert all(np.array_equal(TARGETS[name], target) for name, target in targets.items())


def test_every_photo_comes_once_an_epoch_with_its_own_targets():
    plain = batches(epoch(1, augmentation="none", mixing=0.0))
    assert [len(photos) for photos, _ in plain] == [8, 8, 5]
    rows = [
        int(np.flatnonzero((photo == PIXELS).all(axis=(1, 2, 3)))[0]) for photos, _ in plain for photo in photos
    ]  # fmt: skip
    assert sorted(rows) == list(range(21))
    assert rows != list(range(21))
    for name, target in TARGETS.items():
        assert np.array_equal(np.concatenate([targets[name] for _, targets in plain]), target[rows])


def test_mixed_batches_come_as_often_as_asked_for():
    def share(mixing: float) -> float:
        one_of_each = [epoch(number, mixing=mixing)[0][1]["metric"].max(axis=1) for number in range(60)]
        return float(np.mean([(largest < 1).any() for largest in one_of_each]))

    assert share(0.0) == 0
    assert share(1.0) > 0.9  # now and then a photo meets itself
    assert 0.15 < share(0.3) < 0.45


def test_augmented_photos_come_at_the_side_the_network_takes():
    assert epoch(1)[0][0].shape == (8, 32, 32, 3)


# -------------------------------------------------------------------------------------------------------------- caches


def files(folder: Path, count: int = 3) -> list[Path]:
    made = [folder / f"{number}.jpg" for number in range(count)]
    for number, file in enumerate(made):
        file.write_bytes(jpeg(draw_product("Boxes", "blue", number, side_px=200).crop((0, 0, 200, 120 + number))))
    return made


def cache(folder: Path, **settings: Any) -> PhotoCache:
    made = files(folder)
    wanted = TrainingSettings(**settings)
    return PhotoCache({"train": made, "validation": made[:1]}, folder / "run", wanted, Silent())


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_a_cache_holds_what_the_finished_model_will_be_given(fit: Any, tmp_path: Path):
    photos = cache(tmp_path, fit=fit).pixels("train", 48)
    alone = [Preprocessing(side_px=48, fit=fit).square(decode_photo(file, enough_px=48)) for file in files(tmp_path)]
    assert np.array_equal(photos, np.stack(alone))


def test_photos_to_be_augmented_are_read_larger_but_never_larger_than_photos_come(tmp_path: Path):
    whole, half = Stage(share=1), Stage(share=1, scale=0.5)
    photos = cache(tmp_path, side_px=64)
    assert photos.to_train_on(whole).shape == (3, 80, 80, 3)
    assert photos.to_train_on(half).shape == (3, 40, 40, 3)
    assert cache(tmp_path, side_px=64, augmentation="none").to_train_on(whole).shape == (3, 64, 64, 3)
    assert cache(tmp_path, side_px=512).to_train_on(whole).shape == (3, 512, 512, 3)


def test_photos_are_decoded_once_and_a_cache_cut_short_is_not_used(tmp_path: Path):
    made, file, preprocessing = files(tmp_path, 2), tmp_path / "run" / "train.npy", Preprocessing(side_px=32)
    decoded: list[None] = []
    first = np.array(cached_pixels(made, preprocessing, file, lambda: decoded.append(None)))
    assert np.array_equal(cached_pixels(made, preprocessing, file, lambda: decoded.append(None)), first)
    assert len(decoded) == 2
    file.rename(file.with_suffix(".part"))  # as a crash while writing leaves it
    cached_pixels(made, preprocessing, file, lambda: decoded.append(None))
    assert len(decoded) == 4


def test_a_photo_that_does_not_decode_is_named(tmp_path: Path):
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"bad\.jpg: .*import its feed again"):
        cached_pixels([tmp_path / "bad.jpg"], Preprocessing(side_px=32), tmp_path / "train.npy")
