"""`imgrec products`: look products up, and add, change, retire and put back single ones."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgrec.commands.console import (
    Commands,
    config_option,
    configured,
    json_option,
    must_exist,
    print_json,
    print_text,
    reporter,
    table,
)
from imgrec.commands.sources import changing
from imgrec.errors import CatalogueError

if TYPE_CHECKING:
    from imgrec.catalogue.store import Catalogue, Product

_INDEX = "It is searchable once the index is brought up to date: imgrec index"


@click.group(cls=Commands)
@config_option
def products() -> None:
    """Look products up, and add, change, retire or put back single ones.

    A product is named SOURCE/ID, as lists show it; its id in the feed, or its product_id, will do where only one
    product can be meant. What a feed says of its own products has the last word: its next import sets them back.
    """


@products.command()
@click.argument("words", nargs=-1)
@click.option("--source", help="Of this source only.")
@click.option("--category", help="Of this category only.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Show at most so many.")
@json_option
@config_option
def find(words: tuple[str, ...], source: str | None, category: str | None, limit: int, as_json: bool) -> None:
    """Find products by WORDS of their title, id or brand.

    All of the words have to occur, in whatever capitals. Retired products come last.
    """
    from imgrec.catalogue.finding import as_json as product_as_json
    from imgrec.catalogue.finding import called, find_products
    from imgrec.catalogue.store import Catalogue

    with Catalogue.read(configured().catalogue) as catalogue:
        found = find_products(catalogue, words, source, category, limit)
    if as_json:
        print_json({"found": found.total, "products": [product_as_json(product) for product in found.products]})
        return
    if not found.total:
        reporter().say("No product has all of these words in its title, id or brand; fewer or shorter ones find more.")
        return
    shown = table(f"Found: {found.total:,}", "product", "title", "price", "category", "brand", "", whole="product")
    for product in found.products:
        shown.add_row(
            called(product), product.name, _price(product), product.category or "", product.brand or "",
            "retired" if product.retired else "" if product.photo else "no photo",
        )  # fmt: skip
    print_text(shown)
    if found.total > len(found.products):
        reporter().say(f"These are the first {len(found.products):,}; more words narrow, --limit shows more.")


@products.command()
@click.argument("id_", metavar="ID")
@json_option
@config_option
def show(id_: str, as_json: bool) -> None:
    """Show everything that is known of the product ID, and what became of its photos."""
    from imgrec.catalogue.finding import called, describe, product_named
    from imgrec.catalogue.store import Catalogue

    with Catalogue.read(configured().catalogue) as catalogue:
        product = product_named(catalogue, id_)
        known = describe(catalogue, product)
    if as_json:
        print_json(known)
        return
    photos: Any = known.pop("photos")
    shown = table(called(product), "", "")
    for name, value in known.items():
        if value not in (None, []):
            shown.add_row(name, _in_words(value))
    listed = table("Photos", "status", "size", "from", "file")
    for photo in photos:
        status = f"{photo['status']} ({photo['detail']})" if photo["detail"] else photo["status"]
        size = "{} x {} px".format(*photo["size_px"]) if photo["size_px"] else ""
        listed.add_row(status, size, photo["origin"], photo["file"] or "")
    print_text(shown, "", listed)


def _fields(required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options for what a product has; `required` are those without which there is none."""
    blank = "" if required else " Blank: none."

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option("--availability", help=f"In stock, out of stock, or how many, as feeds say it.{blank}"),
            click.option("--url", help=f"Its page in your shop.{blank}"),
            click.option("--brand", help=f"Its brand.{blank}"),
            click.option("--currency", metavar="CODE", help=f"Of the price, such as EUR.{blank}"),
            click.option("--price", help=f"A decimal, such as 19.99.{blank}"),
            click.option("--category", help=f"Its category, as the shop has it.{blank}"),
            click.option("--title", required=required, help="Its title."),
        ):
            command = option(command)
        return command

    return with_options


