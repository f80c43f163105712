"""How courses go: completed or not, where they stall, days between visits, bought again, expiring (docs/reports.md).

Read from the rows of the list of courses; the same conditions list the courses behind each figure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from plugin.core.money import Money
from plugin.core.status import IN_USE, Status
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.lists.course_list import expires_within
from plugin.courses.lists.listing import count_waiting_in
from plugin.courses.reports.period import months_up_to, start_of
from plugin.store import Store
from plugin.store.listing import ListedCourse
from plugin.store.offers import Package, PackageContent, Treatment
from plugin.store.people import Staff
from plugin.store.totals import NOBODY

SOLD_IN_MONTHS = 12
# A course with sessions left that was not used for so long.
STALLED_AFTER = timedelta(days=60)
# How long a client who has finished is given before it counts that they did not buy again.
AGAIN_WITHIN = timedelta(days=30)
# An average of fewer is chance.
FEWEST = 5
MOST_AT_ONCE = 20_000
EXPIRING_DAYS = (30, 60, 90)


class Outcome(StrEnum):
    """What became of a course. Only those that are over count in the completion rate."""

    COMPLETED = "completed"
    STALLED = "stalled"
    EXPIRED = "expired"
    CLOSED = "closed"
    UNDER_WAY = "under_way"


class ProgressBy(StrEnum):
    """What courses are grouped by; a practitioner is the one of the last visit, a month that of the sale."""

    PACKAGE = "package"
    PRACTITIONER = "practitioner"
    MONTH = "month"


class Share(NamedTuple):
    """So many of so many."""

    part: int
    whole: int


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


def is_large(store: Store) -> bool:
    """Return whether there are so many courses that counting them is no part of showing a page."""
    some = select(ListedCourse.course_id).limit(MOST_AT_ONCE + 1).subquery()
    with store.reading() as session:
        return (session.scalar(select(func.count()).select_from(some)) or 0) > MOST_AT_ONCE


def course_progress(store: Store, now: datetime, by: ProgressBy = ProgressBy.PACKAGE) -> CourseProgress:
    """Return how the courses sold in the last twelve months go, as of today."""
    with store.reading() as session:
        today = local_date_in(session, now)
        groups = _groups(session, today, by)
        rows = tuple(_by_key(session, groups, by))
        return CourseProgress(
            total=replace(_added(rows), stops=_stalls(groups)),
            rows=rows,
            stalls=_stalls(groups),
            expiring=tuple(_expiring(session, today)),
            waiting=count_waiting_in(session),
        )


def outcome_of(today: date) -> ColumnElement[str]:
    """Return what became of a course by today."""
    of = ListedCourse
    is_used_up = and_(of.main_left == 0, of.main_used >= of.main_granted, of.main_granted > 0)
    is_idle = and_(of.status.in_(IN_USE), of.last_seen_on <= today - STALLED_AFTER)
    is_over = or_(of.status.in_((Status.REFUNDED.value, Status.TRANSFERRED.value)), of.main_left == 0)
    return case(
        (is_used_up, Outcome.COMPLETED.value),
        (of.status == Status.EXPIRED.value, Outcome.EXPIRED.value),
        (is_over, Outcome.CLOSED.value),
        (is_idle, Outcome.STALLED.value),
        else_=Outcome.UNDER_WAY.value,
    )


def is_sold_lately(session: Session, today: date) -> ColumnElement[bool]:
    """Return the condition that a course was sold in the last twelve months, this one included."""
    first = months_up_to(today, SOLD_IN_MONTHS)[0].first
    return ListedCourse.sold_at >= start_of(first, clinic_in(session).zone)


def sold_in_month(session: Session, today: date) -> ColumnElement[str]:
    """Return the month of a sale at the clinic, such as 2026-11, among the last twelve."""
    zone = clinic_in(session).zone
    months = reversed(months_up_to(today, SOLD_IN_MONTHS))
    cases = [(ListedCourse.sold_at >= start_of(each.first, zone), month_key(each.first)) for each in months]
    return case(*cases, else_="")


def month_key(first: date) -> str:
    """Return a month as it is asked for, such as 2026-11."""
    return f"{first:%Y-%m}"


def has_time_to_buy(today: date) -> ColumnElement[bool]:
    """Return the condition that a course was completed so long ago that its client could have bought again."""
    return and_(
        outcome_of(today) == Outcome.COMPLETED.value,
        ListedCourse.client_id.is_not(None),
        ListedCourse.last_visit_on <= today - AGAIN_WITHIN,
    )


def has_bought_again() -> ColumnElement[bool]:
    """Return the condition that the client bought another course since, which was not refunded."""
    other = aliased(ListedCourse)
    return (
        # No column: an index has all that is asked for.
        select(literal(1))
        .where(
            other.client_id == ListedCourse.client_id,
            other.sold_at > ListedCourse.sold_at,
            other.status != Status.REFUNDED.value,
        )
        .exists()
    )


def _groups(session: Session, today: date, by: ProgressBy) -> Sequence[Row[Any]]:
    """Return the sums of the courses by key, outcome and sessions used: one reading for every figure."""
    of = ListedCourse
    keys: dict[ProgressBy, ColumnElement[Any]] = {
        # No column: SQLite would read all courses in its order, for those of the last twelve months.
        ProgressBy.PACKAGE: func.coalesce(of.package_id, ""),
        ProgressBy.PRACTITIONER: func.nullif(of.practitioner_id, ""),
        ProgressBy.MONTH: sold_in_month(session, today),
    }
    has_time = has_time_to_buy(today)
    each = (
        select(
            keys[by].label("key"),
            outcome_of(today).label("outcome"),
            of.main_used.label("used"),
            case((of.visits > 1, of.visits - 1), else_=0).label("intervals"),
            case((of.visits > 1, of.visit_days), else_=0).label("days"),
            case((has_time, 1), else_=0).label("with_time"),
            case((and_(has_time, has_bought_again()), 1), else_=0).label("again"),
        )
        .where(is_sold_lately(session, today))
        .subquery()
        .c
    )
    group = (each.key, each.outcome, each.used)
    sums = [func.sum(each[name]).label(name) for name in ("intervals", "days", "with_time", "again")]
    return session.execute(select(*group, func.count().label("courses"), *sums).group_by(*group)).all()


def _by_key(session: Session, groups: Sequence[Row[Any]], by: ProgressBy) -> Iterator[Progress]:
    names = _names(session, by)
    plans = _plans(session) if by is ProgressBy.PACKAGE else {}
    rows: defaultdict[str | None, list[Row[Any]]] = defaultdict(list)
    for group in groups:
        rows[group.key].append(group)
    found = [
        Progress(
            key=key or NOBODY,
            name=names.get(key or "", ""),
            outcomes={each: _sum("courses", of, each) for each in Outcome},
            intervals=_sum("intervals", of),
            interval_days=_sum("days", of),
            again=Share(_sum("again", of), _sum("with_time", of)),
            plan_days=plans.get(key or ""),
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
            stops[each.used] += each.courses
    return tuple(sorted(stops.items()))


def _expiring(session: Session, today: date) -> Iterator[Expiring]:
    of, currency = ListedCourse, clinic_in(session).currency
    columns: list[Any] = []
    for days in EXPIRING_DAYS:
        is_in = of.expires_on <= today + timedelta(days)
        columns += [
            func.coalesce(func.sum(case((is_in, number), else_=0)), 0)
            for number in (literal(1), of.sessions_left, of.value)
        ]
    within = expires_within(today, max(EXPIRING_DAYS))
    sums = list(session.execute(select(*columns).where(*within, of.currency == currency)).one())
    for place, days in enumerate(EXPIRING_DAYS):
        courses, sessions, value = (int(each) for each in sums[3 * place : 3 * place + 3])
        yield Expiring(days, courses, sessions, Money(value, currency))
