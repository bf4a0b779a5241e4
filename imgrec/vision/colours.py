"""Pixels of any kind to RGB as a screen shows them: transparency on white, more than 8 bits, other colour spaces."""

import io
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageCms

_STRIP_PIXELS = 500_000
_DEEP = {"I", "F"}
_SIXTEEN_BITS = {"I;16", "I;16L", "I;16B", "I;16N"}
_GREY_OF_FEW_BITS = {"1": 255, "L;2": 85, "L;4": 17}  # what a PNG's grey values are multiplied by when read
_PROFILE_OF = {"RGB": "RGB", "RGBA": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_UNSEEN = 3  # of 255: profiles that differ from sRGB by less are left alone
_LEVELS = (0, 36, 73, 109, 146, 182, 219, 255)


class Colours:
    """How the pixels of one opened image are to be read. Make it before they are loaded: that forgets their depth."""

    def __init__(self, image: Image.Image) -> None:
        raw = image.tile[0].args if image.tile else ""  # type: ignore[attr-defined]
        self._raw = raw if isinstance(raw, str) else ""
        self._profile = image.info.get("icc_profile") or b""
        self._most = 0.0
        self.translated = False
        """Whether the image's profile gives its colours another meaning than a file without one has."""

    def rgb(self, image: Image.Image, factor: int) -> Image.Image:
        """The loaded image as RGB, smaller by a whole factor, strip by strip: no second copy of a large one is held."""
        image.load()
        if image.mode in _DEEP:
            extrema = image.getextrema()
            self._most = float(extrema[1])  # type: ignore[arg-type]
        if image.width * image.height <= _STRIP_PIXELS:
            return self._strip(image, factor)
        small = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
        rows = factor * max(1, _STRIP_PIXELS // (image.width * factor))
        for top in range(0, image.height, rows):
            strip = image.crop((0, top, image.width, min(image.height, top + rows)))
            small.paste(self._strip(strip, factor), (0, top // factor))
        return small

    def _strip(self, image: Image.Image, factor: int) -> Image.Image:
        image = self._plain(image)
        if factor > 1:
            image = image.reduce(factor)
        return _on_white(self._as_srgb(image))

    def _plain(self, image: Image.Image) -> Image.Image:
        """In a mode that can be reduced and converted: L, LA, RGB, RGBA, CMYK or YCbCr."""
        key = image.info.get("transparency")
        if isinstance(key, int | tuple) and image.mode in {"1", "L", "I", "RGB"} | _SIXTEEN_BITS:
            seen = self._key_mask(image, (key,) if isinstance(key, int) else key)
            image.info.pop("transparency")
            image = self._plain(image).convert("RGB")
            image.putalpha(seen)
            return image
        if image.mode in _SIXTEEN_BITS:
            return _scaled(image, 257)
        if image.mode in _DEEP:
            return _scaled(image, self._divisor(image.mode))
        if image.mode in {"PA", "La", "RGBa"} or "transparency" in image.info:
            return image.convert("RGBA")
        return image if image.mode in {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"} else image.convert("RGB")

    def _key_mask(self, image: Image.Image, key: Sequence[int]) -> Image.Image:
        """Where an image is seen: 0 where it has its transparent colour, as a PNG's tRNS gives it, else 255."""
        if image.mode in _SIXTEEN_BITS | {"I"}:
            table = [255] * 65_536
            table[key[0] & 0xFFFF] = 0
            return image.convert("I").point(table, "L")
        if "16" in self._raw:  # read as 8 bits, of which the key has 16
            key = [value >> 8 for value in key]
        factor = _GREY_OF_FEW_BITS.get(self._raw, 1)
        masks = []
        for band, value in zip(image.convert("L" if image.mode == "1" else image.mode).split(), key, strict=False):
            table = [255] * 256
            table[value * factor & 0xFF] = 0
            masks.append(band.point(table))
        seen = masks[0]
        for mask in masks[1:]:
            seen = ImageChops.lighter(seen, mask)
        return seen

    def _divisor(self, mode: str) -> float:
        """Deep pixels say nowhere how large white is: 1 for floats, else the largest of so many bits."""
        if mode == "F" and self._most <= 1:
            return 1 / 255
        return next((white / 255 for white in (255, 65_535) if self._most <= white), (2**31 - 1) / 255)

    def _as_srgb(self, image: Image.Image) -> Image.Image:
        if not self._profile or image.mode not in _PROFILE_OF:
            return image
        transform = _to_srgb(self._profile, image.mode)
        if transform is None:
            return image
        self.translated = True
        return transform.apply(image)


@lru_cache(maxsize=8)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile's colours to those of screens. None where it is no such profile, or sRGB for all that one sees."""
    out = "RGBA" if mode == "RGBA" else "RGB"
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if opened.profile.xcolor_space.strip() != _PROFILE_OF[mode]:
            return None
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, out)
        if mode != "CMYK":
            probe = _probe().convert(mode)
            difference = ImageChops.difference(transform.apply(probe).convert("RGB"), probe.convert("RGB"))
            if max(high for _, high in difference.getextrema()) <= _UNSEEN:  # type: ignore[misc]
                return None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return transform


def _probe() -> Image.Image:
    """512 colours from all over the cube."""
    colours = bytes(part for red in _LEVELS for green in _LEVELS for blue in _LEVELS for part in (red, green, blue))
    return Image.frombytes("RGB", (len(_LEVELS) ** 2, len(_LEVELS)), colours)


def _scaled(image: Image.Image, divisor: float) -> Image.Image:
    return image.convert("F").point(lambda value: value / divisor).convert("L")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA"}:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGB", with_alpha.size, "white")
        white.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return white
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it
