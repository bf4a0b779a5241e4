"""Books: what this department sells."""

import numpy as np

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour
from sample.design import Art, Name, Seen, choice, colours, department, generator, span
from sample.markings import Sheet, cover, scenery
from sample.materials import fabric, matte, paper, print_gloss
from sample.parts import Model, part, placed, spun
from sample.shapes import at, box, moved, slab, smooth, tube
from sample.words import invented_name

kind = department("Books")
_PAGE = Colour("paper", (238, 230, 210))


@kind(
    "{title}: A Novel, {ground} Hardcover", (9, 29), seen=Seen(turn_deg=40, highest_deg=35), height=span(19, 25),
    width=span(12.5, 17), thickness=span(1.6, 5), ground=colours(*DEEPS, *BRIGHTS, *PASTELS),
    ink=colours(*NEUTRALS, *BRIGHTS), art=Art(1.5), title=Name(0.3),
)  # fmt: skip
def hardcover_book(
    height: float, width: float, thickness: float, ground: Colour, ink: Colour, art: int, title: str, brand: str
) -> Model:
    board, print_ = 0.25, cover(width, height, ground, ink, title, f"{brand} Press", art)
    front, back = (at(box(width, board, height, 0.1), y=y) for y in (-thickness / 2, thickness / 2))
    spine = Sheet(height, thickness, ground)
    spine.text(title, height / 2, thickness / 2, 0.6 * height, 0.5 * thickness, ground.ink)
    pages = at(box(width - 0.7, thickness - board, height - 0.7), x=-0.1, z=0.35)
    return [
        part(front, print_gloss(print_), "front"),
        part(back, print_gloss(ground)),
        part(at(box(board, thickness + board, height, 0.1), x=-width / 2), print_gloss(ground)),
        part(at(box(0.04, thickness, height * 0.98), x=-width / 2 - board / 2, z=0.01 * height),
             print_gloss(spine.picture().rotate(-90, expand=True))),
        part(pages, paper(_PAGE)),
    ]  # fmt: skip


@kind(
    "{count} Paperbacks by {title}, {first} and {second}", (12, 49),
    seen=Seen(turn_deg=40, lowest_deg=12, highest_deg=50), count=choice("3", "4", "5", weight=1.2),
    width=span(17, 20, 0.4), thickness=span(1.6, 3.2),
    first=colours(*BRIGHTS, *DEEPS, *PASTELS), second=colours(*BRIGHTS, *DEEPS, *PASTELS),
    third=colours(*BRIGHTS, *DEEPS, *NEUTRALS), ink=colours(*NEUTRALS, *BRIGHTS), art=Art(0.7), title=Name(0.2),
)  # fmt: skip
def paperback_stack(
    count: str, width: float, thickness: float, first: Colour, second: Colour, third: Colour, ink: Colour, art: int,
    title: str,
) -> Model:  # fmt: skip
    model, rng, z = Model(), generator("paperbacks", art), 0.0
    for number in range(int(count)):
        paint, deep = (first, second, third)[(int(count) - 1 - number) % 3], 0.66 * width
        thick = thickness * float(rng.uniform(0.75, 1.3))
        back = Sheet(width, thick, paint)
        back.text(invented_name(rng), 0.38 * width, thick / 2, 0.5 * width, 0.6 * thick, paint.ink, 0.05)
        back.text(title, 0.8 * width, thick / 2, 0.22 * width, 0.36 * thick, paint.ink)
        back.area(0.05 * width, 0, 0.08 * width, thick, ink)
        front = cover(deep, width, paint, ink, title, f"No. {number + 1}", art + number).rotate(90, expand=True)
        book = [
            part(at(box(width - 0.1, deep - 0.15, thick - 0.16), y=0.05, z=0.08), paper(_PAGE)),
            part(at(box(width, deep, 0.1), z=thick - 0.1), print_gloss(front), "top"),
            part(box(width, deep, 0.1), print_gloss(paint)),
            part(at(box(width, 0.1, thick), y=-deep / 2), print_gloss(back.picture()), "front"),
        ]
        shift = rng.uniform(-0.6, 0.6, 2)
        model += placed(spun(book, "z", float(rng.uniform(-14, 14))), float(shift[0]), float(shift[1]), z)
        z += thick + 0.02
    return model


