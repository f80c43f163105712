"""Calling the owner's webhook: signed JSON, no redirects, nothing of the answer is kept but its status."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from plugin.errors import WebhookFailed
from plugin.wording import _

TIMEOUT_S = 5.0
SIGNATURE = "X-Coursekeeper-Signature"
# Passing states: too early, too many requests, timeouts.
_TRY_AGAIN = frozenset({408, 409, 425, 429})


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of timestamp, a dot, and the body; the receiver refuses an old timestamp."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(
    url: str,
    body: Mapping[str, Any],
    *,
    secret: str,
    now: datetime,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Send the body; raises WebhookFailed, whose sentence never repeats the address: it may hold a password."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Coursekeeper"}
    if secret:
        timestamp = str(int(now.timestamp()))
        headers[SIGNATURE] = f"t={timestamp},v1={signature(secret, timestamp, data)}"
    try:
        # Streamed, so that an answer without an end is not read.
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, transport=transport) as client,
            client.stream("POST", url, content=data, headers=headers) as answer,
        ):
            _judge(answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WebhookFailed(
            _("The webhook can’t be reached ({name__}).", name__=type(error).__name__), permanent=False
        ) from None


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise WebhookFailed(_("The webhook answers with a redirect, which is not followed."), permanent=True)
    is_permanent = status < 500 and status not in _TRY_AGAIN
    raise WebhookFailed(
        _("The webhook refuses the alarm (HTTP {status}).", status=status), permanent=is_permanent
    )
