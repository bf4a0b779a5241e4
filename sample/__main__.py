"""The command line of the sample shop: `render`, `shelves`, `views`, `licensed`, `ship` and `sheet`."""

import importlib.util
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from imgrec.commands.console import Commands, reporter
from imgrec.figures import counted

_HERE = Path(__file__).resolve().parent
_processes = click.option(
    "--processes", type=click.IntRange(1, 256), default=os.cpu_count() or 1, show_default="one a processor",
    help="How many photos to take at a time; the photos are the same whatever their number.",
)  # fmt: skip
_seed = click.option("--seed", type=int, default=1, show_default=True, help="Another number makes another shop.")
_variant = click.option(
    "--variant", type=click.Choice(["scalar_rgb", "llvm_ad_rgb"]), default="scalar_rgb", show_default=True,
    help="Of Mitsuba: llvm_ad_rgb renders large photos in a third of the time and wants LLVM 15 or later (Debian: "
    "libllvm19). Each makes the same bytes again, the two differ in noise.",
)  # fmt: skip


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Render the sample shop: products that exist as parametric 3D models only, photographed by Mitsuba.

    Run it in a checkout, with the extra that brings the renderer: pip install -e '.[sample]'

    \b
      python -m sample sheet --kinds mug,ball        look at what kinds look like, in seconds
      python -m sample render --out /tmp/shop        the shop: feed, photos and customers' photos
      python -m sample views --out /tmp/views        training photos: as many as you have time for
    """  # noqa: D301 - click wants the backspace itself


@main.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=_HERE,
              help="Folder of the shop. [default: sample/ of this checkout]")  # fmt: skip
@click.option("--side-px", type=click.IntRange(16, 320), default=320, show_default=True, help="Side of the photos.")
@click.option("--samples", type=click.IntRange(1, 4096), default=48, show_default=True, help="Light paths a pixel.")
@click.option("--fresh", is_flag=True, help="Take every photo again: after a change to kinds, scenes or light.")
@_seed
@_processes
@_variant
def render(
    out: Path, side_px: int, samples: int, fresh: bool, seed: int, processes: int, variant: str
) -> None:  # fmt: skip
    """Render the shop: its feed, a studio photo of each product, and customers' photos of the test products.

    Writes products.csv and photos/ (a feed for imgrec import), customer.csv and customer/ (queries for imgrec evaluate
    search). Photos that exist are not taken again, so an interrupted command goes on where it stopped; any there that
    belong to no product of the shop are removed, but for those of its real shelves (python -m sample shelves). In a
    folder that was not rendered here it does not begin.
    """
    _check_renderer(variant)
    from sample import shelves, shop
    from sample.jobs import Look, clear, keep_to_one_look, take

    if fresh:
        clear(out)
    keep_to_one_look(out, Look(seed, side_px, samples, variant))
    products = shop.catalogue(seed)
    wanted = shop.sittings(products, out, side_px, samples)
    files = {job.file for sitting in wanted for job in sitting.jobs}
    for gone in {*out.glob("photos/*.jpg"), *out.glob("customer/*.jpg")} - files:
        gone.unlink()
    taken = take(wanted, processes, reporter(), "Photographing", variant)
    shop.write_feeds(products, out)
    if shelves.has_shelves(out):
        shelves.put_out(shelves.shelved(), out)
    size = sum(file.stat().st_size for file in files)
    click.echo(
        f"{out}: {counted(len(products), 'product')}, {counted(len(files), 'photo')} ({taken:,} new), "
        f"{size / 1e6:.1f} MB."
    )


@main.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the views.")
@click.option("--products-per-kind", type=click.IntRange(min=0), default=40, show_default=True, metavar="N",
              help="Products of each kind beside those the shop sells.")  # fmt: skip
@click.option("--views", type=click.IntRange(1, 100), default=6, show_default=True, metavar="M",
              help="Photos of each product.")  # fmt: skip
@click.option("--side-px", type=click.IntRange(16, 512), default=96, show_default=True, help="Side of the photos.")
@click.option("--samples", type=click.IntRange(1, 4096), default=16, show_default=True, help="Light paths a pixel.")
@click.option("--kinds", metavar="NAMES", help="Only these, separated by commas. [default: all]")
@click.option("--shop-seed", type=int, default=1, show_default=True, help="Seed of the shop whose tests to keep out.")
@_seed
@_processes
def views(
    out: Path, products_per_kind: int, views: int, side_px: int, samples: int, kinds: str | None, shop_seed: int,
    seed: int, processes: int,
) -> None:  # fmt: skip
    """Render training photos: many products of each kind, from all sides, in all light, over random backgrounds.

    They are other draws of the kinds' designs and the shop's own products of the training and validation splits;
    never a product of its test split, nor one that nearly looks like it. Writes products.csv (a feed for imgrec
    import; group is the product) and photos/. Photos that exist are not taken again: the same command goes on where
    it stopped, and a larger N or M adds to what there is.

    \b
      python -m sample views --out /tmp/views --products-per-kind 4 --views 2     a first look: minutes
      python -m sample views --out /tmp/views --products-per-kind 100 --views 8   for a model: hours
    """  # noqa: D301 - click wants the backspace itself
    _check_renderer()
    from sample import shop
    from sample import views as training
    from sample.jobs import Look, keep_to_one_look, take
    from sample.kinds import DEPARTMENTS, KINDS

    look = Look(seed, side_px, samples)
    chosen = [KINDS[name] for name in (_named(kinds, KINDS) if kinds else KINDS)]
    keep_to_one_look(out, look)
    sold = shop.catalogue(shop_seed, {kind.department: DEPARTMENTS[kind.department] for kind in chosen})
    subjects = training.subjects(chosen, sold, products_per_kind, seed)
    taken = take(training.sittings(subjects, views, out, look), processes, reporter(), "Photographing")
    rows = training.write_feed(subjects, views, out)
    click.echo(
        f"{out / 'products.csv'}: {counted(len(subjects), 'product')}, {counted(rows, 'photo')} ({taken:,} new)."
    )


@main.command()
@click.argument("feed", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the new feed.")
def licensed(feed: Path, out: Path) -> None:
    """Take from FEED the real photos that may train a model that ships: those whose row names an open licence.

    FEED is a CSV file with the columns set and open_licence beside the usual ones. Their categories become the shop's
    departments; writes products.csv (a feed for imgrec import) and copies the photos. Test photos also become queries
    for imgrec evaluate search: test.csv of those that were taken, test-all.csv of all that have a department. What
    customers of the shop's real shelves sent is among the tests, whatever FEED says. Kinds have the names they have on
    those shelves.
    """
    from sample.licensed import take_licensed
    from sample.shelves import shelved

    chosen = shelved()
    found = take_licensed(
        feed, out, {one.source for one in chosen if one.is_customers}, {one.source: one.kind for one in chosen}
    )
    for (set_, licence), photos in sorted(found.taken.items()):
        click.echo(f"{set_}, {licence}: photos taken: {photos:,}")
    for reason, rows in sorted(found.left.items()):
        click.echo(f"left out, {reason}: {rows:,}")


@main.command()
@click.argument("feed", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(exists=True, file_okay=False, path_type=Path), default=_HERE,
              help="Folder of the rendered shop. [default: sample/ of this checkout]")  # fmt: skip
def shelves(feed: Path, out: Path) -> None:
    """Give the shop real shelves beside the rendered ones: produce, packaged food, clothes and shoes.

    Of FEED, a CSV file with the columns set and open_licence beside the usual ones, it takes the rows that
    sample/shelves.csv names, each by its id; they are MIT or CC0-1.0. Writes shelves/, and adds to products.csv what is
    on sale, to customer.csv what customers sent: other photos, of other things of the same kinds.
    """
    from sample import shelves as real

    chosen = real.shelved()
    taken = real.take_photos(chosen, feed, out)
    real.put_out(chosen, out)
    for (set_, licence), photos in sorted(taken.items()):
        click.echo(f"{set_}, {licence}: photos taken: {photos:,}")
    customers = sum(one.is_customers for one in chosen)
    sold, sent = counted(len(chosen) - customers, "product"), counted(customers, "photo")
    click.echo(f"{out}: {sold}, {sent} of customers.")


@main.command()
@click.argument("model", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), default=_HERE.parent / "models" / "sample",
              help="Folder of the model that ships. [default: models/sample of this checkout]")  # fmt: skip
def ship(model: Path, to: Path) -> None:
    """Make of MODEL the model that ships: under its name, at most 16 MB, sealed anew; a card that is there stays."""
    from sample import shipping

    size = shipping.ship(model, to)
    click.echo(f"{to}: {size / 1e6:.1f} MB.")


@main.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("sheet.png"), show_default=True,
              help="The picture to write.")  # fmt: skip
@click.option("--kinds", metavar="NAMES", help="Kinds or departments, separated by commas. [default: all]")
@click.option("--style", type=click.Choice(["studio", "customer", "training"]), default="studio", show_default=True,
              help="How to photograph.")  # fmt: skip
@click.option("--designs", type=click.IntRange(1, 40), default=8, show_default=True, help="Designs of each kind.")
@click.option("--side-px", type=click.IntRange(16, 512), default=128, show_default=True, help="Side of each photo.")
@click.option("--samples", type=click.IntRange(1, 4096), default=16, show_default=True, help="Light paths a pixel.")
@_seed
def sheet(out: Path, kinds: str | None, style: str, designs: int, side_px: int, samples: int, seed: int) -> None:
    """Write a contact sheet, a row for each kind: what the designs look like, in seconds a kind."""
    _check_renderer()
    from sample.kinds import DEPARTMENTS, KINDS
    from sample.sheet import contact_sheet

    names = _named(kinds, [*KINDS, *DEPARTMENTS]) if kinds else list(KINDS)
    chosen = [kind for name in names for kind in (DEPARTMENTS.get(name) or (KINDS[name],))]
    contact_sheet(chosen, style, designs, side_px, samples, seed).save(out)
    click.echo(f"{out}: {counted(len(chosen), 'kind')}, {counted(designs, 'design')} of each.")


def _check_renderer(variant: str = "scalar_rgb") -> None:
    """Say at once, and not in every process, that rendering with a variant is missing something."""
    for package in ("mitsuba", "trimesh", "manifold3d"):
        if importlib.util.find_spec(package) is None:
            raise click.ClickException(f"Rendering needs {package}. Install it with: pip install -e '.[sample]'")
    import mitsuba

    try:
        mitsuba.set_variant(variant)
    except ImportError as error:
        raise click.ClickException(
            f"{variant} cannot be used: {error} Debian has it as libllvm19; it may also be named by "
            "DRJIT_LIBLLVM_PATH. Or use scalar_rgb, which needs nothing."
        ) from None


def _named(names: str, known: Iterable[str]) -> list[str]:
    """The names given, each of which must be known."""
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    known = list(known)
    for name in chosen:
        if name not in known:
            raise click.UsageError(f"--kinds: there is no {name!r}. There are: {', '.join(known)}.")
    return chosen


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that its processes end with it
    main(prog_name="python -m sample")
