"""Shopify's and WooCommerce's exports: which rows become products, and that every row is accounted for."""

import csv
import io

import pytest

from imgrec.catalogue.feed import FeedRow, Reason, Rejection
from imgrec.errors import FeedError

SHOPIFY = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Published", "Option1 Value",
    "Option2 Value", "Variant SKU", "Variant Price", "Image Src", "Image Position", "Variant Image", "Status",
)  # fmt: skip
SHOPIFY_NOW = {
    "Handle": "URL handle", "Published": "Published on online store", "Variant SKU": "SKU", "Variant Price": "Price",
    "Image Src": "Product image URL", "Variant Image": "Variant image URL", "Product Category": "Product category",
}  # fmt: skip
WOO = ("ID", "Type", "SKU", "Name", "Published", "Visibility in catalog", "Sale price", "Regular price", "Categories",
       "Images", "Parent", "Brands", "Date sale price ends")  # fmt: skip


def table(columns: tuple[str, ...], *rows: dict[str, str], renamed: dict[str, str] | None = None) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="")
    writer.writerow({name: (renamed or {}).get(name, name) for name in columns})
    writer.writerows(rows)
    return stream.getvalue()


def image(name: str) -> str:
    return f"https://shop.example/{name}.jpg"


def fates(rows: list[FeedRow | Rejection]) -> list[str]:
    return [row.reason if isinstance(row, Rejection) else row.id for row in rows]


SHIRT = {"Handle": "shirt", "Title": "Shirt &amp; Tie", "Vendor": "Acme", "Type": "Shirts", "Published": "TRUE",
         "Product Category": "Apparel & Accessories > Clothing > Tops", "Variant SKU": "S-R", "Variant Price": "19.99",
         "Image Src": image("red"), "Image Position": "1", "Status": "active", "Option1 Value": "Red"}  # fmt: skip


@pytest.mark.parametrize("renamed", [None, SHOPIFY_NOW])
def test_sizes_and_further_photos_belong_to_their_product_and_a_colour_is_one_of_its_own(read, renamed):
    rows = read(
        table(
            SHOPIFY,
            SHIRT,
            {"Handle": "shirt", "Option1 Value": "Red", "Option2 Value": "L", "Variant SKU": "S-RL",
             "Variant Price": "17.50", "Image Src": image("back"), "Image Position": "3"},
            {"Handle": "shirt", "Option1 Value": "Blue", "Option2 Value": "M", "Variant SKU": "S-B",
             "Variant Price": "21", "Variant Image": image("blue"), "Image Src": image("blue"), "Image Position": "2"},
            {"Handle": "shirt", "Option1 Value": "Blue", "Option2 Value": "L", "Variant SKU": "S-BL",
             "Variant Price": "20", "Variant Image": image("blue")},
            {"Handle": "shirt", "Image Src": image("box"), "Image Position": "4"},
            {"Handle": "hat", "Title": "Hat", "Product Category": "Apparel & Accessories > Hats", "Variant Price": "5",
             "Image Src": image("hat")},
            renamed=renamed,
        )
    )  # fmt: skip
    assert fates(rows) == [
        "shirt",
        Reason.PART_OF_PRODUCT,
        "shirt:S-B",
        Reason.PART_OF_PRODUCT,
        Reason.PART_OF_PRODUCT,
        "hat",
    ]
    assert rows[0] == FeedRow(
        "shirt", "Shirt & Tie", "Shirts", image("red"), "17.50", None, "Acme", group="shirt", kind="Tops",
        further_images=(image("back"), image("box")),
    )  # fmt: skip
    assert rows[2] == FeedRow(
        "shirt:S-B", "Shirt & Tie", "Shirts", image("blue"), "20", None, "Acme", group="shirt", kind="Tops"
    )
    assert (rows[5].category, rows[5].kind, rows[5].group) == ("Apparel & Accessories", "Hats", "hat")


def test_a_shopify_product_that_is_not_for_sale_is_left_out_with_its_variants(read):
    for change in ({"Status": "draft"}, {"Status": "Unlisted "}, {"Published": "false"}):
        blue = {"Handle": "shirt", "Variant SKU": "S-B", "Variant Price": "1", "Variant Image": image("blue")}
        assert fates(read(table(SHOPIFY, SHIRT | change, blue, SHIRT | {"Handle": "b"}))) == [
            Reason.NOT_PUBLISHED, Reason.NOT_PUBLISHED, "b",
        ]  # fmt: skip


