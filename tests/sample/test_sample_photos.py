"""Photos: camera, light, filter and file."""

import io

import numpy as np
import pytest
from PIL import Image

from sample.colours import Colour
from sample.darkroom import developed
from sample.denoising import denoised
from sample.design import Seen, generator
from sample.jobs import STYLES
from sample.markings import Sheet
from sample.materials import glass, matte
from sample.parts import part
from sample.renderer import Photographer
from sample.scene import Camera, Flaws, Lamp, Shot
from sample.shapes import at, box

RED, GREEN, BLUE, GREY = (Colour("", rgb) for rgb in ((200, 20, 20), (20, 170, 20), (20, 20, 200), (128, 128, 128)))


def plain_shot(camera: Camera) -> Shot:
    lamps = (Lamp(-30, 50, 3, 0.5),)
    return Shot(camera, lamps, (0.5, 0.5, 0.5), matte(GREY))


def hue(pixel: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> str:
    return ("red", "green", "blue")[int(pixel.argmax())]


def test_a_print_stands_upright_and_reads_from_left_to_right() -> None:
    sheet = Sheet(2, 2, BLUE)
    sheet.area(0, 0, 1, 1, RED)  # top left
    sheet.area(1, 0, 2, 1, GREEN)
    board = [part(box(2, 0.2, 2), matte(sheet.picture()), "front")]
    light = Photographer(board).photo(plain_shot(Camera(0, 5)), 32, 4, 1)
    assert (hue(light[10, 10]), hue(light[10, 21]), hue(light[21, 10])) == ("red", "green", "blue")


@pytest.mark.parametrize(("turn", "expected"), [(0, "red"), (90, "green"), (-90, "blue")])
def test_the_camera_goes_round_to_the_right(turn: float, expected: str) -> None:
    signs = [part(box(1, 1, 1), matte(GREY))]
    for name, (x, y) in {"red": (0, -0.6), "green": (0.6, 0), "blue": (-0.6, 0)}.items():
        signs.append(part(at(box(0.6, 0.6, 0.6), x, y, 0.2), matte({"red": RED, "green": GREEN, "blue": BLUE}[name])))
    light = Photographer(signs).photo(plain_shot(Camera(turn, 5)), 24, 2, 1)
    assert hue(light[12, 12]) == expected


@pytest.mark.parametrize("size", [(1, 1, 9), (9, 2, 1), (4, 4, 4)])
def test_a_product_fills_its_share_of_the_frame_whatever_its_shape(size: tuple[float, float, float]) -> None:
    light = Photographer([part(box(*size), matte(RED))]).photo(plain_shot(Camera(20, 15, fill=0.75)), 64, 2, 1)
    shown = light[..., 0] > 1.8 * light[..., 1]
    down, across = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert max(np.ptp(down), np.ptp(across)) + 1 == pytest.approx(0.75 * 64, abs=3)
    assert (down.min() + down.max()) / 2 == pytest.approx(31.5, abs=3)


def test_a_print_shows_through_glass() -> None:
    behind = [part(box(2, 0.2, 2), matte(RED)), part(at(box(2, 0.1, 2), y=-0.5), glass(GREY, 0.2))]
    light = Photographer(behind).photo(plain_shot(Camera(0, 5)), 24, 4, 1)
    assert light[12, 12, 0] > 2 * light[12, 12, 1]


def test_noise_goes_and_prints_and_edges_stay() -> None:
    rng = np.random.default_rng(0)
    albedo = np.full((48, 48, 3), 0.2, np.float32)
    albedo[:, ::6] = 0.8  # a print of lines one pixel wide
    normals = np.zeros((48, 48, 3), np.float32)
    normals[:24, :, 2] = normals[24:, :, 1] = 1  # an edge across the middle
    falling = np.where(np.arange(48) < 24, 1.0, 0.5).astype(np.float32)[:, None, None]
    truth = falling * albedo
    noisy = truth * rng.normal(1, 0.25, truth.shape).astype(np.float32)
    clean = denoised(noisy, albedo, normals)
    assert np.abs(clean - truth).mean() < 0.35 * np.abs(noisy - truth).mean()
    assert np.abs(clean[:, ::6].mean(axis=(0, 2)) / clean[:, 3::6].mean(axis=(0, 2)) - 4).max() < 0.3
    assert clean[:23].mean() / clean[25:].mean() == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("style", STYLES)
def test_a_shot_is_drawn_from_its_seed_and_keeps_to_where_a_kind_is_seen_from(style: str) -> None:
    seen = Seen(turn_deg=30, lowest_deg=10, highest_deg=25)
    shots = [STYLES[style](generator(style, number), seen) for number in range(12)]
    assert all(abs(shot.camera.turn_deg) <= 30 and 10 <= shot.camera.above_deg <= 25 for shot in shots)
    assert [STYLES[style](generator(style, number), seen).camera for number in range(12)] == [s.camera for s in shots]
    assert len({shot.camera.turn_deg for shot in shots}) == 12


def test_paper_in_full_light_is_white_and_the_dark_is_black() -> None:
    light = np.zeros((16, 16, 3), np.float32)
    light[:, 8:] = 1.2
    pixels = np.asarray(Image.open(io.BytesIO(developed(light, Flaws(quality=95), generator()))))
    assert pixels[:, 10:].min() > 245
    assert pixels[:, :6].max() < 8


def test_a_phones_flaws_show_but_leave_the_picture_as_it_is() -> None:
    light = np.full((64, 64, 3), 0.3, np.float32)
    clean, flawed = (
        np.asarray(Image.open(io.BytesIO(developed(light, flaws, generator(1)))), np.float64)
        for flaws in (Flaws(), Flaws(blur=0.01, noise=6, quality=70))
    )
    assert clean.std() < 1 < flawed.std() < 10
    assert flawed.mean() == pytest.approx(clean.mean(), abs=2)
