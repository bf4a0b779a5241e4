"""What is drawn from a product photo besides its features: its colours, and how a telephone would have taken it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tiny_shop import COLOURS, draw_product

from imgrec.features.colours import dominant_colours, lab_of
from imgrec.features.stranger import in_pieces, stranger_view
from imgrec.features.telephone import mask_of_thing, telephone_view


def on_white(colour: tuple[int, int, int], second: tuple[int, int, int] | None = None) -> Image.Image:
    image = Image.new("RGB", (200, 160), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 30, 160, 130), fill=colour)
    if second:
        draw.rectangle((40, 30, 160, 60), fill=second)
    return image


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [((255, 255, 255), (100, 0, 0)), ((0, 0, 0), (0, 0, 0)), ((255, 0, 0), (53.24, 80.09, 67.20)),
     ((0, 0, 255), (32.30, 79.19, -107.86)), ((119, 119, 119), (50.03, 0, 0))],
)  # fmt: skip
def test_lab_is_that_of_the_tables(rgb, lab):
    assert lab_of(np.array(rgb, np.uint8)) == pytest.approx(lab, abs=0.05)


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
def test_the_colour_of_a_thing_on_white_is_its_own_and_not_the_ground(colour):
    first, *others = dominant_colours(on_white(colour))
    assert np.linalg.norm(first[:3] - lab_of(np.array(colour, np.uint8))) < 6
    assert first[3] > 0.85
    assert all(other[3] < 0.15 for other in others)


def test_two_colours_come_in_order_of_their_share_and_a_white_thing_is_white():
    red, blue = COLOURS["red"], COLOURS["blue"]
    first, second, third = dominant_colours(on_white(blue, red))
    assert np.linalg.norm(first[:3] - lab_of(np.array(blue, np.uint8))) < 6
    assert np.linalg.norm(second[:3] - lab_of(np.array(red, np.uint8))) < 6
    assert first[3] > second[3] > 0.2
    assert third[3] == 0
    assert dominant_colours(Image.new("RGB", (50, 50), "white"))[0] == pytest.approx([100, 0, 0, 1], abs=0.5)


def test_a_thing_on_a_plain_ground_is_cut_out_and_a_scene_is_left_whole():
    mask = mask_of_thing(on_white((30, 60, 200)))
    assert mask is not None
    assert 0.3 < (np.asarray(mask) > 127).mean() < 0.45
    rng = np.random.default_rng(0)
    assert mask_of_thing(Image.fromarray(rng.integers(0, 255, (80, 80, 3), np.uint8))) is None


def test_a_telephones_view_is_the_same_every_time_another_for_another_photo_and_shows_the_thing():
    photo = draw_product("Balls", "red", 3, side_px=200)
    view = telephone_view(photo, "a" * 64)
    assert (view.size, view.mode) == ((256, 256), "RGB")
    assert np.array_equal(np.asarray(view), np.asarray(telephone_view(photo, "a" * 64)))
    assert not np.array_equal(np.asarray(view), np.asarray(telephone_view(photo, "b" * 64)))
    pixels = np.asarray(view, np.int64)
    reddish = (pixels[..., 0] > pixels[..., 1] + 50) & (pixels[..., 0] > pixels[..., 2] + 50)
    assert reddish.mean() > 0.08
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners < 250).any()  # no longer on white


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (33, 32), (3000, 40)])
def test_any_photo_has_a_view_and_colours(size):
    photo = Image.new("RGB", size, (200, 30, 40))
    assert telephone_view(photo, "c" * 64).size == (256, 256)
    assert np.isfinite(dominant_colours(photo)).all()


def test_a_photo_in_pieces_has_all_of_them_and_none_where_it_was():
    photo = Image.fromarray(np.arange(256 * 256, dtype=np.uint32).view(np.uint8).reshape(256, 256, 4)[..., :3].copy())
    whole, mixed = (
        np.asarray(image).reshape(4, 64, 4, 64, 3).swapaxes(1, 2) for image in (photo, in_pieces(photo, "a"))
    )
    before, after = ([piece.tobytes() for piece in pieces.reshape(16, -1)] for pieces in (whole, mixed))
    assert sorted(before) == sorted(after)
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert in_pieces(photo, "b").tobytes() != in_pieces(photo, "a").tobytes()


def test_a_stranger_is_taken_by_telephone_and_the_same_every_time():
    photo = draw_product("Balls", "red", 3, side_px=200)
    view = stranger_view(photo, "a" * 64)
    assert (view.size, view.mode) == ((256, 256), "RGB")
    assert view.tobytes() == stranger_view(photo, "a" * 64).tobytes() != telephone_view(photo, "a" * 64).tobytes()
