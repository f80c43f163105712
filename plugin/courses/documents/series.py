"""The number format of invoices, credit notes and receipts, the next number, and the audit checks of what was issued.

A number is taken in the transaction that writes its document: without a gap, whatever races. The checks trust no other
guard: each document is what was issued, no number is missing, sums add up. Their queries are built once: that takes
longer than running them.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from invoices import papers
from plugin.core.text import clean
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed
from plugin.courses.documents.files import DOCUMENT
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Document, DocumentFile, DocumentSeries, Outbox
from plugin.wording import N_, _

Numbered = Literal["invoice", "credit_note", "receipt"]

PREFIX_LENGTH = 12
MOST_FIRST = 9_999_999
# Shorter numbers are padded with zeros, so that a list of them sorts.
_DIGITS = 4
_DEFAULT = {"invoice": "INV-", "credit_note": "CN-", "receipt": "REC-", "prepaid_balance": "PRE-"}
_CALLED = {"invoice": "invoice", "credit_note": "credit note", "receipt": "receipt"}
_PREFIX = re.compile(r"[A-Za-z0-9./_-]*\Z")


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One series: its prefix, its first number, how many were issued, and what the next one looks like."""

    kind: Numbered
    prefix: str
    first: int
    issued: int
    next_number: str

    @property
    def can_change_first(self) -> bool:
        """Return whether the first number may still be chosen."""
        return self.issued == 0


@dataclass(frozen=True, slots=True)
class NextPlace:
    """The next place in a series, counted from 1, and its number."""

    place: int
    number: str


def read_series(store: Store) -> tuple[SeriesView, ...]:
    """Return each series: invoices, credit notes, receipts."""
    with store.reading() as session:
        return tuple(_view(session, kind) for kind in get_args(Numbered))


@allowed()
def save_series(work: Work, kind: Numbered, *, prefix: str | None, first: int) -> SeriesView:
    """Store the number format of a kind from now on; numbers issued before do not change.

    Raises InvalidField, or Refused for another first number once one was issued.
    """
    said = _checked_prefix(prefix)
    if not 1 <= first <= MOST_FIRST:
        raise InvalidField(
            _("The first number is from 1 to {most_first}.", most_first=MOST_FIRST), field="first"
        )
    row = _locked_row(work.session, kind)
    if row.first != first and _last_place(work.session, kind):
        message = _(
            "The first number can no longer change: {called}s were issued with it.", called=_CALLED[kind]
        )
        raise Refused(message, code="series_begun", field="first")
    before = written(row.prefix, row.first, 1)
    row.prefix, row.first = said, first
    work.session.flush()
    after = written(said, first, 1)
    if after != before:
        record_in(work, Did.SETTING_CHANGED, subject_id=f"series.{kind}", before=before, after=after)
    return _view(work.session, kind)


def next_place_in(session: Session, kind: str) -> NextPlace:
    """Return the next number of a kind; concurrent callers wait until this transaction has ended."""
    row = _locked_row(session, kind)
    place = _last_place(session, kind) + 1
    return NextPlace(place, written(row.prefix, row.first, place))


def written(prefix: str, first: int, place: int) -> str:
    """Format the number of a place."""
    return f"{prefix}{first + place - 1:0{_DIGITS}d}"


def _locked_row(session: Session, kind: str) -> DocumentSeries:
    query = select(DocumentSeries).where(DocumentSeries.kind == kind).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        # If two start a series at once, the second is refused by its key and retries.
        row = DocumentSeries(kind=kind, prefix=_DEFAULT.get(kind, ""), first=1)
        session.add(row)
        session.flush()
    return row


def _last_place(session: Session, kind: str) -> int:
    return session.scalar(select(func.max(Document.place)).where(Document.kind == kind)) or 0


def _view(session: Session, kind: Numbered) -> SeriesView:
    row = session.get(DocumentSeries, kind)
    prefix, first = (row.prefix, row.first) if row is not None else (_DEFAULT[kind], 1)
    issued = _last_place(session, kind)
    return SeriesView(kind, prefix, first, issued, written(prefix, first, issued + 1))


def _checked_prefix(prefix: str | None) -> str:
    said = clean(prefix or "")
    if len(said) > PREFIX_LENGTH:
        raise InvalidField(
            _("A prefix has at most {prefix_length} characters.", prefix_length=PREFIX_LENGTH), field="prefix"
        )
    if not _PREFIX.match(said):
        raise InvalidField(
            _("A prefix has letters, digits and . / _ - alone, such as INV-2026-."), field="prefix"
        )
    if said[-1:].isdigit():
        # Else another prefix could give the same number once more.
        raise InvalidField(_("A prefix ends with a letter or a sign, such as INV-2026-."), field="prefix")
    return said


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
