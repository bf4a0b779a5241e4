"""`imgrec models`: which models there are, a new one from pretrained weights, and which one looks."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgrec.commands.console import (
    Commands,
    config_option,
    configured,
    json_option,
    print_json,
    print_text,
    reporter,
    table,
)
from imgrec.errors import CatalogueError, ModelError

if TYPE_CHECKING:
    from imgrec.config import Config
    from imgrec.training.weights import Pairs

_LAYERS = re.compile(r"block[1-5](\+block[1-5])*")


@click.group(cls=Commands, invoke_without_command=True)
@json_option
@config_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """The models there are: what looks at photos. Without a command it lists them.

    A model is an eye and knows nothing of the shop: imagenet, which comes with imgrec, serves any; one that `imgrec
    train` made on your photos sees them better.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_models, as_json=as_json)


@models.command("list")
@json_option
@config_option
def list_models(as_json: bool) -> None:
    """Each model: what it was made from, how good it was found, and whether it is in use."""
    from imgrec.models import known

    config = configured()
    found = known(config)
    if as_json:
        print_json({"models": [model.as_json() for model in found]})
        return
    if not found:
        raise ModelError(f"There is no model at {config.model.path}. Make one with: imgrec models make imagenet")
    shown = table(str(config.model.path), "model", "made", "from", "accuracy", "sees", "MB", "in use")
    for model in found:
        shown.add_row(*model.in_words())
    print_text(shown)


def _layers(_: click.Context, __: click.Parameter, given: str) -> str:
    if not _LAYERS.fullmatch(given) or len(set(given.split("+"))) < len(given.split("+")):
        raise click.BadParameter(f"{given!r} are no layers; join some of block1 to block5 by +, such as block4+block5.")
    return given


@models.command()
@click.argument("name")
@click.option("--weights", default="imagenet", show_default=True, metavar="imagenet|FILE.h5",
              help="imagenet: Keras' own download. Or a file of the same layout.")  # fmt: skip
@click.option("--side-px", type=click.IntRange(32, 512), default=128, show_default=True,
              help="Side of the photos it takes.")  # fmt: skip
@click.option("--fit", type=click.Choice(["pad", "crop", "stretch"]), default="pad", show_default=True,
              help="How a photo becomes a square.")  # fmt: skip
@click.option("--layers", default="block4+block5", show_default=True, callback=_layers,
              help="Blocks whose outputs are the feature, joined by +.")  # fmt: skip
@click.option("--pooling", type=click.Choice(["average", "gem"]), default="gem", show_default=True,
              help="How a block's positions become one row of numbers.")  # fmt: skip
@click.option("--mirrored", is_flag=True, help="Look at each photo's mirror image too: finds a little more, takes "
              "twice the time.")  # fmt: skip
@click.option("--replace", is_flag=True, help="Replace a model of this name.")
@click.option("--check-on", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER",
              help="Photos to measure on what rounding its weights changes. [default: the catalogue's, where it has "
              "200]")  # fmt: skip
