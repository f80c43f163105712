"""The owner's overview: a year of sales and visits, and the deferred revenue now by package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.period import MONTHS_SHOWN, Period, month_before, month_of, months_up_to
from plugin.courses.reports.sums import month_sums, package_sums
from plugin.courses.reports.totals import are_quick
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.tables import Allowance, Course, Entry, Package
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
