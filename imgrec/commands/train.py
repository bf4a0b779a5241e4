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
    help="Train nothing: take the weights of this finished model, and choose, export and calibrate its feature anew.",
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
    command is given again. At the end the model is exported, measured and calibrated, and becomes the current one.

    \b
      imgrec train --name first                                    # from ImageNet weights
      imgrec train --name small --weights none --side-px 96        # from scratch, no download
      imgrec train --name study --recipe slides
      imgrec train --show --dropout 0.5 > mine.yaml                # a recipe of your own
      imgrec train --name plain --reuse first --pooling average    # another feature of a trained network
      tensorboard --logdir models/tensorboard                      # watch it
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.store import Catalogue
    from imgrec.generations import point_to
    from imgrec.lock import writing
    from imgrec.training.backend import training_packages
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
        from imgrec.training.run import Options, model_target, train
    target, point = model_target(config.model.path, name)
    Catalogue.read(config.catalogue).close()
    with (
        writing(target.with_name(f"{target.name}.training"), "imgrec train"),
        Catalogue.open(config.catalogue) as catalogue,
    ):
        options = Options(restart, replace, config.search.scope_mass, taken)
        model = train(catalogue, target, settings, options, report)
    if point:
        point_to(target.parent, target.name)
    metrics = json.loads((model.path / "metrics.json").read_text(encoding="utf-8"))
    shown = table(f"{model.path}", "figure", "value")
    for split, accuracy in metrics["accuracy"].items():
        shown.add_row(f"{split} accuracy", f"{accuracy:.1%} of {metrics['photos'][split]:,} photos")
    shown.add_row("threshold", f"{model.settings.threshold} ({model.settings.threshold_rule})")
    shown.add_row("scoping", model.settings.scoping)
    print_text(shown)
    in_use = point or config.model.path == model.path
    use = "" if in_use else f"Set model.path to {model.path} in the configuration; then"
    report.say(f"{use or 'Next'}: imgrec index".lstrip())
