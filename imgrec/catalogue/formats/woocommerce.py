"""A WooCommerce product export: a row a product, and for a variable one a row for each of its variations.

A variable product is shown by its photos and at the price of its cheapest variation. A variation with a picture of its
own becomes a product of its own in the same group; it takes category and brand from its product. Variations belong to
their product wherever they stand.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

from imgrec.catalogue.feed import (
    MOST_PHOTOS,
    FeedRow,
    Numbered,
    Outcome,
    Reason,
    Rejection,
    Unusable,
    cleaned_html,
    needed,
)
from imgrec.catalogue.formats.feed_file import FeedFile
from imgrec.catalogue.formats.gathering import Gathering
from imgrec.catalogue.formats.google import path_of
from imgrec.catalogue.formats.published import is_off
from imgrec.catalogue.formats.stock import COLOURS, SIZES, is_called, is_in_stock, options_in, together
from imgrec.catalogue.formats.tables import Table, TableRow
from imgrec.catalogue.pictures import address_in, pictures_in
from imgrec.catalogue.prices import Price, cheapest, current_price, read_price
from imgrec.errors import FeedError

NAMES = {
    "id": ("id", "kimlik", "tunnus", "tunnus id", "azonosító"),
    "type": ("type", "typ", "tipo", "rodzaj", "tür", "タイプ", "種類", "тип", "tyyppi", "típus", "tipus", "τύπος"),
    "sku": (
        "sku", "artikelnummer", "ugs", "référence", "cod", "código", "ref", "varenummer", "varenummer sku", "varenr",
        "katalogové číslo", "stok kodu", "stok kodu sku", "商品コード", "артикул", "tuotetunnus", "tuotetunnus sku",
        "cikkszám", "katalógové číslo",
    ),
    "name": (
        "name", "nom", "nombre", "nome", "naam", "nazwa", "namn", "navn", "název", "jméno", "názov", "i̇sim", "isim",
        "ad", "ürün adı", "名前", "名称", "商品名", "имя", "название", "nimi", "név", "nume", "όνομα",
    ),
    "published": (
        "published", "veröffentlicht", "publié", "publicado", "pubblicato", "gepubliceerd", "opublikowano",
        "opublikowany", "publicerad", "publicerat", "udgivet", "offentliggjort", "publiceret", "publisert",
        "publikováno", "publikovaný", "publikované", "zveřejněno", "yayımlanmış", "yayınlanmış", "yayımlandı",
        "yayınlandı", "公開済み", "公開", "公開状態", "опубликован", "опубликовано", "julkaistu", "közzétéve",
        "megjelent", "publicat", "δημοσιευμένο",
    ),
    "visibility": (
        "visibility in catalog", "sichtbarkeit im katalog", "katalogsichtbarkeit", "visibilité dans le catalogue",
        "visibilidad en el catálogo", "visibilità nel catalogo", "zichtbaarheid in catalogus", "widoczność w katalogu",
        "visibilidade no catálogo", "synlighet i katalog", "synlighet i katalogen", "synlighed i katalog",
        "synlighed i kataloget", "viditelnost v katalogu", "viditeľnosť v katalógu", "katalogda görünürlük",
        "katalogdaki görünürlük", "カタログでの表示", "カタログの公開状態", "カタログ内の表示", "видимость в каталоге",
        "näkyvyys katalogissa", "näkyvyys luettelossa", "láthatóság a katalógusban", "katalógus láthatóság",
    ),
    "categories": (
        "categories", "kategorien", "catégories", "categorías", "categorie", "categorieën", "kategorie", "categorias",
        "kategorier", "kategórie", "kategoriler", "カテゴリー", "カテゴリ", "категории", "osastot", "kategoriat",
        "kategóriák", "kategória", "categorii", "κατηγορίες",
    ),
    "images": (
        "images", "bilder", "imágenes", "immagine", "immagini", "afbeeldingen", "obrazki", "zdjęcia", "imagens",
        "billeder", "obrázky", "görseller", "görsel", "resimler", "画像", "商品画像", "изображения", "kuvat", "képek",
        "imagini", "imatges", "εικόνες",
    ),
    "regular price": (
        "regular price", "regulärer preis", "normaler preis", "tarif régulier", "prix régulier", "precio normal",
        "precio regular", "prezzo di listino", "reguliere prijs", "normale prijs", "cena", "cena regularna",
        "cena katalogowa", "preço normal", "preço regular", "preço", "ordinarie pris", "normalpris", "ordinær pris",
        "vanlig pris", "běžná cena", "bežná cena", "normal fiyat", "通常価格", "базовая цена", "обычная цена",
        "normaalihinta", "normál ár", "preț obișnuit", "κανονική τιμή",
    ),
    "sale price": (
        "sale price", "angebotspreis", "tarif promo", "prix promo", "precio rebajado", "precio de oferta",
        "prezzo in offerta", "actieprijs", "aanbiedingsprijs", "cena promocyjna", "preço promocional",
        "preço de promoção", "reapris", "rea pris", "kampanjpris", "tilbudspris", "salgspris", "akční cena",
        "prodejní cena", "výpredajová cena", "i̇ndirimli satış fiyatı", "indirimli satış fiyatı", "i̇ndirimli fiyat",
        "indirimli fiyat", "セール価格", "акционная цена", "цена со скидкой", "alennettu hinta", "alehinta",
        "akciós ár", "preț redus",
    ),
    "sale begins": (
        "date sale price starts", "datum, an dem angebotspreis beginnt", "datum, an dem der angebotspreis beginnt",
        "angebotspreis gültig ab", "date de début de promo", "día en que empieza el precio rebajado",
        "data di partenza del prezzo in saldo", "startdatum actieprijs", "data rozpoczęcia promocji",
        "data de preço promocional começa em", "data de início do preço promocional", "data de início da promoção",
        "datum då reapris börjar", "startdatum för reapris", "tilbudspris startdato", "startdato for tilbudspris",
        "dato tilbudspris starter", "dato salgspris starter", "datum začátku akce", "datum začátku slevy",
        "i̇ndirimli fiyatın başladığı tarih", "indirimli fiyatın başladığı tarih", "セール開始日", "セール価格開始日",
        "дата начала действия скидки", "дата начала продажи", "alennus alkaa", "akció kezdete", "akciós ár kezdete",
    ),
    "sale ends": (
        "date sale price ends", "datum, an dem angebotspreis endet", "datum, an dem der angebotspreis endet",
        "angebotspreis gültig bis", "date de fin de promo", "día en que termina el precio rebajado",
        "termine data del prezzo di vendita", "data in cui termina l'offerta", "einddatum actieprijs",
        "data zakończenia promocji", "data de preço promocional termina em", "data de término do preço promocional",
        "data de fim da promoção", "datum då reapris slutar", "slutdatum för reapris", "tilbudspris slutdato",
        "slutdato for tilbudspris", "dato tilbudspris slutter", "dato salgspris slutter", "datum konce akce",
        "datum konce slevy", "i̇ndirimli fiyatın bittiği tarih", "indirimli fiyatın bittiği tarih", "セール終了日",
        "セール価格終了日", "дата окончания действия скидки", "дата окончания продажи", "alennus päättyy", "akció vége",
        "akciós ár vége",
    ),
    "parent": (
        "parent", "übergeordnetes", "übergeordnetes produkt", "eltern", "superior", "principal", "genitore", "hoofd",
        "element nadrzędny", "nadrzędny", "ascendente", "pai", "överordnad", "förälder", "forælder", "overordnet",
        "forelder", "nadřazený", "nadřazené", "rodič", "ebeveyn", "üst", "親", "родительский", "родитель", "päätuote",
        "isäntä", "szülő", "părinte",
    ),
    "in stock": (
        "in stock?", "in stock", "vorrätig?", "auf lager?", "lagernd?", "en stock ?", "en stock?", "¿existencias?",
        "¿en inventario?", "in magazzino?", "op voorraad?", "w magazynie?", "na stanie?", "em estoque?",
        "em stock?",
    ),
    "attribute 1": ("attribute 1 name", "attribut 1 name", "name des attributs 1", "nom de l'attribut 1"),
    "attribute 2": ("attribute 2 name", "attribut 2 name", "name des attributs 2", "nom de l'attribut 2"),
    "values 1": ("attribute 1 value(s)", "attribut 1 wert(e)", "wert(e) des attributs 1", "valeur(s) de l'attribut 1"),
    "values 2": ("attribute 2 value(s)", "attribut 2 wert(e)", "wert(e) des attributs 2", "valeur(s) de l'attribut 2"),
    "brands": ("brands", "marken", "marques", "marcas", "marchi", "merken", "marki"),
    "url": (
        "external url", "externe url", "url externe", "url externa", "url esterna", "url esterno",
        "zewnętrzny adres url",
    ),
}  # fmt: skip
"""What we read -> the column's name, in the languages of many shops; exporters translate them."""

