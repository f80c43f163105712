"""Whether a webhook's body was signed by Square, with our key, for our address. Reads nothing of the body."""

from __future__ import annotations

from square.utils.webhooks_helper import verify_signature

from plugin.errors import BadSignature, ConfigurationError
from plugin.settings import Settings

HEADER = "x-square-hmacsha256-signature"


def check(settings: Settings, body: bytes, header: str | None) -> None:
    """Raise BadSignature unless the header signs exactly these bytes; ConfigurationError without a key."""
    key = settings.square_webhook_signature_key.get_secret_value()
    if not key:
        raise ConfigurationError("SQUARE_WEBHOOK_SIGNATURE_KEY is missing; no webhook can be checked.")
    if not header or not body:
        raise BadSignature("The message is not signed.")
    if not _is_signed(settings.webhook_address, key, body, header):
        raise BadSignature("Not signed by Square for this address. Compare SQUARE_WEBHOOK_URL and the key.")


def _is_signed(address: str, key: str, body: bytes, header: str) -> bool:
    try:
        # The helper takes text and encodes it again: for valid UTF-8 these are the same bytes.
        return verify_signature(
            request_body=body.decode("utf-8"),
            signature_header=header,
            signature_key=key,
            notification_url=address,
        )
    except UnicodeError:
        return False
