"""The e-mail with the payment link of a checkout, requested at the desk after the checkout was begun."""

from typing import Any

from plugin.core.acts import Role
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.contacts import typed_email
from plugin.courses.sales.checkout_views import CheckoutView, view_of
from plugin.courses.sales.checkouts import checkout_for_change
from plugin.errors import InvalidField, Refused
from plugin.store.selling import Checkout
from plugin.wording import _

# The outbox job that e-mails the payment link to the client.
LETTER = "mail_checkout"


@allowed(Role.DESK)
def send_letter(work: Work, checkout_id: str, mail_to: str) -> CheckoutView:
    """Enqueue the payment link's e-mail; raises InvalidField for no address, Refused where none is due."""
    if not mail_to.strip():
        raise InvalidField(_("The e-mail address is missing."), field="mail_to")
    address = typed_email(mail_to, field="mail_to")
    row = checkout_for_change(work.session, checkout_id)
    request = {"checkout_id": checkout_id, "mail_to": address}
    work.once("letter", request, lambda: _enqueue_letter(work, row, address))
    return view_of(work.session, row)


def _enqueue_letter(work: Work, row: Checkout, address: str) -> dict[str, Any]:
    if row.url is None or row.ended_at is not None or row.cancel_asked_at is not None:
        raise Refused(_("There is no address to send: nothing is to be paid there."), code="nothing_to_send")
    row.mail_to, row.mailed_at, row.notice = address, None, ""
    enqueue(work, LETTER, row.id)
    return {"checkout_id": row.id}
