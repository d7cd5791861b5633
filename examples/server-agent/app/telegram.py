"""Messages to the master, and the proof that an update comes from Telegram."""

import hashlib
import hmac
import json
import logging
import urllib.request

from app.settings import Settings

log = logging.getLogger(__name__)


def webhook_secret(token: str) -> str:
    """What setWebhook is given as `secret_token`: made from the bot's token, so there is no second secret to keep."""
    return hashlib.sha256(f"webhook:{token}".encode()).hexdigest()


def is_from_telegram(settings: Settings, header: str | None) -> bool:
    expected = webhook_secret(settings.telegram_token)
    return header is not None and hmac.compare_digest(header.encode(), expected.encode())


def tell_master(settings: Settings, message: str) -> bool:
    """Sends a message; returns whether it arrived. Never raises: a silent Telegram must not stop the agent."""
    if not settings.telegram_token or settings.master_chat_id is None:
        return False
    request = urllib.request.Request(
        f"{settings.telegram_api_url}/bot{settings.telegram_token}/sendMessage",
        data=json.dumps({"chat_id": settings.master_chat_id, "text": message}).encode(),
        headers={"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status == 200
    except Exception as error:
        # Only the kind: the text could hold the address, and the address holds the token.
        log.warning("Telegram did not take the message: %s", type(error).__name__)
        return False
