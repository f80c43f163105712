"""The link by which a client reads and signs an agreement: signed by us, and good until the agreement is gone.

The link of a device that staff hand over ends by itself: the address stays in the history of that device.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from plugin.courses.agreements.views import AgreementView, agreements_of_client, view_of
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.agreements import Agreement
from plugin.store.people import Client, Staff

PATH = "/agree/"
_LONGEST_TOKEN = 400
# How long a client may take with the clinic's device in their hands.
HANDED_FOR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class SigningLink:
    """What a link is for; `present`: the name of who handed the device over, "" for a client's own device."""

    agreement: AgreementView
    present: str = ""


def signing_token(secret_key: str, agreement: AgreementView) -> str:
    """Return the token of the link for a client's own device."""
    return _token(secret_key, agreement)


def handed_token(secret_key: str, agreement: AgreementView, *, staff_id: str, now: datetime) -> str:
    """Return the token of the link that opens on the clinic's device, handed over by this person."""
    return _token(secret_key, agreement, staff_id, int((now + HANDED_FOR).timestamp()))


def signing_address(settings: Settings, agreement: AgreementView) -> str:
    """Return the address by which a client signs on their own device, "" without a public one."""
    token = signing_token(settings.secret_key.get_secret_value(), agreement)
    return f"{settings.public_url.rstrip('/')}{PATH}{token}" if settings.public_url else ""


def link_of_token(store: Store, secret_key: str, token: str, now: datetime) -> SigningLink | None:
    """Return what the token opens, None for one that was not made here, has ended, or whose agreement is gone.

    An agreement that was replaced because its terms changed leads to the one in its place.
    """
    if not secret_key or len(token) > _LONGEST_TOKEN:
        return None
    try:
        agreement_id, client_id, package_id, staff_id, *ends = _signer(secret_key).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    if staff_id and not (ends and now < datetime.fromtimestamp(ends[0], UTC)):
        return None
    with store.reading() as session:
        row = session.get(Agreement, agreement_id)
        staff = session.get(Staff, staff_id) if staff_id else None
        client = session.get(Client, client_id)
        if client is None or client.erased_at is not None:
            return None
        present = staff.name if staff else ""
        if row is not None:
            return SigningLink(view_of(session, row), present)
    theirs = agreements_of_client(store, client_id)
    current = next((each for each in theirs if each.package_id == package_id and not each.is_signed), None)
    return SigningLink(current, present) if current is not None else None


def _token(secret_key: str, agreement: AgreementView, *handed: object) -> str:
    parts = [agreement.id, agreement.client_id, agreement.package_id, *(handed or ("",))]
    return str(_signer(secret_key).dumps(parts))


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="coursekeeper.agreement")
