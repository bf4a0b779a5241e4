"""The real shelves of the sample shop: what stands on them, what customers sent, and whose photos these are."""

import csv
import os
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from csv_rows import read_rows
from PIL import Image

from imgrec.catalogue.departments import DEPARTMENTS
from sample import shelves
from sample.__main__ import main
from sample.licensed import DEPARTMENT_OF
from sample.shelves import LICENCES, SIDE_PX, Shelved, shelved
from sample.shop import CUSTOMER_COLUMNS, FEED_COLUMNS, write_csv
from sandbox.tray import read_tray

SHOP = Path(shelves.__file__).parent
CHOSEN = shelved()
ON_SALE = [one for one in CHOSEN if not one.is_customers]
SENT = [one for one in CHOSEN if one.is_customers]
TWO = [ON_SALE[0], SENT[0]]
COLUMNS = ("id", "title", "category", "image", "kind", "group", "split", "set", "open_licence")


def write_source(folder: Path, chosen: list[Shelved], **spoilt: str) -> Path:
    """A feed of large photos with the rows that were chosen, some of their columns spoilt."""
    (folder / "photos").mkdir(parents=True)
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, ["id", "category", "image", "kind", "group", "split", "set", "open_licence", "title"]
        )
        writer.writeheader()
        for one in chosen:
            image = f"photos/{one.source}.png"
            Image.new("RGBA", (900, 600), "teal").save(folder / image)
            row = {"id": one.source, "category": "Shoes", "image": image, "kind": "", "group": one.source,
                   "split": "train", "set": one.set, "open_licence": one.open_licence}  # fmt: skip
            writer.writerow({**row, **spoilt})
    return folder / "products.csv"


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """A shop with a rendered product and a customer's photo of it."""
    folder = tmp_path / "shop"
    folder.mkdir()
    write_csv(folder / "products.csv", FEED_COLUMNS, [("mug-01", "Mug", "Home", "photos/mug-01.jpg", *[""] * 8)])
    write_csv(folder / "customer.csv", CUSTOMER_COLUMNS, [("customer/mug-01-1.jpg", "mug-01", "Home", "mug")])
    return folder


