"""The command line: thin over the library. Data goes to stdout, progress and errors to stderr."""

import csv
import json
import math
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from imgrec import __version__
from imgrec.catalogue.formats.detect import FORMATS
from imgrec.catalogue.prices import currency_code
from imgrec.commands.console import Commands as _Commands
from imgrec.commands.console import config_option as _config_option
from imgrec.commands.console import configured as _config
from imgrec.commands.console import json_option as _json_option
from imgrec.commands.console import must_exist as _must_exist
from imgrec.commands.console import print_json as _print_json
from imgrec.commands.console import print_text as _print
from imgrec.commands.console import reporter as _report
from imgrec.commands.console import table as _table
from imgrec.commands.evaluate import evaluate
from imgrec.commands.training import setting_options
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
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), metavar="NAME",
              help=f"Read the feeds as this: {', '.join(FORMATS)}. [default: told from their content]")  # fmt: skip
@click.option("--source", help="Name of the feed's products in the catalogue; several FEEDS are then parts of one. "
              "[default: each file's name]")  # fmt: skip
@click.option("--currency", metavar="CODE", help="Currency of prices whose feed names none, such as EUR.")
@click.option("--per-category", type=click.IntRange(min=1), metavar="N",
              help="Draw a sample: at most N products of each category, of those with title and image.")  # fmt: skip
