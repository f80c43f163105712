"""A credit note frozen at its issue: its invoice as issued, what was credited of that, the clinic of the moment."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import language_for
from invoices.papers import CreditNote, Invoice, Money, Paper, from_json
from plugin.core.acts import Act
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.documents.credit_note_content import GivenBack, Issued, credit_note_of
from plugin.courses.documents.invoice_lines import account_of
from plugin.courses.documents.sale_record import SoldSale
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store.documents import Document


def credit_note_paper(
    session: Session, act: Act, document: Document, sale: SoldSale, given: GivenBack, *, number: str
) -> CreditNote | None:
    """Freeze the credit note of an invoice; None where nothing is left to negate."""
    invoice = from_json(document.content)
    if not isinstance(invoice, Invoice):
        return None
    issued = Issued(invoice, _taxes_on(sale, invoice), _notes(session, document.id))
    return credit_note_of(issued, given, _blank(session, act, invoice, number))


def _taxes_on(sale: SoldSale, invoice: Invoice) -> list[dict[str, int]]:
    account = account_of(sale, language_for(invoice.language), {})
    return [dict(row.taxes) for row in account.rows]


def _notes(session: Session, invoice_id: str) -> tuple[CreditNote, ...]:
    rows = select(Document.content).where(Document.refers_to == invoice_id).order_by(Document.place)
    papers: Iterable[Paper] = (from_json(content) for content in session.scalars(rows))
    return tuple(paper for paper in papers if isinstance(paper, CreditNote))


def _blank(session: Session, act: Act, invoice: Invoice, number: str) -> CreditNote:
    clinic, nothing = clinic_in(session), Money(0, invoice.total.currency)
    return CreditNote(
        clinic=clinic_on_paper(clinic),
        number=number,
        issued_on=local_date(clinic, act.now),
        invoice_number=invoice.number,
        invoice_issued_on=invoice.issued_on,
        billed_to=invoice.billed_to,
        lines=(),
        net=nothing,
        taxes=(),
        total=nothing,
        returned=(),
        language=invoice.language,
        reference=invoice.reference,
        is_electronic=invoice.is_electronic,
    )
