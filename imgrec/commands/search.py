"""`imgrec index` and `imgrec search`: a feature of every photo, and what looks like a new one."""

import math
from pathlib import Path

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
from imgrec.errors import PhotoError


@click.command()
@click.option("--rebuild", is_flag=True, help="Compute every feature anew, even those of photos already indexed.")
@json_option
@config_option
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

    config, report = configured(), reporter()
    with Catalogue.read(config.catalogue) as catalogue, writing(config.catalogue.path, "imgrec index"):
        recogniser = load_recogniser(open_model(config.model.path), config.model.precision)
        result = build_index(catalogue, recogniser, config.index.path, rebuild, report)
    report.say(result.in_words())
    if as_json:
        print_json(vars(result))


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--category", help="Search this category, whatever the model predicts.")
@click.option(
    "--threshold", type=click.FloatRange(-1, 1), help="Least cosine similarity of a match. [default: configured]"
)
@click.option("--top", type=click.IntRange(1, 1000), help="Most matches. [default: search.results]")
@json_option
@config_option
def search(photo: Path, category: str | None, threshold: float | None, top: int | None, as_json: bool) -> None:
    """Find the products that look like PHOTO."""
    from imgrec.search.searcher import Searcher
    from imgrec.vision.decode import decode_photo

    must_exist(PhotoError, photo)
    if threshold is not None and math.isnan(threshold):
        raise click.UsageError("--threshold must be a number from -1 to 1.")
    with Searcher.open(configured()) as searcher:
        image = decode_photo(photo, searcher.recogniser.model.settings.preprocessing.side_px)
        chosen = searcher.category_named(category) if category else None
        answer = searcher.answer(searcher.see([image])[0], chosen, threshold, top)
        if unknown := searcher.unknown_categories:
            click.echo(f"The model does not know {', '.join(unknown)}; train one that does.", err=True)
    if as_json:
        print_json(answer.as_json())
        return
    shown = table(
        f"{answer.category.name} ({answer.category.probability:.0%}); searched {', '.join(answer.scope)} "
        f"from similarity {answer.threshold:.3f}", "similarity", "title", "price", "category", "id",
    )  # fmt: skip
    for match in answer.matches:
        product = match.product
        price = " ".join(filter(None, [product.price, product.currency]))
        shown.add_row(
            f"{match.similarity:.3f}", product.title or "", price, product.category, f"{product.source}/{product.id}"
        )
    print_text(shown)
    if not answer.matches:
        best = "nothing" if answer.best_similarity is None else f"{answer.best_similarity:.3f}"
        print_text(f"No product is similar enough; the most similar one has {best}. A lower --threshold shows it.")
