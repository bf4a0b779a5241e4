"""`imgrec tune`: search for the training settings that suit the catalogue."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgrec.commands.console import (
    config_option,
    configured,
    json_option,
    print_json,
    print_text,
    reporter,
    table,
)
from imgrec.commands.training import setting_options
from imgrec.errors import TrainingError

if TYPE_CHECKING:
    from imgrec.training.tune import Findings


def _print_space(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from imgrec.training.search_space import default_space_text

        click.echo(default_space_text(), nl=False)
        context.exit()


@click.command()
@click.option("--name", required=True, help="The study's name; it becomes a folder NAME.tuning beside the models.")
@click.option(
    "--recipe",
    help="Settings to start from: best, scratch, slides (the study's), or a YAML file. They are the first trial.  "
    "[default: best; with --weights none scratch]",
)  # fmt: skip
@click.option("--trials", type=click.IntRange(1), default=20, show_default=True, help="Trials of the study in all.")
@click.option(
    "--photos-per-category", type=click.IntRange(2), default=100, show_default=True,
    help="Most training photos, and most validation photos, of each category; the seed draws them.",
)  # fmt: skip
@click.option(
    "--space", type=click.Path(path_type=Path),
    help="YAML file of what to search instead of the default (--print-space shows that).",
)  # fmt: skip
@click.option(
    "--print-space", is_flag=True, is_eager=True, expose_value=False, callback=_print_space,
    help="Print the default space, to be changed and given with --space, and exit.",
)  # fmt: skip
@click.option(
    "--objective", type=click.Choice(["accuracy", "retrieval"]), default="accuracy", show_default=True,
    help="What the best has most of: validation accuracy, or of what is of a validation photo's kind, the share among "
    "its first ten matches.",
)  # fmt: skip
@click.option(
    "--pruner", type=click.Choice(["median", "hyperband", "none"]), default="median", show_default=True,
    help="What stops a trial early whose validation accuracy falls behind.",
)  # fmt: skip
@click.option("--timeout-min", type=click.FloatRange(0, min_open=True), help="Stop after so many minutes.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the best recipe. [default: NAME.tuning/best.yaml]",
)  # fmt: skip
@click.option("--restart", is_flag=True, help="Forget the study of this name and begin it anew.")
@json_option
@setting_options
@config_option
def tune(
    name: str, recipe: str | None, trials: int, photos_per_category: int, space: Path | None, objective: Any,
    pruner: Any, timeout_min: float | None, out: Path | None, restart: bool, as_json: bool, **values: Any,
) -> None:  # fmt: skip
    """Search for good training settings by many short trainings on few photos.

    Optimiser, learning rate, batch size, freezing depth and dropout are searched, or what --space names. Each trial is
    a training of the recipe with other values; those that fall behind are stopped early. Give --epochs, --side-px and
    --photos-per-category so that a trial takes minutes. An option that names a searched setting fixes it instead.

    \b
      imgrec tune --name first --epochs 6 --trials 20              # from ImageNet weights
      imgrec tune --name first --epochs 6 --trials 40              # twenty more
      imgrec tune --name small --weights none --side-px 48 --epochs 8 --photos-per-category 40
      imgrec tune --name night --epochs 10 --trials 500 --timeout-min 480
      imgrec tune --print-space > space.yaml                       # change it, then:
      imgrec tune --name mine --space space.yaml --optimizer sgd
      imgrec train --name better --recipe models/first.tuning/best.yaml --epochs 30

    Every trial is kept in models/NAME.tuning/study.db (SQLite, as Optuna writes it). An interrupted study goes on when
    the same command is given again, in the middle of a trial too. At the end come a table of the trials, what mattered,
    a plot (trials.svg) and the best settings as a recipe (best.yaml).
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.store import Catalogue
    from imgrec.generations import write_atomically
    from imgrec.lock import writing
    from imgrec.training.backend import training_packages
    from imgrec.training.places import model_target
    from imgrec.training.recipes import default_recipe, settings_from
    from imgrec.training.search_space import read_space

    config, report = configured(), reporter()
    given = {key: value for key, value in values.items() if value is not None}
    settings = settings_from(recipe or default_recipe(given.get("weights")), given)
    searched = read_space(space, settings).without(given)
    if settings.from_scratch and "train_from" in searched.dimensions:
        searched = searched.without(["train_from"])
        report.say("From scratch there is nothing to freeze, so train_from is not searched.")
    if not searched.dimensions:
        raise TrainingError("Nothing is left to search: every setting of the space is given as an option.")
    Catalogue.must_exist(config.catalogue)
    with training_packages():
        from imgrec.training import tune_report
        from imgrec.training.tune import Limits, Plan
        from imgrec.training.tune import tune as run_study
    target = model_target(config.model.path, name)
    folder = target.with_name(f"{target.name}.tuning")
    out = out or folder / "best.yaml"
    _see_that_it_may_be_replaced(out)
    plan = Plan(settings, searched, photos_per_category, objective)
    limits = Limits(trials, math.inf if timeout_min is None else timeout_min * 60, pruner, restart)
    with writing(folder, "imgrec tune"), Catalogue.open(config.catalogue) as catalogue:
        findings = run_study(catalogue, folder, plan, limits, report)
        write_atomically(folder / "trials.svg", tune_report.draw(findings))
        if findings.best:
            write_atomically(out, tune_report.best_recipe(findings, name).encode())
    if as_json:
        files = {"recipe": str(out) if findings.best else None, "plot": str(folder / "trials.svg")}
        print_json({**tune_report.as_json(findings), **files, "study": str(folder / "study.db")})
    else:
        _show(findings, tune_report.caveats(findings))
    findings.best_settings()  # says so where there is none
    report.say(f"Next: imgrec train --name NAME --recipe {out} --epochs N")


def _see_that_it_may_be_replaced(out: Path) -> None:
    """An older recipe may be; anything else would be a slip of the hand."""
    from imgrec.training.recipes import settings_from

    if out.exists():
        try:
            settings_from(str(out), {})
        except TrainingError:
            raise TrainingError(
                f"{out} exists and is no recipe, so it is not replaced; choose another --out."
            ) from None


def _show(findings: "Findings", caveats: list[str]) -> None:
    objective = findings.plan.objective
    columns = ["accuracy"] if objective == "accuracy" else [objective, "accuracy"]
    shown = table(
        f"{len(findings.rows)} trials: " + ", ".join(f"{n} {outcome}" for outcome, n in findings.outcomes().items()),
        "trial", *findings.plan.space.dimensions, *columns, "epochs", "outcome", "seconds",
    )  # fmt: skip
    for row in findings.rows:
        figures = [row.accuracy] if objective == "accuracy" else [row.score, row.accuracy]
        values = [row.settings.get(name, "") for name in findings.plan.space.dimensions]
        shown.add_row(
            str(row.trial), *(f"{value:g}" if isinstance(value, float) else str(value) for value in values),
            *("" if figure is None else f"{figure:.1%}" for figure in figures), str(row.epochs),
            f"{row.outcome}{f': {row.reason}' if row.reason else ''}", f"{row.seconds:.0f}",
        )  # fmt: skip
    print_text(shown)
    if findings.importances:
        print_text("")
        mattered = table("What mattered", "setting", "share of the differences")
        for name, share in findings.importances.items():
            mattered.add_row(name, f"{share:.0%}")
        print_text(mattered)
    print_text("", *caveats)