@products.command()
@_fields(required=True)
@click.option("--image", required=True, metavar="FILE", help="Its photo: a file, or an http(s) address.")
@click.option("--id", "id_", metavar="ID", help="Its id. [default: hand-1, hand-2, ...]")
@config_option
def add(id_: str | None, image: str, **fields: str | None) -> None:
    """Add one product, to the source by-hand.

    It is checked as a row of a feed is. No import touches it afterwards.

    \b
      imgrec products add --title "Blue jug" --category Home --price 24.50 --currency EUR --image jug.jpg
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.by_hand import add_product
    from imgrec.catalogue.feed import is_url
    from imgrec.catalogue.finding import called
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing

    config, report = configured(), reporter()
    if not is_url(image):
        must_exist(CatalogueError, Path(image))
    given = {name: value for name, value in {**fields, "image": image, "id": id_}.items() if value is not None}
    with writing(config.catalogue.path, "imgrec products add"), Catalogue.open(config.catalogue) as catalogue:
        product = _noting_a_new_category(catalogue, lambda: add_product(catalogue, given))
    fetched = "Fetch its photo first: imgrec photos. " if is_url(image) else ""
    report.say(f"{called(product)} is in the catalogue. {fetched}{_INDEX}")
    click.echo(called(product))


@products.command()
@click.argument("id_", metavar="ID")
@_fields(required=False)
@config_option
def change(id_: str, **fields: str | None) -> None:
    """Change what is known of the product ID.

    Prices, titles, brands, addresses and availability count at once, also for a running bot. The next import of the
    product's feed sets it back to what the feed says, so change it there, too.
    """
    from imgrec.catalogue.by_hand import change_product
    from imgrec.catalogue.finding import called
    from imgrec.catalogue.sources import BY_HAND

    changes = {name: value for name, value in fields.items() if value is not None}
    if not changes:
        raise click.UsageError("Say what to change, such as --price 19.99.")
    report = reporter()
    with changing("imgrec products change") as catalogue:
        product = _noting_a_new_category(catalogue, lambda: change_product(catalogue, id_, changes))
    report.say(f"{called(product)} is changed.")
    if "category" in changes:
        report.say("It is searched in its new category once the index is brought up to date: imgrec index")
    if product.source != BY_HAND:
        report.say(f"The next import of {product.source!r} sets it back to what the feed says; change it there, too.")


@products.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@config_option
def retire(ids: tuple[str, ...]) -> None:
    """Take the products ID... off sale, at once, also for a running bot.

    They stay in the catalogue, for the log may name them. An import of their feed puts those back that it still names.
    """
    _set_retired(ids, True)


@products.command("return")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@config_option
def return_(ids: tuple[str, ...]) -> None:
    """Put the retired products ID... back on sale.

    An import of their feed retires them again if it does not name them.
    """
    _set_retired(ids, False)


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _set_retired(ids: tuple[str, ...], retired: bool) -> None:
    from imgrec.catalogue.by_hand import set_retired
    from imgrec.catalogue.finding import called
    from imgrec.catalogue.sources import BY_HAND

    report = reporter()
    with changing(f"imgrec products {'retire' if retired else 'return'}") as catalogue:
        changed = set_retired(catalogue, list(ids), retired)
    state = "retired" if retired else "on sale again"
    for product in changed:
        report.say(f"{called(product)} is {state}.")
    if already := len(set(ids)) - len(changed):
        report.say(f"{already:,} of them {'retired' if retired else 'on sale'} already.")
    of_feeds = sorted({product.source for product in changed} - {BY_HAND})
    if of_feeds:
        feeds = ", ".join(map(repr, of_feeds))
        what = "puts back what its feed still names" if retired else "retires again what its feed does not name"
        report.say(f"The next import of {feeds} {what}.")
    if changed and not retired:
        report.say(f"What the index has of them is found at once. {_INDEX.replace('It is', 'The rest is')}")


def _noting_a_new_category(catalogue: "Catalogue", work: Callable[[], "Product"]) -> "Product":
    """Say so where a product's category is new, for it may be a slip."""
    before = [name for name in catalogue.category_ids() if name]
    product = work()
    if before and product.category and product.category not in before:
        near = difflib.get_close_matches(product.category, before, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}? Change it with: imgrec products change ID --category {near[0]!r}"
        reporter().say(f"{product.category!r} is a new category.{hint if near else ''}")
    return product


def _price(product: "Product") -> str:
    return " ".join(filter(None, [product.price, product.currency]))
