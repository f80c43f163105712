"""Outbox jobs that issue documents and render their files, following a sale, a gift or a refund."""

from plugin.core.acts import Act
from plugin.courses.base.events import CourseAssigned, CourseGiven, CourseReassigned, Refunded, SaleBooked
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.documents.sale_record import is_recorded_in

# By Square order, by Square refund, by gift; then the file of what was issued, by document.
ISSUE_INVOICE = "issue_invoice"
ISSUE_CREDIT_NOTE = "issue_credit_note"
ISSUE_VOUCHER = "issue_voucher"
DOCUMENT = "document"
# By Square order: the receipts of payments after the first; the invoice brings the first's.
ISSUE_RECEIPTS = "issue_receipts"
# By Square order: billed to the wrong client, who no longer has its course.
CORRECT_INVOICE = "correct_invoice"
DOCUMENT_JOBS = (
    *(ISSUE_INVOICE, ISSUE_RECEIPTS, ISSUE_CREDIT_NOTE, ISSUE_VOUCHER, CORRECT_INVOICE),
    DOCUMENT,
)
# A sale that was booked and could not be read for its invoice is fetched from Square by its order.
RECORD_SALE = "record_sale"


def issue_invoice(work: Work, event: SaleBooked | CourseAssigned) -> None:
    """Enqueue the invoice of a sale, issued once it has courses of a client."""
    if isinstance(event, CourseAssigned) or (event.opened and event.client_id is not None):
        enqueue_invoice(work, event.square_order_id)


def issue_receipts(work: Work, event: SaleBooked) -> None:
    """Enqueue the receipts of later payments of a sale; that of its first one follows the invoice."""
    if event.is_paid_more and not event.opened and is_recorded_in(work.session, event.square_order_id):
        enqueue(work, ISSUE_RECEIPTS, event.square_order_id, payload=_by(work.act))


def enqueue_invoice(work: Work, square_order_id: str | None) -> None:
    """Enqueue the invoice of a sale on demand; also of one that is not recorded."""
    if square_order_id is not None and is_recorded_in(work.session, square_order_id):
        enqueue(work, ISSUE_INVOICE, square_order_id, payload=_by(work.act))


def correct_invoice(work: Work, event: CourseReassigned) -> None:
    """Enqueue an invoice billed to the client who has the sale's courses now."""
    if event.square_order_id is not None and is_recorded_in(work.session, event.square_order_id):
        enqueue(work, CORRECT_INVOICE, event.square_order_id, payload=_by(work.act))


def issue_credit_note(work: Work, event: Refunded) -> None:
    """Enqueue the credit note of a refund, if its sale is invoiced."""
    enqueue(work, ISSUE_CREDIT_NOTE, event.square_refund_id, payload=_by(work.act))


def issue_voucher(work: Work, event: CourseGiven) -> None:
    enqueue(work, ISSUE_VOUCHER, event.gift_id, payload=_by(work.act))


def enqueue_file(work: Work, document_id: str) -> None:
    """Enqueue the rendering of an issued document's file."""
    enqueue(work, DOCUMENT, document_id)


def _by(act: Act) -> dict[str, str]:
    return {"by": act.actor.name}
