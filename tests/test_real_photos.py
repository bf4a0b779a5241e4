"""On real product photos, where IMGREC_REAL_PHOTOS names a folder with a `products.csv` of them."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from csv_rows import read_rows
from tiny_shop import Shop, write_config


@pytest.fixture(scope="module")
def feed() -> Path:
    folder = os.environ.get("IMGREC_REAL_PHOTOS")
    if not folder or not (Path(folder) / "products.csv").is_file():
        pytest.skip("IMGREC_REAL_PHOTOS names no folder with a products.csv of real photos")
    return Path(folder) / "products.csv"


def test_every_row_of_a_real_feed_goes_in_once_with_its_photo(feed: Path, tmp_path: Path) -> None:
    rows = read_rows(feed)
    shop = Shop(tmp_path, feed, write_config(tmp_path))
    first = shop.json("import", feed)
    again = shop.json("import", feed)
    assert first == {"read": len(rows), "imported": len(rows), "unchanged": 0, "rejected": {}}
    assert again == {"read": len(rows), "imported": 0, "unchanged": len(rows), "rejected": {}}

    status = shop.json("status")["catalogue"]
    assert status["products"] == status["with_photo"] == len(rows)
    assert status["categories"].keys() == {row["category"] for row in rows}
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as catalogue:
        titles = dict(catalogue.execute("SELECT external_id, title FROM products"))
        sides = catalogue.execute("SELECT max(min(width_px, height_px)) FROM photos").fetchone()
    assert {row["id"]: " ".join(row["title"].split()) or None for row in rows} == titles
    assert sides[0] <= 512
