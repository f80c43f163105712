"""The link (and its e-mail) by which a client reads and signs an agreement: signed by us, good until it is gone.

The link of a device that staff hand over ends by itself: the address stays in the history of that device.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from plugin.core.acts import Role
from plugin.courses.agreements.views import NO_AGREEMENT, AgreementView, agreements_of_client, view_of
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients.contacts import typed_email
from plugin.errors import InvalidField, Refused
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.tables import Agreement, AgreementSignature, Client, Staff
from plugin.wording import _

AGREE_PATH = "/agree/"
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
    return f"{settings.public_url.rstrip('/')}{AGREE_PATH}{token}" if settings.public_url else ""


def link_of_token(store: Store, secret_key: str, token: str, now: datetime) -> SigningLink | None:
    """Return what the token opens, None for one that was not made here, has ended, or whose agreement is gone.

    An agreement that was replaced because its terms changed leads to the one in its place, also once that is signed.
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
    later = (
        each
        for each in agreements_of_client(store, client_id)
        if each.package_id == package_id and (not each.is_signed or each.id > agreement_id)
    )
    current = next(later, None)
    return SigningLink(current, present) if current is not None else None


def _token(secret_key: str, agreement: AgreementView, *handed: object) -> str:
    parts = [agreement.id, agreement.client_id, agreement.package_id, *(handed or ("",))]
    return str(_signer(secret_key).dumps(parts))


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="coursekeeper.agreement")


# The outbox job that e-mails the link; its payload has the address and whom it goes to.
AGREEMENT_LINK = "agreement_link"


@allowed(Role.DESK)
def send_link(work: Work, agreement_id: str, mail_to: str, *, address: str, has_mail: bool) -> None:
    """Enqueue the e-mail with the link; raises InvalidField for no address, Refused where none can be sent."""
    if not mail_to.strip():
        raise InvalidField(_("The e-mail address is missing."), field="mail_to")
    to = typed_email(mail_to, field="mail_to")
    row = require_row(work.session, Agreement, agreement_id, NO_AGREEMENT)
    if not has_mail:
        raise Refused(_("E-mail is not set up. Show the code, or copy the link."), code="no_mail")
    if not address:
        raise Refused(_("The address of the desk is not set, so there is no link."), code="no_address")
    if work.session.get(AgreementSignature, row.id) is not None:
        raise Refused(_("This agreement is signed. It is kept as it is."), code="signed")
    payload = {"mail_to": to, "url": address}
    work.once("agreement_link", {"id": row.id, **payload}, lambda: _enqueue(work, row.id, payload))


def _enqueue(work: Work, agreement_id: str, payload: dict[str, str]) -> dict[str, str]:
    enqueue(work, AGREEMENT_LINK, agreement_id, payload=payload)
    return {}
