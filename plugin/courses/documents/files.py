"""The file of a document: rendered once from its frozen content, by outbox jobs that also issue documents.

A document takes its number only once all of its letters can be printed, so that a name that was mended is on it: none
is issued, and none drawn, with a letter that no font here has.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from invoices.pages.fit import fit
from invoices.papers import GiftVoucher, Paper, PaperRefused, from_json
from invoices.press.glyphs import Missing, is_printed, missing
from plugin.core.acts import Act
from plugin.courses.base.attention import open_item, settle_item_in
from plugin.courses.base.events import CourseAssigned, CourseGiven, CourseReassigned, Refunded, SaleBooked
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.words import paper_refusal
from plugin.courses.base.work import Work, in_session, in_transaction, require_row
from plugin.courses.documents.sale_record import is_recorded_in
from plugin.courses.handouts.cache import Render, drawn
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.tables import Document, DocumentFile
from plugin.wording import N_, _


def document_bytes(
    store: Store,
    render: Render,
    document_id: str,
    *,
    now: datetime,
    has: Callable[[str], bool] = is_printed,
) -> bytes:
    """Return the PDF of a document, rendered now if it has not been yet.

    Its bytes are stored forever, so it is not rendered before a font here has all of its letters. Raises
    NotFound, Refused for what can't be rendered yet or at all, PaperNotMade if a retry may help.
    """
    with store.reading() as session:
        kept = session.get(DocumentFile, document_id)
        if kept is not None:
            return kept.pdf
        paper = _content_in(session, document_id)
    refuse_missing_letters(paper, has)
    return _keep(store, document_id, drawn(store, render, paper), now)


def _content_in(session: Session, document_id: str) -> Paper:
    row = require_row(session, Document, document_id, _("There is no such document."))
    return from_json(row.content)


def reading_copy(store: Store, render: Render, document_id: str) -> bytes:
    """Return a document in large print, to read: drawn anew each time, it says that the issued one counts.

    Raises NotFound, Refused, PaperNotMade.
    """
    with store.reading() as session:
        paper = _content_in(session, document_id)
    return drawn(store, render, replace(paper, clinic=replace(paper.clinic, large_print=True)))


@in_session
def _keep(session: Session, document_id: str, pdf: bytes, now: datetime) -> bytes:
    # If two render it at once, the first one's bytes are the document's.
    kept = session.get(DocumentFile, document_id)
    if kept is not None:
        return kept.pdf
    digest = hashlib.sha256(pdf).hexdigest()
    session.add(DocumentFile(document_id=document_id, pdf=pdf, sha256=digest, drawn_at=now))
    session.flush()
    return pdf


MISSING_LETTERS = "missing_letters"
_SETTLED = N_("Its letters can be printed now.")


def refuse_missing_letters(paper: Paper, has: Callable[[str], bool] = is_printed) -> None:
    """Raise Refused for a paper that can't be printed whole, with whose it is and what to do."""
    try:
        lacking = missing(fit(paper), has=has)
    except PaperRefused as error:
        raise paper_refusal(error) from None
    if lacking:
        raise Refused(_sentence(paper, lacking), code=MISSING_LETTERS)


@in_transaction
def ask_for_letters(work: Work, job: Job, refusal: Refused) -> None:
    """Open the attention item of a document that waits, once."""
    open_item(
        work,
        kind=MISSING_LETTERS,
        dedupe=_mark(job),
        summary=refusal.message,
        details={"job": job.kind, "subject": job.subject},
    )


@in_transaction
def settle_letters(work: Work, job: Job) -> None:
    """Resolve the item of a document that waited and is issued or drawn now."""
    settle_item_in(work.session, work.act, _mark(job), _SETTLED)


def _mark(job: Job) -> str:
    return f"letters:{job.kind}:{job.subject}"


def _sentence(paper: Paper, lacking: tuple[Missing, ...]) -> str:
    letters = ", ".join(f"{each.sample} ({each.script})" for each in lacking)
    packages = " ".join(dict.fromkeys(each.package for each in lacking if each.package))
    name = _person(paper)
    if not packages:
        return _(
            "A paper for {name} waits: no font has {letters}. Write the name or text without them.",
            name=name,
            letters=letters,
        )
    return _(
        "A paper for {name} waits: no font here has {letters}. Correct the name or text, or install {packages} where "
        "Coursekeeper runs and start it again.",
        name=name,
        letters=letters,
        packages=packages,
    )


def _person(paper: Paper) -> str:
    if isinstance(paper, GiftVoucher):
        return paper.recipient_name
    billed_to = getattr(paper, "billed_to", None)
    return billed_to.name if billed_to is not None else paper.clinic.name


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