@click.option("--seed", type=int, metavar="S", help="Another S draws another sample. [default: 0]")
@_json_option
@_config_option
def import_(
    feeds: tuple[Path, ...], format_: str | None, source: str | None, currency: str | None, per_category: int | None,
    seed: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Bring the catalogue up to date with product FEEDS.

    A feed may be gzipped, and its format is told from its content. imgrec's own is a CSV file with the columns id,
    title, category, image (a path relative to the file, or a URL) and optionally price, currency, brand, url,
    sales_rank, split, group, kind. The others, and what becomes of their fields, are told in docs/feeds.md:

    \b
      imgrec import products.csv                            imgrec's own
      imgrec import meta_Toys_and_Games.json.gz             Amazon product data, 2014 or 2018
      imgrec import meta_All_Beauty.jsonl.gz                Amazon Reviews 2023
      imgrec import merchant.xml                            Google Merchant, as RSS, Atom or text
      imgrec import products_export.csv --currency EUR      Shopify or WooCommerce
      imgrec import meta_*.json.gz --source amazon --per-category 500 --seed 1

    Rows that are new or changed go in; rows that cannot be used are counted by reason and listed in a file; products of
    the same source that the feed no longer names, or that are not in the sample, are retired.
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.importing import FeedPart, ImportOptions, ImportReport, import_feeds, source_name
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing

    names = [source or source_name(feed) for feed in feeds]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice and not source:  # the second would retire what the first brought in
        raise click.UsageError(
            f"Several feeds are named {twice[0]!r}, so their products would replace each other's; import them one by "
            "one, each with its own --source, or give one --source to all if they are parts of one feed."
        )
    if seed is not None and per_category is None:
        raise click.UsageError("--seed is that of a sample; say with --per-category how many products to draw.")
    if currency and not (currency := currency_code(currency)):
        raise click.UsageError("--currency wants an ISO 4217 code such as USD or EUR.")
    _must_exist(FeedError, *feeds)
    section, report = _config().catalogue, _report()
    rejects = section.path.parent / "rejects"
    parts = [
        FeedPart(feed, name, rejects / (re.sub(r"[^\w. -]", "_", name) + ".csv"))
        for feed, name in zip(feeds, names, strict=True)
    ]
    with writing(section.path, "imgrec import"), Catalogue.open(section) as catalogue:
        results = import_feeds(
            catalogue, parts, report, ImportOptions(format_, currency, per_category, seed or 0)
        )  # fmt: skip
    if as_json:
        total = ImportReport()
        for result in results:
            total.add(result)
        _print_json(total.as_json())


@main.command()
@click.option("--source", help="Fetch photos of this source's products only. [default: of all]")
@click.option("--limit", type=click.IntRange(min=1), help="Fetch at most so many photos. [default: all]")
@click.option("--retry-failed", is_flag=True, help="Try those again, too, that failed for good.")
@click.option("--duplicates", is_flag=True, help="Fetch nothing; list photos that look the same, as CSV.")
@_json_option
@_config_option
def photos(source: str | None, limit: int | None, retry_failed: bool, duplicates: bool, as_json: bool) -> None:
    """Fetch the photos that the catalogue lacks.

    Several at a time, politely, and only from public addresses unless photos.allow_private says otherwise. Every photo
    gets a status; what failed for the moment is tried again by the next run, what was stored is never fetched again.
    Then placeholders ("no image") are found, which index and training leave out, and photos that look the same.
    """
    from imgrec.catalogue.fetching import fetch_photos
    from imgrec.catalogue.lacking import Lacking
    from imgrec.catalogue.photo_status import PhotoStatus
    from imgrec.catalogue.repeated import find_repeats, hash_stored_photos, listing, mark_placeholders
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing

    if duplicates and (source or limit or retry_failed):
        raise click.UsageError("--duplicates lists what the whole catalogue holds; give it without other options.")
    config, report = _config(), _report()
    Catalogue.must_exist(config.catalogue)
    with writing(config.catalogue.path, "imgrec photos"), Catalogue.open(config.catalogue) as catalogue:
        unread = hash_stored_photos(catalogue, report)
        if unread:
            report.say(f"{unread:,} stored photos are gone or damaged; import their feeds again.")
        if duplicates:
            repeats = find_repeats(catalogue, config.photos.placeholder_products)
            _print_listing(list(listing(repeats, catalogue.photos)), as_json)
            return
        lacking = Lacking(catalogue, source, retry_failed)
        total = min(lacking.count(), limit or sys.maxsize)
        with report.stage("Fetching photos", total) as advance:
            fetched = fetch_photos(lacking, catalogue.photos, config.photos, limit=limit, on_progress=advance)
        repeats = find_repeats(catalogue, config.photos.placeholder_products)
        mark_placeholders(catalogue, repeats)
        statuses = catalogue.counts().photos
    report.say(fetched.in_words() if total else "Nothing to fetch.")
    failed = sum(count for status, count in statuses.items() if PhotoStatus(status).is_permanent)
    if failed and not retry_failed:
        report.say(f"{failed:,} photos have failed for good; try them again with: imgrec photos --retry-failed")
    for line in repeats.in_words():
        report.say(line)
    if as_json:
        _print_json({**fetched.as_json(), "photos": statuses, "repeats": repeats.as_json()})
        return
    table = _table("Photos", "status", "photos", "tried again")
    for status, count in statuses.items():
        table.add_row(status, f"{count:,}", PhotoStatus(status).tried_again)
    _print(table)


def _print_listing(rows: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        _print_json(rows)
    elif rows:
        writer = csv.DictWriter(sys.stdout, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@main.command()
@click.option("--name", help="The model's name; it becomes a folder beside the other models.  [required]")
@click.option("--show", is_flag=True, help="Print the settings as a recipe, and train nothing.")
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
def train(name: str | None, show: bool, recipe: str, restart: bool, replace: bool, **values: Any) -> None:
    """Fine-tune VGG-16 on the catalogue's photos.

    Needs the extra packages of `train`. Progress is kept after every epoch: an interrupted run goes on when the same
    command is given again. At the end the model is exported, measured and calibrated, and becomes the current one.

    \b
      imgrec train --name first                                    # from ImageNet weights
      imgrec train --name small --weights none --side-px 96        # from scratch, no download
      imgrec train --name study --recipe slides
      imgrec train --show --dropout 0.5 > mine.yaml                # a recipe of your own
      tensorboard --logdir models/tensorboard                      # watch it
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.store import Catalogue
    from imgrec.generations import point_to
    from imgrec.lock import writing
    from imgrec.training.backend import training_packages
    from imgrec.training.recipes import recipe_text, settings_from

    settings = settings_from(recipe, {key: value for key, value in values.items() if value is not None})
    if show:
        click.echo(recipe_text(settings), nl=False)
        return
    if name is None:
        raise click.UsageError("Give the model a --name.")
    config, report = _config(), _report()
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


main.add_command(evaluate)


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
