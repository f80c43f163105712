"""How courses go: completed or not, where they stall, days between visits, bought again, expiring (docs/reports.md).

Read from sums of the rows of the list of courses, as of the day of the list.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.columns import Share
from plugin.courses.lists.listing import count_waiting_in
from plugin.courses.lists.outcomes import Outcome
from plugin.courses.reports.period import months_up_to
from plugin.store import Store
from plugin.store.list_totals import ProgressOf, ProgressSum
from plugin.store.listing import ListedSum, SumOf
from plugin.store.tables import Package, PackageContent, Staff, Treatment
from plugin.store.totals import NOBODY

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
        groups = _groups(session, today, by)
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


def _groups(session: Session, today: date, by: ProgressBy) -> Sequence[Row[Any]]:
    """Return the sums of the courses by key, outcome and sessions used: one reading for every figure."""
    of = ProgressSum
    kind = ProgressOf.PRACTITIONER if by is ProgressBy.PRACTITIONER else ProgressOf.PACKAGE
    group = (of.sold_in if by is ProgressBy.MONTH else of.key, of.outcome, of.used)
    sums = select(group[0].label("key"), of.outcome, of.used, *_SUMS).where(
        of.kind == kind.value, of.sold_in >= first_month(today)
    )
    return session.execute(sums.group_by(*group).having(_SUMS[0] != 0)).all()


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