REQUIRED = ("name", "images")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_KEPT_FROM_CALCULATING = re.compile(r"'(?=[=+@\t\r-])")  # the exporter's, before what a spreadsheet takes for a formula


def read(feed: FeedFile) -> Numbered:
    """Yield (line number, row or rejection): simple products as they come, then the variable ones with variations."""
    table = Table(feed, NAMES, REQUIRED)
    reader = _Reader(datetime.now(UTC), table.decimal_comma("regular price", "sale price"))
    with Gathering(list(NAMES)) as gathering:
        try:
            yield from _ungathered(table, gathering, reader)
        except FeedError:
            yield from _families(gathering, reader)  # that stand before the damage
            raise
        yield from _families(gathering, reader)


def _ungathered(table: Table, gathering: Gathering, reader: "_Reader") -> Numbered:
    """What becomes of single products; variable ones and variations are gathered."""
    for row in table:
        if isinstance(row, Rejection):
            yield row.line, row
            continue
        for field, value in row.fields.items():
            if value.startswith("'"):
                row.fields[field] = _KEPT_FROM_CALCULATING.sub("", value, count=1)
        kinds = _kinds(row)
        try:
            if "variation" in kinds and (parent := _as_name(row.fields.get("parent", ""))):
                gathering.add(parent, row)
            elif "variable" in kinds and (names := _names(row)):
                gathering.add(names[0], row)
                gathering.call(names[0], names)
            else:
                yield row.line, reader.product(row, [])
        except Unusable as unusable:
            yield row.line, _rejected(row, unusable)


