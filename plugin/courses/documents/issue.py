"""Issue documents: number and frozen content in one transaction, once per sale, refund and gift.

No network call. An invoice is issued to the buyer and never changes after that; what is refunded has a credit
note. One issued to the wrong client is negated by a credit note, and the sale billed to the right one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices import papers
from invoices.language import language_for
from invoices.pages.fit import fit
from invoices.papers import Invoice, Money, PaymentLine, Receipt, ReceiptPart, from_json
from plugin.core.moments import day_at
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.sealing import head_in
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import paper_refusal
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.courses.documents.content import due_on_in, invoice_paper, payments_in, voucher_paper_in
from plugin.courses.documents.credit_note import GivenBack, credit_note_paper
from plugin.courses.documents.files import enqueue_file, refuse_missing_letters
from plugin.courses.documents.refund_record import done_refund_in, given_back_in
from plugin.courses.documents.sale_record import (
    SoldSale,
    Tender,
    buyer_in,
    courses_of_sale_in,
    delete_reason_in,
    packages_of_sale_in,
    paid_sale_in,
    sale_in,
)
from plugin.courses.documents.series import NextPlace, next_place_in
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store.tables import Checkout, Client, Course, Document, DocumentCourse, Gift, SquareRefund

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
        raise paper_refusal(error) from None
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
    if buyer_id is None or work.session.get_one(Client, buyer_id).erased_at is not None:
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


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of a sale, and what had been paid before it, minor units."""

    tender: Tender
    line: PaymentLine
    before: int
    part: ReceiptPart


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """An issued receipt."""

    id: str
    issued_at: datetime
    content_sha256: str
    paper: Receipt


def receipts_in(session: Session, square_order_id: str, client_id: str) -> tuple[ReceiptView, ...]:
    """Return the receipts of a sale that were made out to a client, in the order they were issued."""
    of_sale = (Document.kind == RECEIPT, Document.square_order_id == square_order_id)
    rows = session.scalars(
        select(Document).where(*of_sale, Document.client_id == client_id).order_by(Document.place)
    )
    return tuple(
        ReceiptView(row.id, row.issued_at, row.content_sha256, paper)
        for row in rows
        if isinstance(paper := from_json(row.content), Receipt)
    )


def create_receipts(work: Work, square_order_id: str) -> list[Document]:
    """Issue the receipt of each payment that has none yet, in their order; return those issued now.

    None while the sale has no invoice, which a receipt names. After the invoice was made out anew to another client,
    each payment has one more receipt, which names the one it replaces.
    """
    session = work.session
    invoice, sale = invoice_of_sale_in(session, square_order_id), paid_sale_in(session, square_order_id)
    if invoice is None or sale is None or session.get_one(Client, invoice.client_id).erased_at is not None:
        return []
    billed = from_json(invoice.content)
    assert isinstance(billed, Invoice)  # what is stored as one
    again = invoice.subject.removeprefix(square_order_id)
    issued = list[Document]()
    for paid in payments_of(session, sale, billed):
        place = next_place_in(session, RECEIPT)
        payment_id = paid.tender.square_payment_id or f"{square_order_id}/{paid.before}"
        if issued_in(session, RECEIPT, payment_id + again) is not None:
            continue
        replaced = _last_of(session, payment_id) if again else None
        paper = _paper(work, billed, sale, paid, place.number, replaced.number if replaced else "")
        new = New(payment_id + again, invoice.client_id, course_ids_of(session, invoice.id), square_order_id)
        issued.append(write_document(work, new, place, paper, paper.payment.amount))
    return issued


def payments_of(session: Session, sale: SoldSale, invoice: Invoice) -> Iterator[Paid]:
    """Yield the payments that Square recorded, each with what was paid before it.

    In their order, except that a payment with a receipt comes before one without: a payment made offline is known
    late, with the time at which it was made.
    """
    clinic, language = clinic_in(session), language_for(invoice.language)
    tenders = sorted(sale.tenders, key=lambda each: each.at)
    lines = payments_in(session, sale, clinic, language, invoice.sold_on)
    # What another sale pays by an exchange is paid at the sale: it is no payment of money, and comes first.
    before = sum(each.amount.amount for each in lines[len(tenders) :])
    in_parts = _is_in_parts(session, sale, clinic)
    # The payments with a receipt, numbered in the order of their first ones.
    of_sale = select(Document.subject).where(
        Document.kind == RECEIPT, Document.square_order_id == sale.square_order_id
    )
    payments = [each.partition("#")[0] for each in session.scalars(of_sale.order_by(Document.place))]
    known = {each: place for place, each in enumerate(dict.fromkeys(payments))}
    paid = list(zip(tenders, lines, strict=False))
    paid.sort(key=lambda each: known.get(each[0].square_payment_id, len(known)))
    for place, (tender, line) in enumerate(paid):
        left = invoice.total.amount - before - tender.amount
        yield Paid(tender, line, before, _part(left, is_first=place == 0, in_parts=in_parts, before=before))
        before += tender.amount


def _part(left: int, *, is_first: bool, in_parts: bool, before: int) -> ReceiptPart:
    if left <= 0:
        return "balance" if before and in_parts else ("part" if before else "all")
    return "deposit" if is_first and in_parts else "part"


def _is_in_parts(session: Session, sale: SoldSale, clinic: ClinicView) -> bool:
    """Return whether a deposit was agreed, or payments are of several days or not all made: no split of one payment."""
    begun = select(Checkout.id).where(
        Checkout.square_order_id == sale.square_order_id, Checkout.deposit.is_not(None)
    )
    zone = clinic.zone
    days = {day_at(each.at, zone) for each in sale.tenders}
    paid = sum(each.amount for each in sale.tenders) + sale.exchanged
    return len(days) > 1 or paid < sale.total or session.scalar(begun.limit(1)) is not None


def _paper(work: Work, invoice: Invoice, sale: SoldSale, paid: Paid, number: str, replaces: str) -> Receipt:
    session, clinic = work.session, clinic_in(work.session)
    left = invoice.total.amount - paid.before - paid.tender.amount
    return Receipt(
        clinic=clinic_on_paper(clinic),
        number=number,
        issued_on=day_at(work.now, clinic.zone),
        billed_to=invoice.billed_to,
        about=packages_of_sale_in(session, sale.square_order_id, invoice.language),
        payment=paid.line,
        paid_at=paid.tender.at,
        part=paid.part,
        invoice_number=invoice.number,
        invoice_issued_on=invoice.issued_on,
        total=invoice.total,
        paid_before=Money(paid.before, sale.currency),
        balance_due=Money(left, sale.currency),
        language=invoice.language,
        due_on=due_on_in(session, sale.square_order_id) if left > 0 else None,
        reference=sale.square_order_id,
        receipt_url=paid.tender.receipt_url,
        replaces=replaces,
    )


def _last_of(session: Session, payment_id: str) -> Document | None:
    """Return the last receipt of a payment that was issued before its invoice was made out anew."""
    of_payment = select(Document).where(
        Document.kind == RECEIPT,
        (Document.subject == payment_id) | Document.subject.startswith(f"{payment_id}#", autoescape=True),
    )
    return session.scalar(of_payment.order_by(Document.place.desc()).limit(1))
