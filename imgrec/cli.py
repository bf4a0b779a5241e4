"""The command line: thin over the library. Data goes to stdout, progress and errors to stderr."""

import errno
import json
import math
import os
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from rich.console import Console
from rich.table import Table

from imgrec import __version__
from imgrec.config import Config, load_config
from imgrec.errors import FeedError, ImgrecError, PhotoError
from imgrec.progress import OnConsole
from imgrec.training.settings import TrainingSettings

INTERRUPTED = 130


class _Commands(click.Group):
    """Turns our errors into one line and exit code 1, and Ctrl-C into a word on how to go on."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ImgrecError as error:
            raise click.ClickException(str(error)) from None
        except (
            OSError,
            sqlite3.DatabaseError,
        ) as error:  # a full disk, a folder that may not be written, a damaged file
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            raise click.ClickException(" ".join(str(error).split())) from error
        except KeyboardInterrupt:
            click.echo(
                "Interrupted. The same command (without --restart or --rebuild) goes on where it stopped.", err=True
            )
            raise SystemExit(INTERRUPTED) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of the work, not of the alphabet


def _keep_config_path(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None:
        ctx.ensure_object(dict)["config"] = path


def _config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`, taken before the command's name as well as behind it."""
    return click.option(
        "--config", type=click.Path(dir_okay=False, path_type=Path), expose_value=False, callback=_keep_config_path,
        help="Configuration file. [default: $IMGREC_CONFIG, else ./config.yaml]",
    )(command)  # fmt: skip


def _must_exist(error: type[ImgrecError], *files: Path) -> None:
    """A missing file is an error of ours (exit code 1), not one of the arguments' form."""
    for file in files:
        if file.is_dir() or not file.exists():
            raise error(f"{file} is a folder, not a file." if file.is_dir() else f"There is no file {file}.")


_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


def _config() -> Config:
    context = click.get_current_context()
    return load_config(context.ensure_object(dict).get("config"), os.environ)


def _report() -> OnConsole:
    return OnConsole(Console(stderr=True, markup=False, emoji=False))


def _print_json(content: object) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print(*renderables: Table | str) -> None:
    # Feed text is shown as it is: no [markup], no :emoji: names.
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 120)
    for renderable in renderables:
        console.print(renderable)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@_config_option
def main() -> None:
    """Find the products that look like a photo.

    The usual order: import a feed, train a model on its photos, build the index, search, and run the bot.

    \b
      imgrec import products.csv
      imgrec train --name first
      imgrec index
      imgrec search photo.jpg
      python -m bot
    """  # noqa: D301 - click wants the backspace itself


@main.command("import")
@click.argument("feeds", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", help="Name of the feed's products in the catalogue. [default: the file's name]")
@_json_option
@_config_option
def import_(feeds: tuple[Path, ...], source: str | None, as_json: bool) -> None:
    """Bring the catalogue up to date with product FEEDS.

    A feed is a CSV file with the columns id, title, category, image (a path relative to the file, or a URL) and
    optionally price, currency, brand, url, sales_rank, split, group, kind. Rows that are new or changed go in; rows
    that cannot be used are counted by reason and listed in a file; products of the same source that the feed no longer
    names are retired.
    """
    from imgrec.catalogue.importing import ImportReport, import_feed
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing

    if source and len(feeds) > 1:
        raise click.UsageError("--source names one feed's products; import several feeds one by one, or without it.")
    twice = [name for name, count in Counter(feed.stem for feed in feeds).items() if count > 1]
    if twice:  # the second would retire what the first brought in
        raise click.UsageError(
            f"Several feeds are named {twice[0]!r}, so their products would replace each other's; import them one by "
            "one, each with its own --source."
        )
    _must_exist(FeedError, *feeds)
    section, report = _config().catalogue, _report()
    total = ImportReport()
    with writing(section.path, "imgrec import"), Catalogue.open(section) as catalogue:
        for feed in feeds:
            name = source or feed.stem
            rejects = section.path.parent / "rejects" / (re.sub(r"[^\w. -]", "_", name) + ".csv")
            with report.stage(f"Importing {feed.name}", None) as advance:
                result = import_feed(catalogue, feed, name, rejects, advance)
            total.add(result)
            report.say(f"{feed}: {result.in_words()}")
    if as_json:
        _print_json(total.as_json())


