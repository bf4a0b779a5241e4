"""What there is, at a glance, whatever of it exists."""

import json
import sqlite3

import pytest
from tiny_shop import CATEGORIES, PRODUCTS_A_CATEGORY, write_config

from imgrec.catalogue.importing import import_feed
from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.database import utc_now
from imgrec.errors import ImgrecError
from imgrec.log.schema import KindOfQuery, Outcome
from imgrec.log.writer import LogWriter, QueryRecord
from imgrec.status import read_status


def status_of(config):
    return read_status(load_config(config, {}))


def test_where_nothing_is_yet_every_part_says_how_to_get_it(tmp_path):
    status = status_of(write_config(tmp_path))
    shown = status.as_json()
    assert {part: value for part, value in shown["catalogue"].items() if part != "problem"} == {
        "products": 0, "with_photo": 0, "categories": {},
    }  # fmt: skip
    assert {part: value for part, value in shown["log"].items() if part != "problem"} == {
        "queries": 0,
        "votes": 0,
        "oldest_utc": None,
    }
    ways_out = {
        "catalogue": "imgrec import", "model": "imgrec models make imagenet", "index": "imgrec index",
        "log": "python -m bot",
    }  # fmt: skip
    words = status.in_words()
    for part, command in ways_out.items():
        assert command in shown[part]["problem"]
        assert words[part] == [shown[part]["problem"]]
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize(
    ("categories", "said", "counted"),
    [
        (["Balls", "Boxes", "Balls"], "categories (2): Balls 2, Boxes 1", {"Balls": 2, "Boxes": 1}),
        (["Balls", "", "Boxes", ""], "categories (2): Balls 1, Boxes 1; without one: 2", {"Balls": 1, "Boxes": 1}),
        (["", ""], "no categories", {}),
    ],
)
def test_products_without_a_category_are_counted_and_no_category_is_made_of_them(tmp_path, categories, said, counted):
    config, feed = write_config(tmp_path), tmp_path / "feed.csv"
    rows = [f"{number},,{name},https://shop.example/{number}.jpg" for number, name in enumerate(categories)]
    feed.write_text("\n".join(["id,title,category,image", *rows, ""]))
    with Catalogue.open(load_config(config, {}).catalogue) as catalogue:
        import_feed(catalogue, feed, "shop", tmp_path / "rejects.csv")
    status = status_of(config)
    assert said in status.in_words()["catalogue"]
    shown = status.as_json()["catalogue"]
    assert (shown["products"], shown["categories"]) == (len(categories), counted)


async def test_a_whole_shop_is_counted(own_shop):
    log = await LogWriter.open(own_shop.folder / "log.db")
    query, oldest = 1, utc_now()
    for number in (query, 2):
        asked = QueryRecord(id=number, asked_utc=oldest, kind=KindOfQuery.PHOTO, outcome=Outcome.ANSWERED)
        await log.record(asked, 1, 1)
    await log.vote(query, 0, 1, 1, 1)
    await log.close()
    status = status_of(own_shop.config)
    shown = status.as_json()
    everything = len(CATEGORIES) * PRODUCTS_A_CATEGORY
    assert shown["catalogue"] == {
        "products": everything, "with_photo": everything, "retired": 0, "photos": {"stored": everything},
        "categories": dict.fromkeys(sorted(CATEGORIES), PRODUCTS_A_CATEGORY),
    }  # fmt: skip
    assert (shown["model"]["name"], sorted(shown["model"]["labels"])) == ("tiny", sorted(CATEGORIES))
    assert (shown["index"]["photos"], shown["index"]["of_present_model"]) == (everything, True)
    assert shown["index"]["model_sha256"] == shown["model"]["sha256"]
    assert shown["log"] == {"queries": 2, "votes": 1, "oldest_utc": oldest}
    assert json.loads(json.dumps(shown)) == shown
    assert status.in_words()["log"] == [
        "2 queries, 1 vote",
        f"the oldest query is of {oldest[:10]}; kept for 365 days (privacy.retention_days)",
    ]


def test_what_is_damaged_is_named_and_the_rest_still_shown(own_shop):
    pointed = (own_shop.folder / "index" / "CURRENT").read_text().strip()
    (own_shop.folder / "index" / pointed / "index.json").write_text("{}")
    next((own_shop.folder / "models").glob("*/model.yaml")).write_text("name: other")
    (own_shop.folder / "log.db").write_bytes(b"no database" * 100)
    with sqlite3.connect(own_shop.folder / "catalogue.db") as connection:
        connection.execute("UPDATE products SET retired_utc = '2025-01-01T00:00:00.000Z' WHERE id = 1")
    connection.close()
    status = status_of(own_shop.config)
    assert not isinstance(status.catalogue, ImgrecError)
    assert status.catalogue.retired == 1
    assert "imgrec index --rebuild" in str(status.index)
    assert "differs from its sum" in str(status.model)
    assert "not a database" in str(status.log)


def test_an_index_of_another_model_is_said_to_be_so(own_shop):
    pointed = (own_shop.folder / "index" / "CURRENT").read_text().strip()
    record = own_shop.folder / "index" / pointed / "index.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "model_sha256": "0" * 64}))
    status = status_of(own_shop.config)
    assert status.as_json()["index"]["of_present_model"] is False
    assert "names another model" in " ".join(status.in_words()["index"])
