"""A receipt for each payment of a sale, issued once: what was paid, of which invoice, and what was left after it.

No network call. The figures are as of the payment, so that a receipt issued later says the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import language_for
from invoices.papers import Invoice, Money, PaymentLine, Receipt, ReceiptPart, from_json
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import Work
from plugin.courses.documents import issue
from plugin.courses.documents.buyers import packages_of_sale_in
from plugin.courses.documents.content import due_on_in, payments_in
from plugin.courses.documents.sale_record import SoldSale, Tender, paid_sale_in
from plugin.courses.documents.series import next_place_in
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store.tables import Checkout, Client, Document


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
    of_sale = (Document.kind == issue.RECEIPT, Document.square_order_id == square_order_id)
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
    invoice, sale = issue.invoice_of_sale_in(session, square_order_id), paid_sale_in(session, square_order_id)
    if invoice is None or sale is None or session.get_one(Client, invoice.client_id).erased_at is not None:
        return []
    billed = from_json(invoice.content)
    assert isinstance(billed, Invoice)  # what is stored as one
    again = invoice.subject.removeprefix(square_order_id)
    issued = list[Document]()
    for paid in payments_of(session, sale, billed):
        place = next_place_in(session, issue.RECEIPT)
        payment_id = paid.tender.square_payment_id or f"{square_order_id}/{paid.before}"
        if issue.issued_in(session, issue.RECEIPT, payment_id + again) is not None:
            continue
        replaced = _last_of(session, payment_id) if again else None
        paper = _paper(work, billed, sale, paid, place.number, replaced.number if replaced else "")
        new = issue.New(
            payment_id + again, invoice.client_id, issue.course_ids_of(session, invoice.id), square_order_id
        )
        issued.append(issue.write_document(work, new, place, paper, paper.payment.amount))
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
    known = _known_in(session, sale.square_order_id)
    paid = list(zip(tenders, lines, strict=False))
    paid.sort(key=lambda each: known.get(each[0].square_payment_id, len(known)))
    for place, (tender, line) in enumerate(paid):
        left = invoice.total.amount - before - tender.amount
        yield Paid(tender, line, before, _part(left, is_first=place == 0, in_parts=in_parts, before=before))
        before += tender.amount


def _known_in(session: Session, square_order_id: str) -> dict[str, int]:
    """Return the payments with a receipt, numbered in the order of their first ones."""
    of_sale = select(Document.subject).where(
        Document.kind == issue.RECEIPT, Document.square_order_id == square_order_id
    )
    payments = [each.partition("#")[0] for each in session.scalars(of_sale.order_by(Document.place))]
    return {each: place for place, each in enumerate(dict.fromkeys(payments))}


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
    days = {each.at.astimezone(zone).date() for each in sale.tenders}
    paid = sum(each.amount for each in sale.tenders) + sale.exchanged
    return len(days) > 1 or paid < sale.total or session.scalar(begun.limit(1)) is not None


def _paper(work: Work, invoice: Invoice, sale: SoldSale, paid: Paid, number: str, replaces: str) -> Receipt:
    session, clinic = work.session, clinic_in(work.session)
    left = invoice.total.amount - paid.before - paid.tender.amount
    return Receipt(
        clinic=clinic_on_paper(clinic),
        number=number,
        issued_on=local_date(clinic, work.now),
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
        Document.kind == issue.RECEIPT,
        (Document.subject == payment_id) | Document.subject.startswith(f"{payment_id}#", autoescape=True),
    )
    return session.scalar(of_payment.order_by(Document.place.desc()).limit(1))
