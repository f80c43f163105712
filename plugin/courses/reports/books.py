"""The lines of a roll-forward, the day on which an entry counts, and closing the books so that what was reported stays.

An entry counts on the day it happened: a visit entered a day late belongs to the day of the visit.
Accountants close a month once it is reported; from then on an entry for a day in it counts on the day it is
written instead. So a closed month never changes, and nothing is lost or counted twice. Nothing in the ledger
is touched.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias, TypeVarTuple

from sqlalchemy import (
    Case,
    ColumnElement,
    Label,
    Select,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.words import day_text
from plugin.courses.base.work import Work, allowed, reading
from plugin.courses.changes.adjust import is_earned_ahead
from plugin.courses.reports.period import Period, start_of
from plugin.errors import InvalidField
from plugin.store.documents import BooksClosed, MoneyPosting
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.totals import NOBODY, TotalsState, UntotalledEntry
from plugin.wording import _


class Line(StrEnum):
    """The lines of a roll-forward, in their order."""

    OPENING = "opening"
    SOLD = "sold"
    PAID = "paid"
    USED = "used"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"
    TRANSFERRED = "transferred"
    CLOSING = "closing"


LINE_OF = {
    Kind.SOLD: Line.SOLD,
    Kind.PAID: Line.PAID,
    Kind.USED: Line.USED,
    Kind.REFUNDED: Line.REFUNDED,
    Kind.EXPIRED: Line.EXPIRED,
    Kind.WRITTEN_OFF: Line.EXPIRED,
    Kind.ADJUSTED: Line.ADJUSTED,
    Kind.TRANSFERRED_OUT: Line.TRANSFERRED,
    Kind.TRANSFERRED_IN: Line.TRANSFERRED,
    # The reversal of a reversal, which no use case writes: it must not be lost either.
    Kind.REVERSED: Line.ADJUSTED,
}


# What the journal calls entries besides their kind, and of which kind they are.
IMPORTED, EARNED_AHEAD = "imported", "earned_ahead"
KIND_OF = {**{kind.value: kind for kind in Kind}, IMPORTED: Kind.PAID, EARNED_AHEAD: Kind.ADJUSTED}


@dataclass(frozen=True, slots=True)
class LineView:
    """One line: what it adds to the deferred revenue, or subtracts; `value` with its sign."""

    line: Line
    value: Money
    sessions: int


@dataclass(frozen=True, slots=True)
class Late:
    """Entries that count on other days than those they were made for, or were made later."""

    entries: int
    value: Money
    sessions: int


@dataclass(frozen=True, slots=True)
class RollForward:
    """The lines of one currency, everywhere or at one location ("" if Square named none).

    `expired`: of the deferred revenue at the end, what is in courses that had expired by then. `made_after`:
    what counts in the period but was entered after it; `from_before`: what happened before it.
    """

    currency: str
    square_location_id: str | None
    place: str
    lines: tuple[LineView, ...]
    expired: LineView
    made_after: Late
    from_before: Late

    def line(self, name: Line) -> LineView:
        return next(each for each in self.lines if each.line is name)


@dataclass(frozen=True, slots=True)
class Liability:
    """The report: one roll-forward for each currency, the clinic's own first, and one for each location in it."""

    period: Period
    totals: tuple[RollForward, ...]
    places: tuple[RollForward, ...]
    closed_through: date | None

    @property
    def is_closed(self) -> bool:
        """Return whether the books are closed through the period."""
        return self.closed_through is not None and self.period.last <= self.closed_through

    def total(self, currency: str) -> RollForward:
        """Return the roll-forward of a currency, all zeros if nothing was ever sold in it."""
        return next((each for each in self.totals if each.currency == currency), _nothing_in(currency))

    def places_in(self, currency: str) -> tuple[RollForward, ...]:
        """Return the roll-forwards of the locations in a currency."""
        return tuple(each for each in self.places if each.currency == currency)


def _nothing_in(currency: str) -> RollForward:
    zero = Money(0, currency)
    never = Late(0, zero, 0)
    lines = tuple(LineView(line, zero, 0) for line in Line)
    return RollForward(currency, None, "", lines, LineView(Line.EXPIRED, zero, 0), never, never)


