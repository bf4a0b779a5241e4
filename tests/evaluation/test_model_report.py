"""Figures of models on the small shop, held to what must be true of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny_shop import CATEGORIES, PRODUCTS_A_CATEGORY, Shop

from imgrec.catalogue.store import Catalogue
from imgrec.config import Config, load_config
from imgrec.errors import CatalogueError, ModelError
from imgrec.evaluation.as_json import as_json
from imgrec.evaluation.candidates import candidates
from imgrec.evaluation.model_report import ModelReport, report_on_models
from imgrec.evaluation.retrieval_report import COMPARED, PLAIN, SERVED, TRUE_CATEGORY
from imgrec.evaluation.split_report import report_on_split
from imgrec.figures import Share
from imgrec.progress import Silent
from imgrec.search.build import look_at_all, shop_photos
from imgrec.search.learning import learn
from imgrec.search.serving import Serving


def test_every_photo_of_every_split_is_recognised_once(evaluated):
    report, _ = evaluated
    assert sum(report.photos.values()) == len(CATEGORIES) * PRODUCTS_A_CATEGORY
    assert (report.unreadable, report.without_split, report.left_out) == (0, 0, 0)
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


def test_a_model_is_measured_with_what_an_index_of_the_other_photos_knows(evaluated, evaluated_config):
    report, _ = evaluated
    [narrow] = candidates(["narrow"], evaluated_config)
    looked = look_at_all(evaluated_config, narrow.eye, Silent())
    with Catalogue.read(evaluated_config.catalogue) as catalogue:
        photos = looked.readable(catalogue.on_sale())
    others = [photo for photo in photos if photo.split != "test"]
    section = evaluated_config.search
    learned = learn(shop_photos(others, looked, narrow.eye), (), section.scope_mass, section.results)
    figures = report.models[1]
    assert report.fitted_on == ("train", "validation")
    assert {split: one.fitted_on for split, one in figures.recognition.items()} == {
        "train": True, "validation": True, "test": False,
    }  # fmt: skip
    assert (figures.head, figures.temperature) == (learned.knowledge.head, learned.knowledge.temperature)
    assert (figures.threshold, figures.retrieval.served.threshold) == (learned.knowledge.threshold,) * 2
    assert figures.retrieval.served.scoping == learned.knowledge.scoping
    assert figures.likeness_truth == learned.knowledge.likeness.truth
    test = [photo for photo in photos if photo.split == "test"]
    seen = looked.seen_in(test).outputs
    assert figures.hears_neighbours == (learned.neighbours is not None)
    said = learned.logits(seen, learned.whitening(seen.features), narrow.eye.model.settings.labels)
    predicted = said.argmax(axis=1)
    right = [learned.knowledge.labels[at] == photo.category for at, photo in zip(predicted, test, strict=True)]
    assert figures.recognition["test"].top1.value == pytest.approx(np.mean(right))


def test_validation_photos_are_measured_with_what_training_photos_taught(evaluated, evaluated_config):
    report, _ = report_on_models(candidates(["narrow"], evaluated_config), evaluated_config, "validation", 0, Silent())
    [figures] = report.models
    assert report.fitted_on == ("train",)
    assert [split for split, one in figures.recognition.items() if one.fitted_on] == ["train"]
    assert figures.retrieval.queries == report.photos["validation"]


def test_both_softmaxes_are_shown_and_which_of_them_serves(evaluated):
    tiny, narrow = evaluated[0].models
    assert (set(tiny.heads), tiny.head in tiny.heads) == ({"fitted", "own"}, True)
    assert (set(narrow.heads), narrow.head) == ({"fitted"}, "fitted")
    for model in (tiny, narrow):
        if not model.hears_neighbours:
            assert model.heads[model.head].top1 == model.recognition["test"].top1


def test_photos_as_telephones_take_them_are_measured_too(evaluated):
    report, _ = evaluated
    for model in report.models:
        assert model.by_telephone.photos == report.photos["test"]  # of so few, all are looked at both ways
        assert 0 <= model.by_telephone.kind_first.value <= model.by_telephone.kind_in_first_10.value <= 1
        assert model.by_telephone.top1.value <= model.by_telephone.top3.value == 1


def test_retrieval_has_every_way_to_search_and_marks_the_one_in_use(evaluated):
    report, _ = evaluated
    for model in report.models:
        figures = model.retrieval
        assert [way.scoping for way in figures.ways] == ["hard", "soft", TRUE_CATEGORY] * 2
        assert [way.feature for way in figures.ways] == [SERVED] * 3 + [PLAIN] * 3
        assert [(way.feature, way.scoping) for way in figures.ways if way.as_served] == [
            (SERVED, figures.served.scoping)
        ]
        assert figures.judged == figures.queries == report.photos["test"]
        assert figures.products == len(CATEGORIES) * PRODUCTS_A_CATEGORY
        for way in figures.ways:
            values = {name: estimate.value for name, estimate in way.figures.items()}
            assert values["success@1"] == values["precision@1"] == values["recall@1"] == values["mAP@1"]
            assert values["success@1"] <= values["success@3"] <= values["success@5"] <= values["success@10"]
            assert values["mAP@10"] <= values["recall@10"] <= values["success@10"]
            assert values["success@1"] <= values["MRR@10"] <= values["success@10"]
            assert all(one.low <= one.value <= one.high for one in way.figures.values())
            assert 1 <= way.categories_searched.value <= len(CATEGORIES)
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


def test_differences_are_those_of_the_figures_and_paired(evaluated):
    report, runs = evaluated
    [comparison] = report.comparisons
    assert (comparison.this, comparison.baseline) == ("narrow", "tiny")
    differences = {one.figure: one.estimate for one in comparison.differences}
    assert set(COMPARED) <= set(differences)
    tiny, narrow = report.models
    ways = [next(way for way in model.retrieval.ways if way.as_served) for model in (tiny, narrow)]
    for figure in COMPARED:
        expected = ways[1].figures[figure].value - ways[0].figures[figure].value
        assert differences[figure].value == pytest.approx(expected, abs=1e-9)
    for split in ("train", "validation", "test"):
        for figure, name in (("top-1", "top1"), ("loss", "loss")):
            ours, theirs = (getattr(model.recognition[split], name).value for model in (narrow, tiny))
            assert differences[f"{split} {figure}"].value == pytest.approx(ours - theirs)
    assert differences["train-test gap"].value == pytest.approx(narrow.gap.value - tiny.gap.value)
    assert [photo.photo_id for photo in runs[0].queries] == [photo.photo_id for photo in runs[1].queries]


def test_the_same_seed_gives_the_same_report(evaluated, evaluated_config):
    report, _ = evaluated
    again, _ = report_on_models(candidates(["tiny", "narrow"], evaluated_config), evaluated_config, "test", 0, Silent())
    assert as_json(again) == as_json(report)
    text = json.dumps(as_json(report))  # nothing in it that JSON does not know
    assert "NaN" not in text
    assert "Infinity" not in text


def test_a_split_asked_of_the_index_says_that_its_photos_are_known(shop: Shop):
    config = load_config(shop.config, {})
    with Serving.open(config) as serving, Catalogue.read(config.catalogue) as catalogue:
        figures, retrieval = report_on_split(serving, config, "test", 0, Silent())
        count = sum(photo.split == "test" for photo in catalogue.on_sale())
        threshold, scoping = serving.threshold, serving.scoping
    assert (figures.queries, figures.unreadable, figures.category_right.count) == (count, 0, count)
    assert f"{count} of these {count} photos" in figures.note
    assert (figures.threshold, figures.scoping) == (threshold, scoping)
    assert (retrieval.served.threshold, retrieval.served.scoping) == (threshold, scoping)
    served = next(way for way in retrieval.ways if way.as_served)
    assert figures.kind_in_first_held[10].value == pytest.approx(served.figures["success@10"].value)
    assert figures.kind_in_first == figures.kind_in_first_held  # every kind has other products
    [in_use] = [point for point in retrieval.thresholds[retrieval.served.scoping] if point.fitted]
    assert figures.answered.value == pytest.approx(in_use.answered.value)
    assert figures.shown_three.hits <= figures.answered.hits
    assert figures.shown_right.count >= 3 * figures.shown_three.hits


def test_queries_without_a_kind_or_alone_in_theirs_are_counted_and_left_out(own_shop: Shop):
    text = own_shop.feed.read_text(encoding="utf-8").splitlines(keepends=True)
    header, rows = text[0], text[1:]
    rows = [row.replace(",blue\n", ",\n") if row.startswith("bal-") else row for row in rows]
    rows = [row.rsplit(",", 1)[0] + ",unique\n" if row.startswith("box-000") else row for row in rows]
    own_shop.feed.write_text(header + "".join(rows), encoding="utf-8", newline="")
    own_shop.bring_in()
    config = load_config(own_shop.config, {})
    with Catalogue.read(config.catalogue) as catalogue:
        split = {photo.product_id: photo.split for photo in catalogue.on_sale()}
        kinds = {photo.product_id: photo.kind for photo in catalogue.on_sale()}
    alone = next(id_ for id_, kind in kinds.items() if kind == "unique")
    report, [run] = report_on_models(candidates([], config), config, split[alone], 0, Silent())
    figures = report.models[0].retrieval
    nothing_known = sum(kinds[id_] is None for id_ in split if split[id_] == split[alone])
    assert nothing_known > 0
    assert (figures.without_kind, figures.without_relevant) == (nothing_known, 1)
    assert figures.judged == len(run.queries) == figures.queries - nothing_known - 1
    assert any(way.unjudged.value > 0 for way in figures.ways)


def measured_after(shop: Shop, sql: str) -> ModelReport:
    """The report on the shop's model when its catalogue was changed."""
    config = load_config(shop.config, {})
    with Catalogue.open(config.catalogue) as catalogue, catalogue.connection:
        catalogue.connection.execute(sql)
    return report_on_models(candidates([], config), config, "test", 0, Silent())[0]


