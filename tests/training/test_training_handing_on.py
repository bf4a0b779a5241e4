"""What was seen while features were compared stands for what the model sees only where it is the same to the bit."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from narrow_vgg import make_narrow, narrow_weights
from tiny_shop import CATEGORIES, draw_product, jpeg

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.features.looking import Here, Looked
from imgrec.training.export import run_in_chunks
from imgrec.training.graph import graph_of
from imgrec.training.handing_on import Told, sees_the_same
from imgrec.training.weights import Feature
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye, Outputs, compile_network
from imgrec.vision.preprocessing import Pixels

PHOTOS, SIDE_PX = 40, 64  # more than are looked at together
CANDIDATES = [Feature(layer, pooling) for layer in ("block4+block5", "block5") for pooling in ("average", "gem")]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[PhotoStore, list[str]]:
    folder = tmp_path_factory.mktemp("photos")
    names = []
    for seed in range(PHOTOS):
        content = jpeg(draw_product(CATEGORIES[seed % 3], "red", seed, 90))
        names.append(hashlib.sha256(content).hexdigest())
        file = folder / names[-1][:2] / f"{names[-1]}.jpg"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    return PhotoStore(folder), names


@pytest.fixture(scope="module")
def eye(tmp_path_factory: pytest.TempPathFactory) -> Eye:
    folder = tmp_path_factory.mktemp("models") / "narrow"
    return Eye(make_narrow(folder, side_px=SIDE_PX, feature=CANDIDATES[1]), "float32")


@pytest.fixture(scope="module")
def pixels(eye: Eye, photos: tuple[PhotoStore, list[str]]) -> Pixels:
    store, names = photos
    return eye.preprocessing.batch([decode_photo(store.source(name), SIDE_PX) for name in names])


@pytest.fixture(scope="module")
def said(pixels: Pixels) -> Outputs:
    """By a network that puts out all candidates."""
    features = {str(feature): feature for feature in CANDIDATES}
    every = compile_network(graph_of(narrow_weights(), SIDE_PX, features, eight_bits=True), "float32")
    features_said = run_in_chunks(every, pixels)[str(CANDIDATES[1])].astype(np.float16)
    return Outputs(features_said, np.empty((PHOTOS, 0), np.float32))


def test_in_float32_all_candidates_at_once_say_what_the_one_exported_says_to_the_bit(
    eye: Eye, pixels: Pixels, said: Outputs
):
    assert np.array_equal(eye.look_at_pixels(pixels).features, said.features)
    assert sees_the_same(eye, pixels, said)


def test_what_differs_in_a_single_bit_is_not_the_same(eye: Eye, pixels: Pixels, said: Outputs):
    other = said.features.copy()
    other.view(np.uint16)[3, 5] ^= 1
    assert not sees_the_same(eye, pixels, replace(said, features=other))


def test_who_was_told_gives_what_is_seen_by_looking(eye: Eye, photos: tuple[PhotoStore, list[str]], said: Outputs):
    store, names = photos
    contents = np.array([name.encode() for name in names], "S64")
    wanted = names[::-1][3:]
    told = Looked.joined(list(Told(eye, store, contents, said).look("shop", wanted)))
    looked = Looked.joined(list(Here(eye, store).look("shop", wanted)))
    assert told.seen is not None
    assert looked.seen is not None
    assert (told.arithmetic, len(told)) == (looked.arithmetic, len(wanted))
    for field in ("content", "features", "logits", "colours"):
        assert np.array_equal(getattr(told.seen, field), getattr(looked.seen, field)), field


def test_a_photo_that_is_gone_by_now_is_counted_as_unreadable(
    eye: Eye, photos: tuple[PhotoStore, list[str]], said: Outputs, tmp_path: Path
):
    contents = np.array([name.encode() for name in photos[1]], "S64")
    [looked] = Told(eye, PhotoStore(tmp_path), contents, said).look("shop", photos[1][:2])
    assert (looked.seen, looked.unreadable) == (None, 2)
