"""imgrec's own feed: a CSV file whose columns are named as the catalogue names them, or much alike."""

import re

from imgrec.catalogue.feed import MOST_PHOTOS, SPLITS, FeedRow, Numbered, Reason, Rejection, Unusable, cleaned, needed
from imgrec.catalogue.formats import published
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.google import path_of
from imgrec.catalogue.formats.stock import COLOURS, SIZES, is_in_stock, options_in
from imgrec.catalogue.formats.tables import Table, TableRow, plain
from imgrec.catalogue.pictures import pictures_in
from imgrec.catalogue.prices import read_price

REQUIRED_COLUMNS = ("id", "title", "image")
OPTIONAL_COLUMNS = (
    "category", "price", "currency", "brand", "url", "sales_rank", "split", "group", "kind", "availability", "sizes",
    "colours",
)  # fmt: skip
_NET = (
    "price net", "price default net", "price tax excl", "price tax excluded", "nettopreis", "preis netto",
    "preis (exkl. mwst.)", "precio (imp. excl.)", "precio sin iva", "precio impuestos excluidos", "prix ht",
)  # fmt: skip
"""Prices without taxes, where there are no others."""

_TEXTS = ("id", "title", *OPTIONAL_COLUMNS)
NAMES = {
    "id": (
        "id", "product id", "item id", "sku", "article number", "item number", "product code", "code", "reference",
        "artikelnummer", "artikelnr", "artikel nr", "art nr", "produktnummer", "produkt id", "bestellnummer",
        "référence", "référence produit", "ugs", "código", "referencia", "codice", "codice articolo", "productnummer",
        "referência", "kod", "kod produktu", "indeks", "symbol", "product number", "productnumber", "artikel id",
        "id producto", "referencia no", "reference no",
    ),
    "title": (
        "title", "name", "product name", "product title", "item name", "product", "titel", "bezeichnung", "produktname",
        "artikelbezeichnung", "artikelname", "produkt", "artikel", "titre", "nom", "nom du produit", "désignation",
        "título", "nombre", "nombre del producto", "titolo", "nome", "nome prodotto", "naam", "productnaam",
        "nome do produto", "tytuł", "nazwa", "nazwa produktu", "translations default name",
    ),
    "image": (
        "image", "photo", "picture", "image url", "photo url", "picture url", "image link", "image src", "images",
        "photos", "pictures", "image path", "image file", "file", "filename", "main image", "img", "bild", "foto",
        "bilder", "fotos", "bild url", "bildlink", "bilddatei", "bildpfad", "produktbild", "url image", "imagen",
        "imágenes", "url imagen", "immagine", "immagini", "afbeelding", "afbeeldingen", "imagem", "imagens",
        "obraz", "obrazek", "zdjęcie", "zdjęcia", "cover media url", "cover url", "base image", "image urls",
        "image urls x y z", "url's de las imágenes (x,y,z...)",
    ),
    "category": (
        "category", "categories", "product category", "product type", "department", "kategorie", "kategorien",
        "warengruppe", "produktkategorie", "catégorie", "catégories", "rayon", "categoría", "categorías", "categoria",
        "categorie", "categorieën", "categorias", "kategoria", "categories x y z", "categorías (x,y,z...)",
    ),
    "price": (
        "price", "regular price", "retail price", "unit price", "price tax incl", "gross price", "price eur",
        "price usd", "price gbp", "preis", "vk", "verkaufspreis", "bruttopreis", "preis brutto", "preis inkl mwst",
        "brutto vk", "preis eur", "preis in", "preis in eur", "preis in euro", "price in", "prix en", "precio en",
        "prezzo in", "prijs in", "preço em", "cena w", "preis chf", "prix", "prix ttc", "prix de vente", "precio",
        "pvp", "prezzo", "prijs", "verkoopprijs", "preço", "cena", "cena brutto", "price gross", "price default gross",
        "price tax included", "precio (imp. incl.)", "precio con iva", "precio impuestos incluidos", *_NET,
    ),
    "currency": ("currency", "currency code", "währung", "devise", "moneda", "divisa", "valuta", "moeda", "waluta"),
    "brand": (
        "brand", "manufacturer", "vendor", "marke", "hersteller", "marque", "fabricant", "marca", "fabricante",
        "produttore", "merk", "marka", "producent", "manufacturer name",
    ),
    "url": (
        "url", "link", "product url", "product link", "produktlink", "produkt url", "lien", "enlace", "collegamento",
    ),
    "sales_rank": ("sales rank",),
    "split": ("split",),
    "group": ("group", "group id", "item group id"),
    "kind": ("kind",),
    "availability": (
        "availability", "in stock", "stock", "stock status", "stock quantity", "quantity", "qty", "lagerbestand",
        "bestand", "verfügbarkeit", "auf lager", "stock disponible", "disponibilité", "quantité", "disponibilidad",
        "existencias", "menge", "cantidad", "quantità", "aantal", "quantidade", "ilość", "disponibilità", "giacenza",
        "voorraad", "disponibilidade", "estoque", "dostępność", "stan",
    ),
    "published": (
        "published", "active", "is active", "active 0 1", "enabled", "visible", "is visible", "product visible",
        "status", "product status", "veröffentlicht", "aktiv", "aktiv 0 1", "sichtbar", "publié", "actif", "actif 0 1",
        "statut", "publicado", "activo", "activo 0 1", "estado", "pubblicato", "attivo", "attivo 0 1", "stato",
        "gepubliceerd", "actief", "ativo", "opublikowany", "aktywny",
    ),
    "product_online": ("product online",),
    "visibility": ("visibility", "sichtbarkeit", "visibilité", "visibilidad", "visibilità", "zichtbaarheid"),
    "sizes": SIZES,
    "colours": COLOURS,
}  # fmt: skip
"""What columns are called, in eight languages; see `Names`."""

