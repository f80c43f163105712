"""The owner's overview: a year of sales and visits, the deferred revenue now by package, and what falls due today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Date, Integer, ScalarSelect, bindparam, exists, func, literal, select, union, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.course import CourseState
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.course_extras import COURSE_IDS
from plugin.courses.base.state import CLIENT_NAME, prepared_states, states_of
from plugin.courses.reports.period import MONTHS_SHOWN, Period, month_before, month_of, months_up_to
from plugin.courses.reports.sums import month_sums, package_sums
from plugin.courses.reports.totals import are_quick
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.listing import IS_CURRENT, ListedCourse, UnlistedCourse
from plugin.store.prepared import Prepared
from plugin.store.tables import Allowance, Checkout, Course, Entry, Gift, Package
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class MonthView:
    """One month: sessions sold and used, money received, and the value of the used sessions.

    `moved`: by how much it changed the deferred revenue.
    """

    month: Period
    sold: int
    used: int
    paid: Money
    earned: Money
    moved: Money

    @property
    def has_any(self) -> bool:
        """Return whether anything was sold, paid or used."""
        return bool(self.sold or self.used or self.paid.amount)


@dataclass(frozen=True, slots=True)
class DeferredView:
    """The deferred revenue now in the courses of one package."""

    package_id: str
    name: str
    sessions: int
    value: Money


@dataclass(frozen=True, slots=True)
class MonthComparison:
    """A month beside the one before it and the same month a year ago."""

    month: MonthView
    before: MonthView
    year_ago: MonthView


@dataclass(frozen=True, slots=True)
class Overview:
    """In the clinic's currency; `other_currencies` are only in the liability report."""

    months: tuple[MonthView, ...]
    compared: MonthComparison
    owed: tuple[DeferredView, ...]
    other_currencies: tuple[str, ...]

    @property
    def sessions_deferred(self) -> int:
        """Return how many sessions are left in all courses."""
        return sum(each.sessions for each in self.owed)


def overview(store: Store, today: date, month: date | None = None) -> Overview | None:
    """Return the overview as it is today; None while reading it would take long, as the totals are being made.

    `month`: the day of the month to compare, else the last one that is over. Raises InvalidField for a future month.
    """
    with store.reading() as session:
        return overview_in(session, today, month) if are_quick(session) else None


def overview_in(session: Session, today: date, month: date | None = None) -> Overview:
    currency = clinic_in(session).currency
    chosen = month_of(month) if month else month_before(today)
    if chosen.first > today:
        raise InvalidField(_("That month has not started yet."), field="month")
    compared = months_of(session, months_up_to(chosen.first, MONTHS_SHOWN + 1), currency)
    owed = deferred_in(session)
    return Overview(
        months=months_of(session, months_up_to(today, MONTHS_SHOWN), currency),
        compared=MonthComparison(compared[-1], compared[-2], compared[0]),
        owed=tuple(each for each in owed if each.value.currency == currency),
        other_currencies=tuple(sorted({each.value.currency for each in owed} - {currency})),
    )


def months_of(session: Session, months: Sequence[Period], currency: str) -> tuple[MonthView, ...]:
    """Return some months in a row in one currency, as seen by this session."""
    sums = month_sums(session, months, currency)
    return tuple(_month(month, sums.get(month.first, {}), currency) for month in months)


def _month(month: Period, sums: Mapping[Kind, tuple[int, int]], currency: str) -> MonthView:
    never = (0, 0)
    return MonthView(
        month=month,
        sold=sums.get(Kind.SOLD, never)[0],
        used=-sums.get(Kind.USED, never)[0],
        paid=Money(sums.get(Kind.PAID, never)[1], currency),
        earned=Money(-sums.get(Kind.USED, never)[1], currency),
        moved=Money(sum(value for _other, value in sums.values()), currency),
    )


