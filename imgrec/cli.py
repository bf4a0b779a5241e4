"""The command line: thin over the library. Data goes to stdout, progress and errors to stderr."""

import click

from imgrec import __version__
from imgrec.commands.backup import backup, restore
from imgrec.commands.catalogue import import_, photos
from imgrec.commands.console import Commands, config_option
from imgrec.commands.evaluate import evaluate
from imgrec.commands.features import features
from imgrec.commands.link import link
from imgrec.commands.models import models
from imgrec.commands.open import open_
from imgrec.commands.products import products
from imgrec.commands.search import index, search
from imgrec.commands.sources import sources
from imgrec.commands.status import status
from imgrec.commands.train import train
from imgrec.commands.tune import tune


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@config_option
def main() -> None:
    """Find the products that look like a photo.

    From a feed to a shop that answers it is one command, and its steps can be taken singly: import a feed, fetch its
    photos, look at them, search, and run the bot. Training comes after, where a shop is to be known better.

    \b
      imgrec open products.csv

    \b
      imgrec import products.csv
      imgrec photos
      imgrec index
      imgrec search photo.jpg
      python -m bot
    """  # noqa: D301 - click wants the backspace itself


COMMANDS = (
    open_, import_, photos, features, index, search, status, evaluate, models, train, tune, sources, products, link,
    backup, restore,
)  # fmt: skip
for command in COMMANDS:
    main.add_command(command)
