"""Recipes and their stages: what a run is told, and how it is told what it cannot do."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_shop import TRAINING, run_command

from imgrec.errors import TrainingError
from imgrec.training import recipes
from imgrec.training.recipes import default_recipe, recipe_names, settings_from
from imgrec.training.settings import Stage, TrainingSettings
from imgrec.vision.preprocessing import MOST_SIDE_PX

ROOT = Path(__file__).resolve().parents[2]


def recipe(folder: Path, **values: Any) -> str:
    file = folder / "my recipe.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return str(file)


def test_slides_is_what_the_studys_slides_say():
    settings = settings_from("slides", {})
    assert (settings.weights, settings.top, settings.normalisation) == ("imagenet", "dense", "none")
    assert (settings.optimizer, settings.peak_learning_rate, settings.schedule) == ("adam", 1e-4, "constant")
    assert (settings.batch_size, settings.total_epochs, settings.warm_up_epochs) == (64, 40, 0)
    assert (settings.augmentation, settings.mixing, settings.label_smoothing) == ("none", 0, 0)
    assert (settings.dropout, settings.weight_decay, settings.ema, settings.patience) == (0, 0, 0, 0)
    assert settings.feature_layer == "fc2"  # the input of the last fully connected layer
    assert {settings.train_from(settings.stage_of(epoch)) for epoch in range(1, 41)} == {"block1"}  # all layers learn


def test_best_teaches_block_5_alone_and_scratch_everything_while_photos_grow():
    best, scratch = settings_from("best", {}), settings_from("scratch", {})
    assert {best.train_from(best.stage_of(epoch)) for epoch in range(1, best.total_epochs + 1)} == {"block5"}
    assert (best.first_block, scratch.first_block) == (5, 1)
    assert best.views is None  # the machine decides
    assert not best.changes_side
    sides = [scratch.side_px_of(scratch.stage_of(epoch)) for epoch in range(1, scratch.total_epochs + 1)]
    assert sides == sorted(sides)
    assert sides[0] < sides[-1] == scratch.side_px


def test_the_default_recipe_is_of_the_weights_that_are_started_from():
    assert default_recipe(None) == default_recipe("imagenet") == default_recipe("own.h5") == "best"
    assert default_recipe("none") == "scratch"
    assert settings_from("scratch", {}).from_scratch


def test_the_wheel_carries_every_recipe():
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert packaged["package-data"][recipes.__name__] == ["*.yaml"]
    assert recipe_names() == ["best", "scratch", "slides"]


def test_a_recipe_of_ones_own_gives_its_values_and_leaves_the_others_alone(tmp_path: Path):
    settings = settings_from(recipe(tmp_path, dropout=0.4, stages=[{"share": 1, "scale": 0.5}]), {"epochs": 3})
    assert (settings.dropout, settings.epochs, settings.stages) == (0.4, 3, (Stage(share=1, scale=0.5),))
    assert settings.batch_size == TrainingSettings().batch_size
    assert settings_from(recipe(tmp_path, dropout=0.4), {"dropout": 0.1}).dropout == 0.1  # the command line wins


def test_the_settings_stored_with_a_model_are_a_recipe(tmp_path: Path):
    settings = settings_from("best", {"side_px": 96})
    assert settings_from(recipe(tmp_path, **settings.model_dump(mode="json")), {}) == settings


def test_the_settings_of_a_model_that_whitened_for_itself_are_still_a_recipe(tmp_path: Path):
    assert settings_from(recipe(tmp_path, side_px=96, whitening_dim=128), {}) == TrainingSettings(side_px=96)


def test_an_unknown_setting_names_the_nearest(tmp_path: Path):
    with pytest.raises(TrainingError, match="unknown setting 'dropuot'; did you mean dropout"):
        settings_from(recipe(tmp_path, dropuot=0.1), {})
    with pytest.raises(TrainingError, match=r"unknown setting 'zzz'\.$"):
        settings_from(recipe(tmp_path, zzz=1), {})


def test_a_bad_value_names_the_option_or_the_recipe(tmp_path: Path):
    with pytest.raises(TrainingError, match=r"^--dropout is 3; it should be less than 1\."):
        settings_from("best", {"dropout": 3})
    with pytest.raises(TrainingError, match=r"^--side-px is 1024; .*less than or equal to 512\."):
        settings_from("best", {"side_px": 1024})
    with pytest.raises(TrainingError, match=r"^optimizer in .*my recipe\.yaml is 'adagrad'; it should be 'adam',"):
        settings_from(recipe(tmp_path, optimizer="adagrad"), {})
    with pytest.raises(TrainingError, match=r"^stages\.0\.share in the recipe .*greater than 0"):
        settings_from(recipe(tmp_path, stages=[{"share": 0}]), {})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"stages": [{"share": 0.5}]}, "shares of the stages sum to 0.5"),
        ({"top": "dense", "stages": [{"share": 1, "scale": 0.5}]}, "dense top takes photos of one size"),
        ({"feature_layer": "fc2"}, "fc2 exists with --top dense only"),
        ({"feature_layer": "embedding"}, "embedding exists with --metric only"),
        ({"weights": "none", "slim": 4}, "nothing to slim from scratch"),
        ({"normalisation": "batch", "slim": 4}, "nothing to slim from scratch"),
    ],
)
def test_settings_that_contradict_each_other_say_so(values: dict[str, Any], said: str, tmp_path: Path):
    with pytest.raises(TrainingError, match=f"do not go together: .*{said}"):
        settings_from(recipe(tmp_path, **values), {})


@pytest.mark.parametrize("content", ["", "- a list", "[unclosed", "just words", "a: b: c"])
def test_a_file_that_is_no_recipe_is_refused_by_name(content: str, tmp_path: Path):
    (tmp_path / "odd.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"recipe .*odd\.yaml (is not YAML|holds no settings)"):
        settings_from(str(tmp_path / "odd.yaml"), {})


def test_a_recipe_that_does_not_exist_names_those_that_do():
    with pytest.raises(TrainingError, match=r"no recipe bset; name a YAML file or one of: best, scratch, slides"):
        settings_from("bset", {})


STAGED = TrainingSettings(
    weights="imagenet", epochs=20, side_px=96,
    stages=(Stage(share=0.55, scale=0.5, train_from="block5"), Stage(share=0.3, scale=0.67, train_from="block3"),
            Stage(share=0.15)),
)  # fmt: skip


def test_stages_take_their_share_of_the_epochs_one_after_the_other():
    sides = [STAGED.side_px_of(STAGED.stage_of(epoch)) for epoch in range(1, 21)]
    assert sides == [48] * 11 + [64] * 6 + [96] * 3
    parts = [STAGED.train_from(STAGED.stage_of(epoch)) for epoch in range(1, 21)]
    assert parts == ["block5"] * 11 + ["block3"] * 6 + ["block1"] * 3


@pytest.mark.parametrize("epochs", [1, 2, 3, 5, 1000])
def test_the_last_epoch_is_of_the_last_stage_however_few_or_many_there_are(epochs: int):
    short = STAGED.model_copy(update={"epochs": epochs})
    assert short.stage_of(epochs) == STAGED.stages[-1]
    assert short.side_px_of(short.stage_of(epochs)) == 96
    nearly = short.model_copy(update={"stages": (Stage(share=0.9995, scale=0.5),)})  # within what is allowed for
    assert {nearly.stage_of(epoch).scale for epoch in range(1, epochs + 1)} == {0.5}


def test_without_stages_every_epoch_is_alike():
    assert TrainingSettings().stage_of(1) == TrainingSettings().stage_of(12) == Stage(share=1)


@pytest.mark.parametrize("side_px", [32, 41, 48, 96, 100, 224, MOST_SIDE_PX])
@pytest.mark.parametrize("scale", [0.01, 0.3, 0.67, 0.99])
def test_a_smaller_side_is_a_multiple_of_16_and_never_more_than_the_final_one(side_px: int, scale: float):
    side = TrainingSettings(side_px=side_px).side_px_of(Stage(share=1, scale=scale))
    assert 32 <= side <= side_px
    assert side % 16 == 0 or side == side_px


def test_the_rate_follows_from_weights_and_optimiser_unless_given():
    def rate(**values: Any) -> float:
        return TrainingSettings(**values).peak_learning_rate

    assert (rate(), rate(weights="none"), rate(learning_rate=0.5)) == (1e-4, 1e-3, 0.5)
    assert rate(optimizer="sgd") == pytest.approx(50 * rate())


def test_help_explains_recipes_and_the_options_that_change_them():
    said = " ".join(run_command("imgrec", "train", "--help").stdout.split())
    for words in ("--recipe", "best, scratch, slides", "or a YAML file", "default: best", "change single ones"):
        assert words in said, words
    assert "--recipe slides" in said  # an example
    for name in TrainingSettings.model_fields:
        assert (f"--{name.replace('_', '-')} " in said) == (name != "stages"), name
        assert name not in said or "_" not in name, f"{name} is not how one writes it there"


def test_a_wrong_recipe_or_value_is_one_line_on_the_command_line(tmp_path: Path):
    for arguments, said in [
        (("--recipe", "bset"), "no recipe bset"),
        (("--recipe", recipe(tmp_path, lerning_rate=1)), "did you mean learning_rate?"),
        ((*TRAINING, "--dropout", "1"), "--dropout is 1.0; it should be less than 1."),
    ]:
        refused = run_command("imgrec", "train", "--name", "x", *arguments)
        assert refused.returncode == 1
        assert len(refused.stderr.strip().splitlines()) == 1
        assert said in refused.stderr
