"""`python -m bot`: check everything first, then listen to Telegram until told to stop."""

import logging
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
from pydantic import SecretStr

from imgrec.config import Config, Secrets, load_config
from imgrec.errors import ConfigError, ImgrecError

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@click.command()
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
    it at another Bot API server, such as the sandbox. SIGTERM or Ctrl-C stop it once it has answered what it was asked.
    """
    try:
        settings = load_config(config, os.environ)
        if health:
            from bot.heartbeat import check_health

            check_health(settings.bot.heartbeat)
        else:
            _run(settings, Secrets.from_environment(os.environ))
    except (ImgrecError, OSError) as error:  # OSError: a port that is taken, a folder that may not be written
        click.echo(f"Error: {error}", err=True)
        sys.stderr.flush()
        os._exit(1)  # where Telegram ends a running bot, python-telegram-bot leaves the log's thread behind


def _run(config: Config, secrets: Secrets) -> None:
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # or python-telegram-bot warns whenever it is told to wait
    from telegram import Update
    from telegram.error import InvalidToken

    from bot.app import build_application
    from bot.heartbeat import check_writable
    from imgrec.database import connect
    from imgrec.log.identity import load_keys
    from imgrec.log.schema import MIGRATIONS
    from imgrec.search.serving import Serving, pointer

    webhook_secret = _webhook_secret(config, secrets)
    opened_at = pointer(config)
    serving = Serving.open(config)
    token = _token(secrets)
    load_keys(config.log.path)
    connect(config.log.path, MIGRATIONS).close()
    check_writable(config.bot.heartbeat)
    _log_to_stderr(token)
    application = build_application(config, token, serving, opened_at)
    try:
        if config.telegram.mode == "webhook":
            hook = config.telegram.webhook
            application.run_webhook(
                hook.listen, hook.port, url_path=urlsplit(hook.url or "").path.strip("/"),
                webhook_url=hook.url, secret_token=webhook_secret,
                allowed_updates=[Update.MESSAGE, Update.CALLBACK_QUERY], bootstrap_retries=-1,
            )  # fmt: skip
        else:
            application.run_polling(allowed_updates=[Update.MESSAGE, Update.CALLBACK_QUERY], bootstrap_retries=-1)
    except InvalidToken:
        raise ConfigError(
            f"{config.telegram.api_url} does not know this bot token. "
            "Check TELEGRAM_BOT_TOKEN, or get one from @BotFather."
        ) from None


def _token(secrets: Secrets) -> SecretStr:
    if secrets.token is None:
        raise ConfigError(
            "There is no bot token. Get one from @BotFather in Telegram and set TELEGRAM_BOT_TOKEN to it."
        )
    if not _TOKEN.fullmatch(secrets.token.get_secret_value()):
        raise ConfigError(
            "TELEGRAM_BOT_TOKEN is not a bot token; one looks like 123456:ABC-DEF. Copy it from @BotFather again."
        )
    return secrets.token


def _webhook_secret(config: Config, secrets: Secrets) -> str | None:
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

    def __init__(self, token: SecretStr) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace(self._token.get_secret_value(), "<token>")


def _is_news(record: logging.LogRecord) -> bool:
    """Not what `_run` says itself, in one line, when it ends."""
    return not (record.exc_info and type(record.exc_info[1]).__name__ == "InvalidToken")


def _log_to_stderr(token: SecretStr) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutToken(token))
    handler.addFilter(_is_news)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("httpx", "httpcore", "apscheduler", "telegram.ext.Application"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("telegram.ext.AIORateLimiter").setLevel(logging.CRITICAL)  # we say ourselves when we wait


if __name__ == "__main__":
    main(prog_name="python -m bot")
