"""`imgrec index` and `imgrec search`: what the shop knows, and what looks like a new photo."""

import math
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from imgrec.commands.console import (
    config_option,
    configured,
    json_option,
    must_exist,
    print_json,
    print_text,
    reporter,
    table,
)
from imgrec.errors import PhotoError

if TYPE_CHECKING:
    from PIL.Image import Image

    from imgrec.search.answer import Answer
    from imgrec.search.serving import Serving


@click.command()
@click.option("--rebuild", is_flag=True, help="Look at every photo anew, even at those the store has features of.")
@json_option
@config_option
def index(rebuild: bool, as_json: bool) -> None:
    """Look at every product photo, and learn what the shop is.

    No training is needed. Each photo is looked at once; what the model saw is kept (data/features). From it are fitted,
    in seconds to a few minutes: which category a photo shows, how photos compare, what a similarity means, and from
    which on products are shown. It ends with how good that is, estimated on photos left out. The new index is swapped
    in whole, and a running bot takes it up by itself; the catalogue may change meanwhile.
    """
    from imgrec.commands.index_screen import show_index
    from imgrec.opening import build

    report = reporter()
    result = build(configured(), report, rebuild)
    if as_json:
        print_json(result.as_json())
        return
    show_index(result)
    report.say("Next: imgrec search PHOTO, or chat with the bot: imgrec open FEED, python -m bot")


def _price(_: click.Context, parameter: click.Parameter, text: str | None) -> Decimal | None:
    try:
        price = None if text is None else Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if price is not None and not (price.is_finite() and price >= 0):
        raise click.BadParameter(f"{text!r} is no price; write it like 19.99.", param=parameter)
    return price


def _cosine(_: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    try:
        cosine = None if text is None else float(text)
    except ValueError:
        cosine = math.nan
    if cosine is not None and not -1 <= cosine <= 1:
        raise click.BadParameter(
            f"{text!r} is no cosine similarity; write a number from -1 to 1, such as 0.5.", param=parameter
        )
    return cosine


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--category", help="Search this category, whatever the photo shows.")
@click.option("--threshold", callback=_cosine, metavar="COSINE",
              help="Least cosine similarity of a match, -1 to 1. [default: configured]")  # fmt: skip
@click.option("--top", type=click.IntRange(1, 1000), help="Most matches. [default: search.results]")
@click.option("--most-price", callback=_price, metavar="PRICE", help="Only products that cost at most this.")
@click.option("--least-price", callback=_price, metavar="PRICE", help="Only products that cost at least this.")
@click.option("--brand", help="Only products of this brand.")
@click.option("--words", metavar="TEXT",
              help='What they have to be, as a shopper would say it in English: "red under 20".')  # fmt: skip
@click.option("--out-of-stock", is_flag=True, help="Also products that are out of stock.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write a page with the photo and its matches, pictures and all, in one file.")  # fmt: skip
@click.option("--why", type=click.Path(dir_okay=False, path_type=Path), metavar="JPEG",
              help="Also write a picture of PHOTO and the first match, lit where they agree.")  # fmt: skip
@json_option
@config_option
def search(
    photo: Path, category: str | None, threshold: float | None, top: int | None, most_price: Decimal | None,
    least_price: Decimal | None, brand: str | None, words: str | None, out_of_stock: bool, html: Path | None,
    why: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Find the products that look like PHOTO.

    \b
      imgrec search photo.jpg
      imgrec search photo.jpg --category Shoes --most-price 50
      imgrec search photo.jpg --words "red leather under 20, by Acme"
      imgrec search photo.jpg --html answer.html
      imgrec search photo.jpg --why why.jpg
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.filters import Filters
    from imgrec.search.serving import Serving
    from imgrec.search.why import PANEL_PX
    from imgrec.vision.guard import GuardedDecoder

    must_exist(PhotoError, photo)
    filters = Filters(least_price=least_price, most_price=most_price, brand=brand, out_of_stock=out_of_stock)
    with Serving.open(configured()) as serving, GuardedDecoder(1) as decoder:
        image = decoder.decode(photo, max(serving.preprocessing.side_px, PANEL_PX // 2 if why else 0))
        chosen = serving.category_named(category) if category else None
        narrowing = serving.narrow(words) if words is not None else None
        if narrowing:
            filters = filters.then(narrowing.filters)
        answer = serving.answer(serving.see([image])[0], chosen, threshold, top, filters)
        if why is not None:
            _write_why(why, serving, image, answer)
    understood = narrowing.in_words() if narrowing and (narrowing.used or narrowing.unused) else ""
    if html is not None:
        from imgrec.search.page import write_page

        with TemporaryDirectory() as folder:  # the page decodes its photo again, in this process
            decoded = Path(folder, "photo.jpg")
            image.save(decoded, quality=95)
            write_page(html, decoded, answer, understood)
        click.echo(f"Written: {html}", err=True)
    if as_json:
        print_json({**answer.as_json(), **({"words": narrowing.as_json()} if narrowing else {})})
        return
    if understood:
        print_text(understood)
    _print_answer(answer)


def _print_answer(answer: "Answer") -> None:
    seen = "" if answer.is_sold else f"nothing like this is sold here ({1 - answer.sold:.0%}); "
    seen += f"{answer.category.name} ({answer.category.probability:.0%}); " if answer.category else ""
    searched = f"{seen}searched {', '.join(answer.scope) or 'everything'} from similarity {answer.threshold:.3f}"
    if not answer.matches:
        print_text(f"{searched}.", _why_nothing(answer))
        return
    shown = table(searched, "alike", "similarity", "title", "price", "category", "id", whole="id")
    for match in answer.matches:
        product = match.product
        shown.add_row(
            f"{match.likeness:.0%} {match.degree}", f"{match.similarity:.3f}", product.name,
            match.price_in_words(), product.category or "", f"{product.source}/{product.id}",
        )  # fmt: skip
    print_text(shown)


def _why_nothing(answer: "Answer") -> str:
    if answer.nearest is None:
        return (
            "No product there passes. Ask for less: without --category, --brand, --words or a price; --out-of-stock "
            "shows what is sold out, too."
        )
    best = f"the most similar one has {answer.nearest.similarity:.3f}"
    return f"No product is similar enough; {best}. A lower --threshold shows more."


def _write_why(file: Path, serving: "Serving", image: "Image", answer: "Answer") -> None:
    from imgrec.generations import write_atomically
    from imgrec.search.why import PANEL_PX, as_jpeg, why_picture
    from imgrec.vision.decode import decode_photo

    first = next((match.product for match in answer.matches if match.product.photo), None)
    if first is None or first.photo is None:
        click.echo("There is no match with a photo to show an agreement with.", err=True)
        return
    photos = image, decode_photo(first.photo, PANEL_PX // 2)
    heats = serving.agreement(serving.preprocessing.batch(photos))
    write_atomically(file, as_jpeg(why_picture(photos, heats, serving.preprocessing)))
    click.echo(f"Written: {file}", err=True)
