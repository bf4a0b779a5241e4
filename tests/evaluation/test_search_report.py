"""Figures of the search on photos whose truth is known, on the small shop."""

import csv
from dataclasses import replace

import pytest
from csv_rows import read_rows
from tiny_shop import COLOURS, PRODUCTS_A_CATEGORY, draw_product, jpeg, write_config

from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.errors import FeedError
from imgrec.evaluation.confidence import Confidence
from imgrec.evaluation.search_report import TruthRow, confidence_in_strangers, read_queries, report_on_search
from imgrec.figures import Share
from imgrec.progress import Silent
from imgrec.search.answer import Answer, Candidate
from imgrec.search.serving import Serving


@pytest.fixture
def ask(shop):
    """Report on query rows, as the command does."""

    def report(*rows: TruthRow, exclude_own: bool = False, at=shop):
        with Serving.open(load_config(at.config, {})) as serving:
            return report_on_search(serving, rows, exclude_own, 0, Silent())

    return report


def configure(shop, **search) -> None:
    write_config(shop.folder, search=search)


def own_photos(shop) -> list[TruthRow]:
    return [
        TruthRow(shop.folder / row["image"], row["category"], row["kind"], row["id"]) for row in read_rows(shop.feed)
    ]


def test_photos_of_the_catalogue_find_themselves_first_wherever_their_category_is_searched(shop, ask):
    rows = own_photos(shop)
    report = ask(*rows)
    assert (report.queries, report.unreadable) == (3 * PRODUCTS_A_CATEGORY, 0)
    assert report.product_first == Share(report.category_in_scope.hits, len(rows))
    assert report.kind_in_first[1].hits >= report.product_first.hits
    assert report.kind_in_first[1].hits <= report.kind_in_first[3].hits <= report.kind_in_first[10].hits
    assert report.kind_in_first == report.kind_in_first_held
    assert report.category_right.hits <= report.category_in_scope.hits
    assert report.category_in_first_3 == Share(len(rows), len(rows))  # of three
    assert report.shown_three.hits <= report.answered.hits
    assert report.category_in_scope.hits > 0


def test_each_figure_counts_only_queries_whose_truth_it_needs(shop, ask, tmp_path):
    rows = own_photos(shop)
    (tmp_path / "broken.jpg").write_bytes(b"not an image")
    report = ask(
        TruthRow(rows[0].photo, "No such category", "No such kind", "no such product"),
        TruthRow(rows[0].photo, rows[0].category, None, None),
        TruthRow(rows[1].photo, rows[1].category, rows[1].kind, None),
        TruthRow(tmp_path / "broken.jpg", "Balls", "red", "1"),
        TruthRow(tmp_path / "absent.jpg", "Balls", "red", "1"),
    )
    assert (report.queries, report.unreadable) == (5, 2)
    assert (report.category_right.count, report.category_in_scope.count, report.answered.count) == (3, 3, 3)
    assert [share.count for share in report.kind_in_first.values()] == [2, 2, 2]
    assert [share.count for share in report.kind_in_first_held.values()] == [1, 1, 1]
    assert report.product_first == Share(0, 1)
    shown = report.as_json()
    assert list(shown["kind_in_first"]) == list(shown["kind_in_first_held"]) == ["1", "3", "10"]
    for name in ("category_accuracy", "product_first", "answered", "shown_right", "shown_three", "category_in_first_3"):
        assert list(shown[name]) == ["hits", "count", "share", "low", "high"]


def test_only_unreadable_queries_give_shares_of_nothing(ask, tmp_path):
    report = ask(TruthRow(tmp_path / "absent.jpg", "Balls", None, None))
    assert report.category_right.as_json()["share"] is None
    assert report.shown_right.as_json()["share"] is None
    assert report.unreadable == 1


def test_confidence_is_told_with_the_doubt_and_without_it_where_categories_are_told_apart():
    def said(probability: float, sold: float) -> Answer:
        return Answer(None, Candidate("Toys", probability * sold), (), (), 0.0, (), None, (), sold)

    nothing_told = Answer(None, None, (), (), 0.0, (), None)
    told = Confidence.of([said(0.9, 1.0), said(0.9, 0.6), said(0.9, 0.3), said(0.5, 1.0), nothing_told])
    assert (told.confident, told.undoubted, told.sold) == (Share(1, 4), Share(3, 4), Share(3, 4))
    assert list(told.as_json()) == ["confident", "undoubted", "sold"]


def test_strangers_are_asked_like_queries_and_unreadable_ones_left_out(shop, tmp_path):
    rows = [*own_photos(shop)[:2], TruthRow(tmp_path / "absent.jpg", None, None, None)]
    with Serving.open(load_config(shop.config, {})) as serving:
        asked = confidence_in_strangers(serving, rows, Silent())
    assert asked.confident.count == 2


