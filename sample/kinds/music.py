"""Music: what this department sells."""

from PIL import Image

from sample.colours import BLACK, BRIGHTS, DEEPS, NEUTRALS, PASTELS, WHITE, Colour, named
from sample.design import Art, Name, Seen, choice, colours, department, span
from sample.markings import Sheet, cover
from sample.materials import glass, glossy, metal, paper, print_gloss, satin
from sample.parts import Model, Part, part
from sample.shapes import at, box, cylinder, difference, rectangle, ring, rounded, slab, turned

kind = department("Music")


@kind(
    "{title} (Vinyl LP, {disc} Disc)", (14, 38), seen=Seen(turn_deg=38, highest_deg=35),
    out=span(0.3, 0.55, weight=0.3), ground=colours(*DEEPS, *BRIGHTS, *PASTELS), ink=colours(*NEUTRALS, *BRIGHTS),
    disc=colours("black", "black", "charcoal", "red", "amber", "turquoise", "white", "pink"), art=Art(1.5),
    title=Name(0.3),
)  # fmt: skip
def vinyl_record(out: float, ground: Colour, ink: Colour, disc: Colour, art: int, title: str, brand: str) -> Model:
    side = 31.5
    grooves = Sheet(30, 30, disc)
    for radius in range(6, 15):
        grooves.hoop(15, 15, radius, 0.25, disc.lighter(0.16) if not disc.is_light else disc.darker(0.12))
    grooves.disc(15, 15, 5, ink)
    grooves.hoop(15, 15, 4.4, 0.3, ink.ink)
    grooves.text(title, 15, 13, 6.5, 1.4, ink.ink)
    grooves.disc(15, 15, 0.5, BLACK)
    record = part(turned(cylinder(15, 0.25, sections=64), "x", 90), glossy(grooves.picture()), "front")
    sleeve = cover(side, side, ground, ink, title, brand, art)
    return [
        part(at(box(side, 0.15, side, 0.05), y=-0.3), print_gloss(sleeve), "front"),
        part(at(box(side, 0.15, side, 0.05), y=0.3), paper(ground)),
        part(at(box(0.2, 0.7, side), x=-side / 2), paper(ground)),
        record.at(x=out * side, z=side / 2),
    ]


@kind(
    "{title} (Audio CD)", (7, 18), seen=Seen(turn_deg=38, highest_deg=38), lean=span(-1, 1, weight=0.2),
    ground=colours(*BRIGHTS, *DEEPS, *PASTELS), ink=colours(*NEUTRALS, *BRIGHTS),
    tray=colours("black", "white", "silver", weight=0.5), art=Art(1.5), title=Name(0.3),
)  # fmt: skip
def compact_disc(lean: float, ground: Colour, ink: Colour, tray: Colour, art: int, title: str, brand: str) -> Model:
    case = [
        part(
            at(box(12.6, 0.15, 12.2), x=0.5, y=-0.35, z=0.15),
            print_gloss(cover(12, 12, ground, ink, title, brand, art)),
            "front",
        ),
        part(at(box(14.2, 0.7, 12.4, 0.1), y=0.2), satin(tray)),
        part(at(box(1.1, 0.9, 12.4, 0.1), x=-6.5, y=-0.1), glossy(tray)),
        part(at(box(14.3, 0.2, 12.5, 0.08), y=-0.5), glass(WHITE, 0.1)),
    ]
    return [*case, _disc(ground, ink, title).at(x=6.8 + lean, y=-2.4)]


def _disc(ground: Colour, ink: Colour, title: str) -> Part:
    face = Sheet(12, 12, Colour("silver", (205, 210, 216)))
    face.disc(6, 6, 5.7, ground)
    face.area(0.3, 6.9, 11.7, 8.4, ink)
    face.text(title, 6, 7.65, 5.5, 0.8, ink.ink)
    face.disc(6, 6, 1.9, named("silver"))
    face.hoop(6, 6, 1.9, 0.15, WHITE)
    flat = difference(at(cylinder(6, 0.14, sections=64), z=-0.07), at(cylinder(0.75, 2, sections=24), z=-1))
    return part(turned(flat, "x", 90), metal(face.picture(), 0.25), "front").turned("x", -14).at(z=5.85)


@kind(
    "{title} (Cassette, {body})", (6, 16), seen=Seen(turn_deg=35, highest_deg=40), body=colours(*NEUTRALS, *BRIGHTS),
    tag=colours(*BRIGHTS, *PASTELS, *NEUTRALS), stripe=colours(*BRIGHTS, *DEEPS),
    style=choice("stripes", "block", "slant"), corner=span(0.25, 0.6, weight=0.2), title=Name(0.3),
)  # fmt: skip
def cassette(body: Colour, tag: Colour, stripe: Colour, style: str, corner: float, title: str) -> Model:
    width, height = 10.2, 6.4
    shell = slab(rectangle(width, height, corner), 1.1, 0.12)
    foot = slab(rounded([(-3.4, -3.2), (3.4, -3.2), (2.9, -1.9), (-2.9, -1.9)], 0.1), 1.45, 0.08)
    window = slab(rectangle(4.2, 1.5, 0.4), 1.24)
    reel = turned(ring(0.52, 0.22, 20), "x", 90)
    screws = [part(at(turned(cylinder(0.16, 1.25, sections=10), "x", 90), x, 0.62, z), metal(named("silver")))
              for x in (-4.6, 4.6) for z in (-2.75, 2.75)]  # fmt: skip
    return [
        part(shell, satin(body)), part(foot, satin(body.darker(0.15))),
        part(at(slab(rectangle(9, 4.2, 0.3), 1.18, 0.03), z=0.75), paper(_inlay(tag, stripe, style, title)), "front"),
        part(at(window, z=0.35), glossy(Colour("tape", (38, 30, 28)))),
        *(part(at(slab(rectangle(1.5, 1.5, 0.74), 1.3), x=x, z=0.35), satin(body)) for x in (-2.4, 2.4)),
        *(part(at(reel, x=x, y=-0.62, z=0.35), glossy(WHITE)) for x in (-2.4, 2.4)), *screws,
    ]  # fmt: skip


def _inlay(tag: Colour, stripe: Colour, style: str, title: str) -> Image.Image:
    sheet = Sheet(9, 4.2, tag)
    if style == "stripes":
        for y in (2.2, 2.9, 3.6):
            sheet.area(0, y, 9, y + 0.4, stripe)
    elif style == "block":
        sheet.area(0, 1.9, 9, 4.2, stripe)
    else:
        for x in (0.4, 1.6, 2.8):
            sheet.shape([(x, 4.2), (x + 0.7, 4.2), (x + 4.9, 0), (x + 4.2, 0)], stripe)
    sheet.area(0.4, 0.3, 8.6, 1.3, WHITE)
    sheet.text(title, 4.5, 0.8, 6, 0.65, BLACK)
    return sheet.picture()