@kind(
    "{title}: An Illustrated Tale, {ground} Edition", (8, 24), seen=Seen(turn_deg=70, lowest_deg=36, highest_deg=75),
    width=span(13, 19), tall=span(0.95, 1.4), thickness=span(1.6, 4), ground=colours(*BRIGHTS, *PASTELS, *DEEPS),
    ink=colours(*NEUTRALS, *BRIGHTS), boards=colours(*DEEPS, *BRIGHTS), ribbon=colours(*BRIGHTS, weight=0.6),
    art=Art(1.5), layout=choice("left", "right", "spread", weight=1), title=Name(0),
)  # fmt: skip
def open_book(
    width: float, tall: float, thickness: float, ground: Colour, ink: Colour, boards: Colour, ribbon: Colour, art: int,
    layout: str,
) -> Model:  # fmt: skip
    height, rng = tall * width, generator("tale", art)
    wide = 2 * width
    spread = Sheet(wide, height, _PAGE)
    painting = Sheet(
        wide if layout == "spread" else 0.88 * width, height if layout == "spread" else 0.88 * height, ground
    )
    scenery(painting, ground, ink, rng)
    scale = spread.scale / painting.scale
    size = round(painting.image.width * scale), round(painting.image.height * scale)
    x = {"spread": 0.0, "left": 0.06 * width, "right": 1.06 * width}[layout]
    y = 0.0 if layout == "spread" else 0.06 * height
    spread.image.paste(painting.image.resize(size), (round(x * spread.scale), round(y * spread.scale)))
    if layout != "spread":
        left = (1.12 if layout == "left" else 0.12) * width
        spread.text(invented_name(rng), left + 0.38 * width, 0.14 * height, 0.6 * width, 0.09 * height, boards, 0.05)
        for row in range(11):
            y = (0.26 + 0.058 * row) * height
            spread.area(
                left,
                y,
                left + (0.5 if row in (4, 10) else 0.76) * width,
                y + 0.018 * height,
                Colour("print", (96, 90, 84)),
            )
        spread.area(
            left, 0.26 * height, left + 0.14 * width, 0.37 * height, ink if ink.is_light != _PAGE.is_light else ground
        )
    print_ = spread.picture()
    model = [part(at(box(wide + 1, height + 1, 0.3), z=-0.3), print_gloss(boards))]
    for side in (-1, 1):
        top = smooth(
            [
                (width, 0.55 * thickness),
                (0.6 * width, 0.85 * thickness),
                (0.25 * width, thickness),
                (0.06 * width, 0.75 * thickness),
                (0, 0.25 * thickness),
            ],
            8,
        )
        outline = np.vstack([[(0, 0), (width, 0)], top])
        outline = outline if side > 0 else (outline * (-1, 1))[::-1]
        half = print_.crop((print_.width // 2 * (side > 0), 0, print_.width // (1 if side > 0 else 2), print_.height))
        leaf = outline[2:] if side > 0 else outline[:-2]
        sheet = np.vstack([moved(leaf, 0, 0.04), leaf[::-1]])
        model += [part(slab(outline, height), paper(_PAGE)), part(slab(sheet, height * 0.999), matte(half), "top")]
    marker = smooth([(0.1, height / 2, 0.4 * thickness), (0.3, 0, 0.5 * thickness), (0.4, -height / 2, 0.4 * thickness),
                     (0.8, -height / 2 - 1.5, -0.1), (1, -height / 2 - 3, -0.2)])  # fmt: skip
    return [*model, part(tube(marker, 0.4, squash=0.15), fabric(ribbon))]
