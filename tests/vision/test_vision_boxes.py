"""Parts of photos: what a box may be, what is cut out, and how it is shown."""

import numpy as np
import pytest
from PIL import Image
from tiny_shop import jpeg

from imgrec.vision.boxes import Box, crop, enough_for, quadrants
from imgrec.vision.guard import GuardedDecoder
from imgrec.vision.numbered import MOST_SIDE_PX, numbered_picture
from imgrec.vision.places import frame_of, on_photo
from imgrec.vision.preprocessing import Preprocessing


@pytest.mark.parametrize(
    "sides", [(0.5, 0, 0.5, 1), (0, 0.6, 1, 0.5), (-0.1, 0, 1, 1), (0, 0, 1, 1.1), (float("nan"), 0, 1, 1)]
)
def test_a_box_has_an_area_and_lies_within_the_photo(sides: tuple[float, float, float, float]):
    with pytest.raises(ValueError, match="no part of a photo"):
        Box(*sides)


def test_quadrants_are_the_photo_with_nothing_twice():
    parts = quadrants()
    assert sum(part.area for part in parts) == 1
    assert not any(one.common(other) for one in parts for other in parts if one is not other)
    assert parts[0].around(parts[3]) == Box(0, 0, 1, 1)


def test_a_crop_is_the_pixels_of_its_box():
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))
    part = crop(photo, Box(0.5, 0.25, 1, 0.5))
    assert np.array_equal(np.asarray(part), np.asarray(photo)[10:20, 30:60])
    assert crop(photo, Box(0.5, 0.5, 0.501, 0.501)).size == (1, 1)


def test_a_part_is_decoded_large_enough_to_be_looked_at_by_itself():
    photo = jpeg(Image.effect_noise((2400, 1800), 60).convert("RGB"), quality=85)
    with GuardedDecoder(1) as decoder:
        whole = decoder.decode(photo, 128)
        for part in (*quadrants(), Box(0.4, 0.4, 0.6, 0.6)):
            assert min(decoder.decode(photo, 128, part).size) >= 128
        assert min(crop(whole, quadrants()[0]).size) < min(decoder.decode(photo, 300, quadrants()[0]).size)
    assert enough_for(128, Box(0, 0, 0.01, 0.01)) == enough_for(128, Box(0, 0, 0.001, 1))  # there is a limit to it


@pytest.mark.parametrize("size", [(3000, 1500), (200, 300), (24, 18)])
def test_a_numbered_picture_shows_every_box_and_is_no_larger_than_telegram_shows(size: tuple[int, int]):
    photo = Image.new("RGB", size, (128, 128, 128))
    boxes = [*quadrants(), Box(0.49, 0.49, 0.5, 0.5)]
    picture = numbered_picture(photo, boxes)
    assert max(picture.size) <= MOST_SIDE_PX
    for box in boxes[:4]:
        part = np.asarray(crop(picture, box)).astype(int)
        assert part.min() < 60
        assert part.max() > 230


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_a_place_of_the_map_lies_in_the_photo_where_the_square_shows_it(fit: str):
    preprocessing = Preprocessing.model_validate({"side_px": 64, "fit": fit})
    photo = Image.new("RGB", (96, 64))
    photo.paste((255, 255, 255), (40, 24, 56, 40))
    square = preprocessing.square(photo).mean(axis=2)
    if fit == "pad":
        square[:10] = square[-10:] = 0
    values = square.reshape(8, 8, 8, 8).mean(axis=(1, 3)).astype(np.float32)
    spread = on_photo(values, preprocessing, photo.size)
    assert spread.shape == (64, 96)
    row, column = np.unravel_index(spread.argmax(), spread.shape)
    assert 20 <= row < 44
    assert 36 <= column < 60
    left, top, right, bottom = frame_of(preprocessing, photo.size)
    assert left + right == pytest.approx(1)
    assert top + bottom == pytest.approx(1)
