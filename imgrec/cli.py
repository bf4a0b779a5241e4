"""The command line: thin over the library. Data goes to stdout, progress and errors to stderr."""

import click

from imgrec import __version__
from imgrec.commands.catalogue import import_, photos
from imgrec.commands.console import Commands, config_option
from imgrec.commands.evaluate import evaluate
from imgrec.commands.features import features
from imgrec.commands.models import models
from imgrec.commands.search import index, search
from imgrec.commands.status import status
from imgrec.commands.train import train
from imgrec.commands.tune import tune


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@config_option
def main() -> None:
    """Find the products that look like a photo.

    The usual order: import a feed, fetch its photos, train a model on them, build the index, search, and run the bot.

    \b
      imgrec import products.csv
      imgrec photos
      imgrec train --name first
      imgrec index
      imgrec search photo.jpg
      python -m bot
    """  # noqa: D301 - click wants the backspace itself


for command in (import_, photos, train, models, tune, features, index, search, evaluate, status):
    main.add_command(command)
