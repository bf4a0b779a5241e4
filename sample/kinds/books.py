"""Books: what this department sells."""

from sample.colours import BRIGHTS, DEEPS, NEUTRALS, PASTELS, Colour
from sample.design import Art, Name, Seen, colours, department, span
from sample.markings import Sheet, cover
from sample.materials import paper, print_gloss
from sample.parts import Model, part
from sample.shapes import at, box

kind = department("Books")


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
        part(pages, paper(Colour("paper", (238, 230, 210)))),
    ]  # fmt: skip