def _training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each training setting that fits on a command line; what is not given, the recipe decides."""
    for name, field in reversed(TrainingSettings.model_fields.items()):
        kind: Any = field.annotation
        if name == "stages":
            continue
        if get_origin(kind) is Literal:
            kind = click.Choice(get_args(kind))
        elif get_args(kind):  # float | None
            kind = get_args(kind)[0]
        command = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=field.description)(command)
    return command


@main.command()
@click.option("--name", required=True, help="The model's name; it becomes a folder beside the other models.")
@click.option(
    "--recipe",
    default="best",
    show_default=True,
    help="Settings to start from: best, slides (the study's), or a YAML file. The options below change single ones.",
)
@click.option("--restart", is_flag=True, help="Start an unfinished run of this name over.")
@click.option("--replace", is_flag=True, help="Replace a finished model of this name when the new one is done.")
@_training_options
@_config_option
def train(name: str, recipe: str, restart: bool, replace: bool, **values: Any) -> None:
    """Fine-tune VGG-16 on the catalogue's photos.

    Needs the extra packages of `train`. Progress is kept after every epoch: an interrupted run goes on when the same
    command is given again. At the end the model is exported, measured and calibrated, and becomes the current one.

    \b
      imgrec train --name first                                    # from ImageNet weights
      imgrec train --name small --weights none --side-px 96        # from scratch, no download
      imgrec train --name study --recipe slides
      tensorboard --logdir models/tensorboard                      # watch it
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.store import Catalogue
    from imgrec.generations import point_to
    from imgrec.lock import writing
    from imgrec.training.backend import training_packages
    from imgrec.training.recipes import settings_from

    config, report = _config(), _report()
    settings = settings_from(recipe, {key: value for key, value in values.items() if value is not None})
    with training_packages():
        from imgrec.training.run import Options, model_target, train
    target, point = model_target(config.model.path, name)
    Catalogue.read(config.catalogue).close()
    with (
        writing(target.with_name(f"{target.name}.training"), "imgrec train"),
        Catalogue.open(config.catalogue) as catalogue,
    ):
        options = Options(restart, replace, config.search.scope_mass)
        model = train(catalogue, target, settings, options, report)
    if point:
        point_to(target.parent, target.name)
    metrics = json.loads((model.path / "metrics.json").read_text(encoding="utf-8"))
    table = _table(f"{model.path}", "figure", "value")
    for split, accuracy in metrics["accuracy"].items():
        table.add_row(f"{split} accuracy", f"{accuracy:.1%} of {metrics['photos'][split]:,} photos")
    table.add_row("threshold", f"{model.settings.threshold} ({model.settings.threshold_rule})")
    table.add_row("scoping", model.settings.scoping)
    _print(table)
    in_use = point or config.model.path == model.path
    use = "" if in_use else f"Set model.path to {model.path} in the configuration; then"
    report.say(f"{use or 'Next'}: imgrec index".lstrip())


@main.command()
@click.option("--rebuild", is_flag=True, help="Compute every feature anew, even those of photos already indexed.")
@_json_option
@_config_option
def index(rebuild: bool, as_json: bool) -> None:
    """Compute a feature vector of every product photo, for search to compare with.

    Photos already indexed by the same model are not computed again. The new index is swapped in whole; a running bot
    takes it up by itself.
    """
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing
    from imgrec.search.build import build_index
    from imgrec.vision.model_folder import open_model
    from imgrec.vision.recogniser import load_recogniser

    config, report = _config(), _report()
    with Catalogue.read(config.catalogue) as catalogue, writing(config.catalogue.path, "imgrec index"):
        recogniser = load_recogniser(open_model(config.model.path), config.model.precision)
        result = build_index(catalogue, recogniser, config.index.path, rebuild, report)
    report.say(result.in_words())
    if as_json:
        _print_json(vars(result))


