"""Any image file becomes an upright RGB JPEG of modest size; a JPEG that is one already is kept as it is."""

import io

import pytest
from PIL import Image
from tiny_shop import draw_product, jpeg

from imgrec.catalogue.photo_store import PhotoStore
from imgrec.errors import PhotoError, TooLargePhotoError, UnreadablePhotoError

RED, BLUE = (220, 30, 30), (30, 30, 220)


@pytest.fixture
def store(tmp_path):
    return PhotoStore(tmp_path / "photos")


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def kept(store: PhotoStore, original: bytes) -> Image.Image:
    """The photo as the store keeps it, after checking what holds for every one."""
    stored = store.add(original)
    image = Image.open(store.path(stored.sha256))
    image.load()
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (stored.width_px, stored.height_px))
    assert min(image.size) <= 512
    assert image.getexif().get(0x0112, 1) == 1
    return image


def near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(pixel, colour, strict=True))


def test_a_jpeg_that_fits_is_kept_byte_for_byte(store):
    original = jpeg(Image.effect_noise((900, 512), 60).convert("RGB"), quality=71, comment=b"as it was")
    assert store.path(store.add(original).sha256).read_bytes() == original


def test_the_same_photo_is_stored_once_and_never_written_again(store):
    original = jpeg(draw_product("Balls", "red", 1))
    first = store.path(store.add(original).sha256)
    before = first.stat().st_mtime_ns, first.stat().st_ino
    assert store.path(store.add(original).sha256) == first
    assert (first.stat().st_mtime_ns, first.stat().st_ino) == before
    assert len([file for file in store.folder.rglob("*") if file.is_file()]) == 1


@pytest.mark.parametrize(
    ("orientation", "left_top", "size"),
    [(1, RED, (40, 20)), (3, BLUE, (40, 20)), (6, RED, (20, 40)), (8, BLUE, (20, 40))],
)  # fmt: skip
def test_a_photo_is_turned_upright_by_its_exif_orientation(store, orientation, left_top, size):
    image = Image.new("RGB", (40, 20), BLUE)
    image.paste(RED, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = kept(store, jpeg(image, exif=exif, quality=95))
    assert upright.size == size
    assert near(upright.getpixel((4, 4)), left_top)


@pytest.mark.parametrize(
    ("original", "colour"),
    [
        (encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"), (255, 255, 255)),
        (encoded(Image.new("RGBA", (20, 20), (255, 0, 0, 128)), "PNG"), (255, 127, 127)),
        (encoded(Image.new("LA", (20, 20), (9, 0)), "PNG"), (255, 255, 255)),
        (encoded(Image.new("P", (20, 20), 3), "GIF", transparency=3), (255, 255, 255)),
        (encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "WEBP", lossless=True), (255, 255, 255)),
        (encoded(Image.new("I;16", (20, 20), 128 * 257), "PNG"), (128, 128, 128)),
        (encoded(Image.new("I;16", (20, 20), 65535), "TIFF"), (255, 255, 255)),
        (encoded(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG"), (254, 0, 0)),
        (encoded(Image.new("L", (20, 20), 77), "JPEG"), (77, 77, 77)),
        (encoded(Image.new("1", (20, 20), 1), "BMP"), (255, 255, 255)),
    ],
    ids=["transparent", "half", "grey+alpha", "gif", "webp", "16-bit", "16-bit white", "cmyk", "grey jpeg", "bilevel"],
)
def test_every_kind_of_pixel_becomes_the_colour_it_shows(store, original, colour):
    assert near(kept(store, original).getpixel((10, 10)), colour)


@pytest.mark.parametrize(
    ("size", "kind", "expected"),
    [((1600, 800), "PNG", (1024, 512)), ((700, 4000), "JPEG", (512, 2926)), ((3000, 1500), "JPEG", (1024, 512)),
     ((512, 3000), "PNG", (512, 3000)), ((30, 20), "PNG", (30, 20)), ((900, 50), "PNG", (900, 50))],
)  # fmt: skip
def test_the_short_side_is_at_most_512_and_nothing_is_enlarged(store, size, kind, expected):
    assert kept(store, encoded(Image.new("RGB", size, RED), kind)).size == expected


@pytest.mark.parametrize("size", [(4000, 1), (19, 400)])
def test_a_photo_too_oblong_for_telegram_is_refused(store, size):
    with pytest.raises(TooLargePhotoError, match="as long as wide"):
        store.add(encoded(Image.new("RGB", size, RED), "PNG"))


def test_of_an_animation_the_first_frame_is_kept(store):
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, BLUE)]
    original = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert near(kept(store, original).getpixel((10, 10)), RED)


NOISE = jpeg(Image.effect_noise((300, 300), 60).convert("RGB"))


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", NOISE[:200], NOISE[: len(NOISE) // 2],
     encoded(Image.effect_noise((300, 300), 60), "PNG")[:-3000]],
    ids=["empty", "svg", "only a header", "cut early", "half a jpeg", "most of a png"],
)  # fmt: skip
def test_what_does_not_decode_whole_is_unreadable_and_leaves_nothing_behind(store, content):
    with pytest.raises(UnreadablePhotoError):
        store.add(content)
    assert not store.folder.exists()


def test_a_photo_of_too_many_pixels_is_too_large_but_a_big_jpeg_is_shrunk_while_decoding(store):
    with pytest.raises(TooLargePhotoError, match="17000 x 16000"):
        store.add(encoded(Image.new("1", (17_000, 16_000)), "PNG", compress_level=1))
    assert kept(store, jpeg(Image.new("L", (8000, 7000)))).size == (585, 512)


def test_a_photo_longer_than_a_jpeg_can_be_is_too_large(store):
    with pytest.raises(TooLargePhotoError, match="70000 x 10"):
        store.add(encoded(Image.new("L", (70_000, 10)), "PNG"))


def test_a_file_that_cannot_be_read_is_unreadable(store, tmp_path):
    for path in (tmp_path, tmp_path / "absent.jpg"):
        with pytest.raises(UnreadablePhotoError, match="cannot be read"):
            store.add_file(path)


def test_a_store_that_cannot_be_written_is_not_the_fault_of_the_photo(tmp_path):
    (tmp_path / "photos").touch()
    (tmp_path / "fine.jpg").write_bytes(jpeg(draw_product("Balls", "red", 1)))
    with pytest.raises(OSError, match="photos") as caught:
        PhotoStore(tmp_path / "photos").add_file(tmp_path / "fine.jpg")
    assert not isinstance(caught.value, PhotoError)
