"""Sports: what this department sells."""

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, Colour
from sample.design import Seen, choice, colours, department, span
from sample.markings import Sheet
from sample.materials import rubber
from sample.parts import Model, part
from sample.shapes import ball as sphere

kind = department("Sports")


@kind(
    "{panel} and {body} {marking} Ball", (8, 35), seen=Seen(turn_deg=180, lowest_deg=5, highest_deg=50),
    width=span(18, 24, weight=0.2), marking=choice("basket", "beach", "belt", "dotted", "quarters", weight=3),
    body=colours(*BRIGHTS, "white", "ivory"), panel=colours(*BRIGHTS, *DEEPS, *NEUTRALS),
)  # fmt: skip
def ball(width: float, marking: str, body: Colour, panel: Colour) -> Model:
    sheet = Sheet(4, 2, body)
    if marking == "basket":
        for x in (0.5, 1.5, 2.5, 3.5):
            sheet.line([(x, 0), (x, 2)], 0.045, panel)
        sheet.line([(0, 1), (4, 1)], 0.045, panel)
        for x in (1.0, 3.0):
            sheet.line([(x - 0.15, 0), (x + 0.15, 0.6), (x + 0.15, 1.4), (x - 0.15, 2)], 0.045, panel)
    elif marking == "beach":
        for number in range(0, 8, 2):
            sheet.area(number / 2, 0, number / 2 + 0.5, 2, panel)
    elif marking == "belt":
        sheet.area(0, 0.72, 4, 1.28, panel)
        sheet.area(0, 0.92, 4, 1.08, body)
    elif marking == "quarters":
        for x, y in ((0, 0), (2, 0), (1, 1), (3, 1)):
            sheet.area(x, y, x + 1, y + 1, panel)
    else:
        for column in range(6):
            for row in range(3):
                sheet.disc((column + 0.5 + row % 2 / 2) % 6 * 4 / 6, 0.5 + row * 0.5, 0.17, panel)
    return [part(sphere(width, sections=56), rubber(sheet.picture()), "around").turned("x", 14).turned("z", 20)]