Ts = TypeVarTuple("Ts")
# What happens on one day and may be written on another.
Dated: TypeAlias = Entry | MoneyPosting
REVERSED = aliased(Entry)
# A reversal counts as the kind of the entry that it reverses.
entry_kind: ColumnElement[str] = func.coalesce(REVERSED.kind, Entry.kind)
IS_USE = entry_kind == Kind.USED.value
VISIT_ID = func.coalesce(REVERSED.visit_id, Entry.visit_id)
# The key of a visit that did not take place.
MISSED = "missed"
# A literal in the query, not a bound value: PostgreSQL would take two bindings for two grouping keys.
PRACTITIONER: ColumnElement[str] = func.coalesce(
    Visit.practitioner_id,
    case((Visit.id.is_(None), literal_column(f"'{MISSED}'")), else_=literal_column(f"'{NOBODY}'")),
)
# What an entry adds to the sums of sessions used.
USED_SUMS: tuple[Label[int], ...] = (
    (-Entry.sessions_delta).label("used_sessions"),
    case((Allowance.kind == "add_on", 0), else_=-Entry.sessions_delta).label("used_treated"),
    (-Entry.value_delta).label("used_value"),
    (-Entry.sessions_delta * Allowance.single_price).label("used_list_value"),
)
_key = func.coalesce(REVERSED.idempotency_key, Entry.idempotency_key)
# What an entry is called in the journal: its kind, or of what it undoes.
entry_what: ColumnElement[str] = case(
    (and_(entry_kind == Kind.PAID.value, Course.square_order_id.is_(None)), IMPORTED),
    (and_(entry_kind == Kind.ADJUSTED.value, is_earned_ahead(_key)), EARNED_AHEAD),
    else_=entry_kind,
)


@allowed()
def close_books(work: Work, through: date) -> date:
    """Close every day up to `through`; return the last closed day.

    Raises InvalidField for a day that is not over yet. Closing again what is closed changes nothing.
    """
    clinic = clinic_in(work.session)
    if through >= day_at(work.now, clinic.zone):
        raise InvalidField(_("Only days that are over can be closed."), field="through")
    # Refuses a day out of range with the same message as any period.
    Period(through, through)
    known = closed_through_in(work.session)
    if known is not None and through <= known:
        if through == known:
            return known
        raise InvalidField(
            _("The books are closed through {day} already.", day=day_text(known, clinic)), field="through"
        )
    closing = BooksClosed(
        closed_before=start_of(through + timedelta(days=1), clinic.zone),
        closed_through=through,
        closed_at=work.now,
        by=work.act.actor.name,
    )
    add_closing(work.session, closing)
    record_in(work, Did.BOOKS_CLOSED, before=str(known or ""), after=str(through))
    return through


def add_closing(session: Session, closing: BooksClosed) -> None:
    """Add a closing. Where it changes on which day an entry counts that is totalled already, totals are made again."""
    # Nobody adds to the totals meanwhile.
    states = session.scalars(select(TotalsState).with_for_update()).all()
    session.add(closing)
    is_totalled = ~exists().where(UntotalledEntry.entry_id == Entry.id)
    moved = select(Entry.id).where(
        Entry.written_at >= closing.closed_at, Entry.happened_at < closing.closed_before, is_totalled
    )
    if session.scalar(moved.limit(1)) is not None:
        for state in states:
            state.is_valid = False


def closed_through_in(session: Session) -> date | None:
    """Return the last day that is closed, None while none is."""
    return session.scalar(select(func.max(BooksClosed.closed_through)))


closed_through = reading(closed_through_in)


def counts_at(session: Session, of: type[Dated] = Entry) -> ColumnElement[datetime]:
    """Return the moment at which a row counts, for a query over entries or `of` another table like it."""
    happened_at, written_at = of.happened_at, of.written_at
    if not session.scalar(select(exists().select_from(BooksClosed))):
        return happened_at.expression
    closed_at = (
        select(BooksClosed.closed_at)
        .where(BooksClosed.closed_before > happened_at)
        .order_by(BooksClosed.closed_before)
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )
    return case((closed_at <= written_at, written_at), else_=happened_at)


def counted_in(session: Session, query: Select[*Ts], period: Period) -> Select[*Ts]:
    """Return the query over the entries that count in the period, joined with course and reversed entry."""
    start, end = period.moments(clinic_in(session).zone)
    return with_courses(query).where(counts_within(counts_at(session), start, end))


def with_courses(query: Select[*Ts]) -> Select[*Ts]:
    """Return the query over entries, each joined with its course and the entry that it reverses."""
    return (
        query.select_from(Entry)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .outerjoin(REVERSED, REVERSED.id == Entry.reverses)
    )


def counts_within(
    moment: ColumnElement[datetime], start: datetime, end: datetime, of: type[Dated] = Entry
) -> ColumnElement[bool]:
    """Return the condition that a row counts from `start` until before `end`, which an index can narrow."""
    happened = and_(of.happened_at >= start, of.happened_at < end)
    if not isinstance(moment, Case):
        # No books are closed: each counts when it happened.
        return happened
    written = and_(of.written_at >= start, of.written_at < end)
    return and_(or_(happened, written), moment >= start, moment < end)
