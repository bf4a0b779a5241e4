"""Figures of trained models on the small shop, held to what must be true of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny_shop import CATEGORIES, PRODUCTS_A_CATEGORY

from imgrec.catalogue.store import Catalogue
from imgrec.config import load_config
from imgrec.errors import CatalogueError, ModelError
from imgrec.evaluation.as_json import as_json
from imgrec.evaluation.model_report import report_on_models
from imgrec.evaluation.retrieval_report import COMPARED, PLAIN, SERVED, TRUE_CATEGORY
from imgrec.evaluation.serving import candidates
from imgrec.evaluation.split_report import report_on_split
from imgrec.figures import Share
from imgrec.progress import Silent
from imgrec.search.searcher import Searcher


def test_every_photo_of_every_split_is_recognised_once(evaluated):
    report, _ = evaluated
    assert sum(report.photos.values()) == len(CATEGORIES) * PRODUCTS_A_CATEGORY
    assert (report.unreadable, report.without_split) == (0, 0)
    for model in report.models:
        assert list(model.recognition) == ["train", "validation", "test"]
        for split, figures in model.recognition.items():
            confusion = np.array(figures.confusion)
            assert figures.photos == report.photos[split] == confusion.sum()
            assert figures.top1.value == pytest.approx(np.trace(confusion) / confusion.sum())
            assert figures.top1.low <= figures.top1.value <= figures.top1.high
            assert figures.top1.value <= figures.top3.value == 1  # of three categories
            assert sum(one.right.count for one in figures.confidence) == figures.photos
            assert sum(one.right.hits for one in figures.confidence) == np.trace(confusion)
            for number, (name, category) in enumerate(figures.by_category.items()):
                assert name == model.labels[number]
                assert category.recall == Share(int(confusion[number, number]), int(confusion[number].sum()))
        train, test = model.recognition["train"].top1.value, model.recognition["test"].top1.value
        assert model.gap.value == pytest.approx(train - test)
        assert model.gap.low <= model.gap.value <= model.gap.high


def test_the_fitted_temperature_has_the_least_loss_on_the_photos_it_was_fitted_on(evaluated):
    report, _ = evaluated
    tiny, sure = report.models
    curve = tiny.temperature_curve
    assert curve.loss[curve.temperature.index(tiny.temperature)] == pytest.approx(min(curve.loss), abs=1e-3)
    validation = tiny.recognition["validation"]
    assert validation.loss.value <= validation.uncalibrated_loss.value + 1e-6
    assert sure.recognition["validation"].loss.value > validation.loss.value  # too sure of itself
    assert sure.recognition["validation"].top1 == validation.top1  # temperature changes no order


def test_retrieval_has_every_way_to_search_and_marks_the_one_in_use(evaluated):
    report, _ = evaluated
    tiny, sure = (model.retrieval for model in report.models)
    assert [way.scoping for way in sure.ways] == ["hard", "soft", TRUE_CATEGORY] * 2
    assert [way.feature for way in sure.ways] == [SERVED] * 3 + [PLAIN] * 3
    assert [(way.feature, way.scoping) for way in sure.ways if way.as_served] == [(SERVED, "hard")]
    for figures in (tiny, sure):
        assert figures.judged == figures.queries == report.photos["test"]
        assert figures.products == len(CATEGORIES) * PRODUCTS_A_CATEGORY
        for way in figures.ways:
            values = {name: estimate.value for name, estimate in way.figures.items()}
            assert values["success@1"] == values["precision@1"] == values["recall@1"] == values["mAP@1"]
            assert values["success@1"] <= values["success@3"] <= values["success@5"] <= values["success@10"]
            assert values["mAP@10"] <= values["recall@10"] <= values["success@10"]
            assert values["success@1"] <= values["MRR@10"] <= values["success@10"]
            assert all(one.low <= one.value <= one.high for one in way.figures.values())
        own = {way.scoping: way.own_category_searched.value for way in figures.ways}
        assert own["hard"] <= own["soft"] <= own[TRUE_CATEGORY] == 1
        assert sum(category.queries for category in figures.by_category.values()) == figures.judged
        served = next(way for way in figures.ways if way.as_served)
        weighted = [one.figures["mAP@10"].value * one.queries for one in figures.by_category.values()]
        assert sum(weighted) / figures.judged == pytest.approx(served.figures["mAP@10"].value)


def test_the_point_in_use_of_each_curve_is_the_threshold_in_use(evaluated):
    report, _ = evaluated
    for model in report.models:
        for curve in model.retrieval.thresholds.values():
            assert [point.threshold for point in curve if point.fitted] == [model.retrieval.served.threshold]
    assert report.models[1].retrieval.served.threshold == 0.5


def test_differences_are_those_of_the_figures_and_paired(evaluated):
    report, runs = evaluated
    [comparison] = report.comparisons
    assert (comparison.this, comparison.baseline) == ("sure", "tiny")
    differences = {one.figure: one.estimate for one in comparison.differences}
    assert set(COMPARED) <= set(differences)
    tiny, sure = report.models
    ways = [next(way for way in model.retrieval.ways if way.as_served) for model in (tiny, sure)]
    for figure in COMPARED:
        expected = ways[1].figures[figure].value - ways[0].figures[figure].value
        assert differences[figure].value == pytest.approx(expected, abs=1e-9)
    for split in ("train", "validation", "test"):
        assert differences[f"{split} top-1"].as_json() == {
            "value": 0,
            "low": 0,
            "high": 0,
            "count": report.photos[split],
        }
        expected = sure.recognition[split].loss.value - tiny.recognition[split].loss.value
        assert differences[f"{split} loss"].value == pytest.approx(expected)
    assert differences["train-test gap"].value == 0
    assert [photo.photo_id for photo in runs[0].queries] == [photo.photo_id for photo in runs[1].queries]


def test_the_same_seed_gives_the_same_report(evaluated, evaluated_config, evaluated_catalogue, two_models):
    report, _ = evaluated
    named = candidates(["tiny", "sure"], evaluated_config)
    again, _ = report_on_models(named, evaluated_catalogue, "test", two_models.folder / "cache", 0, Silent())
    assert as_json(again) == as_json(report)
    text = json.dumps(as_json(report))  # nothing in it that JSON does not know
    assert "NaN" not in text
    assert "Infinity" not in text


def test_a_split_asked_of_the_index_gives_the_figures_of_the_same_model(evaluated, two_models, evaluated_config):
    report, _ = evaluated
    with Searcher.open(evaluated_config) as searcher:
        figures, retrieval = report_on_split(searcher, "test", two_models.folder / "cache", 0, Silent())
    tiny = report.models[0]
    assert figures.category_right.value == pytest.approx(tiny.recognition["test"].top1.value)
    for theirs, ours in zip(tiny.retrieval.ways, retrieval.ways, strict=False):
        assert (ours.feature, ours.scoping) == (theirs.feature, theirs.scoping)
        assert ours.figures["recall@10"].value == pytest.approx(theirs.figures["recall@10"].value, abs=0.02)
    served = next(way for way in retrieval.ways if way.as_served)
    assert figures.kind_in_first[10].value == pytest.approx(served.figures["success@10"].value)
    [in_use] = [point for point in retrieval.thresholds[retrieval.served.scoping] if point.fitted]
    assert figures.answered.value == pytest.approx(in_use.answered.value)


def test_queries_without_a_kind_or_alone_in_theirs_are_counted_and_left_out(own_shop):
    text = own_shop.feed.read_text(encoding="utf-8").splitlines(keepends=True)
    header, rows = text[0], text[1:]
    rows = [row.replace(",blue\n", ",\n") if row.startswith("bal-") else row for row in rows]
    rows = [row.rsplit(",", 1)[0] + ",unique\n" if row.startswith("box-000") else row for row in rows]
    own_shop.feed.write_text(header + "".join(rows), encoding="utf-8", newline="")
    own_shop.imgrec("import", own_shop.feed)
    config = load_config(own_shop.config, {})
    with Catalogue.read(config.catalogue) as catalogue:
        split = {photo.product_id: photo.split for photo in catalogue.on_sale()}
        kinds = {photo.product_id: photo.kind for photo in catalogue.on_sale()}
        alone = next(id_ for id_, kind in kinds.items() if kind == "unique")
        report, [run] = report_on_models(
            candidates([], config), catalogue, split[alone], own_shop.folder / "cache", 0, Silent()
        )
    figures = report.models[0].retrieval
    nothing_known = sum(kinds[id_] is None for id_ in split if split[id_] == split[alone])
    assert nothing_known > 0
    assert (figures.without_kind, figures.without_relevant) == (nothing_known, 1)
    assert figures.judged == len(run.queries) == figures.queries - nothing_known - 1
    assert any(way.unjudged.value > 0 for way in figures.ways)


def test_a_split_without_photos_and_models_that_are_not_there_are_refused(own_shop):
    config = load_config(own_shop.config, {})
    with Catalogue.open(config.catalogue) as catalogue:
        with catalogue.connection:
            catalogue.connection.execute("UPDATE products SET assigned_split = 'train'")
        with pytest.raises(CatalogueError, match=r"no photos in the split 'test', only in: train\..*imgrec train"):
            report_on_models(candidates([], config), catalogue, "test", own_shop.folder / "cache", 0, Silent())
    with pytest.raises(ModelError, match=r"no model 'absent'\. Known: tiny\."):
        candidates(["absent"], config)
    with pytest.raises(ModelError, match="is the same model as tiny"):
        candidates(["tiny", str(own_shop.folder / "models" / "tiny")], config)
    with pytest.raises(ModelError, match="imgrec train"):
        candidates(["x"], config.model_copy(update={"model": config.model.model_copy(update={"path": own_shop.feed})}))


def test_models_are_served_as_the_configuration_says(two_models, evaluated_config):
    own, sure = candidates(["tiny", "sure"], evaluated_config)
    assert (sure.served.scoping, sure.served.threshold, sure.served.scope_mass) == ("hard", 0.5, 0.9)
    assert own.served.threshold == own.recogniser.model.settings.threshold
    section = evaluated_config.search.model_copy(update={"scoping": "soft", "threshold": 0.1, "scope_mass": 0.7})
    [told] = candidates(["sure"], evaluated_config.model_copy(update={"search": section}))
    assert told.served == replace(sure.served, scoping="soft", threshold=0.1, scope_mass=0.7)
