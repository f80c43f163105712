"""An invoice made out to the wrong client: taken back by a credit note, and the sale billed to the right one."""

from __future__ import annotations

from sqlalchemy import select

from invoices.language import language_for
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.courses.documents.buyers import buyer_in, courses_of_sale_in
from plugin.courses.documents.credit_note_content import GivenBack
from plugin.courses.documents.credit_note_paper import credit_note_paper
from plugin.courses.documents.issue import bill, create_invoice
from plugin.courses.documents.sale_record import SoldSale, sale_in
from plugin.courses.documents.series import next_place_in
from plugin.courses.documents.storage import (
    CREDIT_NOTE,
    INVOICE,
    New,
    course_ids_of,
    invoice_of_sale_in,
    write_document,
)
from plugin.store.documents import Document


def create_correction(work: Work, square_order_id: str) -> Document | None:
    """Bill a sale to whoever has its courses now, where they were moved away from whom it is billed to by mistake.

    The old invoice is taken back whole by a credit note; one of which something was credited already stays.
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
    """Negate all of an invoice though no money went back."""
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
