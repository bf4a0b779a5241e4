"""No feed wrecks the catalogue: one that lacks too much retires nothing, and one that was interrupted is told of."""

import pytest
from watched import Watched

from imgrec.catalogue.importing import import_feed
from imgrec.catalogue.safeguards import is_too_much


def rows(*numbers: int) -> list[dict[str, str]]:
    return [{"id": f"{number}", "image": f"https://shop.example/{number}.jpg"} for number in numbers]


@pytest.mark.parametrize(
    ("retiring", "on_sale", "too_much"), [(5, 5, False), (6, 30, False), (6, 29, True), (0, 0, False), (21, 100, True)]
)
def test_a_handful_or_a_fifth_may_go_and_more_may_not(retiring, on_sale, too_much):
    assert is_too_much(retiring, on_sale) is too_much


def test_a_feed_cut_off_at_a_line_end_retires_nothing_and_what_is_new_in_it_is_in(market):
    market.bring_in(*rows(*range(40)))
    report = market.bring_in(*rows(*range(30), 99))
    assert (report.imported, report.unchanged, report.retired, report.not_retired) == (1, 30, 0, 10)
    assert report.as_json()["not_retired"] == 10
    assert market.on_sale() == {str(n) for n in (*range(40), 99)}
    assert any(": 10 of the 40 products" in line and "--retire" in line for line in market.said)


def test_what_is_really_gone_is_retired_when_that_is_said(market):
    market.bring_in(*rows(*range(40)))
    report = market.bring_in(*rows(*range(30)), retire=True)
    assert (report.retired, report.not_retired) == (10, 0)
    assert "not_retired" not in report.as_json()
    assert len(market.on_sale()) == 30


def test_a_feed_of_nothing_but_new_ids_does_not_have_its_way_when_it_comes_again(market):
    market.bring_in(*rows(*range(10)))
    for _ in range(3):
        assert market.bring_in(*rows(*range(100, 200))).not_retired == 10
    assert len(market.on_sale()) == 110
    assert market.bring_in(*rows(*range(100, 200)), retire=True).retired == 10
    assert market.bring_in(*rows(*range(100, 180))).retired == 20


def test_a_sample_retires_what_it_leaves_out_but_not_what_its_feed_has_lost(market):
    feed = market.feed(*rows(*range(40)))
    market.take(feed)
    assert market.take(feed, per_category=5).retired == 35
    market.take(feed)
    assert market.take(market.feed(*rows(*range(20))), per_category=5).not_retired == 20


def test_an_import_that_is_interrupted_says_what_is_in_and_the_next_one_that_it_goes_on(market):
    market.bring_in(*rows(*range(10)))
    feed = market.feed(*rows(*range(5, 500)))

    def stop(done: int, note: str) -> None:
        raise KeyboardInterrupt

    watched = Watched(stop)
    with pytest.raises(KeyboardInterrupt):
        import_feed(market.catalogue, feed, "market", market.rejects, watched)
    assert watched.said == ["Interrupted: 195 products of 'market' are in, new or changed; none was retired."]
    assert len(market.on_sale()) == 205
    assert market.take(feed).retired == 5
    assert "was cut short; this one goes on" in market.said[0]
    market.take(feed)
    assert not any("cut short" in line for line in market.said)