def test_neither_the_own_product_nor_its_group_counts_as_a_match(own_shop, ask):
    feed = read_rows(own_shop.feed)
    twins = {"bal-000", "bal-004"}
    for row in feed:
        row["group"] = "twins" if row["id"] in twins else ""
        row["kind"] = "only these" if row["id"] in twins else row["kind"]
    with own_shop.feed.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(feed[0]))
        writer.writeheader()
        writer.writerows(feed)
    own_shop.bring_in()
    configure(own_shop, scoping="soft", scope_mass=1)  # all categories, whatever the model takes the photo for
    query = TruthRow(own_shop.folder / "photos/bal-000.jpg", "Balls", "only these", "bal-000")
    assert ask(query, at=own_shop).kind_in_first == {1: Share(1, 1), 3: Share(1, 1), 10: Share(1, 1)}
    without = ask(query, exclude_own=True, at=own_shop)
    assert without.kind_in_first == {1: Share(0, 1), 3: Share(0, 1), 10: Share(0, 1)}
    assert without.kind_in_first_held[10] == Share(0, 0)  # nothing else is of its kind
    assert ask(query, at=own_shop).kind_in_first_held[10] == Share(1, 1)
    assert without.product_first is None
    stranger = TruthRow(query.photo, "Balls", "only these", None)
    assert ask(stranger, exclude_own=True, at=own_shop).kind_in_first[1] == Share(1, 1)


def test_a_query_is_answered_when_its_best_match_reaches_the_threshold(own_shop, ask, tmp_path):
    (tmp_path / "new.jpg").write_bytes(jpeg(draw_product("Balls", next(iter(COLOURS)), 10_000)))
    rows = [own_photos(own_shop)[0], TruthRow(tmp_path / "new.jpg", "Balls", None, None)]
    answered = {}
    for threshold in (-1, 1):
        configure(own_shop, threshold=threshold)
        answered[threshold] = ask(*rows, at=own_shop).answered
    assert answered[-1] == Share(2, 2)
    assert answered[1].hits <= 1


def test_what_is_shown_is_counted_by_match_and_what_cannot_be_told_is_left_out(own_shop, ask):
    configure(own_shop, threshold=-1, results=4, scoping="hard")
    row = own_photos(own_shop)[0]
    report = ask(row, at=own_shop)
    assert (report.answered, report.shown_three, report.shown_right.count) == (Share(1, 1), Share(1, 1), 4)
    assert 1 <= report.shown_right.hits <= 4  # itself at least
    with Catalogue.open(load_config(own_shop.config, {}).catalogue) as catalogue, catalogue.connection:
        catalogue.connection.execute("UPDATE products SET kind = NULL WHERE external_id <> ?", (row.product_id,))
    alone = ask(row, at=own_shop)
    assert (alone.shown_right.hits, alone.shown_right.count) == (1, 1)
    configure(own_shop, threshold=1, results=4, scoping="hard")
    assert ask(row, at=own_shop).shown_three == Share(0, 1)


def test_where_categories_are_not_told_apart_there_are_no_figures_of_them(own_shop, ask):
    with Catalogue.open(load_config(own_shop.config, {}).catalogue) as catalogue, catalogue.connection:
        catalogue.connection.execute("UPDATE categories SET name = '' WHERE name = 'Balls'")
        catalogue.connection.execute("UPDATE products SET category_id = (SELECT id FROM categories WHERE name = '')")
    own_shop.index()
    report = ask(*(replace(row, category=None) for row in own_photos(own_shop)), at=own_shop)
    assert report.category_right == report.category_in_first_3 == report.category_in_scope == Share(0, 0)
    assert (report.head, report.scoping) == ("none", "all")
    assert report.product_first.value == 1
    assert report.kind_in_first[1].value == 1
    told = own_shop.imgrec("evaluate", "search", "--split", "test").stdout
    assert "none: categories are not told apart" in told


def test_a_query_file_is_read_relative_to_itself(tmp_path):
    file = tmp_path / "queries.csv"
    file.write_text(
        "\ufeffphoto,product_id,category,kind,more\na/1.jpg,7,Balls,,x\n2.jpg,,Boxes,red,\n3.jpg,,,,\n", "utf-8"
    )
    assert read_queries(file) == [
        TruthRow(tmp_path / "a/1.jpg", "Balls", None, "7"),
        TruthRow(tmp_path / "2.jpg", "Boxes", "red", None),
        TruthRow(tmp_path / "3.jpg", None, None, None),
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "lacks the column photo"),
        (b"photo,kind\n1.jpg,red\n", "lacks the column category"),
        (b"photo,category\n", "has no rows"),
        (b"category,photo\nBalls,1.jpg\nBalls\n", "line 3: it needs a photo, and a category"),
        (b"photo,category\n1.jpg\n", "line 2: it needs a photo, and a category"),
        (b"photo,category\n\xff.jpg,Balls\n", "cannot be read"),
    ],
)
def test_a_query_file_that_cannot_be_used_is_refused(tmp_path, content, complaint):
    (tmp_path / "queries.csv").write_bytes(content)
    with pytest.raises(FeedError, match=complaint):
        read_queries(tmp_path / "queries.csv")
    with pytest.raises(FeedError, match="cannot be read"):
        read_queries(tmp_path / "absent.csv")
