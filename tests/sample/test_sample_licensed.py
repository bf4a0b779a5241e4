"""Which real photos may train a model that ships."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from csv_rows import read_rows

from sample.__main__ import main
from sample.licensed import take_licensed
from sample.shop import write_csv

COLUMNS = ["id", "title", "category", "image", "kind", "group", "split", "set", "open_licence"]


def feed(folder: Path, *rows: tuple[str, str, str], columns: list[str] = COLUMNS, split: str = "train") -> Path:
    """A feed of photos, each given by its category, data set and licence."""
    (folder / "photos").mkdir(parents=True)
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        for number, (category, set_, licence) in enumerate(rows):
            (folder / "photos" / f"{number}.jpg").write_bytes(bytes([number]))
            writer.writerow(
                {"id": number, "category": category, "image": f"photos/{number}.jpg", "split": split, "set": set_,
                 "open_licence": licence}
            )  # fmt: skip
    return folder / "products.csv"


def test_only_photos_with_an_open_licence_and_a_department_are_taken(tmp_path: Path) -> None:
    all_ = feed(
        tmp_path / "all", ("Shoes", "walks", "MIT"), ("Shoes", "walks", ""), ("Furniture", "rooms", "CC0-1.0"),
        ("Musical Instruments", "bands", "MIT"),
    )  # fmt: skip
    done = CliRunner().invoke(main, ["licensed", str(all_), "--out", str(tmp_path / "open")], catch_exceptions=False)
    assert done.output.splitlines() == [
        "rooms, CC0-1.0: photos taken: 1", "walks, MIT: photos taken: 1",
        "left out, no department for Musical Instruments: 1",
        "left out, no open licence: 1",
    ]  # fmt: skip
    rows = read_rows(tmp_path / "open" / "products.csv")
    assert [(row["id"], row["category"], row["split"], row["open_licence"]) for row in rows] == [
        ("0", "Clothing", "train", "MIT"), ("2", "Home", "train", "CC0-1.0"),
    ]  # fmt: skip
    assert [(tmp_path / "open" / row["image"]).read_bytes() for row in rows] == [b"\x00", b"\x02"]


def test_kinds_have_the_names_of_the_shelves(tmp_path: Path) -> None:
    all_ = feed(tmp_path / "all", *[("Grocery Produce", "market", "MIT")] * 4)
    rows = read_rows(all_)
    for row, kind in zip(rows, ["Granny-Smith", "Granny-Smith", "Anjou", ""], strict=True):
        row["kind"] = kind
    write_csv(all_, COLUMNS, [tuple(row[column] for column in COLUMNS) for row in rows])
    take_licensed(all_, tmp_path / "open", shelf_kinds={"1": "apple", "3": "fig"})
    assert [row["kind"] for row in read_rows(tmp_path / "open" / "products.csv")] == ["apple", "apple", "Anjou", "fig"]


def test_a_photo_is_copied_to_where_it_lies_however_its_row_says_so(tmp_path: Path) -> None:
    all_ = feed(tmp_path / "all", ("Shoes", "walks", "MIT"), ("Shoes", "walks", "MIT"))
    named = all_.read_text().replace("photos/0.jpg", "photos/../../all/photos/0.jpg")
    all_.write_text(named.replace("photos/1.jpg", str(tmp_path / "all" / "photos" / "1.jpg")))
    CliRunner().invoke(main, ["licensed", str(all_), "--out", str(tmp_path / "a" / "open")], catch_exceptions=False)
    rows = read_rows(tmp_path / "a" / "open" / "products.csv")
    assert [row["image"] for row in rows] == ["photos/0.jpg", "photos/1.jpg"]
    assert [(tmp_path / "a" / "open" / row["image"]).read_bytes() for row in rows] == [b"\x00", b"\x01"]
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"open"}


def test_photos_to_measure_on_become_queries_and_need_no_licence(tmp_path: Path) -> None:
    rows = ("Shoes", "walks", "MIT"), ("Shoes", "walks", ""), ("Musical Instruments", "bands", "MIT")
    all_ = feed(tmp_path / "all", *rows, split="test")
    CliRunner().invoke(main, ["licensed", str(all_), "--out", str(tmp_path / "open")], catch_exceptions=False)
    photos = [str(tmp_path / "all" / "photos" / f"{number}.jpg") for number in range(2)]
    assert [row["photo"] for row in read_rows(tmp_path / "open" / "test.csv")] == photos[:1]
    assert [row["photo"] for row in read_rows(tmp_path / "open" / "test-all.csv")] == photos
    assert {row["category"] for row in read_rows(tmp_path / "open" / "test-all.csv")} == {"Clothing"}


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("column", "lacks the column open_licence"),
        ("photo", "is missing"),
        ("place", "is not in the folder of"),
    ],
)
def test_a_feed_that_does_not_tell_is_refused(tmp_path: Path, spoilt: str, said: str) -> None:
    columns = COLUMNS[:-1] if spoilt == "column" else COLUMNS
    all_ = feed(tmp_path / "all", ("Shoes", "walks", "MIT"), columns=columns)
    if spoilt == "photo":
        (tmp_path / "all" / "photos" / "0.jpg").unlink()
    if spoilt == "place":
        all_.write_text(all_.read_text().replace("photos/0.jpg", "../0.jpg"))
        (tmp_path / "0.jpg").write_bytes(b"not of the feed")
    done = CliRunner().invoke(main, ["licensed", str(all_), "--out", str(tmp_path / "open")])
    assert done.exit_code == 1
    assert said in done.output
