"""`imgrec train`: a model from the catalogue's photos."""

import json
from typing import Any

import click

from imgrec.commands.console import config_option, configured, print_text, reporter, table
from imgrec.commands.training import setting_options


@click.command()
@click.option("--name", help="The model's name; it becomes a folder beside the other models.  [required]")
@click.option("--show", is_flag=True, help="Print the settings as a recipe, and train nothing.")
@click.option(
    "--recipe",
    help="Settings to start from: best, slides (the study's), or a YAML file. The options below change single ones.  "
    "[default: best; with --reuse those of that model]",
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
    name: str | None, show: bool, recipe: str | None, reuse: str | None, restart: bool, replace: bool, **values: Any
) -> None:
    """Fine-tune VGG-16 on the catalogue's photos.

    Needs the extra packages of `train`. Progress is kept after every epoch: an interrupted run goes on when the same
    command is given again. At the end the model is exported and measured. What is looked with, and what a bot serves,
    stays as it is until `imgrec models use NAME`.

    \b
      imgrec train --name first                                    # from ImageNet weights
      imgrec train --name small --weights none --side-px 96        # from scratch, no download
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
    from imgrec.training.recipes import recipe_text, settings_from
    from imgrec.vision.model_folder import model_named

    taken = model_named(reuse, configured().model.path) if reuse else None
    start = recipe or (str(taken / "training.yaml") if taken else "best")
    settings = settings_from(start, {key: value for key, value in values.items() if value is not None})
    if show:
        click.echo(recipe_text(settings), nl=False)
        return
    if name is None:
        raise click.UsageError("Give the model a --name.")
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
        model = train(catalogue, target, settings, Options(restart, replace, taken), report)
    metrics = json.loads((model.path / "metrics.json").read_text(encoding="utf-8"))
    shown = table(f"{model.path}", "figure", "value")
    for split, accuracy in metrics["accuracy"].items():
        shown.add_row(f"{split} accuracy", f"{accuracy:.1%} of {metrics['photos'][split]:,} photos")
    shown.add_row(*_found(metrics["retrieval"], settings.wanted))
    shown.add_row("feature", f"{'+'.join(model.settings.feature.layers)}, {model.settings.feature.dim:,} numbers")
    print_text(shown)
    report.say(f"Next: imgrec models use {name}")


def _found(figures: dict[str, float | None], wanted: str) -> tuple[str, str]:
    """What the feature was chosen by: whatever of it is known."""
    words = {
        "kind": ("kind_in_first_10", "own kind among ten"), "group": ("group_first", "own group first"),
        "category": ("category_first", "own category first"),
    }  # fmt: skip
    name, said = words[wanted]
    if figures[name] is None:
        name, said = words["category"]
    return said, f"{figures[name]:.1%} of validation photos"