def test_shopify_rows_that_lack_something_are_rejected_under_its_name(read):
    no_category = {"Type": "", "Product Category": ""}
    rows = read(
        table(SHOPIFY, SHIRT | {"Image Src": ""}, SHIRT | {"Handle": "b"} | no_category, SHIRT | {"Handle": ""},
              SHIRT | {"Handle": "c", "Variant Price": "on request"}, SHIRT | {"Handle": "d", "Variant Price": ""})
    )  # fmt: skip
    assert fates(rows) == [Reason.MISSING_ID, Reason.MISSING_IMAGE, "b", "c", "d"]
    assert rows[1].id == "shirt"
    assert rows[2].category is None
    assert (rows[3].price, rows[3].unreadable_price) == (None, "on request")
    assert (rows[4].price, rows[4].unreadable_price) == (None, None)


def test_a_shopify_variant_without_a_number_is_told_by_its_options_and_a_picture_may_be_a_variants_only(read):
    plain = SHIRT | {"Image Src": "", "Variant Image": image("red"), "Variant SKU": ""}
    blue = {"Handle": "shirt", "Option1 Value": "Blue", "Option2 Value": "M", "Variant Image": image("blue")}
    rows = read(table(SHOPIFY, plain, blue))
    assert fates(rows) == ["shirt", "shirt:Blue / M"]
    assert [row.image for row in rows] == [image("red"), image("blue")]


def test_a_handle_of_very_many_rows_is_held_only_in_part(read):
    rows = read(table(SHOPIFY, SHIRT, *({"Handle": "shirt", "Image Src": image(str(n))} for n in range(6000))))
    assert len(rows) == 6001
    assert [row.id for row in rows if isinstance(row, FeedRow)] == ["shirt"]


TEA = {"ID": "10", "Type": "simple", "SKU": "TEA", "Name": "Tea &amp; Cups", "Published": "1", "Regular price": "12,50",
       "Categories": "Kitchen > Tea, Gifts, Kitchen > Tea > Green", "Images": f"{image('tea')}, {image('cup')}",
       "Brands": "Acme"}  # fmt: skip
HOODIE = {"ID": "20", "Type": "variable", "SKU": "HOOD", "Name": "Hoodie", "Published": "1", "Categories": "Clothing",
          "Images": image("hoodie"), "Brands": "Acme"}  # fmt: skip


def variation(id_: str, **fields: str) -> dict[str, str]:
    return {"ID": id_, "Type": "variation", "Name": f"Hoodie {id_}", "Parent": "HOOD", "Published": "1"} | {
        name.replace("_", " "): value for name, value in fields.items()
    }


def test_a_simple_woocommerce_product(one):
    assert one(table(WOO, TEA)) == FeedRow(
        "10", "Tea & Cups", "Kitchen", image("tea"), "12.50", None, "Acme", kind="Green", further_images=(image("cup"),)
    )


def test_a_variable_product_costs_what_its_cheapest_variation_does_and_a_picture_makes_a_product(read):
    rows = read(
        table(
            WOO,
            HOODIE,
            variation("21", Regular_price="45", Images=image("blue")),
            variation("22", Regular_price="42", Sale_price="40.5"),
            variation("23", Regular_price="50", Images=image("blue")),
            variation("24", Regular_price="60", Images=image("green"), Published="-1"),
            TEA,
            variation("25", Regular_price="1", Images=image("red"), Parent="id:20"),
            variation("26", Regular_price="1"),
            variation("27", Regular_price="1", Parent="id:99"),
        )
    )  # fmt: skip
    by_line = dict(read.numbered(table(WOO, HOODIE, TEA)))
    assert sorted(by_line) == [2, 3]
    assert sorted(fates(rows), key=str) == sorted(
        ["20", "21", "10", "25", *[Reason.PART_OF_PRODUCT] * 3, Reason.NOT_PUBLISHED, Reason.MISSING_CATEGORY], key=str
    )
    products = {row.id: row for row in rows if isinstance(row, FeedRow)}
    assert products["20"] == FeedRow("20", "Hoodie", "Clothing", image("hoodie"), "1", None, "Acme", group="20")
    assert products["21"] == FeedRow("21", "Hoodie 21", "Clothing", image("blue"), "45", None, "Acme", group="20")
    assert products["25"].group == "20"
    assert products["10"].group is None


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ({"Published": "0"}, Reason.NOT_PUBLISHED),
        ({"Published": "-1"}, Reason.NOT_PUBLISHED),
        ({"Visibility in catalog": "hidden"}, Reason.NOT_PUBLISHED),
        ({"Images": ""}, Reason.MISSING_IMAGE),
        ({"Categories": " "}, "10"),
        ({"ID": "", "SKU": ""}, Reason.MISSING_ID),
        ({"ID": ""}, "TEA"),
        ({"Type": "simple, downloadable, virtual"}, "10"),
    ],
)
def test_woocommerce_rows_are_rejected_under_what_they_lack(read, change, fate):
    assert fates(read(table(WOO, TEA | change))) == [fate]


