"""The rows of documents: written once with their number, and found by what they were issued for."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.pages.fit import fit
from invoices.papers import CreditNote, Invoice, Money, Paper, PaperRefused, content_sha256, kind_of, to_json
from plugin.courses.base.sealing import head_in
from plugin.courses.base.work import Work
from plugin.courses.documents.enqueue import enqueue_file
from plugin.courses.documents.files import refuse_missing_letters
from plugin.courses.documents.series import NextPlace
from plugin.errors import Refused
from plugin.store.documents import Document, DocumentCourse

INVOICE, CREDIT_NOTE, VOUCHER, RECEIPT = "invoice", "credit_note", "gift_voucher", "receipt"


@dataclass(frozen=True, slots=True)
class New:
    """A document about to be issued: for what, of which sale and courses, to whom."""

    subject: str
    client_id: str
    course_ids: tuple[str, ...]
    square_order_id: str | None = None
    refers_to: str | None = None


def write_document(work: Work, new: New, place: NextPlace, paper: Paper, total: Money) -> Document:
    """Write the document; refused content takes no number, since it could not be rendered."""
    # Whoever has the file has a witness of the ledger as it was then.
    head = head_in(work.session)
    paper = _that_fits(replace(paper, clinic=replace(paper.clinic, ledger_head=str(head or ""))))
    refuse_missing_letters(paper)
    document = Document(
        id=work.new_id(),
        kind=kind_of(paper),
        place=place.place,
        number=place.number,
        subject=new.subject,
        refers_to=new.refers_to,
        square_order_id=new.square_order_id,
        client_id=new.client_id,
        language=paper.language,
        total=total.amount,
        currency=total.currency,
        content=to_json(paper),
        content_sha256=content_sha256(paper),
        issued_at=work.now,
        by=work.act.actor.name,
    )
    work.add(document)
    work.session.add_all(DocumentCourse(document_id=document.id, course_id=each) for each in new.course_ids)
    enqueue_file(work, document.id)
    work.session.flush()
    return document


def _that_fits(paper: Paper) -> Paper:
    try:
        fit(paper)
    except PaperRefused as error:
        if isinstance(paper, Invoice | CreditNote) and paper.is_electronic:
            # What the e-invoice standard can't express, such as a clinic without its tax number, is billed on
            # paper all the same.
            return _that_fits(replace(paper, is_electronic=False))
        raise Refused(str(error), code="paper_refused") from None
    return paper


def invoice_of_sale_in(session: Session, square_order_id: str) -> Document | None:
    """Return the valid invoice of a sale, the last if an earlier one was negated; None if there is none."""
    of_sale = select(Document).where(Document.kind == INVOICE, Document.square_order_id == square_order_id)
    return session.scalar(of_sale.order_by(Document.place.desc()).limit(1))


def issued_in(session: Session, kind: str, subject: str) -> Document | None:
    """Return the document that was issued for this, None if none was."""
    return session.scalar(select(Document).where(Document.kind == kind, Document.subject == subject))


def course_ids_of(session: Session, document_id: str) -> tuple[str, ...]:
    """Return the courses a document is about."""
    rows = select(DocumentCourse.course_id).where(DocumentCourse.document_id == document_id)
    return tuple(session.scalars(rows.order_by(DocumentCourse.course_id)))
