"""Apps: icons in relief, creatures of games, gift cards for the store."""

import math

import numpy as np
from PIL import Image

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, WHITE, Colour, named
from sample.design import Name, Seen, choice, colours, department, span
from sample.markings import EMBLEMS, Sheet, draw_emblem, pattern
from sample.materials import glossy, paper, print_gloss, satin
from sample.parts import Model, Part, part, spun
from sample.shapes import (
    Points,
    at,
    ball,
    box,
    difference,
    ellipse,
    joined_outlines,
    moved,
    puff,
    rectangle,
    rounded,
    slab,
    smooth,
    star,
    superellipse,
    tube,
)

kind = department("Apps")
_SIDE, _DEEP = 10.0, 2.2


def tile(paint: Image.Image | Colour, edge: Colour) -> Model:
    """An app's icon to stand on a shelf: a square with very round corners, its picture in front."""
    return [
        part(slab(superellipse(_SIDE, _SIDE, 4.6, 72), _DEEP, 0.5), glossy(edge)),
        part(slab(superellipse(0.94 * _SIDE, 0.94 * _SIDE, 4.6, 72), 0.2), glossy(paint), "front").at(y=-_DEEP / 2),
    ]


def gradient(top: Colour, bottom: Colour) -> Image.Image:
    """From one colour above to another below."""
    share = np.linspace(0, 1, 96)[:, None, None]
    rows = np.array(top.rgb) * (1 - share) + np.array(bottom.rgb) * share
    return Image.fromarray(np.broadcast_to(rows, (96, 96, 3)).astype(np.uint8))


def raised(outline: Points, paint: Colour, layer: int = 0, scale: float = 1.0) -> Part:
    """A shape in relief on a tile; those of layer 1 lie on those of layer 0."""
    return part(slab(outline * scale, 0.9, 0.2), glossy(paint)).at(y=-_DEEP / 2 - 0.25 - 0.5 * layer)


def glyph(name: str, ink: Colour, detail: Colour) -> Model:
    """What an app is for, in relief, within 3 of the middle."""
    spot = ellipse(0.95, 0.95, 24)
    if name == "chat":
        bubble = joined_outlines(rounded(moved(rectangle(6, 4.2), 0, 0.5), 1.4), [(-2, -1), (-0.2, -1.4), (-2.2, -3)])
        return [raised(bubble, ink), *(raised(moved(spot, x, 0.5), detail, 1) for x in (-1.6, 0, 1.6))]
    if name == "music":
        note = joined_outlines(
            moved(ellipse(2.2, 1.8), -1.7, -2.1),
            moved(ellipse(2.2, 1.8), 1.9, -1.5),
            moved(rectangle(0.6, 4.4), -0.9, 0.1),
            moved(rectangle(0.6, 4.4), 2.7, 0.7),
            [(-1.2, 1.3), (3, 2), (3, 3.2), (-1.2, 2.5)],
        )
        return [raised(moved(note, -0.3, -0.2), ink)]
    if name == "weather":
        cloud = joined_outlines(
            moved(ellipse(3, 3), -1.3, -0.6),
            moved(ellipse(3.4, 3.4), 0.6, 0),
            moved(ellipse(2.4, 2.4), 2, -0.9),
            moved(rectangle(4, 1.6), 0.3, -1.3),
        )
        return [raised(moved(star(2.6, 1.8, 12), 1.2, 1.4), detail), raised(cloud, ink, 1)]
    if name == "settings":
        return [raised(rounded(star(3.5, 2.6, 9), 0.25), ink), raised(ellipse(2.6, 2.6), detail, 1)]
    if name == "map":
        pin = joined_outlines(moved(ellipse(4.8, 4.8), 0, 0.9), [(0, -3.4), (2.05, -0.3), (-2.05, -0.3)])
        return [raised(pin, ink), raised(moved(ellipse(2, 2), 0, 0.9), detail, 1)]
    if name == "photo":
        body = joined_outlines(rounded(moved(rectangle(6.4, 4.2), 0, -0.3), 0.7), moved(rectangle(2.4, 1.4), 0, 2.1))
        return [
            raised(body, ink),
            raised(moved(ellipse(3, 3), 0, -0.3), detail, 1),
            raised(moved(ellipse(1.6, 1.6), 0, -0.3), ink, 2),
        ]
    if name == "mail":
        flap = tube([(-2.9, 0, 1.8), (0, 0, -0.4), (2.9, 0, 1.8)], 0.32)
        return [raised(rounded(rectangle(6.4, 4.4), 0.5), ink), part(flap, glossy(detail)).at(y=-_DEEP / 2 - 0.7)]
    if name == "video":
        return [
            raised(ellipse(6.4, 6.4), ink),
            raised(rounded(np.array([(-1.1, -1.7), (2.0, 0), (-1.1, 1.7)]), 0.35), detail, 1),
        ]
    hands = [tube([(0, 0, 0), (x, 0, z)], 0.3) for x, z in ((0, 2.2), (1.5, -0.5))]
    return [raised(ellipse(6.4, 6.4), ink), *(part(hand, glossy(detail)).at(y=-_DEEP / 2 - 0.8) for hand in hands)]


