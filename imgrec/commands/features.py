"""`imgrec features`: what a model saw in the catalogue's photos."""

import click

from imgrec.commands.console import config_option, configured, json_option, print_json, reporter


@click.command()
@click.option("--prune", is_flag=True,
              help="Instead remove what is of no use: features of photos no longer on sale, and of models that neither "
              "model.path nor the index names.")  # fmt: skip
@json_option
@config_option
def features(prune: bool, as_json: bool) -> None:
    """Look at the photos on sale that the present model has not looked at, and keep what it saw.

    `imgrec index` does this by itself; here it can be done beforehand, at night or while another index serves. It can
    be interrupted, and goes on where it stopped.
    """
    from imgrec.search.build import look_at_all, prune_features
    from imgrec.vision.eye import Eye
    from imgrec.vision.model_folder import open_model

    config, report = configured(), reporter()
    if prune:
        removed = prune_features(config)
        report.say(
            f"Removed: {removed.photos:,} photos' features, and {removed.models} models; {removed.bytes / 1e6:,.1f} MB."
        )
        if as_json:
            print_json(vars(removed))
        return
    looked = look_at_all(config, Eye(open_model(config.model.path), config.model.arithmetic), report)
    report.say(f"{looked.computed:,} photos looked at, {looked.unreadable:,} unreadable. Next: imgrec index")
    if as_json:
        print_json({"computed": looked.computed, "unreadable": looked.unreadable})
