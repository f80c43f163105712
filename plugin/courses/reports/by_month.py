"""Figures by month: quotes, agreements, answers to the check, wallet passes and public orders (docs/reports.md).

Counts alone: whose answer to the check it was stands nowhere here, and which point it was about is stored nowhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.moments import day_at
from plugin.courses.base.activity import Did
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.columns import Column, Columns, Kind, Share
from plugin.courses.base.course_extras import IS_VALID
from plugin.courses.base.work import reading
from plugin.courses.clients.wallet_passes import APPLE, GOOGLE, UPDATE, UPDATED
from plugin.courses.quotes.views import QuoteState, states_since_in
from plugin.courses.reports.period import MONTHS_SHOWN, Period, by_month, months_up_to, start_of
from plugin.courses.sales.agreed import is_sold_under
from plugin.store import Store
from plugin.store.tables import (
    Activity,
    Agreement,
    AgreementSignature,
    CheckAnswer,
    Course,
    Outbox,
    PlannedVisit,
    PublicOrder,
    Staff,
    Visit,
    WalletPass,
)
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class QuotedMonth:
    """The quotes made in a month; `sold`: those that became a sale, whenever."""

    month: Period
    made: int
    sold: int
    open: int
    expired: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class AgreedMonth:
    """The agreements made in a month: `signed` whenever, by each way, and `sold` those under which a sale was begun
    or rung up."""

    month: Period
    made: int
    signed: int
    drawn: int
    typed: int
    paper: int
    sold: int


@dataclass(frozen=True, slots=True)
class OrderedMonth:
    """The orders begun on the public page in a month: `paid` whenever, `open` with a link that can still be paid.

    `failed`: Square made no link. Orders that were never paid are deleted after `RETENTION_DAYS`.
    """

    month: Period
    made: int
    paid: int
    open: int
    failed: int


@reading
def quotes_by_month(session: Session, now: datetime) -> tuple[QuotedMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    found = by_month(session, now, lambda since: states_since_in(session, since, now))
    states = (QuoteState.PAID, QuoteState.OPEN, QuoteState.EXPIRED, QuoteState.WITHDRAWN)
    return tuple(QuotedMonth(month, len(of), *map(of.count, states)) for month, of in found.items())


@reading
def agreements_by_month(session: Session, now: datetime) -> tuple[AgreedMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    made = select(Agreement.made_at, AgreementSignature.way, is_sold_under()).outerjoin(
        AgreementSignature, AgreementSignature.agreement_id == Agreement.id
    )

    def since(start: datetime) -> Iterator[tuple[datetime, tuple[str | None, bool]]]:
        rows = session.execute(made.where(Agreement.made_at >= start))
        return ((at, (way, sold)) for at, way, sold in rows)

    months = []
    for month, rows in by_month(session, now, since).items():
        ways = [way for way, _sold in rows if way is not None]
        drawn, typed, paper = map(ways.count, ("drawn", "typed", "paper"))
        sold = sum(is_sold for _way, is_sold in rows)
        months.append(AgreedMonth(month, len(rows), len(ways), drawn, typed, paper, sold))
    return tuple(months)


@reading
def orders_by_month(session: Session, now: datetime) -> tuple[OrderedMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    begun = select(PublicOrder.begun_at, PublicOrder.state)

    def since(start: datetime) -> Iterator[tuple[datetime, str]]:
        yield from map(tuple, session.execute(begun.where(PublicOrder.begun_at >= start)))

    found = {month: Counter(states) for month, states in by_month(session, now, since).items()}
    return tuple(
        OrderedMonth(month, by.total(), by["paid"], by["asking"] + by["waiting"], by["failed"])
        for month, by in found.items()
    )


QUOTED: Columns[QuotedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH, sort="month"),
    Column(_("Made"), lambda row: row.made, sort="made"),
    Column(_("Became a sale"), lambda row: Share(row.sold, row.made), Kind.SHARE, sort="sold", file="Sold"),
    Column(_("Open"), lambda row: row.open, sort="open"),
    Column(_("Expired"), lambda row: row.expired, sort="expired"),
    Column(_("Withdrawn"), lambda row: row.withdrawn, sort="withdrawn"),
)
AGREED: Columns[AgreedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH, sort="month"),
    Column(_("Made"), lambda row: row.made, sort="made"),
    Column(_("Signed"), lambda row: Share(row.signed, row.made), Kind.SHARE, sort="signed"),
    Column(_("Drawn"), lambda row: row.drawn, sort="drawn"),
    Column(_("Typed"), lambda row: row.typed, sort="typed"),
    Column(_("On paper"), lambda row: row.paper, sort="paper"),
    Column(_("Sale begun"), lambda row: Share(row.sold, row.made), Kind.SHARE, sort="sold"),
)
ORDERED: Columns[OrderedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH, sort="month"),
    Column(_("Orders"), lambda row: row.made, sort="made"),
    Column(_("Paid"), lambda row: Share(row.paid, row.made), Kind.SHARE, sort="paid"),
    Column(_("Not paid yet"), lambda row: row.open, sort="open"),
    Column(_("Failed"), lambda row: row.failed, sort="failed"),
)


@dataclass(frozen=True, slots=True)
class CheckedMonth:
    """The last answers of each client and day in a month, to one version of the list; `answered` is `none` and `ask`.

    `talked`: of `ask`, those whom somebody who treats has asked since.
    """

    month: Period
    version: int
    answered: int
    none: int
    ask: int
    talked: int


def checks_by_month(store: Store, now: datetime) -> tuple[CheckedMonth, ...]:
    """Return the last twelve months, this one included, oldest first; a month without an answer has no row."""
    of = CheckAnswer
    is_ask = of.answer == "ask"
    with store.reading() as session:
        months = months_up_to(local_date_in(session, now), MONTHS_SHOWN)
        rows = session.execute(
            select(
                of.on_day,
                of.list_version,
                func.count().label("answered"),
                func.sum(case((is_ask, 1), else_=0)).label("ask"),
                func.sum(case((is_ask & of.talked_at.is_not(None), 1), else_=0)).label("talked"),
            )
            .where(of.on_day >= months[0].first, of.replaced_at.is_(None))
            .group_by(of.on_day, of.list_version)
        ).all()
    found = []
    for month in months:
        here = [row for row in rows if month.first <= row.on_day <= month.last]
        for version in sorted({row.list_version for row in here}):
            days = [row for row in here if row.list_version == version]
            answered, ask, talked = (
                sum(int(getattr(row, name)) for row in days) for name in ("answered", "ask", "talked")
            )
            found.append(CheckedMonth(month, version, answered, answered - ask, ask, talked))
    return tuple(found)


CHECKED: Columns[CheckedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH, sort="month"),
    Column(_("Version"), lambda row: row.version, sort="version"),
    Column(_("Answered"), lambda row: row.answered, sort="answered"),
    Column(_("None of these apply"), lambda row: row.none, sort="none"),
    Column(_("Ask me"), lambda row: Share(row.ask, row.answered), Kind.SHARE, sort="ask"),
    Column(_("Asked since"), lambda row: Share(row.talked, row.ask), Kind.SHARE, sort="talked"),
)


_RECORDED = (Did.WALLET_ASKED, Did.WALLET_ADDED, Did.WALLET_REMOVED)


@dataclass(frozen=True, slots=True)
class PassMonth:
    """What became of passes in a month. `made`: courses whose pass a client asked for; `added`: to a device or account.

    `updated`: updates that Apple or Google took, as far as finished jobs are kept.
    """

    month: Period
    made: int
    added: int
    updated: int
    removed: int


@reading
def passes_by_month(session: Session, now: datetime) -> tuple[PassMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    of_place = [(Outbox.kind == UPDATE[each]) & (Outbox.outcome == UPDATED[each]) for each in (APPLE, GOOGLE)]

    def since(start: datetime) -> Iterator[tuple[datetime, str]]:
        acts = select(Activity.at, Activity.kind).where(Activity.at >= start, Activity.kind.in_(_RECORDED))
        yield from map(tuple, session.execute(acts))
        done = select(Outbox.done_at).where(Outbox.state == "done", Outbox.done_at >= start, or_(*of_place))
        yield from ((at, "updated") for at in session.scalars(done) if at is not None)

    found = {month: Counter(kinds) for month, kinds in by_month(session, now, since).items()}
    return tuple(
        PassMonth(month, by[Did.WALLET_ASKED], by[Did.WALLET_ADDED], by["updated"], by[Did.WALLET_REMOVED])
        for month, by in found.items()
    )


@reading
def passes_now(session: Session) -> Mapping[str, int]:
    """Return how many passes are kept now, by place."""
    places = select(WalletPass.place, func.count()).group_by(WalletPass.place)
    return dict.fromkeys((APPLE, GOOGLE), 0) | dict(session.execute(places).all())


PASSES: Columns[PassMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH, sort="month"),
    Column(_("Asked for"), lambda row: row.made, sort="made"),
    Column(_("Added"), lambda row: row.added, sort="added"),
    Column(_("Updates"), lambda row: row.updated, sort="updated"),
    Column(_("Removed"), lambda row: row.removed, sort="removed"),
)


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
        zone, today = clinic.zone, day_at(now, clinic.zone)
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
        day = day_at(at, zone)
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
