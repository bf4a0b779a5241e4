"""Contact sheets: small photos of many designs side by side, to look at while kinds are written."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from sample.design import Kind, generator
from sample.jobs import STYLES
from sample.markings import fitted


def contact_sheet(
    kinds: Sequence[Kind], style: str, designs: int, side_px: int, samples: int, seed: int
) -> Image.Image:  # fmt: skip
    """A row for each kind, its name before it, and so many designs in it."""
    from sample.darkroom import developed
    from sample.renderer import Photographer  # loads Mitsuba, which takes a second

    margin = side_px // 2
    sheet = Image.new("RGB", (margin + designs * side_px, len(kinds) * side_px), "white")
    draw = ImageDraw.Draw(sheet)
    for row, kind in enumerate(kinds):
        font, _ = fitted("lotion bottle", margin, 24, 0.0)
        draw.multiline_text((2, (row + 0.5) * side_px), kind.name.replace(" ", "\n"), "black", font, "lm")
        for column, design in enumerate(kind.spread(designs, "sheet", seed)):
            rng = generator("sheet", kind.name, seed, column)
            shot = STYLES[style](rng, kind.seen)
            light = Photographer(kind.build(design), threads=2).photo(shot, side_px, samples, column)
            photo = Image.open(io.BytesIO(developed(light, shot.flaws, rng)))
            sheet.paste(photo, (margin + column * side_px, row * side_px))
    return sheet
