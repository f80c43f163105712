"""What is to be issued and drawn after a deed, owed in the deed's own transaction. Knows nothing of the papers."""

from __future__ import annotations

from plugin.core.acts import Act
from plugin.courses.base.outbox import enqueue_in
from plugin.courses.base.work import Work
from plugin.store.documents import SaleRecord

# By Square order, by Square refund, by gift; then the file of what was issued, by document.
ISSUE_INVOICE = "issue_invoice"
ISSUE_CREDIT_NOTE = "issue_credit_note"
ISSUE_VOUCHER = "issue_voucher"
DOCUMENT = "document"
# By Square order: billed to the wrong client, who has its course no more.
CORRECT_INVOICE = "correct_invoice"
DOCUMENT_JOBS = (ISSUE_INVOICE, ISSUE_CREDIT_NOTE, ISSUE_VOUCHER, CORRECT_INVOICE, DOCUMENT)
# Square is asked for a sale that was booked before sales were kept, by its order.
RECORD_SALE = "record_sale"


def enqueue_invoice_in(work: Work, square_order_id: str | None) -> None:
    """Have the invoice of a sale issued; of one that is not kept, when somebody asks for it."""
    if square_order_id is None or work.session.get(SaleRecord, square_order_id) is None:
        return
    enqueue_in(work, ISSUE_INVOICE, square_order_id, payload=_by(work.act))


def enqueue_correction_in(work: Work, square_order_id: str | None) -> None:
    """Have the invoice of a sale billed to whoever has its courses now."""
    if square_order_id is not None and work.session.get(SaleRecord, square_order_id) is not None:
        enqueue_in(work, CORRECT_INVOICE, square_order_id, payload=_by(work.act))


def enqueue_credit_note_in(work: Work, square_refund_id: str) -> None:
    """Have the credit note of a refund issued, where its sale is invoiced."""
    enqueue_in(work, ISSUE_CREDIT_NOTE, square_refund_id, payload=_by(work.act))


def enqueue_voucher_in(work: Work, gift_id: str) -> None:
    """Have the voucher of a gift issued."""
    enqueue_in(work, ISSUE_VOUCHER, gift_id, payload=_by(work.act))


def enqueue_file_in(work: Work, document_id: str) -> None:
    """Have the file of an issued document drawn."""
    enqueue_in(work, DOCUMENT, document_id)


def _by(act: Act) -> dict[str, str]:
    return {"by": act.actor.name}