@kind(
    "{name}: {sort} App, {top} Icon", (1, 9), seen=Seen(turn_deg=50, lowest_deg=5, highest_deg=45),
    sort=choice("chat", "music", "weather", "settings", "map", "photo", "mail", "video", "clock", weight=3),
    size=span(0.85, 1.05, 0.3), top=colours(*BRIGHTS, *DEEPS, *PASTELS), bottom=colours(*BRIGHTS, *DEEPS),
    ink=colours("white", "ivory", *BRIGHTS, "black"), detail=colours(*BRIGHTS, "white", weight=1), name=Name(),
)  # fmt: skip
def app_icon(sort: str, size: float, top: Colour, bottom: Colour, ink: Colour, detail: Colour) -> Model:
    relief = [one.scaled(size).at(y=(size - 1) * _DEEP / 2) for one in glyph(sort, ink, detail)]
    return spun(spun([*tile(gradient(top, bottom), bottom.darker(0.15)), *relief], "x", -8), "z", 12)


@kind(
    "{name} {creature} Game App", (1, 12), seen=Seen(turn_deg=50, lowest_deg=5, highest_deg=45),
    creature=choice("cat", "alien", "robot", "bird", "monster", weight=3), eyes=span(0.8, 1.25),
    mood=choice("happy", "surprised", "grim", weight=0.7),
    backdrop=choice("plain", "rays", "diagonal", "dotted", "checked", weight=1),
    ground=colours(*BRIGHTS, *PASTELS, *DEEPS), skin=colours(*BRIGHTS, "white", "grey", "peach"),
    accent=colours(*BRIGHTS, *NEUTRALS), name=Name(),
)  # fmt: skip
def game_app(
    creature: str, eyes: float, mood: str, backdrop: str, ground: Colour, skin: Colour, accent: Colour
) -> Model:  # fmt: skip
    if backdrop == "rays":
        sheet = Sheet(10, 10, ground)
        for number in range(16):
            a, b = math.pi * number / 8, math.pi * (number + 0.5) / 8
            sheet.shape(
                [(5, 5), (5 + 9 * math.cos(a), 5 + 9 * math.sin(a)), (5 + 9 * math.cos(b), 5 + 9 * math.sin(b))],
                ground.lighter(0.35),
            )
        paint: Image.Image | Colour = sheet.picture()
    else:
        paint = pattern(backdrop, 10, 10, ground, ground.lighter(0.35) if not ground.is_light else ground.darker(0.2))
    front = -_DEEP / 2
    heads = {
        "cat": ellipse(7, 6),
        "alien": smooth([(0, -3.4), (2.2, -1.8), (3.2, 1), (0, 3.2), (-3.2, 1), (-2.2, -1.8)], closed=True),
        "robot": rectangle(6.4, 5.4, 0.9),
        "bird": ellipse(6.4, 6.4),
        "monster": superellipse(6.2, 6.4, 3),
    }
    model = [*tile(paint, ground.darker(0.25)), part(puff(heads[creature], 3, 1.6), satin(skin)).at(y=front, z=-0.5)]
    bits: list[tuple[Points, Colour]] = []
    if creature == "cat":
        bits = [(np.array([(s * 3.2, 0.6), (s * 2.9, 3.9), (s * 0.9, 2.0)])[::s], skin) for s in (1, -1)]
    elif creature == "monster":
        bits = [(np.array([(s * 2.8, 1.6), (s * 3.4, 4.2), (s * 1.4, 2.4)])[::s], accent) for s in (1, -1)]
    elif creature == "robot":
        bits = [
            (moved(rectangle(0.5, 2.4), 0, 3), accent),
            (moved(ellipse(1.3, 1.3), 0, 4), accent),
            (moved(rectangle(8, 1.8), 0, -0.4), accent),
        ]
    elif creature == "bird":
        bits = [(moved(ellipse(1.2, 2.8), x, 3), accent) for x in (-0.7, 0.7)] + [
            (moved(ellipse(2.4, 4), x, -1), accent) for x in (-3, 3)
        ]
    model += [part(slab(rounded(outline, 0.2), 1.0, 0.2), satin(paint_)).at(y=front - 0.3) for outline, paint_ in bits]
    alone = creature == "monster"
    for x in (0.0,) if alone else (-1.45, 1.45):
        size = eyes * (3.2 if alone else 2.0)
        z = 0.1 if alone else 0.0
        model += [
            part(ball(size, 0.9, size, 24), glossy(WHITE)).at(x, front - 1.4, z - size / 2 + 0.4),
            part(ball(0.5 * size, 0.6, 0.5 * size, 20), glossy(named("black"))).at(
                x + 0.1, front - 1.75, z - size / 4 + 0.3
            ),
        ]
    y = front - 1.4
    if creature == "bird":
        beak = part(puff(np.array([(-1.3, 0), (0, -1.6), (1.3, 0)]), 1.6, 0.8), glossy(accent)).at(y=y - 0.1, z=-0.9)
        return spun([*model, beak], "x", -8)
    low = -2.3 if alone else -1.9
    curve = {"happy": 0.7, "grim": -0.6, "surprised": 0.0}[mood]
    mouth = (
        tube(smooth([(-1.2, 0, curve), (0, 0, 0), (1.2, 0, curve)]), 0.26) if curve else at(ball(1.4, 0.6, 1.4), z=-0.7)
    )
    return spun([*model, part(mouth, glossy(skin.darker(0.8))).at(y=y + (0.25 if alone else 0.1), z=low)], "x", -8)


