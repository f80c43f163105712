"""The e-mail with the link to sign an agreement, asked for at the desk; `plugin.emails.agreement_link` writes it."""

from plugin.core.acts import Role
from plugin.courses.agreements.views import NO_AGREEMENT
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients.contacts import typed_email
from plugin.errors import InvalidField, Refused
from plugin.store.agreements import Agreement, AgreementSignature
from plugin.wording import _

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
