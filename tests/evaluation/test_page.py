"""The page is whole: nothing is fetched, every figure is there, and feed text stays text."""

import base64
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from PIL import Image
from tiny_shop import Shop

from imgrec.errors import ReportError
from imgrec.evaluation import page as module
from imgrec.evaluation.as_json import as_json
from imgrec.evaluation.page import percent, points, some_thresholds, span, write_page
from imgrec.evaluation.sheets import sheet_of
from imgrec.progress import Silent

VOID = {"meta", "img", "br", "link", "input", "hr", "use", "path"}


class Page(HTMLParser):
    """The page's text, elements, links and data, and whether its elements close in order."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.text, self.links, self.ids, self.elements, self.open = [], [], [], [], []
        self.data = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        named = dict(attributes)
        self.links += [value for name, value in attributes if name in {"src", "href", "xlink:href", "srcset", "action"}]
        if "id" in named:
            self.ids.append(named["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.data += data
        elif not self.open or self.open[-1] != "style":
            self.text.append(data)


@pytest.fixture(scope="module")
def page(evaluated, evaluated_catalogue, tmp_path_factory) -> tuple[str, Page]:
    pytest.importorskip("matplotlib")
    file = tmp_path_factory.mktemp("page") / "report.html"
    write_page(file, *evaluated, evaluated_catalogue, Silent())
    content = file.read_text(encoding="utf-8")
    return content, Page(content)


def test_the_page_asks_for_nothing_from_anywhere(page):
    content, parsed = page
    assert parsed.open == []
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in parsed.links)
    assert "link" not in parsed.elements
    assert "iframe" not in parsed.elements
    assert not re.search(r"https?://|@import|url\((?!#)", content.replace("https://shop.example", ""))


def test_every_anchor_and_reference_leads_somewhere_and_no_id_is_used_twice(page):
    content, parsed = page
    wanted = {link[1:] for link in parsed.links if link.startswith("#")} | set(re.findall(r"url\(#([^)]+)\)", content))
    assert len(wanted) > 10
    assert wanted <= set(parsed.ids)
    assert {"overview", "comparison", "recognition", "retrieval", "thresholds", "best"} <= wanted


def test_it_holds_the_report_as_json_and_its_figures_in_sight(page, evaluated):
    report, _ = evaluated
    _, parsed = page
    assert json.loads(parsed.data) == json.loads(json.dumps(as_json(report)))
    text = " ".join(" ".join(parsed.text).split())
    for model in report.models:
        assert model.name in text
        for split in model.recognition.values():
            for figure in (split.top1, split.top3):
                assert f"{percent(figure)} {span(figure)}" in text
            assert f"{split.loss.value:.3f}" in text
            assert all(str(count) in text for row in split.confusion for count in row)
            assert all(percent(one.f1) in text for one in split.by_category.values())
        for way in model.retrieval.ways:
            assert all(f"{percent(figure)} {span(figure)}" in text for figure in way.figures.values())
        for curve in model.retrieval.thresholds.values():
            for point in some_thresholds(curve):
                assert percent(point.precision) in text
                assert percent(point.answered) in text
        for found in model.retrieval.by_category.values():
            assert all(percent(figure) in text for name, figure in found.figures.items() if name != "MRR@10")
        for one in model.retrieval.differences:
            assert points(one.estimate) in text
    for comparison in report.comparisons:
        assert f"{comparison.this} less {comparison.baseline}" in text
        for one in comparison.differences:
            assert (f"{one.estimate.value:.3f}" if one.figure.endswith("loss") else points(one.estimate)) in text


def test_pictures_are_small_jpegs_and_plots_take_the_pages_colours(page):
    content, parsed = page
    pictures = [link for link in parsed.links if link.startswith("data:")]
    assert len(pictures) > 20
    for picture in pictures[:3]:
        image = Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2])))
        assert image.format == "JPEG"
        assert max(image.size) <= 128
    assert parsed.elements.count("svg") >= 20
    assert "currentColor" in content
    assert not re.search(r"#010203|#040506", content)


def test_text_from_the_feed_is_shown_as_it_is(page):
    content, parsed = page
    assert "<b>bold" not in content
    assert "Tents &amp; Co" in content
    assert any("Tents & Co" in text for text in parsed.text)


def test_the_best_and_worst_queries_are_marked_as_they_were_judged(evaluated, evaluated_catalogue):
    _, runs = evaluated
    for run in runs:
        sheet = sheet_of(run, evaluated_catalogue)
        best, worst = ([row.average_precision for row in rows] for rows in (sheet.best, sheet.worst))
        assert max(worst, default=0) <= max(best)
        assert len({row.query.category for row in sheet.best}) == 3
        for row in [*sheet.best, *sheet.worst]:
            assert row.query.verdict == "query"
            for match in row.matches:
                same = (match.category, match.kind) == (row.query.category, row.query.kind)
                assert match.verdict == ("right" if same else "wrong")
                assert match.picture


def test_the_same_report_makes_the_same_plots(evaluated):
    plots = pytest.importorskip("imgrec.evaluation.plots")
    model = evaluated[0].models[0]
    drawn = [plots.pairs(model.retrieval, "x") for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith("<svg")


def test_figures_are_written_as_people_read_them():
    from imgrec.figures import Estimate, Share

    estimate = Estimate(0.7641, -0.0123, 0.798, 9)
    assert (percent(estimate), percent(None), percent(Share(0, 0))) == ("76.4 %", "–", "–")
    assert (points(estimate), points(Estimate(-0.01, None, None, 0))) == ("+76.4", "−1.0")
    assert span(estimate) == "-1.2–79.8"
    assert module.points_span(estimate) == "−1.2 to +79.8"
    assert module.points_span(Estimate(None, None, None, 0)) == span(Share(0, 0)) == ""


def test_without_the_packages_of_the_extra_the_page_is_refused_and_the_figures_are_not(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_PACKAGES", ("no_such_package",))
    with pytest.raises(ReportError, match=r"no_such_package.*pip install 'imgrec\[report\]'.*leave out --html"):
        write_page(tmp_path / "x.html", None, [], None, Silent())


def test_figures_alone_load_neither_keras_nor_the_packages_of_the_page(two_models: Shop):
    code = (
        "import sys; from imgrec.cli import main\n"
        "main(['evaluate', 'model', 'narrow', '--json'], standalone_mode=False)\n"
        "print(sorted({'keras', 'tensorflow', 'nncf', 'matplotlib', 'jinja2'} & set(sys.modules)), file=sys.stderr)"
    )
    environment = {**os.environ, "IMGREC_CONFIG": str(two_models.config)}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "[]"
    figures = json.loads(ran.stdout)
    assert [model["name"] for model in figures["models"]] == ["narrow"]
    assert figures["models"][0]["recognition"]["test"]["top1"].keys() == {"value", "low", "high", "count"}
