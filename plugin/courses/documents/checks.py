"""Audit checks of documents: each is what was issued, no number is missing, sums add up.

Trusts no other guard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from invoices.papers import (
    CreditNote,
    GiftVoucher,
    Invoice,
    Paper,
    PaperRefused,
    PrepaidBalance,
    Receipt,
    from_json,
)
from plugin.courses.documents.enqueue import DOCUMENT
from plugin.courses.documents.series import written
from plugin.store.documents import Document, DocumentFile, DocumentSeries
from plugin.store.queues import Outbox
from plugin.wording import _

# Which check, which document, what it means.
Wrong = tuple[str, str, str]

_AT_A_TIME = 20


def wrong_documents(session: Session) -> Iterator[Wrong]:
    """Yield everything that is wrong with documents and their files."""
    yield from _contents(session)
    yield from _files(session)
    yield from _lost(session)
    yield from _places(session)
    yield from _numbers(session)
    yield from _references(session)
    yield from _sums(session)


def _contents(session: Session) -> Iterator[Wrong]:
    """Check that the stored content is what was issued, and agrees with the row."""
    rows = select(Document).execution_options(yield_per=_AT_A_TIME)
    for row in session.scalars(rows):
        if hashlib.sha256(row.content.encode()).hexdigest() != row.content_sha256:
            yield "document", row.id, _("The content of {number} is not what was issued.", number=row.number)
        elif _said(row.content) != (row.kind, row.number, row.total):
            yield "document", row.id, _("{number} does not say what its row says of it.", number=row.number)


def _said(content: str) -> tuple[str, str, int] | None:
    try:
        paper = from_json(content)
    except PaperRefused:
        return None
    return _kind_number_total(paper)


def _kind_number_total(paper: Paper) -> tuple[str, str, int] | None:
    if isinstance(paper, Invoice):
        return "invoice", paper.number, paper.total.amount
    if isinstance(paper, CreditNote):
        return "credit_note", paper.number, paper.total.amount
    if isinstance(paper, PrepaidBalance):
        return "prepaid_balance", paper.number, paper.total.amount
    if isinstance(paper, Receipt):
        return "receipt", paper.number, paper.payment.amount.amount
    return ("gift_voucher", paper.code, 0) if isinstance(paper, GiftVoucher) else None


def _files(session: Session) -> Iterator[Wrong]:
    """Check that the stored bytes are those that were rendered."""
    rows = select(DocumentFile).execution_options(yield_per=_AT_A_TIME)
    for row in session.scalars(rows):
        if hashlib.sha256(row.pdf).hexdigest() != row.sha256:
            yield "document_file", row.document_id, _("The stored file is not the one that was drawn.")


def _lost(session: Session) -> Iterator[Wrong]:
    """Check that what was issued still exists.

    A series truncated at its end has no gap, but the outbox jobs of its files are left.
    """
    files = (
        select(Outbox.subject)
        .outerjoin(Document, Document.id == Outbox.subject)
        .where(Outbox.kind == DOCUMENT, Document.id.is_(None))
    )
    for document_id in session.scalars(files):
        yield "document", document_id, _("The document was issued, and is gone.")


def _places(session: Session) -> Iterator[Wrong]:
    """Check that each kind counts from 1 without a gap."""
    before = aliased(Document)
    gaps = (
        select(Document.id, Document.number)
        .outerjoin(before, (before.kind == Document.kind) & (before.place == Document.place - 1))
        .where(or_((Document.place > 1) & before.id.is_(None), Document.place < 1))
    )
    for document_id, number in session.execute(gaps):
        yield "number", document_id, _("The number before {number} is missing.", number=number)


def _numbers(session: Session) -> Iterator[Wrong]:
    """Check that each number ends with its place; the prefix may have been another at the time."""
    first = {row.kind: row.first for row in session.scalars(select(DocumentSeries))}
    rows = select(Document.id, Document.kind, Document.place, Document.number)
    for document_id, kind, place, number in session.execute(rows.where(Document.kind != "gift_voucher")):
        if not number.endswith(written("", first.get(kind, 1), place)):
            yield (
                "number",
                document_id,
                _("{number} is not the number of its place, {place}.", number=number, place=place),
            )


def _references(session: Session) -> Iterator[Wrong]:
    """Check that a credit note refers to an existing invoice of the same sale and currency."""
    invoice = aliased(Document)
    lost = (
        select(Document.id, Document.number)
        .outerjoin(invoice, invoice.id == Document.refers_to)
        .where(
            Document.kind == "credit_note",
            or_(
                invoice.id.is_(None),
                invoice.kind != "invoice",
                invoice.square_order_id != Document.square_order_id,
                invoice.currency != Document.currency,
            ),
        )
    )
    for document_id, number in session.execute(lost):
        yield (
            "credit_note",
            document_id,
            _("The invoice that {number} refers to is not there.", number=number),
        )


def _sums(session: Session) -> Iterator[Wrong]:
    """Check that the credit notes of an invoice never exceed its total."""
    note = aliased(Document)
    over = (
        select(Document.id, Document.number)
        .join(note, note.refers_to == Document.id)
        .group_by(Document.id, Document.number, Document.total)
        .having(or_(Document.total + func.sum(note.total) < 0, func.max(note.total) > 0))
    )
    for document_id, number in session.execute(over):
        yield (
            "credit_note",
            document_id,
            _("The credit notes of {number} give back more than it asked for.", number=number),
        )
