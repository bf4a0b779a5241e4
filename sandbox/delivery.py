"""Posting updates to a bot's webhook, one at a time and in order."""

import asyncio
import json
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest

from sandbox.faults import WEBHOOK, Faults, Kind
from sandbox.rules import is_loopback
from sandbox.state import Bot, Webhook
from sandbox.wire import Json

REQUEST_TIMEOUT_S = 60
FIRST_RETRY_S, LONGEST_RETRY_S = 0.2, 30.0


async def deliver_updates(bot: Bot, faults: Faults) -> None:
    """Post each update that waits to the bot's webhook, if there is one, until the server stops.

    An update the bot does not take with a 2xx answer, or whose answer is lost, is tried again, after
    longer and longer pauses; those behind it wait.
    """
    client = AsyncHTTPClient(force_instance=True)
    bell, retry_s = bot.updates.bell, FIRST_RETRY_S
    try:
        while not bell.closed:
            await bell.wait_until(lambda: bool(bot.webhook and bot.updates.pending), None)
            if await _deliver_first(client, bot, faults):
                retry_s = FIRST_RETRY_S
            else:
                await _pause(bot, retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
    finally:
        client.close()


async def _deliver_first(client: AsyncHTTPClient, bot: Bot, faults: Faults) -> bool:
    """Whether the first update that waits is delivered, or there is nothing to deliver."""
    webhook = bot.webhook
    if webhook is None or not bot.updates.pending:
        return True
    update = bot.updates.pending[0]
    problem = await _post_under_faults(client, bot, webhook, update, faults)
    if problem is not None:
        webhook.last_error, webhook.last_error_date = problem, int(bot.clock())
        return False
    bot.updates.confirm(update["update_id"] + 1)
    return True


async def _pause(bot: Bot, retry_s: float) -> None:
    """Wait before the next attempt, but no longer than until the webhook is set anew or removed."""
    webhook = bot.webhook
    await bot.updates.bell.wait_until(lambda: bot.webhook is not webhook, retry_s)


async def _post_under_faults(
    client: AsyncHTTPClient, bot: Bot, webhook: Webhook, update: Json, faults: Faults
) -> str | None:
    """As `_post`; the update may not get there, or late, or the answer may be lost on its way back."""
    fault = faults.take(WEBHOOK)
    if fault is not None:
        await asyncio.sleep(fault.delay_s)
        if fault.kind == Kind.CUT_BEFORE:
            return "Connection failed: a fault was asked for"
    bot.updates.book.handed_out([update])
    problem = await _post(client, webhook, update)
    if fault is not None and fault.kind == Kind.CUT_AFTER:
        return "Connection closed: a fault was asked for"
    return problem


async def _post(client: AsyncHTTPClient, webhook: Webhook, update: Json) -> str | None:
    """None where the bot took the update, else what went wrong."""
    headers = {"Content-Type": "application/json"}
    if webhook.secret_token:
        headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret_token
    request = HTTPRequest(
        webhook.url,
        "POST",
        headers,
        json.dumps(update, ensure_ascii=False),
        request_timeout=REQUEST_TIMEOUT_S,
        follow_redirects=False,
        validate_cert=not (webhook.has_certificate or is_loopback(urlsplit(webhook.url).hostname or "")),
    )
    try:
        await client.fetch(request)
    except HTTPError as error:
        return f"Wrong response from the webhook: {error.code} {error.message}"
    except (OSError, ValueError) as error:
        return f"Connection failed: {error}"
    return None
