"""The push that has Apple's devices ask for newer passes: an empty message over HTTP/2, by the pass certificate."""

import secrets
import ssl
import tempfile
from collections.abc import Callable, Iterable
from http import HTTPStatus

import httpx
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from plugin.courses.handouts.pkpass import PassSigner
from plugin.errors import WalletFailed
from plugin.wording import _

PUSH_URL = "https://api.push.apple.com"
TIMEOUT_S = 5.0
# A device that has no pass of this type any more, and a token that never was one (APNs, “Handling error responses”).
_GONE = {"Unregistered", "BadDeviceToken", "DeviceTokenNotForTopic"}
Trust = Callable[[], ssl.SSLContext]


def push(
    signer: PassSigner, tokens: Iterable[str], *, url: str = PUSH_URL, trust: Trust = httpx.create_ssl_context
) -> list[str]:
    """Have devices ask for what changed; return the tokens of those that are gone. Raises WalletFailed."""
    try:
        with httpx.Client(http2=True, verify=_with_certificate(trust(), signer), timeout=TIMEOUT_S) as client:
            return [token for token in tokens if not _is_there(client, signer, url, token)]
    except httpx.HTTPError as error:
        said = _("Apple’s push service can’t be reached ({error}).", error=type(error).__name__)
        raise WalletFailed(said, permanent=False) from None


def _is_there(client: httpx.Client, signer: PassSigner, url: str, token: str) -> bool:
    headers = {"apns-topic": signer.pass_type_id}
    answer = client.post(f"{url}/3/device/{token}", json={}, headers=headers)
    if answer.status_code == HTTPStatus.OK:
        return True
    if answer.status_code == HTTPStatus.GONE or any(reason in answer.text for reason in _GONE):
        return False
    said = _("Apple’s push service answers HTTP {status}.", status=answer.status_code)
    raise WalletFailed(said, permanent=False)


def _with_certificate(context: ssl.SSLContext, signer: PassSigner) -> ssl.SSLContext:
    """Load the certificate and key. OpenSSL takes them from a file alone, so the key is encrypted in it."""
    password = secrets.token_bytes(24).hex()
    key = signer.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())
    )
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(signer.certificate.public_bytes(Encoding.PEM) + key)
        file.flush()
        context.load_cert_chain(file.name, password=password)
    return context
