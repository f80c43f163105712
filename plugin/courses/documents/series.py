"""The number format of invoices, credit notes and receipts, and the next number: without a gap, whatever races.

The number is taken in the transaction that writes its document: a rollback uses no number.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.text import clean
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.documents import Document, DocumentSeries
from plugin.wording import _

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
