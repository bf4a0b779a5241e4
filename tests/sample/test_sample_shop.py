"""The sample shop's catalogue, its feed, and its photos."""

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from csv_rows import read_rows
from PIL import Image
from watched import Watched

from imgrec.catalogue.departments import DEPARTMENTS as STUDY
from imgrec.catalogue.feed import SPLITS
from imgrec.catalogue.importing import ImportOptions, import_feed
from imgrec.catalogue.store import Catalogue
from imgrec.config import CatalogueSection
from imgrec.progress import Silent
from sample import shop
from sample.jobs import Sitting, take
from sample.kinds import DEPARTMENTS, KINDS
from sample.shop import Product


@pytest.fixture(scope="module")
def catalogue() -> list[Product]:
    return shop.catalogue(1)


def test_its_departments_are_those_of_the_study() -> None:
    assert set(DEPARTMENTS) == set(STUDY)


def test_every_department_has_twenty_products_of_its_kinds(catalogue: list[Product]) -> None:
    assert Counter(product.design.kind.department for product in catalogue) == dict.fromkeys(DEPARTMENTS, 20)
    assert {product.design.kind.name for product in catalogue} == set(KINDS)


def test_every_kind_has_products_in_every_split(catalogue: list[Product]) -> None:
    splits = Counter((product.design.kind.name, product.split) for product in catalogue)
    assert all(splits[name, split] for name in KINDS for split in SPLITS)
    assert sum(product.split == "train" for product in catalogue) > 0.6 * len(catalogue)


def test_the_whole_shop_is_as_large_as_it_says(catalogue: list[Product]) -> None:
    assert len(catalogue) == 400
    assert len(KINDS) >= 45
    assert all(len(kinds) >= 2 for kinds in DEPARTMENTS.values())
    assert sum(product.split == "test" for product in catalogue) >= 60


def test_products_read_as_a_shops(catalogue: list[Product]) -> None:
    rows = [dict(zip(shop.FEED_COLUMNS, product.row(), strict=True)) for product in catalogue]
    assert len({row["id"] for row in rows}) == len(rows)
    for row, product in zip(rows, catalogue, strict=True):
        assert row["title"].startswith(row["brand"])
        assert 2 < len(row["title"].split()) < 14
        assert re.fullmatch(r"[a-z0-9-]+", row["id"])
        assert row["url"].startswith("https://shop.example/")
        low, high = product.design.kind.price
        assert int(low) <= Decimal(row["price"]) <= high + 1
    ranks = Counter((row["category"], row["sales_rank"]) for row in rows)
    assert max(ranks.values()) == 1


def test_the_same_seed_makes_the_same_shop_and_another_seed_another(catalogue: list[Product]) -> None:
    home = {"Home": DEPARTMENTS["Home"]}
    rows = [product.row() for product in catalogue if product.design.kind.department == "Home"]
    assert [product.row() for product in shop.catalogue(1, home)] == rows
    assert [product.row() for product in shop.catalogue(2, home)] != rows


def test_customers_send_photos_of_test_products_alone(mugs: list[Product], mug_shop: Path) -> None:
    queries = read_rows(mug_shop / "customer.csv")
    tests = {product.id for product in mugs if product.split == "test"}
    assert tests
    assert Counter(query["product_id"] for query in queries) == dict.fromkeys(tests, 2)
    assert all((mug_shop / query["photo"]).is_file() and query["kind"] == "mug" for query in queries)


def test_its_feed_is_imported_without_a_word(mug_shop: Path, mugs: list[Product], tmp_path: Path) -> None:
    section = CatalogueSection(path=tmp_path / "catalogue.db", photos=tmp_path / "photos")
    with Catalogue.open(section) as imported:
        report = import_feed(
            imported, mug_shop / "products.csv", "products", tmp_path / "rejects.csv",
            Watched(lambda done, note: None), ImportOptions(),
        )  # fmt: skip
        assert (report.imported, report.rejected) == (len(mugs), {})
        [product] = imported.products_by_feed_id(mugs[0].id)
    assert (product.title, product.category, product.price) == (mugs[0].design.title, "Home", mugs[0].price)


def test_photos_that_exist_are_not_taken_again_and_those_that_lack_come_out_the_same(
    mug_shop: Path, mugs: list[Product], tmp_path: Path
) -> None:
    wanted = shop.sittings(mugs[:2], tmp_path, 16, 1)
    files = [job.file for sitting in wanted for job in sitting.jobs]
    assert take(wanted, 1, Silent(), "") == len(files)
    photos = {file: file.read_bytes() for file in files}
    assert photos == {file: (mug_shop / file.relative_to(tmp_path)).read_bytes() for file in files}
    assert take(wanted, 1, Silent(), "") == 0
    files[0].unlink()
    assert take(wanted, 1, Silent(), "") == 1
    assert {file: file.read_bytes() for file in files} == photos


def test_several_processes_take_the_same_photos(mug_shop: Path, mugs: list[Product], tmp_path: Path) -> None:
    studio = [Sitting(s.kind, s.seed, s.jobs[:1]) for s in shop.sittings(mugs[:2], tmp_path, 16, 1)]
    assert take(studio, 2, Silent(), "") == 2
    for sitting in studio:
        [job] = sitting.jobs
        assert job.file.read_bytes() == (mug_shop / job.file.relative_to(tmp_path)).read_bytes()


def test_photos_are_small_squares(mug_shop: Path) -> None:
    for file in mug_shop.glob("*/*.jpg"):
        with Image.open(file) as photo:
            assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (16, 16))
