"""The command line: thin over the library. Data goes to stdout, progress and errors to stderr."""

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import click

from imgrec import __version__
from imgrec.commands.console import Commands as _Commands
from imgrec.commands.console import config_option as _config_option
from imgrec.commands.console import configured as _config
from imgrec.commands.console import json_option as _json_option
from imgrec.commands.console import must_exist as _must_exist
from imgrec.commands.console import print_json as _print_json
from imgrec.commands.console import print_text as _print
from imgrec.commands.console import reporter as _report
from imgrec.commands.console import table as _table
from imgrec.commands.training import setting_options, training_packages
from imgrec.commands.tune import tune
from imgrec.errors import FeedError, PhotoError


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
@setting_options
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


main.add_command(tune)


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