_NUMBERS = re.compile(r"[0-9a-f]{32}(?:\|[0-9a-f]{32})*")
_LONGEST_RANK = 18  # digits that SQLite's integers hold


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection)."""
    table = Table(feed, NAMES, REQUIRED_COLUMNS, exact=True)
    decimal_comma = table.decimal_comma("price")
    telling = list(published.telling(feed, table))
    _look_at_prices(feed, table)
    for row in table:
        if isinstance(row, Rejection):
            yield row.line, row
            continue
        try:
            published.check(row, telling)
            yield row.line, _to_row(row, decimal_comma)
        except Unusable as unusable:
            yield row.line, unusable.rejection(row.line, row.fields["id"])


def _look_at_prices(feed: FeedFile, table: Table) -> None:
    if "price" not in table.columns:
        feed.warn(
            f"has no column that was taken for prices. If one of its columns has them, say which (--map price=COLUMN): "
            f"{table.header}"
        )
    elif "price" not in feed.reading.columns and plain(table.called("price")) in map(plain, _NET):
        feed.warn(f"has prices without taxes only, {table.called('price')!r}, and these are shown")


def _to_row(row: TableRow, decimal_comma: bool) -> FeedRow:
    text = {name: cleaned(row.fields.get(name, "")) for name in _TEXTS}
    tree = _tree(text["category"], "product_online" in row.fields)
    images = pictures_in(row.fields["image"])
    price = read_price(text["price"], text["currency"], decimal_comma)
    return FeedRow(
        id=needed(text["id"], Reason.MISSING_ID, "the column id"), title=text["title"],
        category=tree[0] if tree else None, kind=text["kind"] or (tree[-1] if tree and tree[-1] != tree[0] else None),
        path=tuple(tree), image=needed(images[0] if images else None, Reason.MISSING_IMAGE, "the column image"),
        further_images=tuple(images[1:MOST_PHOTOS]), price=price.amount, currency=price.currency,
        unreadable_price=price.unreadable, brand=text["brand"], url=text["url"],
        sales_rank=_sales_rank(text["sales_rank"]), split=_split(text["split"]), group=text["group"],
        in_stock=is_in_stock(text["availability"]), sizes=options_in([text["sizes"]]),
        colours=options_in([text["colours"]]),
    )  # fmt: skip


def _tree(category: str | None, of_magento: bool) -> list[str]:
    """Where the product stands, broad to fine; what is no path is a name, as it is written (`>40 cm`).

    Shopware numbers categories and does not name them. Magento lists paths, from a root that no shopper sees: the
    longest below the head of the first counts (`Default Category/Gear,Default Category/Gear/Bags`).
    """
    if category is None or _NUMBERS.fullmatch(category):
        return []
    if of_magento and "/" in category:
        root = re.split("[/,]", category, maxsplit=1)[0]
        paths = re.split(f",(?={re.escape(root)}(?:[/,]|$))", category)
        trees = [tree for path in paths if (tree := path.split("/")[1:])]
        return max((tree for tree in trees if tree[0] == trees[0][0]), key=len, default=[])
    path = path_of(category)
    return path if len(path) > 1 else [category]


def _split(text: str | None) -> str | None:
    if text is not None and text not in SPLITS:
        raise Unusable(Reason.BAD_SPLIT, f"split is {text!r}; it may be {', '.join(SPLITS)} or blank")
    return text


def _sales_rank(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_RANK:
        raise Unusable(Reason.BAD_SALES_RANK, f"sales_rank is {text!r}; it must be a whole number, or blank")
    return int(text)
