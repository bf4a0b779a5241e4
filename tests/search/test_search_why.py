"""Where two photos agree: a cosine falls apart into places, and the picture of that."""

import io
from pathlib import Path

import numpy as np
import pytest
from narrow_vgg import JOINED, make_narrow
from PIL import Image
from tiny_shop import CATEGORIES, COLOURS, Shop, draw_product

from imgrec.search.whitening import Whitening
from imgrec.search.why import PANEL_PX, agreement, as_jpeg, why_picture
from imgrec.training.weights import Feature
from imgrec.vision.decode import decode_photo
from imgrec.vision.eye import Eye
from imgrec.vision.preprocessing import Preprocessing

PHOTOS = [draw_product(category, colour, seed=900) for category in CATEGORIES for colour in COLOURS]


@pytest.mark.parametrize("pooling", ["gem", "average"])
def test_what_the_places_add_is_the_cosine_of_the_vectors(tmp_path: Path, pooling: str):
    eye = Eye(make_narrow(tmp_path / "narrow", side_px=64, feature=Feature("block5", pooling)), "float32")
    outputs, maps = eye.look_where(eye.preprocessing.batch(PHOTOS))
    features = outputs.features.astype(np.float32)
    whitening = Whitening.fit(features, 8)
    vectors = whitening(features)
    length = np.linalg.norm(features @ whitening.affine[:-1] + whitening.affine[-1], axis=1)
    for one, other in ((0, 1), (2, 9), (5, 11)):
        heats = agreement(maps[[one, other]], vectors[[one, other]], eye.model.settings.feature, whitening)
        for heat, own, its in zip(heats, (one, other), (other, one), strict=True):
            cosine = (heat.sum() + whitening.affine[-1] @ vectors[its]) / length[own]
            assert cosine == pytest.approx(vectors[one] @ vectors[other], abs=0.02)


def test_it_can_be_told_of_models_whose_feature_is_no_map(tmp_path: Path):
    eye = Eye(make_narrow(tmp_path / "narrow", side_px=64, feature=JOINED), "float32")
    outputs, maps = eye.look_where(eye.preprocessing.batch(PHOTOS[:2]))
    whitening = Whitening.fit(eye.look(PHOTOS).features.astype(np.float32), 8)
    embedded = eye.model.settings.feature.model_copy(update={"layers": ("block3", "embedding")})
    for feature in (embedded, eye.model.settings.feature):
        for heat in agreement(maps, whitening(outputs.features), feature, whitening):
            assert heat.shape == maps.shape[2:]
            assert np.isfinite(heat).all()


def test_the_picture_is_lit_where_the_heat_is_and_dim_elsewhere():
    photos = Image.new("RGB", (300, 300), "white"), Image.new("RGB", (200, 400), "white")
    heat = np.zeros((8, 8), np.float32)
    heat[1:3, 1:3] = 1
    picture = why_picture(photos, (heat, np.zeros((8, 8), np.float32)), Preprocessing(side_px=64))
    assert picture.height == PANEL_PX
    assert picture.getpixel((PANEL_PX // 4, PANEL_PX // 4)) == (255, 255, 255)
    assert max(picture.getpixel((PANEL_PX // 2, 3 * PANEL_PX // 4))) < 150
    assert max(picture.getpixel((picture.width - 20, PANEL_PX // 2))) < 150
    assert Image.open(io.BytesIO(as_jpeg(picture))).size == picture.size


def test_search_writes_why_the_first_match_is_alike(shop: Shop, tmp_path: Path):
    photo = shop.folder / "photos" / "bal-001.jpg"
    said = shop.imgrec("search", photo, "--threshold", "-1", "--why", tmp_path / "why.jpg")
    assert "why.jpg" in said.stderr
    assert decode_photo(tmp_path / "why.jpg", PANEL_PX).height == PANEL_PX
    none = shop.imgrec("search", photo, "--threshold", "1", "--category", "Boxes", "--why", tmp_path / "none.jpg")
    assert "no match" in none.stderr
    assert not (tmp_path / "none.jpg").exists()
