"""The command line: thin over the library. Data goes to stdout, progress and errors to stderr."""

import click

from imgrec import __version__
from imgrec.commands.console import Commands, Late, config_option


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
    Late("open", "open:open_",
         "Open a shop: import FEEDS, fetch their photos, look at them, say how good it is, and chat."),
    Late("import", "catalogue:import_", "Bring the catalogue up to date with product FEEDS."),
    Late("photos", "catalogue:photos", "Fetch the photos that the catalogue lacks."),
    Late("features", "features:features",
         "Look at the photos on sale that the present model has not looked at, and keep what it saw."),
    Late("index", "search:index", "Look at every product photo, and learn what the shop is."),
    Late("search", "search:search", "Find the products that look like PHOTO."),
    Late("status", "status:status", "What catalogue, model, index and log hold, on one screen."),
    Late("evaluate", "evaluate:evaluate", "Figures of models, of the search, and of the log."),
    Late("models", "models:models", "The models there are: what looks at photos."),
    Late("train", "train:train", "Fine-tune VGG-16 on the catalogue's photos."),
    Late("tune", "tune:tune", "Search for good training settings by many short trainings on few photos."),
    Late("sources", "sources:sources", "The sources of the catalogue's products."),
    Late("products", "products:products", "Look products up, and add, change, retire or put back single ones."),
    Late("link", "link:link",
         "Print the link that opens the bot with PRODUCT: the product itself, and what is like it."),
    Late("backup", "backup:backup", "Write a backup of the shop to FILE, also while the bot runs."),
    Late("restore", "backup:restore", "Put the backup FILE back, to where the configuration has the shop's files."),
)  # fmt: skip
for command in COMMANDS:
    main.add_command(command)
