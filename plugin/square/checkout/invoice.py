"""Sales by Square invoice: drafted for the order, published, paid at once or as a deposit and a balance."""

from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.words import money_text
from plugin.courses.sales.checkout_views import view_of
from plugin.errors import NotYet, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import note_call, paid_of, read_order, save, save_waiting
from plugin.square.client import SquareNotFound
from plugin.square.inbox import receive_order
from plugin.square.parsing import Json, square_id, text, unreadable
from plugin.store.selling import Checkout
from plugin.wording import _

INVOICE = "invoice"
PUBLISH = "publish"


def draft(services: Services, row: Checkout) -> Checkout:
    """Draft the invoice; raises SquareFailed, permanent, for a deposit of the whole price."""
    _check_deposit(services, row)
    note_call(services, row, INVOICE)
    answer = services.square.create_invoice(f"{row.id}-invoice", _wanted(services, row))
    return save(services, row, square_object_id=_id(answer), square_object_version=_version(answer))


def publish(services: Services, row: Checkout) -> Checkout:
    note_call(services, row, PUBLISH)
    answer = _published(services, row, square_id(row.square_object_id, "invoice id"))
    address = text(answer.get("public_url"))
    if not address:
        raise unreadable("published invoice without its address")
    return save_waiting(services, row, url=address, square_object_version=_version(answer))


def _published(services: Services, row: Checkout, invoice_id: str) -> Json:
    version = row.square_object_version or 0
    try:
        # With the version: Square may store the key of a refused call.
        return services.square.publish_invoice(f"{row.id}-publish-{version}", invoice_id, version)
    except SquareFailed as error:
        if error.code != "square_version_mismatch":
            raise
        # Changed in Square since it was drafted; or published already, and the answer was lost.
        invoice = services.square.invoice(invoice_id)
        if text(invoice.get("status")) != "DRAFT":
            return invoice
        save(services, row, square_object_version=_version(invoice))
        raise


def cancel(services: Services, row: Checkout) -> RunAgain | None:
    """Cancel the invoice; None once it is. What was paid is booked first, for Square drops the lines."""
    if row.square_object_id is None:
        return None
    order = read_order(services, row)
    paid = paid_of(order)
    if paid > row.came and order.lines:
        receive_order(services, order.id, order.updated_at)
        return RunAgain(1, _("A payment is booked before the invoice is canceled."))
    try:
        _cancel_or_delete(services, services.square.invoice(row.square_object_id))
    except SquareNotFound:
        return None
    return None


def _cancel_or_delete(services: Services, invoice: Json) -> None:
    status, invoice_id, version = text(invoice.get("status")), _id(invoice), _version(invoice)
    if status == "DRAFT":
        services.square.delete_invoice(invoice_id, version)
    elif status in ("UNPAID", "SCHEDULED", "PARTIALLY_PAID"):
        services.square.cancel_invoice(invoice_id, version)
    elif status == "PAYMENT_PENDING":
        raise NotYet(_("A payment of the invoice is pending."))


def _check_deposit(services: Services, row: Checkout) -> None:
    if row.deposit is None or row.deposit < row.amount:
        return
    clinic = read_clinic(services.store)
    asked = money_text(Money(row.amount, row.currency), clinic)
    reason = _(
        "Square charges {asked} for this, and the deposit is not less. Begin again with another deposit.",
        asked=asked,
    )
    raise SquareFailed(reason, permanent=True, code="deposit_too_large")


def _wanted(services: Services, row: Checkout) -> Json:
    with services.store.reading() as session:
        title = view_of(session, row).package_name
    return {
        "location_id": row.square_location_id,
        "order_id": row.square_order_id,
        "primary_recipient": {"customer_id": row.square_customer_id},
        "payment_requests": _requests(row),
        # The client has the address from us: on the screen, or in the e-mail with the clinic's name.
        "delivery_method": "SHARE_MANUALLY",
        "title": title,
        "accepted_payment_methods": {"card": True},
    }


def _requests(row: Checkout) -> list[Json]:
    balance = {"request_type": "BALANCE", "due_date": str(row.balance_due_on)}
    if row.deposit is None:
        return [balance]
    deposit = {
        "request_type": "DEPOSIT",
        "due_date": str(row.deposit_due_on),
        "fixed_amount_requested_money": {"amount": row.deposit, "currency": row.currency},
    }
    return [deposit, balance]


def _id(invoice: Json) -> str:
    return square_id(invoice.get("id"), "invoice id")


def _version(invoice: Json) -> int:
    version = invoice.get("version")
    if not isinstance(version, int):
        raise unreadable("invoice without a version")
    return version
