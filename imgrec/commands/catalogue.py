"""`imgrec import` and `imgrec photos`: feeds and their photos into the catalogue."""

import csv
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgrec.commands.console import (
    config_option,
    configured,
    json_option,
    must_exist,
    print_json,
    print_text,
    reporter,
    table,
)
from imgrec.commands.feed_options import feed_options, parts_of
from imgrec.errors import FeedError

if TYPE_CHECKING:
    from imgrec.catalogue.importing import ImportOptions


@click.command("import")
@click.argument("feeds", nargs=-1, required=True, type=click.Path(path_type=Path))
@feed_options
@click.option("--per-category", type=click.IntRange(min=1), metavar="N",
              help="Draw a sample: at most N products of each category, of those with title and image.")  # fmt: skip
@click.option("--seed", type=int, metavar="S", help="Another S draws another sample. [default: 0]")
@json_option
@config_option
def import_(
    feeds: tuple[Path, ...], source: str | None, told: "ImportOptions", per_category: int | None, seed: int | None,
    new_source: bool, as_json: bool,
) -> None:  # fmt: skip
    """Bring the catalogue up to date with product FEEDS.

    A feed may be gzipped, and its format is told from its content. imgrec's own is a CSV file with the columns id,
    title, image (a path relative to the file, or a URL) and optionally category, price, currency, brand, url,
    sales_rank, split, group, kind. The others, and what becomes of their fields, are told in docs/feeds.md:

    \b
      imgrec import products.csv                            imgrec's own
      imgrec import meta_Toys_and_Games.json.gz             Amazon product data, 2014 or 2018
      imgrec import meta_All_Beauty.jsonl.gz                Amazon Reviews 2023
      imgrec import merchant.xml                            Google Merchant, as RSS, Atom or text
      imgrec import products_export.csv --currency EUR      Shopify or WooCommerce
      imgrec import meta_*.json.gz --source amazon --per-category 500 --seed 1

    Rows that are new or changed go in; rows that cannot be used are counted by reason and listed in a file; products of
    the same source that the feed no longer names, or that are not in the sample, are retired. Where that would be more
    than five products and more than a fifth, as of a feed that was cut off, nothing is retired unless --retire says so;
    and a new source with products that are on sale under another is refused unless --new-source says that it is one.
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.import_report import ImportReport
    from imgrec.opening import bring_in

    if seed is not None and per_category is None:
        raise click.UsageError("--seed is that of a sample; say with --per-category how many products to draw.")
    config, report = configured(), reporter()
    parts = parts_of(feeds, source, config.catalogue)
    options = replace(told, per_category=per_category, seed=seed or 0)
    must_exist(FeedError, *feeds)
    results = bring_in(config, parts, options, report, new_source)
    if as_json:
        total = ImportReport()
        for result in results:
            total.add(result)
        print_json(total.as_json())


@click.command()
@click.option("--source", help="Fetch photos of this source's products only. [default: of all]")
@click.option("--limit", type=click.IntRange(min=1), help="Fetch at most so many photos. [default: all]")
@click.option("--retry-failed", is_flag=True, help="Try those again, too, that failed for good.")
@click.option("--failures", is_flag=True, help="Fetch nothing; list photos that could not be fetched, as CSV.")
@click.option("--duplicates", is_flag=True, help="Fetch nothing; list photos that look the same, as CSV.")
@json_option
@config_option
def photos(
    source: str | None, limit: int | None, retry_failed: bool, failures: bool, duplicates: bool, as_json: bool
) -> None:
    """Fetch the photos that the catalogue lacks.

    Several at a time, politely, and only from public addresses unless photos.allow_private says otherwise. Every photo
    gets a status; what failed for the moment is tried again by the next run, what was stored is never fetched again.
    Then placeholders ("no image") are found, which index and training leave out, and photos that look the same.
    """
    from imgrec.catalogue.lacking import list_failures
    from imgrec.catalogue.photo_status import PhotoStatus
    from imgrec.catalogue.repeated import find_repeats, hash_stored_photos, listing
    from imgrec.catalogue.store import Catalogue
    from imgrec.lock import writing
    from imgrec.opening import fetch

    if failures + duplicates + bool(source or limit or retry_failed) > 1:
        raise click.UsageError(
            "--failures and --duplicates list what the whole catalogue holds: give one of them alone."
        )
    config, report = configured(), reporter()
    Catalogue.must_exist(config.catalogue)
    if failures or duplicates:
        with writing(config.catalogue.path, "imgrec photos"), Catalogue.open(config.catalogue) as catalogue:
            if unread := hash_stored_photos(catalogue, report):
                report.say(f"Stored photos that are gone or damaged: {unread:,}. Import their feeds again.")
            if duplicates:
                repeats = find_repeats(catalogue, config.photos.placeholder_products)
                _print_listing(listing(repeats, catalogue.photos), as_json)
            else:
                _print_listing(list_failures(catalogue), as_json)
        return
    done = fetch(config, report, source, limit, retry_failed)
    for line in done.in_words(config.photos.allow_private, retry_failed):
        report.say(line)
    if as_json:
        print_json({**done.report.as_json(), "photos": done.statuses, "repeats": done.repeats.as_json()})
        return
    shown = table("Photos", "status", "photos", "tried again")
    for status, count in done.statuses.items():
        shown.add_row(status, f"{count:,}", PhotoStatus(status).tried_again)
    if done.statuses:
        print_text(shown)


def _print_listing(rows: Iterable[dict[str, object]], as_json: bool) -> None:
    if as_json:
        print_json(list(rows))
        return
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(sys.stdout, row.keys())
            writer.writeheader()
        writer.writerow(row)
