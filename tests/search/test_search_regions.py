"""The things in a photo: one where it shows one, each where it shows several."""

import os
from pathlib import Path

import numpy as np
import pytest
from csv_rows import read_rows
from PIL import Image, ImageDraw

from imgrec.search.regions import MOST_REGIONS, middle, regions
from imgrec.vision.boxes import Box
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model
from imgrec.vision.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(side_px=128)
IMAGENET = Path(__file__).parents[2] / "models" / "imagenet"


def scene_of(*places: tuple[int, int], side: int = 40) -> Image.Image:
    photo = Image.new("RGB", (200, 200), (240, 238, 235))
    draw = ImageDraw.Draw(photo)
    for number, (x, y) in enumerate(places):
        draw.rectangle((x, y, x + side, y + side), fill=(30 + 40 * number, 60, 120))
    return photo


def map_of(*parts: tuple[slice, slice], ground: float = 0.0) -> np.ndarray:
    """Each part answered by a channel of its own."""
    seen = np.full((len(parts) + 1, 8, 8), ground, np.float32)
    for channel, part in enumerate(parts):
        seen[channel][part] = 1
    return seen


def noise() -> Image.Image:
    return Image.effect_noise((200, 200), 120).convert("RGB")


def test_things_on_a_plain_ground_are_found_to_the_pixel_as_they_are_read():
    photo = scene_of((120, 20), (20, 30), (100, 130))
    seen = map_of((slice(0, 4), slice(4, 8)), (slice(0, 4), slice(0, 4)), (slice(4, 8), slice(0, 8)))
    found = regions(photo, seen, PREPROCESSING)
    assert [(round(box.left * 200), round(box.top * 200)) for box in found] == [
        (pytest.approx(20, abs=4), pytest.approx(30, abs=4)),
        (pytest.approx(120, abs=4), pytest.approx(20, abs=4)),
        (pytest.approx(100, abs=4), pytest.approx(130, abs=4)),
    ]
    assert middle(found) == found[2]


def test_what_the_network_describes_alike_is_one_thing():
    pair = scene_of((30, 80), (120, 80))
    assert len(regions(pair, map_of((slice(0, 8), slice(0, 8))), PREPROCESSING)) == 1


def test_elsewhere_the_map_tells_things_apart():
    found = regions(noise(), map_of((slice(1, 4), slice(0, 3)), (slice(3, 7), slice(5, 8))), PREPROCESSING)
    assert found == [Box(0, 1 / 8, 3 / 8, 4 / 8), Box(5 / 8, 3 / 8, 1, 7 / 8)]


def test_there_are_no_more_than_can_be_offered_and_always_one():
    corners = [(slice(row, row + 2), slice(column, column + 2)) for row in (0, 3, 6) for column in (0, 3, 6)]
    assert len(regions(noise(), map_of(*corners), PREPROCESSING)) == MOST_REGIONS
    for nothing in (np.zeros((4, 8, 8), np.float32), np.ones((4, 8, 8), np.float32)):
        assert regions(noise(), nothing, PREPROCESSING) == [Box(0, 0, 1, 1)]


def test_the_middle_of_what_fills_the_photo_is_its_central_part():
    assert middle([Box(0, 0, 1, 1)]).area < 0.5


def test_real_photos_laid_on_one_ground_are_found_and_alone_are_one():
    folder = os.environ.get("IMGREC_REAL_PHOTOS")
    if not folder or not (Path(folder) / "products.csv").is_file():
        pytest.skip("IMGREC_REAL_PHOTOS names no folder with a products.csv of real photos")
    rows = read_rows(Path(folder) / "products.csv")
    chosen = [next(row for row in rows if row["category"] == name) for name in ("Shoes", "Watches")]
    photos = [decode_photo(Path(folder) / row["image"], 128) for row in chosen]
    together = Image.new("RGB", (560, 280), "white")
    for number, photo in enumerate(photos):
        photo.thumbnail((200, 200))
        together.paste(photo, (40 + 280 * number, 40))
    eye = Eye(open_model(IMAGENET))
    maps = [eye.look_where(eye.preprocessing.batch([photo]))[1][0] for photo in (*photos, together)]
    *alone, both = map(regions, (*photos, together), maps, [eye.preprocessing] * 3)
    assert [len(found) for found in alone] == [1, 1]
    assert len(both) == 2
