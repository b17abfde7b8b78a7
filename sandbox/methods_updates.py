"""The Bot API's methods that bring updates to the bot: getUpdates, and the webhook's settings."""

import re
from urllib.parse import urlsplit

from sandbox.access import Call
from sandbox.values import Described, JsonObject, Refusal, bad_request, conflict

_SECRET = re.compile(r"[A-Za-z0-9_-]*")


async def get_updates(call: Call) -> list[JsonObject]:
    """getUpdates: answers Updates, waiting up to `timeout` seconds."""
    if call.webhook.url:
        raise conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
    _remember_kinds(call)
    arguments = call.arguments
    return await call.world.updates.poll(
        arguments.number("offset"),
        arguments.number("limit", 100),
        max(0, arguments.number("timeout")),
    )


async def set_webhook(call: Call) -> Described:
    """setWebhook: answers True; an empty address deletes the webhook."""
    arguments = call.arguments
    url = arguments.text("url")
    if not url:
        return await delete_webhook(call)
    secret = arguments.text("secret_token")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _check_address(url)
    _remember_kinds(call)
    if arguments.flag("drop_pending_updates"):
        call.world.updates.drop_all()
    call.world.updates.interrupt(
        conflict(
            "terminated by setWebhook request; make sure that only one bot instance is running"
        )
    )
    connections = min(100, max(1, arguments.number("max_connections", 40)))
    await call.webhook.open(url, secret, connections)
    return Described(True, "Webhook was set")


async def delete_webhook(call: Call) -> Described:
    """deleteWebhook: answers True and whether there was one."""
    if call.arguments.flag("drop_pending_updates"):
        call.world.updates.drop_all()
    was_open = bool(call.webhook.url)
    await call.webhook.close()
    return Described(True, "Webhook was deleted" if was_open else "Webhook is already deleted")


def get_webhook_info(call: Call) -> JsonObject:
    """getWebhookInfo: answers a WebhookInfo."""
    return call.webhook.described()


def _remember_kinds(call: Call) -> None:
    """Take over `allowed_updates`; what is no JSON array of texts is ignored, as documented."""
    try:
        kinds = call.arguments.nested("allowed_updates", "allowed updates")
    except Refusal:
        return
    if isinstance(kinds, list):
        call.world.updates.allow(kind for kind in kinds if isinstance(kind, str))


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad_request("bad webhook: invalid webhook URL specified") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise bad_request("bad webhook: invalid webhook URL specified")


METHODS = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
