"""A photo with boxes drawn into it, each with its number."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from imgrec.vision.boxes import Box

MOST_SIDE_PX = 1280
_DARK, _LIGHT = (20, 22, 26), (255, 255, 255)


def numbered_picture(photo: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """The photo, at most 1,280 px wide and high, its boxes numbered from 1; light on dark, for any ground."""
    picture = photo.convert("RGB")
    picture.thumbnail((MOST_SIDE_PX, MOST_SIDE_PX), Image.Resampling.LANCZOS)
    draw, short = ImageDraw.Draw(picture), min(picture.size)
    line, radius = max(2, short // 160), max(9, short // 18)
    font = ImageFont.load_default(1.25 * radius)
    for box in boxes:
        left, top = box.left * picture.width, box.top * picture.height
        right, bottom = box.right * picture.width - 1, box.bottom * picture.height - 1
        draw.rounded_rectangle((left, top, max(left, right), max(top, bottom)), radius, outline=_DARK, width=3 * line)
        if min(right - left, bottom - top) > 2 * line:
            inner = (left + line, top + line, right - line, bottom - line)
            draw.rounded_rectangle(inner, radius - line, outline=_LIGHT, width=line)
    for number, box in enumerate(boxes, start=1):  # on top of all lines, in the very corner, where least is hidden
        x, y = (max(line, at) + radius for at in (box.left * picture.width, box.top * picture.height))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_DARK, outline=_LIGHT, width=line)
        draw.text((x, y), str(number), _LIGHT, font, anchor="mm")
    return picture
