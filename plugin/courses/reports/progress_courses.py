"""The courses behind a figure of `progress`: the same conditions, so that there are exactly as many."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from plugin.core.money import Money
from plugin.courses.base.columns import Column, Columns, Kind, Person, Share, file_of
from plugin.courses.base.keyset import Order
from plugin.courses.base.sheet import Sheet
from plugin.courses.base.views import Page
from plugin.courses.lists.outcomes import Outcome
from plugin.courses.reports.progress import first_month
from plugin.store import Store
from plugin.store.listing import NOT_YET, ListedCourse
from plugin.store.people import Client
from plugin.store.totals import NOBODY
from plugin.wording import _


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


_BY_ID = Order("course", ListedCourse.course_id, ListedCourse.course_id, is_descending=True)


def courses_behind(
    store: Store, wanted: ProgressFilter, today: date, *, limit: int = 100, cursor: str | None = None
) -> tuple[Page[CourseBehind], int]:
    """Return the courses behind a figure, and how many there are; raises InvalidField for an unreadable cursor."""
    with store.reading() as session:
        conditions = _conditions(wanted, today)
        paged = [*conditions, _BY_ID.after(cursor)] if cursor else conditions
        query = _behind().where(*paged).order_by(ListedCourse.course_id.desc()).limit(limit + 1)
        rows = [_course(each) for each in session.execute(query)]
        number = session.scalar(select(func.count()).select_from(ListedCourse).where(*conditions)) or 0
    return Page.of(rows, limit, lambda each: _BY_ID.cursor(each.course_id, each.course_id)), number


def courses_behind_sheet(store: Store, wanted: ProgressFilter, today: date) -> Sheet:
    return file_of("Courses", BEHIND, _all_behind(store, wanted, today))


def _all_behind(store: Store, wanted: ProgressFilter, today: date) -> Iterator[CourseBehind]:
    with store.reading() as session:
        query = _behind().where(*_conditions(wanted, today)).order_by(ListedCourse.course_id.desc())
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
    return CourseBehind(
        course_id=of.course_id,
        client_id=of.client_id,
        client_name=row.client or "",
        package_name=of.package_name,
        practitioner=of.practitioner_name,
        used=of.main_used,
        granted=of.main_granted,
        last_visit_on=None if of.last_visit_on == NOT_YET else of.last_visit_on,
        value=Money(of.value, of.currency),
        visits=of.visits,
        visit_days=of.visit_days,
    )


BEHIND: Columns[CourseBehind] = (
    Column(_("Client"), lambda row: Person(row.client_id, row.client_name), Kind.CLIENT),
    Column(_("Package"), lambda row: row.package_name, Kind.TEXT),
    Column(_("Practitioner"), lambda row: row.practitioner, Kind.TEXT),
    Column(_("Used"), lambda row: Share(row.used, row.granted), Kind.SHARE),
    Column("Of", lambda row: row.granted, is_on_page=False),
    Column(_("Last visit"), lambda row: row.last_visit_on, Kind.DAY, empty=_("Never came")),
    Column(_("Days between visits"), lambda row: row.days_between, Kind.AVERAGE),
    Column(_("Value left"), lambda row: row.value, Kind.MONEY),
    Column("Currency", lambda row: row.value.currency, is_on_page=False),
    Column("Course", lambda row: row.course_id, is_on_page=False),
)
