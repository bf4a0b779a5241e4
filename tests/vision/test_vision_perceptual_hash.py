"""A perceptual hash stays nearly the same when a picture is saved anew, and differs for another picture."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from tiny_shop import draw_product, jpeg

from imgrec.errors import UnreadablePhotoError
from imgrec.vision.perceptual_hash import HASH_BYTES, perceptual_hash


def picture(seed: int) -> Image.Image:
    """A picture with much to see: soft blotches of every size."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (256, 256))
    for side in (4, 8, 16, 32):
        layer = Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).resize(image.size)
        image = Image.blend(image, layer, 0.5)
    return image


def bits(one: Image.Image | bytes, other: Image.Image | bytes) -> int:
    hashes = [perceptual_hash(jpeg(photo) if isinstance(photo, Image.Image) else photo) for photo in (one, other)]
    assert [len(each) for each in hashes] == [HASH_BYTES, HASH_BYTES]
    first, second = (np.frombuffer(each, np.uint8) for each in hashes)
    return int(np.bitwise_count(first ^ second).sum())


def as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("seed", range(5))
def test_the_same_picture_in_another_size_quality_format_or_brightness_has_nearly_the_same_hash(seed):
    image = picture(seed)
    for other in (
        jpeg(image, quality=40), as_png(image), image.resize((128, 128)), image.resize((512, 512)),
        ImageEnhance.Brightness(image).enhance(0.8), ImageOps.grayscale(image).convert("RGB"),
    ):  # fmt: skip
        assert bits(image, other) <= 16


def test_other_pictures_differ_in_about_half_of_the_bits():
    distances = [bits(picture(one), picture(other)) for one in range(6) for other in range(one)]
    assert min(distances) > 80
    assert bits(picture(0), ImageOps.mirror(picture(0))) > 80


def test_half_of_the_bits_are_set_whatever_the_picture():
    ones = np.bitwise_count(np.frombuffer(perceptual_hash(jpeg(picture(7))), np.uint8)).sum()
    assert ones == 128


def test_products_of_another_shape_are_told_apart():
    assert bits(draw_product("Balls", "red", 1), draw_product("Boxes", "red", 1)) > 20


def test_what_is_no_image_has_no_hash():
    with pytest.raises(UnreadablePhotoError):
        perceptual_hash(b"<html>")
