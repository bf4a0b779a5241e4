"""`imgrec evaluate`: figures of the log, of the search, and of trained models."""

from pathlib import Path

import click

from imgrec.commands.console import (
    Commands,
    config_option,
    configured,
    json_option,
    must_exist,
    print_json,
    print_text,
    reporter,
    table,
)
from imgrec.errors import FeedError

SPLITS = ("train", "validation", "test")

_seed_option = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the intervals' resampling."
)


@click.group(cls=Commands)
@config_option
def evaluate() -> None:
    """Figures of trained models, of the search, and of the log."""


@evaluate.command("model")
@click.argument("models", nargs=-1)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True,
              help="Whose photos are the queries of the retrieval figures.")  # fmt: skip
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write a page with plots and pictures, all in one file. Needs the extra `report`.")  # fmt: skip
@click.option("--recompute", is_flag=True, help="Run the network over all photos again, whatever is kept of it.")
@_seed_option
@json_option
@config_option
def evaluate_model(
    models: tuple[str, ...], split: str, html: Path | None, recompute: bool, seed: int, as_json: bool
) -> None:
    """How good trained MODELS are on the catalogue's photos; without a name, the current one.

    A model is named by its folder, or its name beside the current one. Accuracy, calibration and confusions on
    training, validation and test photos; precision, recall and average precision of the search, hard against soft
    scoping, and what each threshold would do, all with 95 % intervals. Models after the first are compared with it,
    photo by photo.

    What the network puts out is kept in the user's cache folder: asking again takes seconds.
    """
    from imgrec.catalogue.store import Catalogue
    from imgrec.evaluation.as_json import as_json as plain
    from imgrec.evaluation.model_report import report_on_models
    from imgrec.evaluation.outputs import default_cache
    from imgrec.evaluation.serving import candidates

    if html is not None:
        from imgrec.evaluation.page import check_packages

        check_packages()
    config, report = configured(), reporter()
    with Catalogue.read(config.catalogue) as catalogue:
        named = candidates(models, config)
        figures, runs = report_on_models(named, catalogue, split, default_cache(), seed, report, recompute)
        if html is not None:
            from imgrec.evaluation.page import write_page

            write_page(html, figures, runs, catalogue, report)
            report.say(f"Written: {html}")
    if as_json:
        print_json(plain(figures))
        return
    from imgrec.commands.evaluate_tables import model_tables

    print_text(*model_tables(figures))


@evaluate.command("search")
@click.option("--queries", type=click.Path(path_type=Path),
              help="CSV with photo,category and optionally kind,product_id; photos relative to the file.")  # fmt: skip
@click.option("--split", type=click.Choice(SPLITS),
              help="The catalogue's own photos of this split, each one's product and group left out.")  # fmt: skip
@click.option("--exclude-own", is_flag=True, help="With --queries: leave out each one's own product_id and its group.")
@_seed_option
@json_option
@config_option
def evaluate_search(queries: Path | None, split: str | None, exclude_own: bool, seed: int, as_json: bool) -> None:
    """How often the search is right on photos whose truth is known.

    Category accuracy, a product of the same kind among the first 1, 3 and 10, the very product first. With --split also
    precision, recall and average precision among the first matches, hard against soft scoping, with 95 % intervals.
    """
    from imgrec.evaluation.outputs import default_cache
    from imgrec.evaluation.search_report import read_queries, report_on_search
    from imgrec.evaluation.split_report import report_on_split
    from imgrec.search.searcher import Searcher

    if (queries is None) == (split is None):
        raise click.UsageError("Name the queries: either --queries FILE or --split test (or train, validation).")
    rows = []
    if queries is not None:
        must_exist(FeedError, queries)
        rows = read_queries(queries)
    report = reporter()
    with Searcher.open(configured()) as searcher:
        if split is None:
            figures, retrieval = report_on_search(searcher, rows, exclude_own, report), None
        else:
            figures, retrieval = report_on_split(searcher, split, default_cache(), seed, report)
    if as_json:
        from imgrec.evaluation.as_json import as_json as plain

        print_json(figures.as_json() | ({} if retrieval is None else {"retrieval": plain(retrieval)}))
        return
    shown = table(
        f"{figures.queries} queries, {figures.unreadable} unreadable; {figures.scoping} scoping", "figure", "value"
    )
    shown.add_row("category right", str(figures.category_right))
    shown.add_row("category searched", str(figures.category_in_scope))
    for k, share in figures.kind_in_first.items():
        shown.add_row(f"kind in the first {k}", str(share))
    if figures.product_first is not None:
        shown.add_row("product first", str(figures.product_first))
    shown.add_row(f"answered from {figures.threshold}", str(figures.answered))
    print_text(shown)
    if retrieval is not None:
        from imgrec.commands.evaluate_tables import retrieval_tables

        print_text("", *retrieval_tables(retrieval))


@evaluate.command("log")
@json_option
@config_option
def evaluate_log(as_json: bool) -> None:
    """What shoppers asked, got and approved of.

    Queries by outcome, approval by category and by threshold with 95 % intervals, corrections, latency.
    """
    from imgrec.evaluation.log_report import report_on_log
    from imgrec.log.reader import LogReader

    with LogReader.open(configured().log.path) as log:
        figures = report_on_log(log.queries())
    if as_json:
        print_json(figures.as_json())
        return
    shown = table("Log", "figure", "value")
    shown.add_row("queries", f"{sum(figures.outcomes.values()):,}")
    for outcome, count in sorted(figures.outcomes.items()):
        shown.add_row(f"  {outcome}", f"{count:,}")
    shown.add_row("answered", str(figures.answered))
    shown.add_row("approval", str(figures.approval))
    for name, share in figures.approval_by_category.items():
        shown.add_row(f"  {name}", str(share))
    for step, share in figures.approval_by_threshold.items():
        shown.add_row(f"  threshold {step}", str(share))
    shown.add_row("corrected", str(figures.corrected))
    for correction, count in figures.corrections.items():
        shown.add_row(f"  {correction}", str(count))
    shown.add_row("latency, ms", ", ".join(f"{point} {ms}" for point, ms in figures.latency_ms.items()))
    print_text(shown)