def test_photos_of_a_category_that_nothing_was_fitted_on_are_left_out_and_counted(own_shop: Shop):
    report = measured_after(
        own_shop,
        "UPDATE products SET assigned_split = 'test' WHERE category_id = "
        "(SELECT id FROM categories WHERE name = 'Boxes')",
    )
    assert report.left_out == PRODUCTS_A_CATEGORY
    [model] = report.models
    assert model.labels == ("Balls", "Tents & Co")
    assert model.retrieval.products == (len(CATEGORIES) - 1) * PRODUCTS_A_CATEGORY


def test_where_there_are_no_categories_retrieval_is_measured_all_the_same(own_shop: Shop):
    report = measured_after(own_shop, "UPDATE categories SET name = '' WHERE name = 'Balls'")
    assert report.models[0].labels == ("Boxes", "Tents & Co")
    assert report.models[0].recognition["test"].photos < report.photos["test"]
    report = measured_after(own_shop, "UPDATE products SET category_id = (SELECT id FROM categories WHERE name = '')")
    [model] = report.models
    assert (model.labels, model.head, model.recognition, model.heads, model.gap) == ((), "none", {}, {}, None)
    assert [way.scoping for way in model.retrieval.ways] == ["all", TRUE_CATEGORY] * 2
    assert model.retrieval.judged == report.photos["test"]
    assert model.retrieval.by_category == {}
    assert model.by_telephone.top1 is None


