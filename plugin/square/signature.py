"""The signature of a webhook: computed by Square with our key over our address and the raw body."""

from collections.abc import Iterator

from square.utils.webhooks_helper import verify_signature

from plugin.errors import BadSignature, ConfigurationError
from plugin.services import Services
from plugin.square.connection.row import read_connection

HEADER = "x-square-hmacsha256-signature"


def check(services: Services, body: bytes, header: str | None) -> None:
    """Raise BadSignature unless the header signs exactly these bytes; ConfigurationError without any key."""
    if not header or not body:
        raise BadSignature("The message is not signed.")
    has_key = False
    for address, key in _keys(services):
        has_key = True
        if _is_signed(address, key, body, header):
            return
    if not has_key:
        raise ConfigurationError(
            "No webhook can be verified: enter the signature key under Settings, or make the subscription."
        )
    raise BadSignature("Not signed by Square for this address. Compare SQUARE_WEBHOOK_URL and the key.")


def _keys(services: Services) -> Iterator[tuple[str, str]]:
    """Yield each key with its notification address: that of the settings, then our own subscription's."""
    key = services.settings.square_webhook_signature_key.get_secret_value()
    if key:
        yield services.settings.webhook_address, key
    made = read_connection(services.store)
    if made.signature_key_sealed is not None:
        yield made.subscription_url, services.vault.open(made.signature_key_sealed)


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
