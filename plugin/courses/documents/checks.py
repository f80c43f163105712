"""Audit checks of documents: each is what was issued, no number is missing, sums add up.

Trusts no other guard. The queries are built once: that takes longer than running them.
"""

import hashlib
from collections.abc import Iterator
from functools import cache

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from invoices import papers
from plugin.courses.documents.files import DOCUMENT
from plugin.courses.documents.series import written
from plugin.store.prepared import Prepared
from plugin.store.tables import Document, DocumentFile, DocumentSeries, Outbox
from plugin.wording import N_, _

# Which check, which document, what it means.
Wrong = tuple[str, str, str]

_AT_A_TIME = 20


def wrong_documents(session: Session) -> Iterator[Wrong]:
    """Yield everything that is wrong with documents and their files."""
    yield from _contents(session)
    yield from _files(session)
    yield from _numbers(session)
    for check, failing, said in _FAILING:
        for row in failing().all(session.connection(), {}):
            yield check, row[0], _(said, number=row[-1])


@cache
def _all_documents() -> Select[Document]:
    return select(Document).execution_options(yield_per=_AT_A_TIME)


@cache
def _all_files() -> Select[DocumentFile]:
    return select(DocumentFile).execution_options(yield_per=_AT_A_TIME)


def _contents(session: Session) -> Iterator[Wrong]:
    """Check that the stored content is what was issued, and agrees with the row."""
    for row in session.scalars(_all_documents()):
        if hashlib.sha256(row.content.encode()).hexdigest() != row.content_sha256:
            yield "document", row.id, _("The content of {number} is not what was issued.", number=row.number)
        elif _said(row.content) != (row.kind, row.number, row.total):
            yield "document", row.id, _("{number} does not say what its row says of it.", number=row.number)


def _said(content: str) -> tuple[str, str, int] | None:
    try:
        paper = papers.from_json(content)
    except papers.PaperRefused:
        return None
    if isinstance(paper, papers.Invoice):
        return "invoice", paper.number, paper.total.amount
    if isinstance(paper, papers.CreditNote):
        return "credit_note", paper.number, paper.total.amount
    if isinstance(paper, papers.PrepaidBalance):
        return "prepaid_balance", paper.number, paper.total.amount
    if isinstance(paper, papers.Receipt):
        return "receipt", paper.number, paper.payment.amount.amount
    return ("gift_voucher", paper.code, 0) if isinstance(paper, papers.GiftVoucher) else None


def _files(session: Session) -> Iterator[Wrong]:
    """Check that the stored bytes are those that were rendered."""
    for row in session.scalars(_all_files()):
        if hashlib.sha256(row.pdf).hexdigest() != row.sha256:
            yield "document_file", row.document_id, _("The stored file is not the one that was drawn.")


@cache
def _jobs_of_lost_documents() -> Prepared:
    return Prepared(
        select(Outbox.subject)
        .outerjoin(Document, Document.id == Outbox.subject)
        .where(Outbox.kind == DOCUMENT, Document.id.is_(None))
    )


@cache
def _gaps() -> Prepared:
    before = aliased(Document)
    return Prepared(
        select(Document.id, Document.number)
        .outerjoin(before, (before.kind == Document.kind) & (before.place == Document.place - 1))
        .where(or_((Document.place > 1) & before.id.is_(None), Document.place < 1))
    )


@cache
def _numbered() -> Prepared:
    columns = (Document.id, Document.kind, Document.place, Document.number)
    return Prepared(select(*columns).where(Document.kind != "gift_voucher"))


def _numbers(session: Session) -> Iterator[Wrong]:
    """Check that each number ends with its place; the prefix may have been another at the time."""
    first = {row.kind: row.first for row in session.scalars(select(DocumentSeries))}
    for document_id, kind, place, number in _numbered().all(session.connection(), {}):
        if not number.endswith(written("", first.get(kind, 1), place)):
            yield (
                "number",
                document_id,
                _("{number} is not the number of its place, {place}.", number=number, place=place),
            )


@cache
def _notes_of_no_invoice() -> Prepared:
    invoice = aliased(Document)
    return Prepared(
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


@cache
def _given_back_in_excess() -> Prepared:
    note = aliased(Document)
    return Prepared(
        select(Document.id, Document.number)
        .join(note, note.refers_to == Document.id)
        .group_by(Document.id, Document.number, Document.total)
        .having(or_(Document.total + func.sum(note.total) < 0, func.max(note.total) > 0))
    )


# Which check, the documents that fail it with their number, and what it means.
_FAILING = (
    # A series truncated at its end has no gap, but the outbox jobs of its files are left.
    ("document", _jobs_of_lost_documents, N_("The document was issued, and is gone.")),
    ("number", _gaps, N_("The number before {number} is missing.")),
    ("credit_note", _notes_of_no_invoice, N_("The invoice that {number} refers to is not there.")),
    (
        "credit_note",
        _given_back_in_excess,
        N_("The credit notes of {number} give back more than it asked for."),
    ),
)
