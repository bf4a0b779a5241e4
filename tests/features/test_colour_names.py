"""Colours are called what people call them, and only as far as the thing shows them."""

import numpy as np
import pytest
from tiny_shop import COLOURS, draw_product

from imgrec.features.colour_names import COLOUR_NAMES, names_of
from imgrec.features.colours import dominant_colours, lab_of

SWATCHES = {
    "black": "000000 1d1d1d", "white": "ffffff f2f2f0", "grey": "929591 6f7c7c", "silver": "c5c9c7",
    "brown": "653700 ad8150", "beige": "e6daa6 c7ac7d", "red": "e50000 8c000f be0119", "orange": "f97306 fdaa48",
    "yellow": "ffff14 fac205", "gold": "dbb40c c5a253", "green": "15b01a 06470c 96f97b 677a04",
    "turquoise": "06c2ac 029386", "blue": "0343df 0000ff 75bbfd 3b638c 01153e", "navy": "01153e 001146",
    "purple": "7e1e9c c79fef 9a0eea", "pink": "ff81c0 ff028d ffd1df",
}  # fmt: skip
"""Most of them the middle of what people called so in the xkcd colour survey."""


def named(*colours: tuple[str, float]) -> set[str]:
    """The names of a photo of these colours (RGB in hex) and shares."""
    rows = np.zeros((1, 3, 4), np.float16)
    for place, (colour, share) in enumerate(colours):
        rows[0, place] = *lab_of(np.frombuffer(bytes.fromhex(colour), np.uint8)), share
    return {name for name, is_named in zip(COLOUR_NAMES, names_of(rows)[0], strict=True) if is_named}


@pytest.mark.parametrize("name", SWATCHES)
def test_what_people_call_a_colour_is_among_its_names(name):
    assert set(SWATCHES) == set(COLOUR_NAMES)
    for swatch in SWATCHES[name].split():
        assert name in named((swatch, 1))


def test_many_photos_have_the_names_of_each(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(0)
    lab = rng.uniform((0, -60, -60), (100, 60, 60), (100, 3, 3))
    colours = np.concatenate([lab, rng.dirichlet(np.ones(3), 100)[..., None]], axis=2).astype(np.float16)
    monkeypatch.setattr("imgrec.features.colour_names._AT_ONCE", 32)
    assert (names_of(colours) == np.concatenate([names_of(colours[[row]]) for row in range(100)])).all()
    assert names_of(colours).any(axis=1).sum() > 50


def test_opposites_are_never_one():
    for one, other in (("black", "white"), ("red", "green"), ("blue", "yellow"), ("pink", "green"), ("navy", "orange")):
        for swatch in SWATCHES[one].split():
            assert other not in named((swatch, 1))


def test_each_colour_with_enough_of_it_counts_and_no_speck_does():
    assert named(("e50000", 0.5), ("0343df", 0.4), ("15b01a", 0.1)) == {"red", "blue"}


def test_a_white_ground_counts_only_where_there_is_nothing_else():
    assert named(("ffffff", 0.8), ("e50000", 0.2)) == {"red"}
    assert "white" in named(("ffffff", 0.95), ("e50000", 0.05))


def test_a_photo_of_which_nothing_is_known_has_no_name():
    assert named() == set()
    assert names_of(np.zeros((0, 3, 4), np.float16)).shape == (0, len(COLOUR_NAMES))


@pytest.mark.parametrize("colour", COLOURS)
def test_drawn_products_are_of_the_colour_they_were_drawn_in(colour):
    photos = [dominant_colours(draw_product("Balls", colour, seed)) for seed in range(12)]
    assert names_of(np.stack(photos))[:, COLOUR_NAMES.index(colour)].all()
