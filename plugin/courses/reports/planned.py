"""Planned visits against those that took place, by month, package or practitioner (docs/reports.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from plugin.courses.base.attendance import IS_VALID
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.columns import Column, Columns, Kind, Share
from plugin.courses.reports.period import MONTHS_SHOWN, months_up_to, start_of
from plugin.store import Store
from plugin.store.tables import Course, PlannedVisit, Staff, Visit
from plugin.wording import _


class PlanBy(StrEnum):
    """What planned visits are grouped by; a practitioner is who treated on that day, so of visits that took place."""

    MONTH = "month"
    PACKAGE = "package"
    PRACTITIONER = "practitioner"


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """The planned dates of a group. `key`: the month as 2026-11, the package's id, the practitioner's name or "".

    `planned` is `kept`, on which the client came, `changed`, planned over before their day, and `missed`; `booked` of
    them had an appointment that was booked from the plan.
    """

    key: str
    name: str
    planned: int
    kept: int
    changed: int
    missed: int
    booked: int


@dataclass(frozen=True, slots=True)
class _Date:
    course_id: str
    package_id: str
    package_name: str
    day: date
    is_changed: bool
    is_booked: bool


_GROUPS: dict[PlanBy, Column[PlannedRow]] = {
    PlanBy.MONTH: Column(_("Month"), lambda row: row.key, Kind.MONTH, sort="name"),
    PlanBy.PACKAGE: Column(_("Package"), lambda row: row.name, Kind.TEXT, sort="name"),
    PlanBy.PRACTITIONER: Column(
        _("Practitioner"), lambda row: row.name, Kind.TEXT, sort="name", empty=_("Not recorded")
    ),
}
_PLANNED: Columns[PlannedRow] = (
    Column(_("Planned"), lambda row: row.planned, sort="planned"),
    Column(_("Booked from the plan"), lambda row: row.booked, sort="booked"),
    Column(_("Came that day"), lambda row: Share(row.kept, row.planned), Kind.SHARE, sort="kept"),
    Column(_("Changed before"), lambda row: row.changed, sort="changed"),
    Column(_("Did not come"), lambda row: row.missed, sort="missed"),
)


def planned_visits(store: Store, now: datetime, by: PlanBy) -> tuple[PlannedRow, ...]:
    """Return the planned dates of the last twelve months that are over; months in order, else most first."""
    with store.reading() as session:
        clinic = clinic_in(session)
        zone, today = clinic.zone, local_date(clinic, now)
        first = months_up_to(today, MONTHS_SHOWN)[0].first
        dates = list(_dates(session, zone, first, today))
        came = _came(session, zone, first, today)
    groups: dict[tuple[str, str], list[_Date]] = {}
    for each in dates:
        groups.setdefault(_group(each, by, came), []).append(each)
    rows = [_row(key, name, of, came) for (key, name), of in groups.items()]
    if by is PlanBy.MONTH:
        return tuple(sorted(rows, key=lambda row: row.key))
    return tuple(sorted(rows, key=lambda row: (-row.planned, row.name, row.key)))


def planned_columns(by: PlanBy) -> Columns[PlannedRow]:
    """Return the columns of the rows that are grouped so."""
    return (_GROUPS[by], *_PLANNED)


def _dates(session: Session, zone: ZoneInfo, first: date, today: date) -> Iterator[_Date]:
    """Yield one date for each day of a course: what was planned last counts."""
    rows = session.execute(
        select(
            PlannedVisit.course_id,
            Course.package_id,
            Course.package_name,
            PlannedVisit.start_at,
            PlannedVisit.replaced_at,
            PlannedVisit.square_booking_id,
        )
        .join(Course, Course.id == PlannedVisit.course_id)
        .where(_planned_in(zone, first, today))
        .order_by(PlannedVisit.start_at, PlannedVisit.id)
    )
    found: dict[tuple[str, date], _Date] = {}
    for course_id, package_id, name, at, replaced_at, booking_id in rows:
        day = at.astimezone(zone).date()
        is_changed = replaced_at is not None and replaced_at <= at
        known = found.get((course_id, day))
        if known is None or known.is_changed:
            found[course_id, day] = _Date(
                course_id, package_id, name, day, is_changed, booking_id is not None
            )
    yield from found.values()


def _planned_in(zone: ZoneInfo, first: date, today: date) -> ColumnElement[bool]:
    return and_(PlannedVisit.start_at >= start_of(first, zone), PlannedVisit.start_at < start_of(today, zone))


def _came(session: Session, zone: ZoneInfo, first: date, today: date) -> dict[tuple[str, date], str]:
    """Return who treated at each visit of a course that had planned dates, by course and day."""
    planned = select(PlannedVisit.course_id).where(_planned_in(zone, first, today))
    rows = session.execute(
        select(Visit.course_id, Visit.visited_on, Staff.name)
        .join(Staff, Staff.id == Visit.practitioner_id, isouter=True)
        .where(
            Visit.course_id.in_(planned),
            Visit.visited_on >= first,
            Visit.visited_on < today,
            IS_VALID,
        )
        .order_by(Visit.id)
    )
    return {(course_id, day): name or "" for course_id, day, name in rows}


def _group(each: _Date, by: PlanBy, came: dict[tuple[str, date], str]) -> tuple[str, str]:
    if by is PlanBy.MONTH:
        month = f"{each.day:%Y-%m}"
        return month, month
    if by is PlanBy.PACKAGE:
        return each.package_id, each.package_name
    name = came.get((each.course_id, each.day), "")
    return name, name


def _row(key: str, name: str, dates: list[_Date], came: dict[tuple[str, date], str]) -> PlannedRow:
    kept = sum((each.course_id, each.day) in came for each in dates)
    changed = sum(each.is_changed and (each.course_id, each.day) not in came for each in dates)
    booked = sum(each.is_booked for each in dates)
    return PlannedRow(key, name, len(dates), kept, changed, len(dates) - kept - changed, booked)
