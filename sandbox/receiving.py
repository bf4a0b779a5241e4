"""Bot API methods by which a bot gets its updates: long polling, or a webhook."""

import json

from sandbox import rules
from sandbox.calls import Call
from sandbox.errors import ApiError, bad_request
from sandbox.state import Webhook
from sandbox.wire import Json

LONGEST_POLL_S = 50


async def get_updates(call: Call) -> list[Json]:
    """The next updates, waiting up to `timeout` seconds for one."""
    if call.bot.webhook is not None:
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    _take_allowed_updates(call)
    limit = min(max(call.integer("limit", 100), 1), 100)
    timeout_s = call.seconds("timeout", LONGEST_POLL_S)
    return await call.bot.updates.poll(call.integer("offset"), limit, timeout_s, call.is_gone)


async def set_webhook(call: Call) -> bool:
    """Have updates posted to an address; an empty one removes the webhook."""
    url, secret_token = call.text("url"), call.text("secret_token")
    if not url:
        return await delete_webhook(call)
    rules.check_webhook_url(url)
    rules.check_secret_token(secret_token)
    _take_allowed_updates(call)
    _drop_if_asked(call)
    call.bot.webhook = Webhook(
        url,
        secret_token,
        max_connections=min(max(call.integer("max_connections", 40), 1), 100),
        has_certificate=call.upload("certificate") is not None,
    )
    call.bot.updates.end_poll("setWebhook request")
    return True


async def delete_webhook(call: Call) -> bool:
    """Return to long polling."""
    call.bot.webhook = None
    _drop_if_asked(call)
    call.bot.updates.bell.ring()
    return True


async def get_webhook_info(call: Call) -> Json:
    """Where updates go, how many wait, and what went wrong last."""
    webhook = call.bot.webhook or Webhook("")
    info: Json = {
        "url": webhook.url,
        "has_custom_certificate": webhook.has_certificate,
        "pending_update_count": len(call.bot.updates.pending),
    }
    if webhook.url:
        info["max_connections"] = webhook.max_connections
        info["ip_address"] = "127.0.0.1"
    if webhook.last_error:
        info |= {"last_error_date": webhook.last_error_date, "last_error_message": webhook.last_error}
    if call.bot.updates.allowed:
        info["allowed_updates"] = call.bot.updates.allowed
    return info


def _take_allowed_updates(call: Call) -> None:
    """Kinds are remembered until they are given anew; an empty list means all of them."""
    if not call.text("allowed_updates"):
        return
    try:
        allowed = json.loads(call.text("allowed_updates"))
    except ValueError:
        raise bad_request("can't parse allowed_updates JSON object") from None
    if not isinstance(allowed, list) or not all(isinstance(kind, str) for kind in allowed):
        raise bad_request("expected an Array of String as allowed_updates")
    call.bot.updates.allowed = [kind.lower() for kind in allowed]


def _drop_if_asked(call: Call) -> None:
    if call.flag("drop_pending_updates"):
        call.bot.updates.clear()