def put_out(source: Path, shop: Path, chosen: list[Shelved], monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(shelves, "shelved", lambda: chosen)
    return CliRunner().invoke(main, ["shelves", str(source), "--out", str(shop)])


def test_there_are_about_250_products_and_120_photos_of_customers_each_a_photo_of_its_own() -> None:
    assert 240 <= len(ON_SALE) <= 280
    assert 110 <= len(SENT) <= 130
    assert len({one.source for one in CHOSEN}) == len({one.id for one in CHOSEN}) == len(CHOSEN)
    assert {str(file.relative_to(SHOP)) for file in SHOP.glob("shelves/**/*.jpg")} == {one.photo for one in CHOSEN}


def test_what_customers_sent_is_for_testing_alone_and_of_kinds_that_are_on_sale() -> None:
    assert {one.split for one in ON_SALE} == {"train", "validation"}
    assert {one.split for one in SENT} == {"test"}
    kinds = Counter((one.category, one.kind) for one in ON_SALE)
    assert {(one.category, one.kind) for one in SENT} == kinds.keys()
    assert min(kinds.values()) >= 2
    assert not {one.source for one in ON_SALE} & {one.source for one in SENT}


def test_all_that_customers_sent_has_room_in_the_tray() -> None:
    assert len(read_tray([SHOP / "customer.csv"]).pictures) == len(read_rows(SHOP / "customer.csv"))


def test_a_shelf_reads_as_a_samples() -> None:
    assert len({one.title for one in ON_SALE}) == len(ON_SALE)
    assert {one.category for one in CHOSEN} == {"Grocery", "Clothing"} <= set(DEPARTMENTS)
    for one in ON_SALE:
        assert re.fullmatch(r"shelf-[a-z-]+-[0-9]{2}", one.id)
        assert one.title[0].isupper()
        assert Decimal("0.4") < Decimal(one.price) < 120
    assert {(one.title, one.price) for one in SENT} == {("", "")}


def test_every_photo_is_free_for_any_use_and_its_set_is_credited() -> None:
    assert {one.open_licence for one in CHOSEN} == set(LICENCES)
    credits_ = " ".join((SHOP / "CREDITS.md").read_text(encoding="utf-8").split())
    for (set_, licence), photos in Counter((one.set, one.open_licence) for one in CHOSEN).items():
        assert f"`{set_}` | {photos} | {licence} |" in credits_


def test_photos_are_small() -> None:
    for one in CHOSEN:
        with Image.open(SHOP / one.photo) as photo:
            assert (photo.format, photo.mode) == ("JPEG", "RGB")
            assert max(photo.size) <= SIDE_PX
            assert not photo.getexif()


def test_the_shelves_stand_beside_what_is_rendered_however_often_they_are_put_out(
    rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_source(tmp_path / "source", TWO)
    done = put_out(source, rendered, TWO, monkeypatch)
    assert done.output.splitlines() == [
        "grocery, MIT: photos taken: 2",
        f"{rendered}: 1 product, 1 photo of customers.",
    ]
    before = {file: file.read_bytes() for file in rendered.rglob("*.*")}
    assert [row["id"] for row in read_rows(rendered / "products.csv")] == ["mug-01", "shelf-apple-01"]
    [theirs, sent] = read_rows(rendered / "customer.csv")
    assert theirs["product_id"] == "mug-01"
    assert tuple(sent.values()) == ("shelves/customer/sent-apple-01.jpg", "", "Grocery", "apple")
    with Image.open(rendered / sent["photo"]) as photo:
        assert photo.size == (320, 213)
    put_out(source, rendered, TWO, monkeypatch)
    assert {file: file.read_bytes() for file in rendered.rglob("*.*")} == before


@pytest.mark.parametrize(
    "spoilt", [{"open_licence": ""}, {"open_licence": "CC-BY-4.0"}, {"set": "web"}, {"id": "another"}]
)
def test_a_row_that_is_not_the_one_that_was_chosen_is_refused(
    rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: dict[str, str]
) -> None:
    done = put_out(write_source(tmp_path / "source", TWO, **spoilt), rendered, TWO, monkeypatch)
    assert done.exit_code == 1
    assert f"has no {TWO[0].source} of the set grocery, licence MIT" in done.output
    assert not (rendered / "shelves").exists()


def test_a_folder_without_a_shop_gets_no_shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = put_out(write_source(tmp_path / "source", TWO), tmp_path, TWO, monkeypatch)
    assert done.exit_code == 1
    assert "Make the shop first: python -m sample render" in done.output


def test_no_model_learns_from_what_customers_sent(tmp_path: Path) -> None:
    source = write_source(tmp_path / "all", TWO)
    CliRunner().invoke(main, ["licensed", str(source), "--out", str(tmp_path / "open")], catch_exceptions=False)
    assert [row["split"] for row in read_rows(tmp_path / "open" / "products.csv")] == ["train", "test"]
    assert [Path(row["photo"]).stem for row in read_rows(tmp_path / "open" / "test.csv")] == [SENT[0].source]


def test_the_rows_they_come_from_say_the_same() -> None:
    folder = Path(os.environ.get("IMGREC_REAL_PHOTOS") or "/nonexistent")
    if not (folder / "products.csv").is_file():
        pytest.skip("IMGREC_REAL_PHOTOS names no folder with a products.csv of real photos")
    rows = {row["id"]: row for row in read_rows(folder / "products.csv")}
    theirs = {one: rows[one.source] for one in CHOSEN}
    assert all((row["set"], row["open_licence"]) == (one.set, one.open_licence) for one, row in theirs.items())
    assert {row["domain"] for row in theirs.values()} == {"customer"}  # their owners took them, by telephone
    assert all(DEPARTMENT_OF[row["category"]] == one.category for one, row in theirs.items())
    assert all(row["split"] == one.split for one, row in theirs.items() if not one.is_customers)
    groups = {one: row["group"] for one, row in theirs.items()}
    assert not {groups[one] for one in ON_SALE} & {groups[one] for one in SENT}
