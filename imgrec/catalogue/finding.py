"""Products as an owner looks them up: by words, by what they are called, and with everything known of one."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from imgrec.catalogue.filters import folded
from imgrec.catalogue.sources import source_id
from imgrec.catalogue.store import Catalogue, Product
from imgrec.errors import CatalogueError

_MOST_NAMED = 5


@dataclass(frozen=True)
class Found:
    """Products that words find: how many in all, and the first of them, those on sale before retired ones."""

    total: int
    products: tuple[Product, ...]


def find_products(
    catalogue: Catalogue, words: Sequence[str], source: str | None = None, category: str | None = None, most: int = 20
) -> Found:
    """Products in whose title, id or brand each of the words occurs, whatever its capitals; retired ones included.

    Raises CatalogueError when there is no such source or category.
    """
    connection = catalogue.connection
    connection.create_function("folded", 1, lambda text: (text or "").casefold(), deterministic=True)
    conditions: list[str] = ["true"]
    values: list[str | int] = []
    for word in words:
        conditions.append(
            "(instr(folded(title), ?) OR instr(folded(external_id), ?) OR instr(folded(coalesce(brand, '')), ?))"
        )
        values += [word.casefold()] * 3
    if source is not None:
        conditions.append("source_id = ?")
        values.append(source_id(connection, source))
    if category is not None:
        conditions.append("category_id = ?")
        values.append(catalogue.category_ids()[_category_named(catalogue, category)])
    ids = [
        row[0]
        for row in connection.execute(
            f"SELECT id FROM products WHERE {' AND '.join(conditions)} ORDER BY retired_utc IS NOT NULL, id", values
        )
    ]
    shown = catalogue.products(ids[:most])
    return Found(len(ids), tuple(shown[number] for number in ids[:most]))


def product_named(catalogue: Catalogue, name: str) -> Product:
    """The product meant by SOURCE/ID, by its id in the feed, or by its product_id.

    Raises CatalogueError when there is none, or when several may be meant, which it names as SOURCE/ID.
    """
    source, _, external_id = name.partition("/")
    of_source = [product for product in catalogue.products_by_feed_id(external_id) if product.source == source]
    if of_source:
        return of_source[0]
    meant = {product.product_id: product for product in catalogue.products_by_feed_id(name)}
    if name.isascii() and name.isdigit() and len(name) < len(str(1 << 63)):
        meant |= catalogue.products([int(name)])
    if len(meant) == 1:
        return next(iter(meant.values()))
    if meant:
        listed = ", ".join(f"{called(product)} ({product.title or 'no title'})" for product in meant.values())
        raise CatalogueError(f"{name!r} may be several products: {listed}. Name the one you mean like that.")
    rows = catalogue.connection.execute("SELECT external_id FROM products WHERE external_id LIKE ?", (f"{name[:2]}%",))
    near = difflib.get_close_matches(external_id or name, {row[0] for row in rows}, n=_MOST_NAMED, cutoff=0.6)
    nearest = f" Nearest: {', '.join(near)}." if near else ""
    raise CatalogueError(f"There is no product {name!r}.{nearest} Look for it with: imgrec products find WORDS")


def describe(catalogue: Catalogue, product: Product) -> dict[str, object]:
    """Everything the catalogue knows of a product; `changed_by_hand` until its feed is imported the next time."""
    kept = catalogue.connection.execute(
        "SELECT sales_rank, coalesce(split, assigned_split) AS split, added_utc, changed_utc, retired_utc, "
        "fingerprint = '' AS changed_by_hand FROM products WHERE id = ?",
        (product.product_id,),
    ).fetchone()
    photos = [
        {
            "status": row["status"],
            "detail": row["status_detail"],
            "origin": row["origin"],
            "size_px": [row["width_px"], row["height_px"]] if row["sha256"] else None,
            "attempts": row["attempts"],
            "tried_utc": row["tried_utc"],
            "file": catalogue.photos.address(row["sha256"]) if row["sha256"] else None,
        }
        for row in catalogue.connection.execute(
            "SELECT * FROM photos WHERE product_id = ? ORDER BY position", (product.product_id,)
        )
    ]
    return {
        **as_json(product),
        "kind": product.kind,
        "group": product.group,
        **dict(kept),
        "changed_by_hand": bool(kept["changed_by_hand"]),
        "photos": photos,
    }


def as_json(product: Product) -> dict[str, object]:
    """A product in a list, for `--json`."""
    return {**product.as_json(), "retired": product.retired}


def called(product: Product) -> str:
    """A product as people name it: SOURCE/ID."""
    return f"{product.source}/{product.id}"


def _category_named(catalogue: Catalogue, name: str) -> str:
    by_folded = {category.casefold(): category for category in catalogue.category_ids() if category}
    wanted = folded(name)
    if wanted not in by_folded:
        near = difflib.get_close_matches(wanted, by_folded, n=_MOST_NAMED, cutoff=0.5)
        listed = ", ".join(by_folded[each] for each in near or sorted(by_folded)[:_MOST_NAMED])
        raise CatalogueError(f"There is no category {name!r}. {'Nearest' if near else 'Known'}: {listed or 'none'}.")
    return by_folded[wanted]
