# ruff: noqa: E402 - Optuna may be absent
"""A search space says what may be tried, refuses what may not, and becomes settings."""

from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna")

from imgrec.errors import TrainingError
from imgrec.training.recipes import recipe_names, settings_from
from imgrec.training.search_space import Choices, Range, SearchSpace, default_space_text, read_space
from imgrec.training.settings import Stage, TrainingSettings

SCRATCH = settings_from("scratch", {})
PRETRAINED = TrainingSettings(
    stages=(Stage(share=0.6, train_from="block5"), Stage(share=0.3, train_from="block3"), Stage(share=0.1)),
)


def space_of(tmp_path: Path, text: str, base: TrainingSettings = SCRATCH) -> SearchSpace:
    file = tmp_path / "space.yaml"
    file.write_text(text, encoding="utf-8")
    return read_space(file, base)


@pytest.mark.parametrize("recipe", recipe_names())
@pytest.mark.parametrize("weights", ["imagenet", "none"])
def test_every_shipped_recipe_is_a_point_of_the_default_space_and_stays_what_it_is(recipe: str, weights: str):
    base = settings_from(recipe, {"weights": weights})
    space = read_space(None, base)
    assert list(space.dimensions) == ["optimizer", "learning_rate", "batch_size", "train_from", "dropout"]
    parameters = space.parameters_of(base)
    assert parameters is not None
    tried = space.settings_of(base, space.values_with(base, parameters))
    assert tried.peak_learning_rate == pytest.approx(base.peak_learning_rate)
    assert [tried.stage_of(n) for n in range(1, tried.total_epochs + 1)] == [
        base.stage_of(n) for n in range(1, base.total_epochs + 1)
    ]
    same = {"learning_rate": None, "stages": ()}
    assert tried.model_copy(update=same) == base.model_copy(update=same)


def test_what_is_commented_out_in_the_default_space_can_be_searched_as_it_stands(tmp_path: Path):
    more = default_space_text().partition("More that can be worth a search:\n")[2].replace("\n# ", "\n").lstrip("# ")
    space = space_of(tmp_path, more)
    assert {"weight_decay", "label_smoothing", "augmentation", "mixing", "metric_weight"} < set(space.dimensions)


def test_the_documents_show_the_default_space_as_it_is():
    page = Path(__file__).parents[2] / "docs" / "tuning.md"
    assert f"```yaml\n{default_space_text()}```" in page.read_text(encoding="utf-8")


def test_a_rate_in_multiples_of_the_default_follows_the_optimiser_and_the_weights(tmp_path: Path):
    text = "{optimizer: [adam, sgd], learning_rate: {low: 0.1, high: 10, log: true, times_default: true}}"
    space = space_of(tmp_path, text)
    for base, optimizer, rate in [
        (SCRATCH, "adam", 2e-3), (SCRATCH, "sgd", 0.1), (PRETRAINED, "adam", 2e-4), (PRETRAINED, "sgd", 0.01),
    ]:  # fmt: skip
        values = space.values_with(base, {"optimizer": optimizer, "learning_rate_times_default": 2.0})
        assert values == {"optimizer": optimizer, "learning_rate": pytest.approx(rate)}
        assert space.settings_of(base, values).peak_learning_rate == pytest.approx(rate)


def test_a_freezing_depth_holds_in_every_stage_of_the_recipe(tmp_path: Path):
    space = space_of(tmp_path, "train_from: [block1, block4, top]", PRETRAINED)

    def depths(depth: str) -> list[str]:
        return [stage.train_from for stage in space.settings_of(PRETRAINED, {"train_from": depth}).stages]

    assert [stage.train_from for stage in PRETRAINED.stages] == ["block5", "block3", "block1"]
    assert depths("block1") == ["block5", "block3", "block1"]
    assert depths("block4") == ["block5", "block4", "block4"]
    assert depths("top") == ["top", "top", "top"]
    alike = settings_from("slides", {})
    assert [stage.train_from for stage in space.settings_of(alike, {"train_from": "top"}).stages] == ["top"]


def test_numbers_keep_to_their_kind_and_their_range(tmp_path: Path):
    text = "{batch_size: {low: 8, high: 32, log: true}, dropout: {low: 0, high: 0.6, step: 0.2}, mixing: [0, 5e-1]}"
    space = space_of(tmp_path, text)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    drawn = [space.values_with(SCRATCH, space.suggested(study.ask())) for _ in range(30)]
    assert {type(values["batch_size"]) for values in drawn} == {int}
    assert all(8 <= values["batch_size"] <= 32 for values in drawn)
    assert {values["dropout"] for values in drawn} == {0.0, 0.2, 0.4, 0.6}
    assert {values["mixing"] for values in drawn} == {0.0, 0.5}
    assert len({values["batch_size"] for values in drawn}) > 5


def test_settings_outside_a_space_are_no_point_of_it():
    space = SearchSpace({"dropout": Range(low=0.3, high=0.5), "optimizer": Choices(choices=("adam", "sgd"))})
    assert space.parameters_of(SCRATCH.model_copy(update={"dropout": 0.4})) is None
    assert space.parameters_of(SCRATCH.model_copy(update={"optimizer": "sgd"})) is None
    inside = SCRATCH.model_copy(update={"dropout": 0.4, "optimizer": "sgd"})
    assert space.parameters_of(inside) == {"dropout": 0.4, "optimizer": "sgd"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("drop_out: [0, 0.1]", r"drop_out: there is no such setting; did you mean dropout\?"),
        ("epochs: [4, 8]", "epochs: this setting is not searched: trials of different length"),
        ("optimizer: [adam, adagrad]", "optimizer: 'adagrad'.*'adam', 'adamw', 'rmsprop' or 'sgd'"),
        ("optimizer: [adam]", "optimizer choices: .*at least 2"),
        ("optimizer: [adam, adam]", "optimizer: names a value twice"),
        ("optimizer: {low: 1, high: 2}", "optimizer: only numbers have ranges"),
        ("train_from: [block1, block6]", "'block6' is no part to train from; there are block1"),
        ("dropout: {low: 0, high: 1}", r"dropout: 1\.0: .*less than 1"),
        ("dropout: {low: 0.5, high: 0.5}", "dropout: low 0.5 is not below high 0.5"),
        ("dropout: {low: 0, high: 0.5, log: true}", "with log: true, low must be above 0"),
        ("dropout: {low: 0, high: 0.5, step: 0.2}", "steps of 0.2 do not lead from 0 to 0.5"),
        ("dropout: {low: 0.1, high: 2, times_default: true}", "only learning_rate can be given as multiples"),
        ("dropout: {from: 0, to: 1}", "dropout (low|from): "),
        ("dropout: 0.5", "0.5 is neither a list of choices nor a range"),
        ("batch_size: {low: 8.5, high: 16}", r"batch_size: 8\.5: .*integer"),
        ("dropout", "names nothing to search"),
        ("", "names nothing to search"),
        ("dropout: [0, {", "is not YAML"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused_in_one_line(tmp_path: Path, text: str, complaint: str):
    with pytest.raises(TrainingError, match=rf"(?s)space\.yaml.*{complaint}") as caught:
        space_of(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_space_file_that_is_not_there_says_how_to_get_one(tmp_path: Path):
    with pytest.raises(TrainingError, match=r"There is no space file .*nowhere\.yaml.*--print-space"):
        read_space(tmp_path / "nowhere.yaml", SCRATCH)