def test_variations_of_a_product_that_is_not_imported_share_its_reason(read):
    draft = HOODIE | {"Published": "-1"}
    assert fates(read(table(WOO, draft, variation("21", Images=image("blue"))))) == [Reason.NOT_PUBLISHED] * 2


def test_commas_within_woocommerce_values_are_kept(one):
    row = one(table(WOO, TEA | {"Categories": r"Nuts\, Bolts > Big", "Images": rf"{image(chr(97))}?a=1\,2"}))
    assert (row.category, row.kind, row.image) == ("Nuts, Bolts", "Big", image("a") + "?a=1,2")


def test_a_woocommerce_sale_that_is_over_no_longer_counts(one):
    over = TEA | {"Sale price": "1", "Date sale price ends": "2020-01-31"}
    assert one(table(WOO, over)).price == "12.50"
    assert one(table(WOO, over | {"Date sale price ends": ""})).price == "1"


LANGUAGES = {
    "German": ("ID", "Typ", "Artikelnummer", "Name", "Veröffentlicht", "Sichtbarkeit im Katalog", "Angebotspreis",
               "Regulärer Preis", "Kategorien", "Bilder", "Übergeordnet"),
    "French": ("ID", "Type", "UGS", "Nom", "Publié", "Visibilité dans le catalogue", "Tarif promo", "Tarif régulier",
               "Catégories", "Images", "Parent"),
    "Spanish": ("ID", "Tipo", "SKU", "Nombre", "Publicado", "Visibilidad en el catálogo", "Precio rebajado",
                "Precio normal", "Categorías", "Imágenes", "Superior"),
    "Italian": ("ID", "Tipo", "COD", "Nome", "Pubblicato", "Visibilità nel catalogo", "Prezzo in offerta",
                "Prezzo di listino", "Categorie", "Immagine", "Genitore"),
    "Dutch": ("ID", "Type", "SKU", "Naam", "Gepubliceerd", "Zichtbaarheid in catalogus", "Actieprijs",
              "Reguliere prijs", "Categorieën", "Afbeeldingen", "Hoofd"),
    "Portuguese": ("ID", "Tipo", "SKU", "Nome", "Publicado", "Visibilidade no catálogo", "Preço promocional",
                   "Preço normal", "Categorias", "Imagens", "Ascendente"),
    "Polish": ("ID", "Rodzaj", "SKU", "Nazwa", "Opublikowano", "Widoczność w katalogu", "Cena promocyjna",
               "Cena katalogowa", "Kategorie", "Obrazki", "Nadrzędny"),
    "Swedish": ("ID", "Typ", "Artikelnummer", "Namn", "Publicerad", "Synlighet i katalog", "Reapris", "Ordinarie pris",
                "Kategorier", "Bilder", "Överordnad"),
    "Danish": ("ID", "Type", "Varenummer (SKU)", "Navn", "Udgivet", "Synlighed i katalog", "Tilbudspris", "Normalpris",
               "Kategorier", "Billeder", "Forælder"),
    "Norwegian": ("ID", "Type", "SKU", "Navn", "Publisert", "Synlighet i katalogen", "Salgspris", "Ordinær pris",
                  "Kategorier", "Bilder", "Forelder"),
    "Czech": ("ID", "Typ", "Katalogové číslo", "Název", "Publikováno", "Viditelnost v katalogu", "Akční cena",
              "Běžná cena", "Kategorie", "Obrázky", "Nadřazený"),
    "Turkish": ("Kimlik", "Tür", "Stok kodu (SKU)", "İsim", "Yayımlanmış", "Katalogda görünürlük",
                "İndirimli satış fiyatı", "Normal fiyat", "Kategoriler", "Görseller", "Ebeveyn"),
    "Japanese": ("ID", "タイプ", "SKU", "名前", "公開済み", "カタログでの表示", "セール価格", "通常価格",
                 "カテゴリー", "画像", "親"),
    "Russian": ("ID", "Тип", "Артикул", "Имя", "Опубликован", "Видимость в каталоге", "Акционная цена", "Базовая цена",
                "Категории", "Изображения", "Родительский"),
}  # fmt: skip


