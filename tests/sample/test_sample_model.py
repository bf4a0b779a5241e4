"""The model that ships does what is said of it, on the sample shop and on nothing else."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from csv_rows import read_rows

from imgrec.vision.eye import ALIKE
from imgrec.vision.model_folder import open_model
from sample import shop
from sample.design import nearest
from sample.shelves import shelved
from sample.shop import CUSTOMER_COLUMNS, write_csv

ROOT = Path(__file__).resolve().parents[2]
SHOP, MODEL, EYE = ROOT / "sample", ROOT / "models" / "sample", ROOT / "models" / "imagenet"
DEPARTMENT_RIGHT, KIND_IN_FIRST_3, PRODUCT_FIRST = 0.98, 0.98, 0.86
REAL_DEPARTMENT_RIGHT, REAL_KIND_IN_FIRST_3 = 0.97, 0.74
SHOWN_RIGHT, SHOWN_THREE = 0.70, 0.80  # what the threshold promises, and that it is not kept by showing nothing


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `imgrec evaluate search` says of customers, after the feed was imported and indexed: rendered and real."""
    folder = tmp_path_factory.mktemp("sample")
    config = folder / "config.yaml"
    config.write_text(
        yaml.safe_dump(
            {"catalogue": {"path": "catalogue.db", "photos": "photos"}, "index": {"path": "index"},
             "log": {"path": "log.db"}, "model": {"path": str(MODEL)}}
        )
    )  # fmt: skip

    def imgrec(*arguments: str) -> str:
        command = [sys.executable, "-m", "imgrec", *arguments, "--config", str(config)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    imgrec("import", str(SHOP / "products.csv"))
    imgrec("index")
    figures = {}
    for shelf, sent in customers().items():
        queries = folder / f"{shelf}.csv"
        write_csv(queries, CUSTOMER_COLUMNS, ((str(SHOP / row["photo"]), *list(row.values())[1:]) for row in sent))
        figures[shelf] = json.loads(imgrec("evaluate", "search", "--queries", str(queries), "--json"))
    return figures


def customers() -> dict[str, list[dict[str, str]]]:
    """What customers sent, of the rendered and of the real shelves."""
    real = {one.photo for one in shelved()}
    rows = read_rows(SHOP / "customer.csv")
    return {
        "rendered": [row for row in rows if row["photo"] not in real],
        "real": [row for row in rows if row["photo"] in real],
    }


def test_customers_of_what_is_rendered_find_department_kind_and_product(answers: dict[str, dict[str, Any]]) -> None:
    rendered = answers["rendered"]
    assert rendered["queries"] == len(customers()["rendered"])
    assert rendered["unreadable"] == 0
    assert rendered["category_accuracy"]["share"] >= DEPARTMENT_RIGHT
    assert rendered["kind_in_first"]["3"]["share"] >= KIND_IN_FIRST_3
    assert rendered["product_first"]["share"] >= PRODUCT_FIRST
    assert rendered["shown_right"]["share"] >= SHOWN_RIGHT
    assert rendered["shown_three"]["share"] >= SHOWN_THREE


def test_customers_of_the_real_shelves_find_department_and_kind(answers: dict[str, dict[str, Any]]) -> None:
    real = answers["real"]
    assert (real["queries"], real["unreadable"]) == (len(customers()["real"]), 0)
    assert real["category_accuracy"]["share"] >= REAL_DEPARTMENT_RIGHT
    assert real["kind_in_first"]["3"]["share"] >= REAL_KIND_IN_FIRST_3


def test_the_shop_is_the_one_the_generator_makes_and_after_it_come_the_real_shelves() -> None:
    """Titles, prices and splits; the photos themselves take half an hour."""
    made = shop.catalogue(seed=1)
    on_sale = [one for one in shelved() if not one.is_customers]
    rows = read_rows(SHOP / "products.csv")
    assert [tuple(row.values()) for row in rows] == [one.row() for one in (*made, *on_sale)]
    assert sorted(product.image for product in made) == sorted(
        f"photos/{file.name}" for file in SHOP.glob("photos/*.jpg")
    )
    theirs = {photo for product in made for photo in product.customer_photos}
    assert {row["photo"] for row in customers()["rendered"]} == theirs
    assert {f"customer/{file.name}" for file in SHOP.glob("customer/*.jpg")} == theirs


def test_the_rendered_shop_has_what_a_shop_needs() -> None:
    rows = [row for row in read_rows(SHOP / "products.csv") if row["image"].startswith("photos/")]
    departments = Counter(row["category"] for row in rows)
    assert len(departments) == 20
    assert set(departments.values()) == {20}
    assert len({row["kind"] for row in rows}) >= 45
    tests = [row for row in rows if row["split"] == "test"]
    assert len(tests) >= 60
    assert {row["category"] for row in tests} == set(departments)
    assert {row["kind"] for row in tests} == {row["kind"] for row in rows}


def test_shop_and_model_are_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in SHOP.rglob("*") if file.is_file()) <= 16_000_000
    assert sum(file.stat().st_size for file in MODEL.iterdir()) <= 16_000_000


def test_no_two_products_look_the_same() -> None:
    made = shop.catalogue(seed=1)
    for product in made:
        if product.split == "test":
            others = [
                other.design for other in made if other is not product and other.design.kind is product.design.kind
            ]
            assert nearest(product.design, others) > 0.3, product.id


def test_the_card_says_what_the_model_is() -> None:
    card = (MODEL / "README.md").read_text(encoding="utf-8")
    model = open_model(MODEL)
    metrics = json.loads((MODEL / "metrics.json").read_text(encoding="utf-8"))
    assert model.settings.feature.layers == ("block4", "embedding")
    for split in ("train", "validation", "test"):
        assert f"{metrics['accuracy'][split]:.1%}".replace("%", " %") in card, split
    for said in (
        "CC-BY-4.0",
        "CC0-1.0",
        "MIT",
        "Caltech 101",
        "Karen Simonyan and Andrew Zisserman",
        "imgrec train",
        "SHA256SUMS",
    ):
        assert said in card, said


def test_the_eye_that_ships_is_what_it_says_and_gives_credit() -> None:
    model = open_model(EYE)
    assert (model.settings.labels, model.settings.preprocessing.side_px) == ((), 128)
    assert (model.settings.feature.layers, model.settings.feature.dim) == (("block4", "block5"), 1024)
    assert model.settings.alike["bfloat16"] >= ALIKE
    sizes = [sum(file.stat().st_size for file in folder.iterdir()) for folder in (EYE, MODEL)]
    assert max(sizes) <= 16_000_000
    assert sum(sizes) <= 32_000_000
    card = " ".join((EYE / "README.md").read_text(encoding="utf-8").split())
    for said in ("Karen Simonyan and Andrew Zisserman", "Visual Geometry Group", "Oxford", "CC BY 4.0"):
        assert said in card