def last_in_chain(column: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    """Return a column of the last entry of an allowance, for a query over allowances."""
    of_chain = select(column).where(Entry.allowance_id == Allowance.id).correlate(Allowance)
    return of_chain.order_by(Entry.seq.desc()).limit(1).scalar_subquery()


def package_names_in(session: Session) -> dict[str, str]:
    """Return the names of all packages by their ids."""
    return dict(session.execute(select(Package.id, Package.name)).all())


def deferred_in(session: Session) -> list[DeferredView]:
    """Return what is owed now by package and currency, the most first."""
    names = package_names_in(session)
    sums = package_sums(session)
    views = [
        DeferredView(package_id, names[package_id], sessions, Money(value, currency))
        for (package_id, currency), (sessions, value) in (sums or _left_by_package(session)).items()
        if sessions > 0 or value > 0
    ]
    return sorted(views, key=lambda view: (-view.value.amount, view.name, view.package_id))


def _left_by_package(session: Session) -> dict[tuple[str, str], tuple[int, int]]:
    # What is left of an allowance is in the last entry of its chain: none of the others is read.
    left = (
        select(
            Course.package_id,
            Course.currency,
            last_in_chain(Entry.sessions_after).label("sessions"),
            last_in_chain(Entry.value_after).label("value"),
        )
        .select_from(Allowance)
        .join(Course, Course.id == Allowance.course_id)
        .subquery()
    )
    key = (left.c.package_id, left.c.currency)
    rows = session.execute(select(*key, func.sum(left.c.sessions), func.sum(left.c.value)).group_by(*key))
    return {(package_id, currency): (int(many), int(value)) for package_id, currency, many, value in rows}


EXPIRING_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DueCourse:
    """A course that something is due of, and whose it is."""

    course_id: str
    client_id: str
    client_name: str
    package_name: str
    state: CourseState


@dataclass(frozen=True, slots=True)
class DueToday:
    """Balances due today or overdue, the oldest first; the next courses to expire, of `expiring_count` in all."""

    balances: tuple[DueCourse, ...]
    expiring: tuple[DueCourse, ...]
    expiring_count: int


def due_today(store: Store, today: date, *, limit: int = 20) -> DueToday:
    """Return what falls due, with at most `limit` courses that expire."""
    last = today + EXPIRING_WITHIN
    values = {"today": today, "last": last, "limit": limit}
    with store.reading() as session:
        due = _DUE.all(session.connection(), values)
        ids = {"course_ids": [row.id for row in due]}
        rows = list(states_of(session, _STATES, ids, today=today)) if due else []
    found = [
        DueCourse(state.facts.id, row.client_id, row.client_name, row.package_name, state)
        for state, row in rows
        if row.client_id is not None
    ]
    expiring = sorted((each for each in found if _expires(each, last)), key=_ends_on)
    return DueToday(
        balances=tuple(sorted(filter(_is_due, found), key=lambda each: each.state.due_on or today)),
        expiring=tuple(expiring[:limit]),
        expiring_count=max((row.expiring_count for row in due), default=0),
    )


# Most are used up by then, and need no state; the conditions are those of `_expires`, so that the count is of the same.
_HAS_LEFT = (
    select(Allowance.id)
    .where(
        Allowance.course_id == Course.id,
        Allowance.kind.in_(("main", "touch_up")),
        last_in_chain(Entry.sessions_after) > 0,
    )
    .exists()
)
_TODAY, _LAST = bindparam("today", type_=Date), bindparam("last", type_=Date)
# By the list of courses, in which most have nothing left, and by what is not in it yet.
_KNOWN = union(
    select(ListedCourse.course_id).where(IS_CURRENT, ListedCourse.expires_on.between(_TODAY, _LAST)),
    select(UnlistedCourse.course_id),
)
_EXPIRING = select(Course.id).where(
    Course.id.in_(_KNOWN),
    Course.expires_on.between(_TODAY, _LAST),
    Course.closed_as.is_(None),
    Course.frozen_at.is_(None),
    Course.client_id.is_not(None),
    ~exists().where(Gift.waiting == Course.id),
    _HAS_LEFT,
)
_NEXT = (
    _EXPIRING.add_columns(func.count().over().label("expiring_count"))
    .order_by(Course.expires_on, Course.id)
    .limit(bindparam("limit", type_=Integer))
    .subquery()
)
_ASKED = select(Checkout.square_order_id).where(
    Checkout.state.in_(("asking", "waiting")), Checkout.balance_due_on <= bindparam("today", type_=Date)
)
_UNPAID = select(Course.id, literal(0)).where(Course.square_order_id.in_(_ASKED), Course.closed_as.is_(None))
_DUE = Prepared(union_all(select(_NEXT), _UNPAID))
_STATES = prepared_states(COURSE_IDS, Course.package_name, CLIENT_NAME)


def _is_due(each: DueCourse) -> bool:
    return each.state.due_on is not None and each.state.due_on <= each.state.today


def _expires(each: DueCourse, last: date) -> bool:
    state = each.state
    return state.is_live and state.not_used > 0 and state.expires_on is not None and state.expires_on <= last


def _ends_on(each: DueCourse) -> tuple[date, str]:
    return each.state.expires_on or date.max, each.course_id
