"""Why two photos are alike: where in each lies what their similarity is made of.

A pooled feature is a sum over places, and the whitening is linear, so that a cosine falls apart into what each place of
a photo adds to it: exactly for the part that the last block has in the feature, up to a constant that is the same
everywhere. What earlier blocks see is in the similarity and not in these places. A. Stylianou, R. Souvenir and
R. Pless, Visualizing Deep Similarity Networks, 2019, section 3; B. Zhou et al., Learning Deep Features for
Discriminative Localization, 2016, section 2.
"""

import io

import numpy as np
from PIL import Image

from imgrec.search.whitening import Whitening
from imgrec.vision.model_folder import FeatureSettings
from imgrec.vision.places import on_photo
from imgrec.vision.preprocessing import Preprocessing
from imgrec.vision.vectors import Floats, unit_rows

PANEL_PX = 640
_GAP_PX = 12
_GROUND = (26, 28, 32)
_MOST_OBLONG = 1.6
_LAST_BLOCK = "block5"
_GEM_POWER = 3
_DIM, _SOFT = 0.42, 0.09
_LINE_PX, _LINE = 2.6, np.array([255, 200, 60], np.float32)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LIT_FROM = 0.45
"""Of the way from the weakest place to the strongest: from there on photos are said to agree."""


def agreement(maps: Floats, vectors: Floats, feature: FeatureSettings, whitening: Whitening) -> tuple[Floats, Floats]:
    """What each place of two photos adds to their cosine, but for one factor and one constant of the photo.

    maps: the last block's, float32 (2, channels, rows, columns). vectors: (2, k). Returns two float32 (rows, columns).
    Where the feature does not end with that block, as with an embedding, it is the cosine of the pooled maps.
    """
    power = _GEM_POWER if feature.pooling == "gem" else 1
    raised = maps**power
    pooled = unit_rows(raised.mean(axis=(2, 3)) ** np.float32(1 / power))
    shares = raised / np.maximum(raised.sum(axis=(2, 3), keepdims=True), 1e-12)
    if feature.layers[-1] == _LAST_BLOCK:
        of_last_block = whitening.affine[:-1][-maps.shape[1] :]
        weights = vectors[::-1] @ of_last_block.T
    else:
        weights = pooled[::-1]
    first, second = np.einsum("ncij,nc->nij", shares, pooled * weights).astype(np.float32)
    return first, second


def why_picture(
    photos: tuple[Image.Image, Image.Image], heats: tuple[Floats, Floats], preprocessing: Preprocessing
) -> Image.Image:
    """Two photos side by side, lit where they agree, the rest of each dimmed.

    photos: upright RGB, of any size. heats: as `agreement` gives them.
    """
    panels = [_lit(_panel_of(photo), heat, preprocessing) for photo, heat in zip(photos, heats, strict=True)]
    width = sum(panel.width for panel in panels) + _GAP_PX
    picture = Image.new("RGB", (width, PANEL_PX), _GROUND)
    picture.paste(panels[0], (0, 0))
    picture.paste(panels[1], (width - panels[1].width, 0))
    return picture


def as_jpeg(picture: Image.Image) -> bytes:
    """The bytes of a JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88, optimize=True)
    return file.getvalue()


def _panel_of(photo: Image.Image) -> Image.Image:
    """As high as the picture. What is very oblong is made no wider than it can be seen beside the other."""
    width = round(PANEL_PX * photo.width / photo.height)
    width = max(PANEL_PX // 3, min(width, round(_MOST_OBLONG * PANEL_PX)))
    return photo.resize((width, PANEL_PX), Image.Resampling.LANCZOS)


def _lit(photo: Image.Image, heat: Floats, preprocessing: Preprocessing) -> Image.Image:
    """The photo as it is where the heat is, pale and dark elsewhere, with a thin line between."""
    spread = on_photo(heat, preprocessing, photo.size)
    weakest, strongest = float(spread.min()), float(spread.max())
    warm = (spread - weakest) / max(strongest - weakest, 1e-12)
    light = np.clip((warm - _LIT_FROM) / _SOFT + 1, 0, 1)[..., None]
    light = light**2 * (3 - 2 * light)
    pixels = np.asarray(photo, np.float32)
    grey = (pixels @ _LUMA)[..., None]
    dimmed = np.array(_GROUND, np.float32) * (1 - _DIM) + (0.5 * pixels + 0.5 * grey) * _DIM
    lit = light * pixels + (1 - light) * dimmed
    down, across = np.gradient(warm)
    off_px = np.abs(warm - _LIT_FROM) / np.maximum(np.hypot(down, across), 1e-6)
    line = np.clip(_LINE_PX - off_px, 0, 1)[..., None]
    return Image.fromarray(np.clip(line * _LINE + (1 - line) * lit, 0, 255).astype(np.uint8))
