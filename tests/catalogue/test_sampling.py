"""The study's sample: uniform, the same for a seed, drawn in one pass, and all that is on sale of its sources."""

import tracemalloc
from collections import Counter

import pytest

from imgrec.catalogue.feed import FeedRow, Reason
from imgrec.catalogue.importing import FeedPart, ImportOptions, import_feeds
from imgrec.catalogue.sampling import Drawn, Sample
from imgrec.errors import FeedError


def draw(ids: list[str], per_category: int, seed: int, category: str = "Toys") -> list[str]:
    sample = Sample(per_category, seed)
    for line, id_ in enumerate(ids):
        sample.offer(Drawn(0, line, FeedRow(id_, "x", category, "x.jpg")))
    return [drawn.row.id for drawn in sample.drawn()]


IDS = [f"B{number:05}" for number in range(200)]


def test_a_sample_has_its_size_and_is_the_same_for_a_seed_in_any_order():
    first = draw(IDS, 50, 1)
    assert len(first) == len(set(first)) == 50
    assert set(draw(IDS[::-1], 50, 1)) == set(first)
    assert set(draw(IDS, 50, 2)) != set(first)
    assert draw(IDS, 500, 1) == IDS
    assert len(set(first) & set(draw(IDS, 25, 1))) == 25  # a smaller one is part of it


def test_every_product_is_drawn_with_the_same_probability():
    draws, size = 400, 20
    counts = Counter(id_ for seed in range(draws) for id_ in draw(IDS, size, seed))
    expected = draws * size / len(IDS)
    variance = expected * (1 - size / len(IDS))
    chi_squared = sum((counts[id_] - expected) ** 2 / variance for id_ in IDS) * (len(IDS) - 1) / len(IDS)
    assert 137 < chi_squared < 274  # 199 degrees of freedom: 99.95 % of fair samplers lie here
    by_place = [sum(counts[id_] for id_ in IDS[start : start + 50]) for start in range(0, 200, 50)]
    assert max(by_place) - min(by_place) < 5 * (50 * variance) ** 0.5


def test_categories_are_sampled_apart_and_an_id_counts_once_in_each():
    sample = Sample(2, 0)
    for part in range(2):
        for line, category in enumerate(["Toys", "Books", "Toys", "Toys"]):
            sample.offer(Drawn(part, line, FeedRow(str(line), "x", category, "x.jpg")))
    assert len(sample) == 3
    assert Counter(drawn.row.category for drawn in sample.drawn()) == {"Toys": 2, "Books": 1}
    assert all(drawn.part == 0 for drawn in sample.drawn())


def test_products_without_a_category_are_drawn_as_those_of_one(market):
    feed = market.feed(*map(row, range(30)), *(row(number, category="") for number in range(30, 60)))
    assert market.take(feed, per_category=10, seed=7).imported == 30
    counts = market.catalogue.counts()
    assert (counts.categories, counts.uncategorised) == ({"A": 10, "B": 10}, 10)


def test_memory_is_that_of_the_sample_however_many_products_there_are():
    def peak(count: int) -> int:
        tracemalloc.start()
        sample = Sample(20, 0)
        for line in range(count):
            sample.offer(Drawn(0, line, FeedRow(str(line), "x", "Toys", "x.jpg")))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(20_000) < 1.5 * peak(1_000)


def row(number: int, **fields: str) -> dict[str, str]:
    return {"id": f"{number}", "image": f"https://shop.example/{number}.jpg", "category": "AB"[number % 2]} | fields


def test_what_is_not_sampled_is_counted_and_the_same_seed_changes_nothing(market):
    feed = market.feed(*map(row, range(60)), row(60, title=""), row(61, image=""), row(5))
    report = market.take(feed, per_category=10, seed=7)
    assert report.rejected == {Reason.NOT_SAMPLED: 41, Reason.MISSING_IMAGE: 1, Reason.DUPLICATE_ID: 1}
    assert (report.read, report.imported) == (63, 20)
    assert "41 left out (41 not_sampled)" in report.in_words()
    assert market.catalogue.counts().categories == {"A": 10, "B": 10}
    assert "60" not in market.on_sale()  # it has no title
    assert "not_sampled" not in market.rejects.read_text()
    first = market.on_sale()
    again = market.take(feed, per_category=10, seed=7)
    assert (again.imported, again.unchanged, again.retired) == (0, 20, 0)
    assert market.on_sale() == first


def test_on_sale_is_the_sample_and_nothing_else_of_its_source(market):
    market.bring_in(row(0), source="elsewhere")
    feed = market.feed(*map(row, range(60)))
    assert market.take(feed).imported == 60
    sampled = market.take(feed, per_category=5, seed=1)
    assert (sampled.unchanged, sampled.imported, sampled.retired) == (10, 0, 50)
    other = market.take(feed, per_category=5, seed=2)
    assert other.imported == other.retired > 0
    whole = market.take(feed)
    assert (whole.imported, whole.unchanged, whole.retired) == (50, 10, 0)
    assert len(market.catalogue.products_by_feed_id("0")) == 2


def parts(market, *files):
    return [FeedPart(file, source, market.rejects) for file, source in files]


def test_a_sample_is_drawn_over_all_the_feeds_of_a_command(market):
    whole = market.feed(*map(row, range(60)), name="whole.csv")
    pieces = [
        market.feed(*map(row, range(begin, begin + 20)), name=f"{begin}.csv") for begin in (0, 20, 40)
    ]  # fmt: skip
    options = ImportOptions(per_category=10, seed=3)
    [report] = import_feeds(market.catalogue, parts(market, (whole, "whole")), None, options)
    assert report.imported == 20
    reports = import_feeds(market.catalogue, parts(market, *((piece, "whole") for piece in pieces)), None, options)
    assert [sum(getattr(report, name) for report in reports) for name in ("imported", "unchanged", "retired")] == [
        0,
        20,
        0,
    ]
    assert [report.read for report in reports] == [20, 20, 20]
    for each in reports:
        assert each.read == each.unchanged + each.rejected.total()
    apart = import_feeds(market.catalogue, parts(market, *((piece, piece.name) for piece in pieces)), None, options)
    assert sum(report.imported for report in apart) == 20


def test_parts_of_one_source_do_not_retire_each_other_and_share_their_ids(market):
    files = [market.feed(*map(row, numbers), name=f"{n}.csv") for n, numbers in enumerate(((1, 2, 3), (3, 4)))]
    market.bring_in(row(9), source="both")
    first, second = import_feeds(market.catalogue, parts(market, *((file, "both") for file in files)))
    assert (first.imported, first.retired) == (3, 0)
    assert (second.imported, second.rejected, second.retired) == (1, {Reason.DUPLICATE_ID: 1}, 1)
    assert market.on_sale() == {"1", "2", "3", "4"}


def test_nothing_to_draw_from_is_an_error_and_retires_nothing(market):
    market.bring_in(row(1))
    with pytest.raises(FeedError, match="nothing that a sample could be drawn from among 2"):
        market.take(market.feed(row(2, title=""), row(3, image="")), per_category=5)
    assert market.on_sale() == {"1"}


def test_a_feed_that_breaks_off_is_not_sampled_at_all(market):
    market.bring_in(row(1))
    feed = market.feed(row(2), row(3))
    with feed.open("a") as stream:
        stream.write('5,"never closed')
    with pytest.raises(FeedError, match="begins at line 4"):
        market.take(feed, per_category=5)
    assert market.on_sale() == {"1"}
