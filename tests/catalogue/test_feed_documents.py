"""docs/feeds.md tells of every format, reason and department, and what it says of prices is so."""

import re
from pathlib import Path

import pytest

from imgrec.catalogue.departments import DEPARTMENTS, department_named
from imgrec.catalogue.feed import Reason
from imgrec.catalogue.formats.detect import FORMATS
from imgrec.catalogue.prices import read_price
from imgrec.catalogue.rejects import FIXES
from imgrec.commands.catalogue import import_
from imgrec.commands.search import search

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "feeds.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of a page's tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_reason_is_explained_and_none_that_does_not_exist():
    explained = [row[0].strip("`") for row in rows(section("What is not imported, and why"))]
    assert sorted(explained) == sorted(Reason)


def test_what_to_do_is_what_the_import_says():
    told = {row[0].strip("`"): row[2] for row in rows(section("What is not imported, and why"))}
    assert told == FIXES


def test_every_format_is_told_of():
    told = [row[0].strip("`") for row in rows(PAGE.partition("\n## ")[0])]
    assert told == list(FORMATS)


def test_every_department_is_told_with_names_that_lead_to_it():
    told = {row[0]: row[1] for row in rows(section("Departments"))}
    assert sorted(told) == sorted(DEPARTMENTS)
    for department, names in DEPARTMENTS.items():
        for name in names:
            assert name in told[department] or name in (department, "Fashion", "Computers & Accessories"), name
            assert department_named(name) == department


@pytest.mark.parametrize("row", rows(section("Prices")), ids=lambda row: row[0])
def test_prices_are_read_as_the_table_says(row):
    texts, price, _ = row
    for text in re.findall(r"`([^`]+)`", texts):
        assert (read_price(text).amount or "none") == price.partition(",")[0], text
        assert ("counted" in price) == (read_price(text).unreadable is not None), text


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert links
    assert all((DOCS / link).exists() for link in links)


def test_the_options_it_names_exist():
    parameters = [*import_.params, *search.params]
    options = {option for parameter in parameters for option in parameter.opts}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= options
