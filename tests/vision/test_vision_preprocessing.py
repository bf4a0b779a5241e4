"""One way from a photo to the network's input, whoever asks."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tiny_shop import draw_product, jpeg

from imgrec.vision.decode import decode_photo
from imgrec.vision.preprocessing import Preprocessing


def disc(width: int, height: int) -> Image.Image:
    """A black disc in the middle of a grey picture."""
    image = Image.new("RGB", (width, height), (200, 200, 200))
    radius = min(width, height) // 3
    ImageDraw.Draw(image).circle((width / 2, height / 2), radius, fill="black")
    return image


def extent(square: np.ndarray) -> tuple[int, int]:
    """Width and height of what is black."""
    black = square.mean(axis=2) < 100
    return int(black.any(axis=0).sum()), int(black.any(axis=1).sum())


@pytest.mark.parametrize("size", [(300, 300), (400, 200), (150, 450), (1000, 90)])
def test_padding_and_cropping_never_distort_and_stretching_does(size: tuple[int, int]):
    for fit in ("pad", "crop"):
        width, height = extent(Preprocessing(side_px=96, fit=fit).square(disc(*size)))
        assert abs(width - height) <= 1
    width, height = extent(Preprocessing(side_px=96, fit="stretch").square(disc(*size)))
    assert width / height == pytest.approx(size[1] / size[0], rel=0.12)


def test_padding_shows_the_whole_photo_on_white_and_cropping_its_centre():
    photo = Image.new("RGB", (200, 100), (10, 20, 30))
    padded = Preprocessing(side_px=64, fit="pad").square(photo)
    assert (padded[:16] == 255).all()
    assert (padded[16:48] == (10, 20, 30)).all()
    assert (padded[48:] == 255).all()
    assert (Preprocessing(side_px=64, fit="crop").square(photo) == (10, 20, 30)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (5000, 2)])
def test_the_oddest_photo_still_makes_a_square(size: tuple[int, int]):
    for fit in ("pad", "crop", "stretch"):
        square = Preprocessing(side_px=32, fit=fit).square(Image.new("RGB", size))
        assert (square.shape, square.dtype) == ((32, 32, 3), np.uint8)


def test_a_batch_is_its_photos_one_by_one():
    preprocessing = Preprocessing(side_px=32)
    photos = [disc(100, 40), disc(33, 70)]
    assert np.array_equal(preprocessing.batch(photos), np.stack([preprocessing.square(photo) for photo in photos]))
    assert preprocessing.batch([]).shape == (0, 32, 32, 3)


@pytest.mark.training
def test_training_sees_the_very_pixels_that_index_and_bot_see(tmp_path):
    pytest.importorskip("keras")
    from imgrec.training.pixels import cached_pixels

    files = [tmp_path / f"{number}.jpg" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(jpeg(draw_product("Balls", "red", number, side_px=200 + 90 * number)))
    preprocessing = Preprocessing(side_px=32)
    trained_on = cached_pixels(files, preprocessing, tmp_path / "train.npy")
    seen = preprocessing.batch([decode_photo(file.read_bytes(), preprocessing.side_px) for file in files])
    assert np.array_equal(trained_on, seen)