def _families(gathering: Gathering, reader: "_Reader") -> Numbered:
    for rows, beyond in gathering.families():
        product = next((row for row in rows if "variable" in _kinds(row)), None)
        variations = [row for row in rows if row is not product]
        if product is None:
            yield from _each(variations, reader.orphan)
        else:
            yield from reader.family(product, variations)
        for row in beyond:
            yield row.line, _rejected(row, Unusable(Reason.PART_OF_PRODUCT, "one of too many variations"))


def _each(rows: Sequence[TableRow], to_row: Callable[[TableRow], Outcome]) -> Numbered:
    for row in rows:
        try:
            yield row.line, to_row(row)
        except Unusable as unusable:
            yield row.line, _rejected(row, unusable)


@dataclass(frozen=True)
class _Reader:
    """Makes products of rows. `now` decides whether sales are on."""

    now: datetime
    decimal_comma: bool

    def product(self, row: TableRow, pictures_of_variations: Sequence[str]) -> FeedRow:
        """A product by itself, which is shown by its variations' pictures where it has none. Raises Unusable."""
        external_id = needed(_key(row), Reason.MISSING_ID, "ID and SKU")
        _check_published(row)
        path, kind = _category(row)
        images = _pictures(row) or list(pictures_of_variations)[:1]
        if not images:
            raise Unusable(Reason.MISSING_IMAGE, "the column images is blank")
        price = self._price(row)
        return FeedRow(
            external_id, cleaned_html(row.fields["name"]), path[0] if path else None, images[0], price.amount,
            price.currency, cleaned_html(row.fields.get("brands", "")),
            cleaned_html(address_in(row.fields.get("url", ""))), kind=kind,
            further_images=tuple(images[1:MOST_PHOTOS]), unreadable_price=price.unreadable,
            in_stock=is_in_stock(row.fields.get("in stock")), sizes=_options(SIZES, row),
            colours=_options(COLOURS, row), path=tuple(path),
        )  # fmt: skip

    def family(self, row: TableRow, variations: Sequence[TableRow]) -> Iterator[tuple[int, Outcome]]:
        """A variable product, and what becomes of its variations."""
        shown = [variation for variation in variations if not _is_hidden(variation)]
        try:
            product = self.product(row, [picture for variation in shown for picture in _pictures(variation)[:1]])
        except Unusable as unusable:
            yield row.line, _rejected(row, unusable)
            why = Unusable(unusable.reason, f"a variation of a product that was not imported: {unusable.detail}")
            yield from ((variation.line, _rejected(variation, why)) for variation in variations)
            return
        price = cheapest([self._price(row), *map(self._price, shown)])
        there = [variation for variation in shown if is_in_stock(variation.fields.get("in stock")) is not False]
        # the others become products of their own, of another colour
        shown_by_it = [variation for variation in there if {*_pictures(variation)[:1]} <= {*product.images}]
        product = replace(
            product, group=product.id, price=price.amount, currency=price.currency, unreadable_price=price.unreadable,
            in_stock=together(is_in_stock(one.fields.get("in stock")) for one in shown or [row]),
            sizes=_options(SIZES, *there) or product.sizes,
            colours=_options(COLOURS, *shown_by_it) or product.colours,
        )  # fmt: skip
        yield row.line, product
        taken = set(product.images)
        yield from _each(variations, lambda variation: self._variation(variation, product, taken))

    def orphan(self, row: TableRow) -> FeedRow:
        """A variation whose product is not in the feed. Raises Unusable where it does not say itself what it is."""
        _check_published(row)
        parent = cleaned_html(row.fields["parent"])
        if not _category(row)[0]:
            raise Unusable(Reason.MISSING_CATEGORY, f"neither it nor its product {parent}, which is not in the feed")
        return replace(self.product(row, []), group=parent)

    def _variation(self, row: TableRow, product: FeedRow, taken: set[str]) -> FeedRow:
        _check_published(row)
        images = _pictures(row)
        if not images or images[0] in taken:
            raise Unusable(Reason.PART_OF_PRODUCT, "a variation without a picture of its own")
        taken.add(images[0])
        price = self._price(row)
        return replace(
            product, id=needed(_key(row), Reason.MISSING_ID, "ID and SKU"),
            title=cleaned_html(row.fields["name"]) or product.title, image=images[0], further_images=(),
            price=price.amount, currency=price.currency, unreadable_price=price.unreadable,
            in_stock=is_in_stock(row.fields.get("in stock")), sizes=_options(SIZES, row),
            colours=_options(COLOURS, row) or product.colours,
        )  # fmt: skip

    def _price(self, row: TableRow) -> Price:
        regular = read_price(row.fields.get("regular price"), None, self.decimal_comma)
        sale = read_price(row.fields.get("sale price"), regular.currency, self.decimal_comma)
        return current_price(
            regular, sale, row.fields.get("sale begins", ""), row.fields.get("sale ends", ""), self.now
        )