def test_a_split_without_photos_and_models_that_are_not_there_are_refused(own_shop: Shop):
    with pytest.raises(CatalogueError, match=r"no photos in the split 'test', only in: train\..*imgrec train"):
        measured_after(own_shop, "UPDATE products SET assigned_split = 'train'")
    with pytest.raises(CatalogueError, match="no photos in the split train or validation to fit on"):
        measured_after(own_shop, "UPDATE products SET assigned_split = 'test', category_id = 1")
    config = load_config(own_shop.config, {})
    with pytest.raises(ModelError, match=r"no model 'absent'\. Known: tiny\."):
        candidates(["absent"], config)
    with pytest.raises(ModelError, match="is the same model as tiny"):
        candidates(["tiny", str(own_shop.folder / "models" / "tiny")], config)
    with pytest.raises(ModelError, match="imgrec train"):
        candidates(["x"], config.model_copy(update={"model": config.model.model_copy(update={"path": own_shop.feed})}))


def test_models_are_served_as_the_configuration_says(evaluated, evaluated_config: Config):
    section = evaluated_config.search.model_copy(update={"scoping": "all", "threshold": 0.1, "scope_mass": 0.7})
    config = evaluated_config.model_copy(update={"search": section})
    report, _ = report_on_models(candidates(["narrow"], config), config, "test", 0, Silent())
    served = report.models[0].retrieval.served
    automatic = evaluated[0].models[1].retrieval.served
    fitted = served.category_weight  # by what the folds found within this mass
    assert served == replace(automatic, scoping="all", threshold=0.1, scope_mass=0.7, category_weight=fitted)
    assert [way.scoping for way in report.models[0].retrieval.ways if way.as_served] == ["all"]
