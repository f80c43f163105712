"""Who has documents issued: the worker's jobs, and whoever asks for one that may be issued already.

An issued document is given as it is; else it is issued now, or later if Square has to be asked first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act, Role, require
from plugin.courses.base.chain import NO_COURSE
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.work import Work, allowed, require_row, transact
from plugin.courses.documents import files, issue
from plugin.courses.documents.content import NO_GIFT
from plugin.courses.documents.files import (
    MISSING_LETTERS,
    RECORD_SALE,
    ask_for_letters,
    document_bytes,
    settle_letters,
)
from plugin.courses.documents.issue import (
    ReceiptView,
    create_invoice,
    create_receipts,
    create_voucher,
    invoice_of_sale_in,
    receipts_in,
)
from plugin.courses.documents.sale_record import buyer_in, sale_in, sold_course_in
from plugin.courses.handouts.cache import Render
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.tables import Client, Course, Document, DocumentCourse, Gift, Outbox
from plugin.wording import N_, _

NOT_READY = "invoice_not_ready"
_SOON = N_("The invoice is being made. Try again in a few seconds.")
_IMPORTED = N_(
    "This course was sold before Coursekeeper and brought in from a file. There is no invoice of it here."
)
_NOBODYS = N_("No one owns this course yet. Assign it to a client first.")
_WAITS = N_(
    "Another course of the same sale has no owner yet. Assign it first; then the sale has its invoice."
)
_ERASED = N_("The buyer’s data was deleted, and no invoice was issued before.")
_UNTOLD = N_(
    "Square could not tell of this sale so far, so its invoice can’t be made yet. It is retried automatically."
)


def invoice_of_course(store: Store, act: Act, course_id: str) -> str:
    """Return the document id of a course's invoice, issued now if it was not yet.

    Raises NotFound, or Refused; with the code `invoice_not_ready` it is issued by a job.
    """
    require(act.actor, Role.DESK)
    found = transact(store, act, lambda work: _find(work, course_id))
    if isinstance(found, Refused):
        # The job enqueued before the refusal is kept.
        raise found
    return found


def receipts_of_course(store: Store, act: Act, course_id: str) -> tuple[ReceiptView, ...]:
    """Return the receipts of a course's sale, in the order they were issued; those not issued yet are issued now.

    Raises what requesting the invoice raises.
    """
    invoice_id = invoice_of_course(store, act, course_id)

    def do(work: Work) -> tuple[str, str]:
        invoice = work.session.get_one(Document, invoice_id)
        create_receipts(work, invoice.square_order_id or "")
        return invoice.square_order_id or "", invoice.client_id

    order, client_id = transact(store, act, do)
    with store.reading() as session:
        return receipts_in(session, order, client_id)


def receipt_of_course(store: Store, act: Act, course_id: str) -> str:
    """Return the document id of the last receipt of a course's sale; raises Refused where nothing was paid."""
    receipts = receipts_of_course(store, act, course_id)
    if not receipts:
        raise Refused(_("Nothing was paid for this sale, so there is no receipt."), code="no_receipt")
    return receipts[-1].id


@allowed(Role.DESK)
def voucher_of_gift(work: Work, gift_id: str) -> str:
    """Return the document id of a gift's voucher, issued now if it was not yet. Raises NotFound or Refused."""
    require_row(work.session, Gift, gift_id, NO_GIFT)
    document = create_voucher(work, gift_id)
    if document is None:
        raise Refused(_("This gift waits no more: its voucher would be worth nothing."), code="no_gift")
    return document.id


def voucher_of_course(store: Store, act: Act, course_id: str) -> str:
    """Return the document id of the voucher of the latest gift made of a course; raises NotFound or Refused."""
    latest = select(Gift.id).where(Gift.course_id == course_id).order_by(Gift.id.desc()).limit(1)
    with store.reading() as session:
        gift_id = session.scalar(latest)
    if gift_id is None:
        raise NotFound(_("No gift was made of this course."))
    return voucher_of_gift(store, act, gift_id)


def _find(work: Work, course_id: str) -> str | Refused:
    course = sold_course_in(work.session, require_row(work.session, Course, course_id, NO_COURSE))
    if course.square_order_id is None:
        raise Refused(_IMPORTED, code="imported")
    known = invoice_of_sale_in(work.session, course.square_order_id)
    if known is None:
        if sale_in(work.session, course.square_order_id) is None:
            asked_before = (
                select(Outbox.state)
                .where(Outbox.kind == RECORD_SALE, Outbox.subject == course.square_order_id)
                .order_by(Outbox.id.desc())
                .limit(1)
            )
            last = work.session.scalar(asked_before)
            if last != "pending":
                enqueue(work, RECORD_SALE, course.square_order_id, payload={"by": work.act.actor.name})
            return Refused(_UNTOLD if last == "failed" else _SOON, code=NOT_READY)
        known = create_invoice(work, course.square_order_id)
    if known is None:
        raise _why_not(work.session, course)
    if work.session.get(DocumentCourse, (known.id, course.id)) is None:
        billed = work.session.get_one(Client, known.client_id).name
        said = _(
            "This course was sold together with others. The invoice {number} is {billed}’s.",
            number=known.number,
            billed=billed,
        )
        raise Refused(said, code="billed_to_another")
    return known.id


def _why_not(session: Session, course: Course) -> Refused:
    buyer_id = buyer_in(session, course)
    if buyer_id is None:
        return Refused(_NOBODYS, code="unassigned")
    if session.get_one(Client, buyer_id).erased_at is not None:
        return Refused(_ERASED, code="erased")
    return Refused(_WAITS, code="unassigned")


def _invoice(work: Work, square_order_id: str) -> Document | None:
    document = issue.create_invoice(work, square_order_id)
    create_receipts(work, square_order_id)
    return document


def _receipts(work: Work, square_order_id: str) -> Document | None:
    return next(reversed(create_receipts(work, square_order_id)), None)


def _correction(work: Work, square_order_id: str) -> Document | None:
    document = issue.create_correction(work, square_order_id)
    create_receipts(work, square_order_id)
    return document


_ISSUE: dict[str, Callable[[Work, str], Document | None]] = {
    files.ISSUE_INVOICE: _invoice,
    files.ISSUE_RECEIPTS: _receipts,
    files.ISSUE_CREDIT_NOTE: issue.create_credit_note,
    files.ISSUE_VOUCHER: issue.create_voucher,
    files.CORRECT_INVOICE: _correction,
}


def run_document_job(store: Store, render: Render, job: Job, *, now: datetime) -> str:
    """Issue or render one document; return the outcome, in words. Idempotent."""
    actor = replace(SQUARE, name=job.payload.get("by", SQUARE.name))
    act = job.act(actor, now)
    try:
        outcome = _run(store, render, job, act)
    except Refused as refusal:
        if refusal.code == MISSING_LETTERS:
            ask_for_letters(store, act, job, refusal)
        raise
    if job.attempts > 1:
        settle_letters(store, act, job)
    return outcome


def _run(store: Store, render: Render, job: Job, act: Act) -> str:
    if job.kind == files.DOCUMENT:
        document_bytes(store, render, job.subject, now=act.now)
        return _("Drawn.")
    number = transact(store, act, lambda work: _number(_ISSUE[job.kind](work, job.subject)))
    return _("{number} was issued.", number=number) if number else _("Nothing was to be issued.")


def _number(document: Document | None) -> str:
    return document.number if document is not None else ""
