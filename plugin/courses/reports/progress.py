"""How courses go: completed or not, where they stall, days between visits, bought again, expiring (docs/reports.md).

Read from sums of the rows of the list of courses, as of the day of the list.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.columns import Column, Columns, Kind, Person, Share, file_of
from plugin.courses.base.keyset import Order
from plugin.courses.base.sheet import Cell, Sheet, sheet_of, tenths
from plugin.courses.base.views import Page, from_row
from plugin.courses.lists.listing import count_waiting_in
from plugin.courses.lists.outcomes import Outcome
from plugin.courses.reports.period import months_up_to
from plugin.courses.reports.usage import NAMELESS
from plugin.store import Store
from plugin.store.listing import NOT_YET, ListedCourse, ListedSum, SumOf
from plugin.store.tables import Client, Package, PackageContent, Staff, Treatment
from plugin.store.totals import NOBODY, ProgressOf, ProgressSum
from plugin.wording import _

SOLD_IN_MONTHS = 12
# An average of fewer is chance.
FEWEST = 5
EXPIRING_DAYS = (30, 60, 90)


class ProgressBy(StrEnum):
    """What courses are grouped by; a practitioner is the one of the last visit, a month that of the sale."""

    PACKAGE = "package"
    PRACTITIONER = "practitioner"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Progress:
    """The figures of a package, practitioner or month, or of all (`key` "").

    `plan_days`: between visits, as papers say. `stops`: by the sessions used, how many courses stalled or expired
    after them.
    """

    key: str
    name: str
    outcomes: Mapping[Outcome, int]
    intervals: int
    interval_days: int
    again: Share
    plan_days: int | None = None
    stops: tuple[tuple[int, int], ...] = ()

    @property
    def completed(self) -> Share:
        """Return how many of the courses that are over were completed."""
        over = sum(number for outcome, number in self.outcomes.items() if outcome is not Outcome.UNDER_WAY)
        return Share(self.outcomes.get(Outcome.COMPLETED, 0), over)

    @property
    def stops_most_after(self) -> int | None:
        """Return after which session most of them stop, the earliest of several; None where none has stopped."""
        return max(self.stops, key=lambda each: (each[1], -each[0]))[0] if self.stops else None

    @property
    def average_days(self) -> float | None:
        """Return the average days between two visits; None over too few."""
        return self.interval_days / self.intervals if self.intervals >= FEWEST else None


@dataclass(frozen=True, slots=True)
class Expiring:
    """Courses with sessions left that expire within so many days, and what is left in them."""

    days: int
    courses: int
    sessions: int
    value: Money


@dataclass(frozen=True, slots=True)
class CourseProgress:
    """The figures for all, and by package or practitioner; courses that stalled or expired by the sessions used.

    `waiting`: how many changes of courses are not in it yet.
    """

    total: Progress
    rows: tuple[Progress, ...]
    stalls: tuple[tuple[int, int], ...]
    expiring: tuple[Expiring, ...]
    waiting: int


def course_progress(store: Store, now: datetime, by: ProgressBy = ProgressBy.PACKAGE) -> CourseProgress:
    """Return how the courses sold in the last twelve months go, as of the day of the list."""
    with store.reading() as session:
        today = local_date_in(session, now)
        # The sums of the courses by key, outcome and sessions used: one reading for every figure.
        of = ProgressSum
        kind = ProgressOf.PRACTITIONER if by is ProgressBy.PRACTITIONER else ProgressOf.PACKAGE
        group = (of.sold_in if by is ProgressBy.MONTH else of.key, of.outcome, of.used)
        sums = select(group[0].label("key"), of.outcome, of.used, *_SUMS).where(
            of.kind == kind.value, of.sold_in >= first_month(today)
        )
        groups = session.execute(sums.group_by(*group).having(_SUMS[0] != 0)).all()
        rows = tuple(_by_key(session, groups, by))
        return CourseProgress(
            total=replace(_added(rows), stops=_stalls(groups)),
            rows=rows,
            stalls=_stalls(groups),
            expiring=tuple(_expiring(session, today)),
            waiting=count_waiting_in(session),
        )


def first_month(today: date) -> date:
    """Return the first day of the first month whose courses count: the last twelve, this one included."""
    return months_up_to(today, SOLD_IN_MONTHS)[0].first


def month_key(first: date) -> str:
    """Return a month as it is asked for, such as 2026-11."""
    return f"{first:%Y-%m}"


_SUMS = tuple(
    func.sum(getattr(ProgressSum, name)).label(name)
    for name in ("courses", "intervals", "interval_days", "had_time", "again")
)


def _by_key(session: Session, groups: Sequence[Row[Any]], by: ProgressBy) -> Iterator[Progress]:
    names = _names(session, by)
    plans = _plans(session) if by is ProgressBy.PACKAGE else {}
    rows: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for group in groups:
        rows[month_key(group.key) if by is ProgressBy.MONTH else group.key].append(group)
    found = [
        Progress(
            key=key or NOBODY,
            name=names.get(key, ""),
            outcomes={each: _sum("courses", of, each) for each in Outcome},
            intervals=_sum("intervals", of),
            interval_days=_sum("interval_days", of),
            again=Share(_sum("again", of), _sum("had_time", of)),
            plan_days=plans.get(key),
            stops=_stalls(of),
        )
        for key, of in rows.items()
    ]
    if by is ProgressBy.MONTH:
        yield from sorted(found, key=lambda each: each.key, reverse=True)
        return
    yield from sorted(found, key=lambda each: (-sum(each.outcomes.values()), each.name, each.key))


def _sum(name: str, groups: Sequence[Row[Any]], outcome: Outcome | None = None) -> int:
    return sum(int(getattr(each, name)) for each in groups if outcome in (None, each.outcome))


def _names(session: Session, by: ProgressBy) -> dict[str, str]:
    if by is ProgressBy.MONTH:
        return {}
    of = Package if by is ProgressBy.PACKAGE else Staff
    return dict(session.execute(select(of.id, of.name)).all())


def _plans(session: Session) -> dict[str, int]:
    """Return the days between visits that papers suggest, by package: of its first main treatment."""
    query = (
        select(PackageContent.package_id, Treatment.suggested_days)
        .join(Treatment, Treatment.id == PackageContent.treatment_id)
        .where(Treatment.kind == "main", Treatment.suggested_days.is_not(None))
        .order_by(PackageContent.position.desc())
    )
    return {package_id: days for package_id, days in session.execute(query) if days}


def _added(rows: tuple[Progress, ...]) -> Progress:
    return Progress(
        key="",
        name="",
        outcomes={each: sum(row.outcomes[each] for row in rows) for each in Outcome},
        intervals=sum(row.intervals for row in rows),
        interval_days=sum(row.interval_days for row in rows),
        again=Share(sum(row.again.part for row in rows), sum(row.again.whole for row in rows)),
    )


def _stalls(groups: Sequence[Row[Any]]) -> tuple[tuple[int, int], ...]:
    stops: Counter[int] = Counter()
    for each in groups:
        if each.outcome in (Outcome.STALLED, Outcome.EXPIRED):
            stops[each.used] += int(each.courses)
    return tuple(sorted(stops.items()))


def _expiring(session: Session, today: date) -> Iterator[Expiring]:
    of, currency = ListedSum, clinic_in(session).currency
    sums = select(func.sum(of.courses), func.sum(of.sessions), func.sum(of.value)).where(
        of.kind == SumOf.EXPIRES.value, of.currency == currency
    )
    for days in EXPIRING_DAYS:
        within = sums.where(of.day.between(today, today + timedelta(days)))
        courses, sessions, value = (int(each or 0) for each in session.execute(within).one())
        yield Expiring(days, courses, sessions, Money(value, currency))


@dataclass(frozen=True, slots=True)
class ProgressFilter:
    """The figure that is asked about: courses sold in the last twelve months with one of these outcomes.

    `used`: after so many sessions. `has_time_to_buy`, `bought_again`: of the completed ones. `month`: of the sale, such
    as 2026-11. `has_intervals`: with two visits or more, whose days between visits are counted.
    """

    outcomes: tuple[Outcome, ...] = ()
    used: int | None = None
    package_id: str = ""
    practitioner_id: str = ""
    month: str = ""
    has_intervals: bool = False
    has_time_to_buy: bool = False
    bought_again: bool = False


@dataclass(frozen=True, slots=True)
class CourseBehind:
    """A course behind a figure."""

    course_id: str
    client_id: str | None
    client_name: str
    package_name: str
    practitioner: str
    used: int
    granted: int
    last_visit_on: date | None
    value: Money
    visits: int = 0
    visit_days: int = 0

    @property
    def days_between(self) -> float | None:
        """Return the average days between its visits, None for fewer than two."""
        return self.visit_days / (self.visits - 1) if self.visits > 1 else None


# By their columns' names in the address; the newest course first where none is asked for.
ORDERS = {
    each.key: each
    for each in (
        Order("sold", ListedCourse.course_id, ListedCourse.course_id, is_descending=True),
        Order("client", ListedCourse.client_name, ListedCourse.course_id),
        Order("package", ListedCourse.package_name, ListedCourse.course_id),
        Order("practitioner", ListedCourse.practitioner_name, ListedCourse.course_id),
        Order("used", ListedCourse.main_used, ListedCourse.course_id, is_descending=True),
        Order("visit", ListedCourse.last_visit_on, ListedCourse.course_id),
        Order("value", ListedCourse.value, ListedCourse.course_id, is_descending=True),
    )
}
NEWEST = ORDERS["sold"]


def courses_behind(
    store: Store,
    wanted: ProgressFilter,
    today: date,
    order: Order = NEWEST,
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> tuple[Page[CourseBehind], int]:
    """Return the courses behind a figure, and how many there are; raises InvalidField for an unreadable cursor."""
    with store.reading() as session:
        conditions = _conditions(wanted, today)
        paged = [*conditions, order.after(cursor)] if cursor else conditions
        query = _behind().where(*paged).order_by(*order.by).limit(limit + 1)
        rows = session.execute(query).all()
        number = session.scalar(select(func.count()).select_from(ListedCourse).where(*conditions)) or 0
    page = Page.of(rows, limit, lambda row: order.cursor_of(row.ListedCourse))
    return Page(tuple(map(_course, page.rows)), page.cursor), number


def courses_behind_sheet(store: Store, wanted: ProgressFilter, today: date, order: Order = NEWEST) -> Sheet:
    return file_of("Courses", BEHIND, _all_behind(store, wanted, today, order))


def _all_behind(store: Store, wanted: ProgressFilter, today: date, order: Order) -> Iterator[CourseBehind]:
    with store.reading() as session:
        query = _behind().where(*_conditions(wanted, today)).order_by(*order.by)
        for each in session.execute(query).yield_per(1000):
            yield _course(each)


def _conditions(wanted: ProgressFilter, today: date) -> list[ColumnElement[bool]]:
    of = ListedCourse
    found = [of.sold_in >= first_month(today)]
    if wanted.outcomes:
        found.append(of.outcome.in_([each.value for each in wanted.outcomes]))
    if wanted.used is not None:
        found.append(of.main_used == wanted.used)
    if wanted.package_id:
        found.append(of.package_id == wanted.package_id)
    if wanted.practitioner_id:
        is_theirs = of.practitioner_id == wanted.practitioner_id
        found.append(of.practitioner_id.is_(None) if wanted.practitioner_id == NOBODY else is_theirs)
    if wanted.month:
        found.append(of.sold_in == _first_of(wanted.month))
    if wanted.has_intervals:
        found.append(of.visits > 1)
    if wanted.has_time_to_buy or wanted.bought_again:
        found.append(of.had_time.is_(True))
    if wanted.bought_again:
        found.append(of.bought_again.is_(True))
    return found


def _first_of(month: str) -> date | None:
    """Return the first day of a month such as 2026-11; None for what is no month, in which no course was sold."""
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        return None


def _behind() -> Select[*tuple[Any, ...]]:
    name = select(Client.name).where(Client.id == ListedCourse.client_id).scalar_subquery()
    return select(ListedCourse, name.label("client"))


def _course(row: Any) -> CourseBehind:
    of = row.ListedCourse
    return from_row(
        CourseBehind,
        of,
        client_name=row.client or "",
        practitioner=of.practitioner_name,
        used=of.main_used,
        granted=of.main_granted,
        last_visit_on=None if of.last_visit_on == NOT_YET else of.last_visit_on,
        value=Money(of.value, of.currency),
    )


BEHIND: Columns[CourseBehind] = (
    Column(_("Client"), lambda row: Person(row.client_id, row.client_name), Kind.CLIENT, sort="client"),
    Column(_("Package"), lambda row: row.package_name, Kind.TEXT, sort="package"),
    Column(_("Practitioner"), lambda row: row.practitioner, Kind.TEXT, sort="practitioner"),
    Column(_("Used"), lambda row: Share(row.used, row.granted), Kind.SHARE, sort="used"),
    Column("Of", lambda row: row.granted, is_on_page=False),
    Column(_("Last visit"), lambda row: row.last_visit_on, Kind.DAY, sort="visit", empty=_("Never came")),
    Column(_("Days between visits"), lambda row: row.days_between, Kind.AVERAGE),
    Column(_("Value left"), lambda row: row.value, Kind.MONEY, sort="value"),
    Column("Currency", lambda row: row.value.currency, is_on_page=False),
    Column("Course", lambda row: row.course_id, is_on_page=False),
)


def progress_sheet(progress: CourseProgress, by: ProgressBy) -> Sheet:
    """Return the figures; a column for each number of sessions after which courses have stopped."""
    columns: Mapping[str, Callable[[Progress], Cell]] = {
        by.value.capitalize(): lambda row: row.name or NAMELESS.get(row.key, row.key) or "All",
        "Completed": lambda row: row.completed.part,
        "Of those that are over": lambda row: row.completed.whole,
        "Stalled": _outcome(Outcome.STALLED),
        "Expired": _outcome(Outcome.EXPIRED),
        "Closed": _outcome(Outcome.CLOSED),
        "In progress": _outcome(Outcome.UNDER_WAY),
        "Intervals": lambda row: row.intervals,
        "Days between visits": lambda row: tenths(row.average_days),
        "Plan": lambda row: row.plan_days,
        "Bought again": lambda row: row.again.part,
        "Of those with time to": lambda row: row.again.whole,
        **{f"Stopped after {used}": _stopped(used) for used, _ in progress.stalls},
    }
    return sheet_of(f"How courses go by {by.value}", columns, [*progress.rows, progress.total])


def _outcome(outcome: Outcome) -> Callable[[Progress], int]:
    return lambda row: row.outcomes[outcome]


def _stopped(used: int) -> Callable[[Progress], int]:
    return lambda row: dict(row.stops).get(used, 0)