@pytest.mark.parametrize("columns", LANGUAGES.values(), ids=LANGUAGES.keys())
@pytest.mark.parametrize(("sale", "price"), [("12,50", "12.50"), ("", "20.50")])
def test_woocommerce_writes_its_columns_in_the_shops_language(one, columns, sale, price):
    values = ["7", "simple", "S", "Lampe", "1", "visible", sale, "20,50", "Home > Lamps", image("a"), ""]
    row = one(table(columns, dict(zip(columns, values, strict=True))))
    assert (row.id, row.title, row.category, row.kind, row.price, row.image) == (
        "7", "Lampe", "Home", "Lamps", price, image("a"),
    )  # fmt: skip


@pytest.mark.parametrize("published", ["0", "-1", "'-1", "'0", "FALSE", "false", "draft", "no", "FALSCH", "-1.0", "0.0",
                                       "−1", "Private", "future", "ЛОЖЬ", "下書き", "utkast"])  # fmt: skip
def test_drafts_stay_out_however_a_spreadsheet_writes_them(read, published):
    assert fates(read(table(WOO, TEA | {"Published": published}))) == [Reason.NOT_PUBLISHED]


@pytest.mark.parametrize(
    ("written", "title"), [("'+Size lamp", "+Size lamp"), ("'-20 cup", "-20 cup"), ("'Tis tea", "'Tis tea")]
)
def test_an_apostrophe_before_a_sign_is_no_part_of_a_title(one, written, title):
    assert one(table(WOO, TEA | {"Name": written})).title == title


def test_without_numbers_woocommerces_products_are_known_by_their_sku(read):
    columns = tuple(name for name in WOO if name != "ID")
    tea = {name: value for name, value in TEA.items() if name != "ID"}
    assert set(fates(read(table(columns, tea, tea | {"SKU": ""})))) == {"TEA", Reason.MISSING_ID}


def test_a_product_is_shown_by_its_variations_where_it_has_no_picture_itself(read):
    rows = read(table(WOO, HOODIE | {"Images": ""}, variation("21", Regular_price="45", Images=image("blue"))))
    [main] = [row for row in rows if isinstance(row, FeedRow) and row.id == "20"]
    assert (main.image, main.price) == (image("blue"), "45")


def test_a_sale_of_nothing_or_with_a_date_that_cannot_be_read_is_none(one):
    assert one(table(WOO, TEA | {"Sale price": "0"})).price == "12.50"
    assert one(table(WOO, TEA | {"Sale price": "9", "Date sale price ends": "31/02/20"})).price == "12.50"
    assert one(table(WOO, TEA | {"Sale price": "9"})).price == "9"


@pytest.mark.parametrize("parent", ["id:20", "ID: 20", "HOODIE", "hoodie"])
def test_a_variation_names_its_product_as_people_write_it(read, parent):
    rows = read(table(WOO, variation("21", Regular_price="45") | {"Parent": parent}, HOODIE | {"SKU": "Hoodie"}))
    [main] = [row for row in rows if isinstance(row, FeedRow)]
    assert (main.id, main.price) == ("20", "45")


def test_an_export_in_an_unknown_language_is_told_so_and_puts_no_draft_on_sale(read):
    with pytest.raises(FeedError, match=r"WooCommerce export .* --map published=COLUMN"):
        read(
            "ID,Type,SKU,Name,Foilsithe,Infheictheacht,Images\n1,simple,a,Draft,0,visible,https://shop.example/a.jpg\n"
        )


def test_a_variant_without_a_price_yet_is_not_the_cheapest_and_handles_differ_by_more_than_capitals(read):
    free = {"Handle": "Shirt", "Option1 Value": "S", "Variant SKU": "S-S", "Variant Price": "0.00"}
    [row] = [row for row in read(table(SHOPIFY, SHIRT, free)) if isinstance(row, FeedRow)]
    assert row.price == "19.99"


def test_rows_of_a_handle_need_not_stand_together(read):
    other = SHIRT | {"Handle": "mug", "Title": "Mug", "Image Src": image("mug"), "Variant SKU": "M"}
    small = {"Handle": "shirt", "Option1 Value": "S", "Variant SKU": "S-S", "Variant Price": "9.00"}
    photo = {"Handle": "shirt", "Image Src": image("back"), "Image Position": "2"}
    rows = [row for row in read(table(SHOPIFY, SHIRT, other, small, photo)) if isinstance(row, FeedRow)]
    assert [(row.id, row.price, row.images) for row in rows] == [
        ("shirt", "9.00", (image("red"), image("back"))), ("mug", "19.99", (image("mug"),)),
    ]  # fmt: skip
