"""`imgrec link`: the address, and the QR code, that open the bot with a product."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgrec.commands.console import config_option, configured, json_option, print_json, reporter
from imgrec.errors import CatalogueError, ConfigError

if TYPE_CHECKING:
    from imgrec.config import Config

_QR_ENDINGS = (".png", ".svg")
_QR_SCALE = 12  # pixels of a module: some 450 for the whole code, which prints well on a shelf's label
_ASKS_WITHIN_S = 10.0
_NAME_IT = "Name the bot: --bot NAME"


@click.command()
@click.argument("id_", metavar="PRODUCT")
@click.option("--bot", metavar="NAME", help="The bot's username. [default: asked of Telegram, by TELEGRAM_BOT_TOKEN]")
@click.option("--qr", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Also write it as a QR code: a .png or .svg file.")  # fmt: skip
@json_option
@config_option
def link(id_: str, bot: str | None, qr: Path | None, as_json: bool) -> None:
    """Print the link that opens the bot with PRODUCT: the product itself, and what is like it.

    As a QR code on a shelf it answers whoever holds a telephone to it. PRODUCT is named as `imgrec products show` takes
    it: SOURCE/ID, its id in the feed, or its product_id.

    \b
      imgrec link products/4711 --bot my_shop_bot --qr shelf-4711.svg
    """  # noqa: D301 - click wants the backspace itself
    from imgrec.catalogue.finding import called, product_named
    from imgrec.catalogue.linking import is_username, link_to
    from imgrec.catalogue.store import Catalogue

    config, report = configured(), reporter()
    if qr is not None and qr.suffix.lower() not in _QR_ENDINGS:
        raise CatalogueError(f"{qr} is to be a QR code, and has to end in {' or '.join(_QR_ENDINGS)}.")
    with Catalogue.read(config.catalogue) as catalogue:
        product = product_named(catalogue, id_)
    name = bot.removeprefix("@") if bot else _username(config)
    if not is_username(name):
        raise ConfigError(f"{name!r} is no bot's username; one has letters, digits and '_', and at most 32 of them.")
    address = link_to(product.product_id, name)
    if qr is not None:
        _write_qr(address, qr)
    if product.retired:
        report.say(f"{called(product)} is retired: the bot says that it is no longer sold.")
    if as_json:
        print_json({"link": address, "product_id": product.product_id, "source": product.source, "id": product.id,
                    "bot": name, "qr": str(qr.resolve()) if qr else None})  # fmt: skip
    else:
        click.echo(address)


def _username(config: "Config") -> str:
    """What Telegram calls the bot of TELEGRAM_BOT_TOKEN. Raises ConfigError."""
    import httpx

    from imgrec.config import Secrets

    token = Secrets.from_environment(os.environ).token
    if token is None:
        raise ConfigError(f"It is not known which bot is meant. {_NAME_IT}, or set TELEGRAM_BOT_TOKEN.")
    api_url = config.telegram.api_url
    try:
        answer = httpx.get(f"{api_url}/bot{token.get_secret_value()}/getMe", timeout=_ASKS_WITHIN_S).json()
        return str(answer["result"]["username"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):  # whose words may have the address, and the token with it
        raise ConfigError(f"{api_url} does not answer as Telegram does. {_NAME_IT}") from None
    except (KeyError, TypeError):
        raise ConfigError(f"{api_url} does not know the bot of TELEGRAM_BOT_TOKEN. {_NAME_IT}") from None


def _write_qr(address: str, file: Path) -> None:
    import segno

    code = segno.make(address, micro=False, error="m")
    code.save(str(file), kind=file.suffix[1:].lower(), scale=_QR_SCALE)
