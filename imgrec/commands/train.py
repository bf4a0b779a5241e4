"""`imgrec train`: a model from the catalogue's photos."""

import json
from typing import Any

import click

from imgrec.commands.console import config_option, configured, print_text, reporter, table
from imgrec.commands.training import setting_options
from imgrec.config import Config
from imgrec.errors import CatalogueError
from imgrec.figures import counted
from imgrec.progress import Reporter
from imgrec.vision.model_folder import ModelFolder

_CLEARLY_FASTER = 0.8
"""Of the time another model takes: then it may be worth taking though it sees no better."""


@click.command()
@click.option(
    "--name", default="shop", show_default=True, help="The model's name; it becomes a folder beside the other models."
)
@click.option("--show", is_flag=True, help="Print the settings as a recipe, and train nothing.")
@click.option(
    "--recipe",
    help="Settings to start from: best, scratch, slides (the study's), or a YAML file. The options below change single "
    "ones.  [default: best; with --weights none scratch; with --reuse those of that model]",
)
@click.option(
    "--reuse",
    metavar="NAME",
    help="Train nothing: take the weights of this finished model, choose its feature anew and export it.",
)
@click.option("--restart", is_flag=True, help="Start an unfinished run of this name over.")
@click.option("--replace", is_flag=True, help="Replace a finished model of this name when the new one is done.")
@setting_options
@config_option
def train(
    name: str, show: bool, recipe: str | None, reuse: str | None, restart: bool, replace: bool, **values: Any
) -> None:
    """Fine-tune VGG-16 on the catalogue's photos.

    Needs the extra packages of `train`. It says beforehand how long it will take, and goes on where it was interrupted
    when the same command is given again. At the end the model is exported and measured beside the one that looks, on
    photos that neither knows, and it is said whether it is worth taking. What is looked with, and what a bot serves,
    stays as it is until `imgrec models use NAME`.

    \b
      imgrec train                                                 # from ImageNet weights: models/shop
      imgrec train --name small --weights none --side-px 96        # from scratch, no download
      imgrec train --name quick --slim 4                           # for small servers: a quarter of the multiplications
      imgrec train --name study --recipe slides
      imgrec train --show --dropout 0.5 > mine.yaml                # a recipe of your own
      imgrec train --name plain --reuse first --pooling average    # another feature of a trained network
      tensorboard --logdir models/tensorboard                      # watch it
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing
    from imgrec.models import see_that_it_is_not_served
    from imgrec.training.backend import training_packages
    from imgrec.training.places import model_target
    from imgrec.training.recipes import default_recipe, recipe_text, settings_from
    from imgrec.vision.model_folder import model_named

    taken = model_named(reuse, configured().model.path) if reuse else None
    start = recipe or (str(taken / "training.yaml") if taken else default_recipe(values["weights"]))
    settings = settings_from(start, {key: value for key, value in values.items() if value is not None})
    if show:
        click.echo(recipe_text(settings), nl=False)
        return
    config, report = configured(), reporter()
    with training_packages():
        from imgrec.training.run import Options, train
    target = model_target(config.model.path, name)
    see_that_it_is_not_served(config, target)
    Catalogue.read(config.catalogue).close()
    with (
        writing(target.with_name(f"{target.name}.training"), "imgrec train"),
        Catalogue.open(config.catalogue) as catalogue,
    ):
        model = train(catalogue, config, target, settings, Options(restart, replace, taken), report)
    metrics = json.loads((model.path / "metrics.json").read_text(encoding="utf-8"))
    shown = table(f"{model.path}", "figure", "value")
    for split, accuracy in metrics["accuracy"].items():
        shown.add_row(f"{split} accuracy", f"{accuracy:.1%} of {counted(metrics['photos'][split], 'photo')}")
    shown.add_row(*_found(metrics["retrieval"], settings.wanted))
    shown.add_row("a look", f"{metrics['multiplications'] / 1e9:.2f} thousand million multiplications")
    shown.add_row("feature", f"{'+'.join(model.settings.feature.layers)}, {model.settings.feature.dim:,} numbers")
    print_text(shown)
    _judge(config, model, report)


def _judge(config: Config, model: ModelFolder, report: Reporter) -> None:
    """Say whether the model is worth looking with in place of the one that does, on photos that neither knows."""
    from imgrec.commands.evaluate_tables import verdict_table
    from imgrec.evaluation.candidates import candidates
    from imgrec.evaluation.model_report import report_on_models
    from imgrec.evaluation.pace import ms_a_look
    from imgrec.evaluation.verdict import verdict_of
    from imgrec.vision.model_folder import find_model

    present, use = find_model(config.model.path), f"Next: imgrec models use {model.settings.name}"
    if present is None or present == model.path:
        report.say(use)
        return
    try:
        both = candidates([str(present), str(model.path)], config)
        figures, _ = report_on_models(both, config, "test", 0, report)
    except CatalogueError as error:
        report.say(f"Whether it is worth taking cannot be said. {error} {use}")
        return
    verdict = verdict_of(figures)
    before_ms, after_ms = ms_a_look([candidate.eye for candidate in both])
    print_text(verdict_table(verdict, figures.photos["test"], (before_ms, after_ms)))
    if verdict.is_worth_it:
        report.say(f"It is worth taking. {use}")
    elif after_ms < _CLEARLY_FASTER * before_ms:
        report.say(f"It is faster, and what that costs stands above: it is for you to weigh. {use}")
    else:
        report.say(f"It is not worth taking: {verdict.before} goes on looking, and nothing has changed.")


def _found(figures: dict[str, float | None], wanted: str) -> tuple[str, str]:
    """What the feature was chosen by: whatever of it is known."""
    words = {
        "kind": ("kind_recall_at_10", "of their kind found among ten"), "group": ("group_first", "own group first"),
        "category": ("category_first", "own category first"),
    }  # fmt: skip
    name, said = words[wanted]
    if figures[name] is None:
        name, said = words["category"]
    return said, f"{figures[name]:.1%} on validation photos"
