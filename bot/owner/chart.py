"""The queries of each day as a picture: stacked bars and numbers, without a word, so that it is in every language."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from bot.language import Language
from imgrec.log.activity import Day

ANSWERED, NOTHING_SIMILAR, FAILED = "#4caf6d", "#f0a030", "#dd4b4b"
"""Green, orange and red, as the words below the picture say."""

_WIDTH, _HEIGHT = 1000, 640
_LEFT, _TOP, _RIGHT, _BOTTOM = 96, 64, 964, 560
_TEXT_PX, _SMALL_PX = 32, 22  # in a chat the picture is a third as wide
_GROUND, _GRID, _INK, _FAINT = "#ffffff", "#e6e8eb", "#30353b", "#8a929b"
_BAR = 0.62  # of the room a day has
_CORNER_PX = 8
_FINER = 2  # drawn that much larger, and made smaller: edges become smooth
_LINES = 4
_CROWDED = 1000  # numbers of four digits are wider than a bar


def draw_chart(say: Language, days: Sequence[Day]) -> bytes:
    """A PNG of the days, the oldest on the left."""
    image = Image.new("RGB", (_WIDTH * _FINER, _HEIGHT * _FINER), _GROUND)
    canvas = _Canvas(image)
    top = _round_top(max((day.queries for day in days), default=0))
    size = _TEXT_PX if top < _CROWDED else _SMALL_PX
    for line in range(_LINES + 1):
        value = top * line // _LINES
        y = _BOTTOM - (_BOTTOM - _TOP) * line / _LINES
        canvas.line(_LEFT, y, _RIGHT, _GRID if line else _FAINT)
        canvas.text(_LEFT - 16, y, say.number(value), size, _FAINT, "rm")
    room = (_RIGHT - _LEFT) / len(days)
    for number, day in enumerate(days):
        middle = _LEFT + room * (number + 0.5)
        _draw_day(canvas, say, day, middle, room * _BAR, top, size)
        if (len(days) - number) % 2:  # every other day, and today: there is no room for all
            canvas.text(middle, _BOTTOM + 16, say.day(day.day), _TEXT_PX, _FAINT, "mt")
    buffer = io.BytesIO()
    image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _draw_day(canvas: "_Canvas", say: Language, day: Day, middle: float, width: float, top: int, size: int) -> None:
    y = float(_BOTTOM)
    parts = [(day.answered, ANSWERED), (day.nothing_similar, NOTHING_SIMILAR), (day.failed, FAILED)]
    drawn = [(count, colour) for count, colour in parts if count]
    for number, (count, colour) in enumerate(drawn, start=1):
        height = (_BOTTOM - _TOP) * count / top
        canvas.bar(middle - width / 2, y - height, middle + width / 2, y, colour, is_top=number == len(drawn))
        y -= height
    if day.queries:
        canvas.text(middle, y - 8, say.number(day.queries), size, _INK, "mb")


def _round_top(most: int) -> int:
    """The least of 4, 8, 12, 20, 40, 80, 120, 200 ... that holds it: its quarters are whole."""
    scale = 4
    while True:
        for factor in (1, 2, 3, 5):
            if scale * factor >= most:
                return scale * factor
        scale *= 10


class _Canvas:
    """Draws in pixels of the finished picture."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)

    def line(self, left: float, y: float, right: float, colour: str) -> None:
        self._draw.line([(left * _FINER, y * _FINER), (right * _FINER, y * _FINER)], colour, _FINER)

    def bar(self, left: float, top: float, right: float, bottom: float, colour: str, *, is_top: bool) -> None:
        box = (left * _FINER, top * _FINER, right * _FINER - 1, bottom * _FINER - 1)
        corner = min(_CORNER_PX, (bottom - top) / 2) * _FINER if is_top else 0
        self._draw.rounded_rectangle(box, corner, colour, corners=(True, True, False, False))

    def text(self, x: float, y: float, text: str, size_px: int, colour: str, anchor: str) -> None:
        self._draw.text((x * _FINER, y * _FINER), text, colour, ImageFont.load_default(size_px * _FINER), anchor)
