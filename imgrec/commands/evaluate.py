"""`imgrec evaluate`: figures of the log, of the search, and of models."""

from pathlib import Path

import click

from imgrec.catalogue.feed import SPLITS
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

_seed_option = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the intervals' resampling."
)


@click.group(cls=Commands)
@config_option
def evaluate() -> None:
    """Figures of models, of the search, and of the log."""


@evaluate.command("model")
@click.argument("models", nargs=-1)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True,
              help="Whose photos are measured, and are the queries; nothing is fitted on them.")  # fmt: skip
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write a page with plots and pictures, all in one file. Needs the extra `report`.")  # fmt: skip
@click.option("--recompute", is_flag=True, help="Look at all photos again, whatever is kept of them.")
@_seed_option
@json_option
@config_option
def evaluate_model(
    models: tuple[str, ...], split: str, html: Path | None, recompute: bool, seed: int, as_json: bool
) -> None:
    """How good MODELS are on the catalogue's photos; without a name, the configured one.

    A model is named by its folder, or its name beside the configured one. Each is asked as an index of the training and
    validation photos would answer (of the training photos, where validation photos are measured): accuracy, calibration
    and confusions; precision, recall and average precision of the search, hard against soft scoping, and what each
    threshold would do, all with 95 % intervals. Models after the first are compared with it, photo by photo.

    What the models see is kept with the features of the catalogue's photos: asking again takes a minute.
    """
    from imgrec.catalogue.store import Catalogue
    from imgrec.evaluation.as_json import as_json as plain
    from imgrec.evaluation.candidates import candidates
    from imgrec.evaluation.model_report import report_on_models

    if html is not None:
        from imgrec.evaluation.page import check_packages

        check_packages()
    config, report = configured(), reporter()
    Catalogue.read(config.catalogue).close()  # what is missing is said before anything is looked at
    figures, runs = report_on_models(candidates(models, config), config, split, seed, report, recompute)
    if html is not None:
        from imgrec.evaluation.page import write_page

        with Catalogue.read(config.catalogue) as catalogue:
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
@click.option("--strangers", type=click.Path(path_type=Path),
              help="Such a CSV of photos of what the shop does not sell: how sure it is of them.")  # fmt: skip
@_seed_option
@json_option
@config_option
def evaluate_search(
    queries: Path | None, split: str | None, exclude_own: bool, strangers: Path | None, seed: int, as_json: bool
) -> None:
    """How often the search is right on photos whose truth is known.

    Category accuracy, a product of the same kind among the first 1, 3 and 10, the very product first, how much is shown
    and how much of that is right. With --split also precision, recall and average precision among the first matches,
    hard against soft scoping, with 95 % intervals; what is said of categories flatters there, as the index was fitted
    on these photos.
    """
    from imgrec.evaluation.search_report import confidence_in_strangers, read_queries, report_on_search
    from imgrec.evaluation.split_report import report_on_split
    from imgrec.search.serving import Serving

    if (queries is None) == (split is None):
        raise click.UsageError("Name the queries: either --queries FILE or --split test (or train, validation).")
    must_exist(FeedError, *filter(None, (queries, strangers)))
    rows = read_queries(queries) if queries else []
    strange = read_queries(strangers) if strangers else []
    config, report = configured(), reporter()
    with Serving.open(config) as serving:
        if split is None:
            figures, retrieval = report_on_search(serving, rows, exclude_own, seed, report), None
        else:
            figures, retrieval = report_on_split(serving, config, split, seed, report)
        of_strangers = confidence_in_strangers(serving, strange, report) if strange else None
    if as_json:
        from imgrec.evaluation.as_json import as_json as plain

        shown = figures.as_json()
        if retrieval is not None:
            shown["retrieval"] = plain(retrieval)
        if of_strangers is not None:
            shown["strangers"] = of_strangers.as_json()
        print_json(shown)
        return
    from imgrec.commands.evaluate_tables import confidence_table, retrieval_tables, search_tables

    print_text(*search_tables(figures))
    if retrieval is not None:
        print_text("", *retrieval_tables(retrieval))
    if of_strangers is not None:
        print_text("", confidence_table(of_strangers))


@evaluate.command("log")
@json_option
@config_option
def evaluate_log(as_json: bool) -> None:
    """What shoppers asked, got and approved of.

    Queries by outcome, approval by category and by threshold with 95 % intervals, corrections, latency, and whether
    shoppers liked products as often as their likeness said.
    """
    from imgrec.evaluation.log_report import report_on_log
    from imgrec.figures import counted
    from imgrec.log.reader import LogReader

    with LogReader.open(configured().log.path) as log:
        figures = report_on_log(log.queries(), log.judged())
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
    if figures.judged:
        votes = sum(judged.liked.count for judged in figures.judged.values())
        shown.add_row(
            "likeness", f"{counted(votes, 'vote')} on single products, of {counted(figures.judges, 'shopper')}"
        )
    for degree, judged in figures.judged.items():
        shown.add_row(f"  {degree}", str(judged))
    print_text(shown)
    if figures.judged:
        print_text(
            "", "Who votes on a product has chosen to open it, and may mean its price: no sample of what is shown."
        )
