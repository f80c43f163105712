"""The outbox jobs that bring a course's passes up to date after a use, an undo or another change.

Apple's devices ask for newer passes after an empty message over HTTP/2, by the pass certificate.
"""

import secrets
import ssl
import tempfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus

import httpx
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from plugin.core.acts import COURSEKEEPER
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.clients import wallet_passes
from plugin.courses.handouts.wallet_pass import (
    GoogleAccount,
    PassSigner,
    facts_of,
    generic_object,
    google_account,
    google_pass_of,
    pass_signer,
    withdrawn_object,
)
from plugin.errors import WalletFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.settings import Settings
from plugin.wallet.google import GOOGLE as GOOGLE_API
from plugin.wallet.google import Endpoints, GoogleWallet
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


Push = Callable[[PassSigner, Iterable[str]], list[str]]
_OFF = "The clinic no longer has passes there."
# Whoever has opened Google's page may save the pass a little later, as it was signed.
_SAVED_WITHIN = timedelta(hours=1)
_ASK_AGAIN_S = 600.0


def account_of(settings: Settings) -> GoogleAccount:
    """Return the clinic's account at Google; raises ConfigurationError."""
    return google_account(settings.google_wallet_issuer_id, settings.google_wallet_account.get_secret_value())


def signer_of(settings: Settings) -> PassSigner:
    """Return the clinic's signer of passes for Apple Wallet; raises ConfigurationError."""
    return pass_signer(
        settings.wallet_certificate,
        settings.wallet_private_key.get_secret_value(),
        settings.wallet_intermediate,
    )


def update_google(services: Services, job: Job, endpoints: Endpoints = GOOGLE_API) -> str | RunAgain:
    """Write what the course's passes at Google say now; raises WalletFailed."""
    if not services.settings.has_google_wallet:
        return _OFF
    theirs, others = wallet_passes.passes_of(services.store, job.subject, wallet_passes.GOOGLE)
    account, act = account_of(services.settings), job.act(COURSEKEEPER, services.clock())
    now = act.now
    google = GoogleWallet(account, now, endpoints)
    if others:
        _withdraw(services, google, account, [row.id for row in others])
        wallet_passes.drop_passes(services.store, act, others)
    if not theirs:
        return "Nobody has this course as a pass."
    said = google_pass_of(facts_of(services.store, job.subject, now))
    missing = []
    for row in theirs:
        pass_id, wanted = account.object_id(row.id), generic_object(account, row.id, said)
        if not google.patch_object(pass_id, wanted):
            missing.append(row)
    if saved := [row for row in theirs if row not in missing]:
        wallet_passes.note_saved(services.store, act, saved)
    if any(now - row.added_at < _SAVED_WITHIN for row in missing):
        return RunAgain(_ASK_AGAIN_S, "The pass is not saved yet.")
    if missing:
        wallet_passes.drop_passes(services.store, act, missing)
    return (
        wallet_passes.UPDATED[wallet_passes.GOOGLE]
        if len(missing) < len(theirs)
        else "The pass was never saved."
    )


def withdraw_google(services: Services, job: Job, endpoints: Endpoints = GOOGLE_API) -> str:
    """Empty passes at Google whose client has them no more; raises WalletFailed."""
    if not services.settings.has_google_wallet:
        return _OFF
    account = account_of(services.settings)
    _withdraw(
        services,
        GoogleWallet(account, services.clock(), endpoints),
        account,
        job.payload.get(wallet_passes.OBJECTS, ()),
    )
    return "The pass no longer shows anything."


def _withdraw(services: Services, google: GoogleWallet, account: GoogleAccount, passes: list[str]) -> None:
    clinic = read_clinic(services.store)
    for each in passes:
        google.patch_object(account.object_id(each), withdrawn_object(clinic.name, clinic.language))


def update_apple(services: Services, job: Job, send: Push = push) -> str:
    """Have the devices with the course's pass ask for the newest; raises WalletFailed."""
    if not services.settings.has_wallet:
        return _OFF
    theirs, others = wallet_passes.passes_of(services.store, job.subject, wallet_passes.APPLE)
    act = job.act(COURSEKEEPER, services.clock())
    if others:
        wallet_passes.drop_passes(services.store, act, others)
    if not theirs:
        return "No device has this course as a pass."
    wallet_passes.mark_changed(services.store, theirs, act.now)
    gone = send(signer_of(services.settings), sorted({row.push_token for row in theirs if row.push_token}))
    if gone:
        wallet_passes.drop_devices(services.store, act, gone)
    return wallet_passes.UPDATED[wallet_passes.APPLE]