@kind(
    "{name} Gift Card for Apps, {amount} Credits", (10, 100), seen=Seen(turn_deg=45, lowest_deg=5, highest_deg=45),
    amount=choice("10", "15", "25", "50", "100", weight=1), emblem=choice(*EMBLEMS, weight=1),
    marking=choice("plain", "diagonal", "dotted", "zigzag", "starry", weight=1), height=span(11, 14.5),
    carrier=colours(*BRIGHTS, *DEEPS, *PASTELS), card=colours(*BRIGHTS, *NEUTRALS, *PASTELS, "gold"),
    ink=colours(*BRIGHTS, *NEUTRALS), name=Name(),
)  # fmt: skip
def gift_card(
    amount: str, emblem: str, marking: str, height: float, carrier: Colour, card: Colour, ink: Colour, brand: str
) -> Model:  # fmt: skip
    w, h = 9.8, height
    board = difference(
        slab(rounded(rectangle(w, h), 0.8), 0.25),
        slab(moved(joined_outlines(rectangle(2.8, 0.5, 0.24), ellipse(0.9, 0.9)), 0, h / 2 - 1.1), 2),
    )
    sheet = Sheet(w, h, carrier)
    print_ = pattern(marking, w, h, carrier, carrier.lighter(0.3) if not carrier.is_light else carrier.darker(0.15))
    if isinstance(print_, Image.Image):
        sheet.image.paste(print_.resize(sheet.image.size))
    sheet.text(brand, w / 2, 0.2 * h, 0.78 * w, 0.09 * h, carrier.ink, 0.05)
    sheet.text("apps & games", w / 2, 0.93 * h, 0.6 * w, 0.05 * h, carrier.ink)
    front = Sheet(8.6, 5.4, card)
    front.shape([(5.2, 0), (8.6, 0), (8.6, 5.4), (3.8, 5.4)], ink)
    draw_emblem(front, emblem, 6.6, 2.7, 1.35, card, ink)
    front.text(amount, 2.3, 2.4, 3.4, 2.0, card.ink, 0.06)
    front.text("CREDITS", 2.3, 4.2, 2.6, 0.55, card.ink)
    plastic = slab(rounded(rectangle(8.6, 5.4), 0.45), 0.3, 0.08)
    model = [
        part(board, paper(sheet.picture()), "front"),
        part(plastic, print_gloss(front.picture()), "front").at(y=-0.28, z=-0.12 * h),
        part(at(box(w * 0.7, 3.4, 0.2), y=1.4, z=-h / 2), paper(carrier)),
    ]
    return spun(spun(model, "x", -10), "z", 8)
