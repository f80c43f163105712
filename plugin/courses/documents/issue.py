"""Issue documents: number and frozen content in one transaction, once per sale, refund and gift.

No network call. An invoice is issued to the buyer and never changes after that; what is refunded has a credit
note. One issued to the wrong client is negated by a credit note, and the sale billed to the right one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices import papers
from invoices.language import language_for
from invoices.pages.fit import fit
from plugin.courses.base.sealing import head_in
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.courses.documents.buyers import buyer_in, courses_of_sale_in
from plugin.courses.documents.content import invoice_paper, voucher_paper_in
from plugin.courses.documents.credit_note_content import GivenBack, credit_note_paper
from plugin.courses.documents.enqueue import enqueue_file
from plugin.courses.documents.files import refuse_missing_letters
from plugin.courses.documents.refund_record import done_refund_in, given_back_in
from plugin.courses.documents.sale_record import SoldSale, delete_reason_in, sale_in
from plugin.courses.documents.series import NextPlace, next_place_in
from plugin.errors import Refused
from plugin.store.tables import Client, Course, Document, DocumentCourse, Gift, SquareRefund

INVOICE, CREDIT_NOTE, VOUCHER, RECEIPT = "invoice", "credit_note", "gift_voucher", "receipt"


@dataclass(frozen=True, slots=True)
class New:
    """A document about to be issued: for what, of which sale and courses, to whom."""

    subject: str
    client_id: str
    course_ids: tuple[str, ...]
    square_order_id: str | None = None
    refers_to: str | None = None


def write_document(
    work: Work, new: New, place: NextPlace, paper: papers.Paper, total: papers.Money
) -> Document:
    """Write the document; refused content takes no number, since it could not be rendered."""
    # Whoever has the file has a witness of the ledger as it was then.
    head = head_in(work.session)
    paper = _that_fits(replace(paper, clinic=replace(paper.clinic, ledger_head=str(head or ""))))
    refuse_missing_letters(paper)
    document = Document(
        id=work.new_id(),
        kind=papers.kind_of(paper),
        place=place.place,
        number=place.number,
        subject=new.subject,
        refers_to=new.refers_to,
        square_order_id=new.square_order_id,
        client_id=new.client_id,
        language=paper.language,
        total=total.amount,
        currency=total.currency,
        content=papers.to_json(paper),
        content_sha256=papers.content_sha256(paper),
        issued_at=work.now,
        by=work.act.actor.name,
    )
    work.add(document)
    work.session.add_all(DocumentCourse(document_id=document.id, course_id=each) for each in new.course_ids)
    enqueue_file(work, document.id)
    work.session.flush()
    return document


def _that_fits(paper: papers.Paper) -> papers.Paper:
    try:
        fit(paper)
    except papers.PaperRefused as error:
        if isinstance(paper, papers.Invoice | papers.CreditNote) and paper.is_electronic:
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
    rows = select(DocumentCourse.course_id).where(DocumentCourse.document_id == document_id)
    return tuple(session.scalars(rows.order_by(DocumentCourse.course_id)))


def create_invoice(work: Work, square_order_id: str) -> Document | None:
    """Issue the invoice of a sale, with the credit notes of earlier refunds; the one issued before if any.

    None while a course of it has no owner, if the sale is not recorded, or its data was erased.
    """
    known = invoice_of_sale_in(work.session, square_order_id)
    sale, courses = sale_in(work.session, square_order_id), courses_of_sale_in(work.session, square_order_id)
    if known is not None or sale is None:
        return known
    return bill(work, sale, courses, square_order_id)


def bill(work: Work, sale: SoldSale, courses: Sequence[Course], subject: str) -> Document | None:
    """Issue an invoice of the sale for this subject, once, to the buyer; None if no buyer can be billed."""
    buyers = [buyer_in(work.session, course) for course in courses]
    buyer_id = buyers[0] if buyers and all(buyers) else None
    if buyer_id is None or _is_erased(work.session, buyer_id):
        return None
    place = next_place_in(work.session, INVOICE)
    if (known := issued_in(work.session, INVOICE, subject)) is not None:
        return known
    # Two owners of one sale: one invoice, to the owner of its first course; the others' courses are not named
    # on it.
    theirs = tuple(course.id for course, buyer in zip(courses, buyers, strict=True) if buyer == buyer_id)
    paper = invoice_paper(work.session, work.act, sale, courses, buyer_id, number=place.number)
    new = New(subject, buyer_id, theirs, sale.square_order_id)
    document = write_document(work, new, place, paper, paper.total)
    _credit_what_went_back(work, sale.square_order_id)
    return document


def create_credit_note(work: Work, square_refund_id: str) -> Document | None:
    """Issue the credit note of a completed refund; the one issued before if any.

    None if its sale has no invoice, no money was returned, or nothing of the invoice is left to negate.
    """
    refund = done_refund_in(work.session, square_refund_id)
    invoice = invoice_of_sale_in(work.session, refund.square_order_id) if refund is not None else None
    if refund is None or invoice is None:
        return None
    place = next_place_in(work.session, CREDIT_NOTE)
    if (known := issued_in(work.session, CREDIT_NOTE, refund.subject)) is not None:
        return known
    sale, currency = sale_in(work.session, refund.square_order_id), refund.refunds[0].currency
    if sale is None or currency != invoice.currency:
        return None
    given = given_back_in(work.session, refund, sale, invoice.language)
    paper = credit_note_paper(work.session, work.act, invoice, sale, given, number=place.number)
    if paper is None:
        return None
    for row in refund.refunds:
        delete_reason_in(work.session, refund.square_order_id, row.square_refund_id)
    courses = (refund.desk.course_id,) if refund.desk is not None else course_ids_of(work.session, invoice.id)
    new = New(refund.subject, invoice.client_id, courses, refund.square_order_id, invoice.id)
    return write_document(work, new, place, paper, paper.total)


def create_voucher(work: Work, gift_id: str) -> Document | None:
    """Issue the voucher of a pending gift, numbered by its code; the one issued before if any."""
    place = next_place_in(work.session, VOUCHER)
    gift = work.session.get(Gift, gift_id)
    if (known := issued_in(work.session, VOUCHER, gift_id)) is not None or gift is None:
        return known
    if gift.taken_back_at is not None or gift.redeemed_at is not None:
        return None
    course = work.session.get_one(Course, gift.course_id)
    paper: papers.GiftVoucher = voucher_paper_in(work.session, gift_id, work.now)
    new = New(gift_id, gift.giver_id, (course.id,), course.square_order_id)
    numbered = NextPlace(place.place, paper.code)
    return write_document(work, new, numbered, paper, papers.Money(0, course.currency))


def _credit_what_went_back(work: Work, square_order_id: str) -> None:
    refunds = select(SquareRefund.square_refund_id).where(SquareRefund.square_order_id == square_order_id)
    for refund_id in list(
        work.session.scalars(refunds.order_by(SquareRefund.seen_at, SquareRefund.square_refund_id))
    ):
        create_credit_note(work, refund_id)


def _is_erased(session: Session, client_id: str) -> bool:
    return session.get_one(Client, client_id).erased_at is not None


def create_correction(work: Work, square_order_id: str) -> Document | None:
    """Bill a sale to the client who has its courses now, after they were moved from one billed by mistake.

    The old invoice is negated whole by a credit note; one that was partly credited already is left as it is.
    """
    place = next_place_in(work.session, INVOICE)
    known = invoice_of_sale_in(work.session, square_order_id)
    if known is None:
        return create_invoice(work, square_order_id)
    sale, courses = sale_in(work.session, square_order_id), courses_of_sale_in(work.session, square_order_id)
    buyers = {
        living_client_in(work.session, buyer).id
        for course in courses
        if (buyer := buyer_in(work.session, course))
    }
    is_credited = work.session.scalar(select(Document.id).where(Document.refers_to == known.id)) is not None
    if sale is None or is_credited or living_client_in(work.session, known.client_id).id in buyers:
        return None
    _take_back(work, known, sale)
    return bill(work, sale, courses, f"{square_order_id}#{place.place}")


def _take_back(work: Work, document: Document, sale: SoldSale) -> None:
    """Negate all of an invoice though no money was returned."""
    place = next_place_in(work.session, CREDIT_NOTE)
    reason = language_for(document.language).gettext(
        "The invoice was made out to the wrong person. No money went back."
    )
    given = GivenBack(document.total, (), (), reason)
    paper = credit_note_paper(work.session, work.act, document, sale, given, number=place.number)
    if paper is None:
        return
    courses = course_ids_of(work.session, document.id)
    new = New(f"corrects:{document.id}", document.client_id, courses, document.square_order_id, document.id)
    write_document(work, new, place, paper, paper.total)
