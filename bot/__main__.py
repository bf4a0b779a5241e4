"""`python -m bot`: check everything first, then listen to Telegram until told to stop."""

import asyncio
import logging
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgrec.errors import ConfigError, ImgrecError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from imgrec.config import Config, Secrets

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Configuration file. [default: $IMGREC_CONFIG, else ./config.yaml]",
)
@click.option("--health", is_flag=True,
              help="Only tell, by the exit code, whether a running bot still hears from Telegram.")  # fmt: skip
def main(config: Path | None, health: bool) -> None:
    """Run the Telegram bot.

    It needs a token from @BotFather in TELEGRAM_BOT_TOKEN, a catalogue, a model and an index. TELEGRAM_API_URL points
    it at another Bot API server, such as the sandbox. SIGTERM or Ctrl-C stop it once it has answered what
    it is at; what it has not begun is answered after the next start.
    """
    from imgrec.config import Secrets, load_config

    try:
        settings = load_config(config, os.environ)
        if health:
            from bot.heartbeat import check_health

            check_health(settings.bot.heartbeat)
        else:
            _run(settings, Secrets.from_environment(os.environ))
    except (ImgrecError, OSError) as error:  # OSError: a port that is taken, a folder that may not be written
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def _run(config: "Config", secrets: "Secrets") -> None:
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # or python-telegram-bot warns whenever it is told to wait
    from bot.app import run
    from bot.heartbeat import check_writable
    from bot.store.schema import MIGRATIONS
    from bot.store.store import take_over_from_log
    from imgrec.database import connect
    from imgrec.log.identity import load_keys
    from imgrec.log.schema import MIGRATIONS as MIGRATIONS_OF_LOG
    from imgrec.search.serving import Serving, pointer

    webhook_secret = _webhook_secret(config, secrets)
    opened_at = pointer(config)
    serving, damage = Serving.open_sound(config)
    token = _token(secrets)
    load_keys(config.log.path)
    connect(config.bot_database, MIGRATIONS).close()
    take_over_from_log(
        config.log.path, config.bot_database, serving.catalogue.category_ids(), serving.knowledge.likeness.of
    )
    connect(config.log.path, MIGRATIONS_OF_LOG).close()
    check_writable(config.bot.heartbeat)
    _log_to_stderr(token)
    if damage:
        logging.getLogger(__name__).warning("%s", damage)
    asyncio.run(run(config, token, webhook_secret, serving, opened_at))


def _token(secrets: "Secrets") -> "SecretStr":
    if secrets.token is None:
        raise ConfigError(
            "There is no bot token. Get one from @BotFather in Telegram and set TELEGRAM_BOT_TOKEN to it."
        )
    if not _TOKEN.fullmatch(secrets.token.get_secret_value()):
        raise ConfigError(
            "TELEGRAM_BOT_TOKEN is not a bot token; one looks like 123456:ABC-DEF. Copy it from @BotFather again."
        )
    return secrets.token


def _webhook_secret(config: "Config", secrets: "Secrets") -> str | None:
    if config.telegram.mode != "webhook":
        return None
    if config.telegram.webhook.url is None:
        raise ConfigError(
            "telegram.mode is webhook, but telegram.webhook.url is not set. Set it to the bot's public address."
        )
    if secrets.webhook_secret is None or not _WEBHOOK_SECRET.fullmatch(secrets.webhook_secret.get_secret_value()):
        raise ConfigError(
            "telegram.mode is webhook: set TELEGRAM_WEBHOOK_SECRET to 1 to 256 letters, digits, '_' or '-', "
            "so that only Telegram can post updates."
        )
    return secrets.webhook_secret.get_secret_value()


class _WithoutToken(logging.Formatter):
    """Telegram's addresses contain the token, and errors quote addresses: no line leaves with it."""

    def __init__(self, token: "SecretStr") -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace(self._token.get_secret_value(), "<token>")


def _log_to_stderr(token: "SecretStr") -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutToken(token))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("httpx", "httpcore", "tornado.access", "tornado.general"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)  # we say ourselves what Telegram answers


if __name__ == "__main__":
    main(prog_name="python -m bot")