@config_option
def make(
    name: str, weights: str, side_px: int, fit: Any, layers: str, pooling: Any, mirrored: bool, replace: bool,
    check_on: Path | None,
) -> None:  # fmt: skip
    """Make a model of pretrained weights as they are, without training.

    \b
      imgrec models make imagenet                                  # as it ships; downloads 58 MB
      imgrec models make large --side-px 224
      imgrec models use large
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.models import see_that_it_is_not_served
    from imgrec.training.make import Wish, make_model
    from imgrec.training.places import model_target
    from imgrec.training.weights import Feature, Weights
    from imgrec.vision.preprocessing import Preprocessing

    config, report = configured(), reporter()
    target = model_target(config.model.path, name)
    if target.exists() and not replace:
        raise ModelError(f"{target} exists already. Choose another name, or overwrite it with --replace.")
    see_that_it_is_not_served(config, target)
    photos = _photos_in(check_on) if check_on else _photos_of_catalogue(config)
    if not photos:
        report.say(
            "There are no photos to measure on, so nothing is said of how well it bears rounding, and what one machine "
            "saw is not compared with what another computed otherwise; give some with --check-on."
        )
    convolutions, imagenets = _read(weights, report.say)
    wish = Wish(
        target.name, Weights.pretrained(convolutions), Path(weights).name, imagenets,
        Preprocessing(side_px=side_px, fit=fit), Feature(layers, pooling), mirrored,
    )  # fmt: skip
    model = make_model(wish, target, photos, replace, report)
    shown = table(str(model.path), "figure", "value")
    for figure, value in _figures(model.path).items():
        shown.add_row(figure, value)
    print_text(shown)
    report.say(f"Next: imgrec models use {name}")


@models.command()
@click.argument("name")
@config_option
def use(name: str) -> None:
    """From now on look with the model NAME.

    Where there is an index, it is built anew with that model before anything changes. Going back is the same command
    with the other name, and quick: what a model saw is kept.
    """
    from imgrec.generations import current, point_to
    from imgrec.models import folder_to_use

    config, report = configured(), reporter()
    folder = folder_to_use(config, name)
    next_ = ". Next: imgrec index"
    if config.catalogue.path.is_file() and current(config.index.path):
        from imgrec.opening import build

        of_model = config.model.model_copy(update={"path": folder})
        build(config.model_copy(update={"model": of_model}), report)
        next_ = ", and the index was made with it."
    point_to(folder.parent, folder.name)
    report.say(f"{folder} looks from now on{next_}")


def _photos_in(folder: Path) -> list[Path]:
    from imgrec.vision.decode import FORMATS

    endings = {f".{name.lower()}" for name in (*FORMATS, "JPG", "TIF")}
    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in endings and file.is_file())
    if not found:
        raise ModelError(f"There are no photos in {folder}. Name a folder that has some with --check-on.")
    return found


def _photos_of_catalogue(config: "Config") -> list[Path]:
    """Nothing where there is no catalogue, or it has too few."""
    from imgrec.catalogue.store import Catalogue
    from imgrec.training.make import LEAST_PHOTOS

    try:
        with Catalogue.read(config.catalogue) as catalogue:
            contents = sorted({photo.sha256 for photo in catalogue.on_sale()})
            return [catalogue.photos.path(content) for content in contents] if len(contents) >= LEAST_PHOTOS else []
    except CatalogueError:
        return []


def _read(weights: str, say: Callable[[str], None]) -> "tuple[Pairs, bool]":
    """The convolutions, and whether they are ImageNet's."""
    from imgrec.training.backend import training_packages

    if weights == "imagenet":
        with training_packages():
            from imgrec.training.pretrained import download_imagenet
        say("Fetching ImageNet weights.")
        return download_imagenet(), True
    try:
        from imgrec.training.pretrained import are_imagenets, read_h5
    except ImportError as error:
        raise ModelError(f"Reading {weights} needs {error.name}: pip install {error.name}") from None
    convolutions = read_h5(Path(weights))
    return convolutions, are_imagenets(convolutions)


def _figures(folder: Path) -> dict[str, str]:
    exported = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["export"]
    size = sum(file.stat().st_size for file in folder.iterdir())
    figures = {"size": f"{size / 1e6:.1f} MB, weights in {exported['weight_bits']} bits"}
    if exported["photos"]:
        figures["measured on"] = f"{exported['photos']:,} photos"
        figures["cosine to unrounded weights"] = f"{exported['cosine']:.5f}, whitened {exported['cosine_whitened']:.5f}"
        figures["nearest photos in common"] = f"{exported['nearest_in_common']:.1%}"
        for arithmetic, share in exported["alike"].items():
            figures[f"the same in {arithmetic} as in float32"] = f"{share:.1%}"
    return figures