@main.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--category", help="Search this category, whatever the model predicts.")
@click.option(
    "--threshold", type=click.FloatRange(-1, 1), help="Least cosine similarity of a match. [default: configured]"
)
@click.option("--top", type=click.IntRange(1, 1000), help="Most matches. [default: search.results]")
@_json_option
@_config_option
def search(photo: Path, category: str | None, threshold: float | None, top: int | None, as_json: bool) -> None:
    """Find the products that look like PHOTO."""
    from imgrec.search.searcher import Searcher
    from imgrec.vision.decode import decode_photo

    _must_exist(PhotoError, photo)
    if threshold is not None and math.isnan(threshold):
        raise click.UsageError("--threshold must be a number from -1 to 1.")
    with Searcher.open(_config()) as searcher:
        image = decode_photo(photo, searcher.recogniser.model.settings.preprocessing.side_px)
        chosen = searcher.category_named(category) if category else None
        answer = searcher.answer(searcher.see([image])[0], chosen, threshold, top)
        if unknown := searcher.unknown_categories:
            click.echo(f"The model does not know {', '.join(unknown)}; train one that does.", err=True)
    if as_json:
        _print_json(answer.as_json())
        return
    table = _table(
        f"{answer.category.name} ({answer.category.probability:.0%}); searched {', '.join(answer.scope)} "
        f"from similarity {answer.threshold:.3f}", "similarity", "title", "price", "category", "id",
    )  # fmt: skip
    for match in answer.matches:
        product = match.product
        price = " ".join(filter(None, [product.price, product.currency]))
        table.add_row(
            f"{match.similarity:.3f}", product.title or "", price, product.category, f"{product.source}/{product.id}"
        )
    _print(table)
    if not answer.matches:
        best = "nothing" if answer.best_similarity is None else f"{answer.best_similarity:.3f}"
        _print(f"No product is similar enough; the most similar one has {best}. A lower --threshold shows it.")


@main.group(cls=_Commands)
@_config_option
def evaluate() -> None:
    """Figures of the log, and of the search on photos whose truth is known."""


@evaluate.command("log")
@_json_option
@_config_option
def evaluate_log(as_json: bool) -> None:
    """What shoppers asked, got and approved of.

    Queries by outcome, approval by category and by threshold with 95 % intervals, corrections, latency.
    """
    from imgrec.evaluation.log_report import report_on_log
    from imgrec.log.reader import LogReader

    with LogReader.open(_config().log.path) as log:
        figures = report_on_log(log.queries())
    if as_json:
        _print_json(figures.as_json())
        return
    table = _table("Log", "figure", "value")
    table.add_row("queries", f"{sum(figures.outcomes.values()):,}")
    for outcome, count in sorted(figures.outcomes.items()):
        table.add_row(f"  {outcome}", f"{count:,}")
    table.add_row("answered", str(figures.answered))
    table.add_row("approval", str(figures.approval))
    for name, share in figures.approval_by_category.items():
        table.add_row(f"  {name}", str(share))
    for step, share in figures.approval_by_threshold.items():
        table.add_row(f"  threshold {step}", str(share))
    table.add_row("corrected", str(figures.corrected))
    for correction, count in figures.corrections.items():
        table.add_row(f"  {correction}", str(count))
    table.add_row("latency, ms", ", ".join(f"{point} {ms}" for point, ms in figures.latency_ms.items()))
    _print(table)


@evaluate.command("search")
@click.option("--queries", required=True, type=click.Path(path_type=Path),
              help="CSV with photo,category and optionally kind,product_id; photos relative to the file.")  # fmt: skip
@click.option("--exclude-own", is_flag=True, help="Leave out each query's own product_id and its group.")
@_json_option
@_config_option
def evaluate_search(queries: Path, exclude_own: bool, as_json: bool) -> None:
    """How often the search is right on photos whose truth is known.

    Category accuracy, a product of the same kind among the first 1, 3 and 10, the very product first.
    """
    from imgrec.evaluation.search_report import read_queries, report_on_search
    from imgrec.search.searcher import Searcher

    _must_exist(FeedError, queries)
    rows = read_queries(queries)
    with Searcher.open(_config()) as searcher:
        figures = report_on_search(searcher, rows, exclude_own, _report())
    if as_json:
        _print_json(figures.as_json())
        return
    table = _table(
        f"{figures.queries} queries, {figures.unreadable} unreadable; {figures.scoping} scoping", "figure", "value"
    )
    table.add_row("category right", str(figures.category_right))
    table.add_row("category searched", str(figures.category_in_scope))
    for k, share in figures.kind_in_first.items():
        table.add_row(f"kind in the first {k}", str(share))
    if figures.product_first is not None:
        table.add_row("product first", str(figures.product_first))
    table.add_row(f"answered from {figures.threshold}", str(figures.answered))
    _print(table)


@main.command()
@_json_option
@_config_option
def status(as_json: bool) -> None:
    """What catalogue, model, index and log hold, on one screen."""
    from imgrec.status import read_status

    overview = read_status(_config())
    if as_json:
        _print_json(overview.as_json())
        return
    table = _table("imgrec", "part", "holds")
    for part, lines in overview.in_words().items():
        for number, line in enumerate(lines):
            table.add_row(part if number == 0 else "", line)
    _print(table)
