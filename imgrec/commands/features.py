"""`imgrec features`: what a model saw in the catalogue's photos."""

import contextlib

import click

from imgrec.commands.console import config_option, configured, json_option, print_json, reporter


@click.command()
@click.option("--ray", "address", metavar="ADDRESS",
              help="Look by the machines of a Ray cluster: HOST:PORT of its head, auto on one of its machines, or "
              "local for processes of this machine alone. Needs the extra ray.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), metavar="N",
              help="With --ray: at most so many processes, each on one core. [default: one for each core]")  # fmt: skip
@click.option("--prune", is_flag=True,
              help="Instead remove what is of no use: features of photos no longer on sale, and of models that neither "
              "model.path nor the index names.")  # fmt: skip
@json_option
@config_option
def features(address: str | None, workers: int | None, prune: bool, as_json: bool) -> None:
    """Look at the photos on sale that the present model has not looked at, and keep what it saw.

    `imgrec index` does this by itself; here it can be done beforehand, at night, while another index serves, or on many
    machines. It can be interrupted, and goes on where it stopped.
    """
    from imgrec.figures import counted
    from imgrec.search.build import look_at_all, prune_features
    from imgrec.vision.eye import Eye
    from imgrec.vision.model_folder import open_model

    if workers and not address:
        raise click.UsageError("--workers is for --ray.")
    if prune and address:
        raise click.UsageError("--prune and --ray exclude each other.")
    config, report = configured(), reporter()
    if prune:
        removed = prune_features(config)
        report.say(
            f"Removed: features of {counted(removed.photos, 'photo')}, and {counted(removed.models, 'model')}; "
            f"{removed.bytes / 1e6:,.1f} MB."
        )
        if as_json:
            print_json(vars(removed))
        return
    eye = Eye(open_model(config.model.path), config.model.arithmetic)
    with contextlib.ExitStack() as stack:
        looker = None
        if address:
            from imgrec.features.by_ray import ByRay

            looker = stack.enter_context(ByRay(address, workers, eye, config))
        looked = look_at_all(config, eye, report, looker)
    report.say(f"{counted(looked.computed, 'photo')} looked at, {looked.unreadable:,} unreadable. Next: imgrec index")
    if as_json:
        print_json({"computed": looked.computed, "unreadable": looked.unreadable})