def _kinds(row: TableRow) -> frozenset[str]:
    return _kinds_in(row.fields.get("type", ""))


@lru_cache(maxsize=64)
def _kinds_in(text: str) -> frozenset[str]:
    """What a type says; those of subscriptions are written `variable-subscription` and `subscription_variation`."""
    kinds = frozenset(kind.strip().lower() for kind in text.split(","))
    return kinds | {part for kind in kinds for part in re.split("[-_]", kind) if part in {"variable", "variation"}}


def _names(row: TableRow) -> list[str]:
    """What variations call their product."""
    number, sku = row.fields.get("id", "").strip(), row.fields.get("sku", "").strip()
    return [_as_name(name) for name in (*([f"id:{number}"] if number else []), *([sku] if sku else []))]


def _as_name(name: str) -> str:
    """A product's name as names are compared: `ID: 12` is `id:12`."""
    return re.sub(r"^id\s*:\s*", "id:", name.strip().casefold())


def _key(row: TableRow) -> str | None:
    return cleaned_html(row.fields.get("id", "")) or cleaned_html(row.fields.get("sku", ""))


def _rejected(row: TableRow, why: Unusable) -> Rejection:
    return why.rejection(row.line, row.fields.get("id") or row.fields.get("sku"))


def _pictures(row: TableRow) -> list[str]:
    return pictures_in(row.fields["images"].replace("\\,", ","))


def _options(names: tuple[str, ...], *rows: TableRow) -> tuple[str, ...]:
    """The values of the attributes that have one of these names."""
    return options_in(
        row.fields.get(f"values {n}", "")
        for row in rows
        for n in "12"
        if is_called(row.fields.get(f"attribute {n}", ""), names)
    )


def _is_hidden(row: TableRow) -> bool:
    return any(is_off(row.fields.get(field, "")) for field in ("published", "visibility"))


def _check_published(row: TableRow) -> None:
    if _is_hidden(row):
        said = ", ".join(filter(None, (row.fields.get("published"), row.fields.get("visibility"))))
        raise Unusable(Reason.NOT_PUBLISHED, f"published and visibility say {said}")


def _category(row: TableRow) -> tuple[list[str], str | None]:
    """(path, kind): the longest path below the head of the first one, and its end."""
    paths = [path for text in _listed(cleaned_html(row.fields.get("categories", "")) or "") if (path := path_of(text))]
    if not paths:
        return [], None
    finest = max((path for path in paths if path[0] == paths[0][0]), key=len)
    return finest, finest[-1] if len(finest) > 1 else None


def _listed(text: str) -> list[str]:
    """What commas separate; a comma within is written with a backslash."""
    return [item for part in _UNESCAPED_COMMA.split(text) if (item := part.replace("\\,", ",").strip())]
