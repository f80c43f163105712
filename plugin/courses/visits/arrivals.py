"""The day's bookings: what each client has left, the visit's outcome, and the groups that the desk handles in turn.

Never queries Square.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Row, bindparam, or_, select
from sqlalchemy.orm import Session

from plugin.core.course import AllowanceState, Balance, balance_of
from plugin.core.moments import day_at
from plugin.core.terms import NoShowOffer, no_show_offer
from plugin.core.text import is_same_name
from plugin.courses.base.clinic import clinic_in, hours_of, local_date_in
from plugin.courses.base.read import summaries_in
from plugin.courses.base.views import CourseSummary
from plugin.courses.base.work import reading
from plugin.courses.changes.gifts import shared_in
from plugin.courses.visits.booked_visits import NextSession, next_session
from plugin.courses.visits.bookings import CALLED_OFF, NO_SHOW, practitioner_named, practitioners_in
from plugin.courses.visits.no_shows import waived_in
from plugin.courses.visits.same_day import DayCharge, charges_that_day
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.prepared import Prepared
from plugin.store.tables import Booking, Client, Course, Entry, SquareCustomer

# A clinic without an appointment for so long takes none any more; its page then shows no arrivals.
_LONG_AGO = timedelta(days=30)
# Within this time of the appointment the client is at the desk, or about to be.
DUE_WITHIN = timedelta(minutes=30)

State = Literal["expected", "no_show", "used", "charged", "forgiven", "canceled"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One booked visit. `course` and `allowance`: what was used or charged, else what one tap would use.

    `balance`: the client's balance, where no course can be used; a course on hold, or a gift not redeemed.
    `charged_elsewhere`: a charge of that day without this booking, which would make a use here the second.
    `sold_apart`: the day of sale of the course, where the client has another of the same package.
    """

    booking_id: str
    state: State
    start_at: datetime
    is_pending: bool
    is_called_off: bool
    has_begun: bool
    is_due: bool
    arrived_at: datetime | None
    client_id: str | None
    name: str
    service: str
    practitioner: str
    practitioner_id: str | None
    course: CourseSummary | None
    allowance: AllowanceState | None
    is_named: bool
    sold_apart: date | None
    charged_elsewhere: DayCharge | None
    settled_on: date | None
    offer: NoShowOffer | None
    balance: Balance


@dataclass(frozen=True, slots=True)
class _Known:
    """The data of the clients of a day's bookings, read once for all of them."""

    owners: dict[str, tuple[str, str]]
    courses: dict[str, list[CourseSummary]]
    by_id: dict[str, CourseSummary]
    # The allowance of each entry that settled a booking.
    allowances: dict[str, str]
    forgiven: dict[str, int]
    # The day's charges not settled with a booking; one is removed for each booking it matches.
    loose: dict[str, list[DayCharge]]
    practitioners: Sequence[Row[str, str]]


def arrivals_on(
    store: Store, day: date, *, now: datetime, with_canceled: bool = False
) -> tuple[Arrival, ...] | None:
    """Return the day's bookings by time, None where the clinic takes no bookings.

    `with_canceled`: also those that were canceled in Square before anything came of them.
    """
    with store.reading() as session:
        if not takes_bookings_in(session, now):
            return None
        zone = clinic_in(session).zone
        rows = bookings_of_day(session, day, zone, with_canceled=with_canceled)
        known = _known_of(session, rows, day, local_date_in(session, now))
        return tuple(_arrival(row, known, now, zone) for row in rows)


def takes_bookings_in(session: Session, now: datetime) -> bool:
    return _BOOKED_SINCE.first(session.connection(), {"since": now - _LONG_AGO}) is not None


takes_bookings = reading(takes_bookings_in)
_BOOKED_SINCE = Prepared(
    select(Booking.square_booking_id).where(Booking.start_at >= bindparam("since", type_=UtcTime())).limit(1)
)


def bookings_of_day(
    session: Session, day: date, zone: ZoneInfo, *, with_canceled: bool = False
) -> Sequence[Row[Any]]:
    """Return the rows of the day's bookings by time; canceled ones are left out unless settled or asked for."""
    begins, ends = hours_of(day, zone)
    asked = {"begins": begins, "ends": ends, "with_canceled": with_canceled}
    return _OF_DAY.all(session.connection(), asked)


_OF_DAY = Prepared(
    select(Booking.__table__)
    .where(
        Booking.start_at >= bindparam("begins", type_=UtcTime()),
        Booking.start_at < bindparam("ends", type_=UtcTime()),
        or_(
            Booking.status.not_in(CALLED_OFF),
            Booking.outcome.is_not(None),
            bindparam("with_canceled", type_=Boolean),
        ),
    )
    .order_by(Booking.start_at, Booking.square_booking_id)
)


def _known_of(session: Session, rows: Sequence[Row[Any]], day: date, today: date) -> _Known:
    owners = _owners(session, [row.square_customer_id for row in rows if row.square_customer_id])
    client_ids = list({client_id for client_id, _ in owners.values()})
    usable = _USABLE.all(session.connection(), {"client_ids": client_ids})
    ids = {*(row.id for row in usable), *(row.course_id for row in rows if row.course_id)}
    courses = summaries_in(session, list(ids), today=today)
    settled = [row.entry_id for row in rows if row.entry_id]
    of_client: dict[str, list[CourseSummary]] = defaultdict(list)
    for course in courses:
        of_client[course.client_id or ""].append(course)
    _add_shared(session, of_client, client_ids, today)
    return _Known(
        owners=owners,
        courses=of_client,
        by_id={course.id: course for course in courses},
        allowances=dict(_ALLOWANCES.all(session.connection(), {"entry_ids": settled})) if settled else {},
        forgiven=waived_in(session, [course.id for course in courses]),
        loose=_loose_charges(session, client_ids, day),
        practitioners=practitioners_in(session),
    )


def _add_shared(
    session: Session, of_client: dict[str, list[CourseSummary]], client_ids: Sequence[str], today: date
) -> None:
    """Offer clients with nothing left of their own the courses shared with them."""
    without = [each for each in client_ids if not _can_use(of_client[each])]
    if not without:
        return
    shared = shared_in(session, without, today=today)
    for course in summaries_in(session, shared, today=today):
        for share in course.shares:
            if share.client_id in without and share.holds_on(today):
                of_client[share.client_id].append(course)


def _can_use(courses: Sequence[CourseSummary]) -> bool:
    found = next_session(courses, "")
    return found is not None and found.is_usable


def _owners(session: Session, square_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the client, id and name, of each Square customer; after a merge the remaining client."""
    rows = _OWNERS.all(session.connection(), {"square_ids": square_ids})
    return {square_id: (client_id, name) for square_id, client_id, name in rows}


_OWNERS = Prepared(
    select(SquareCustomer.square_customer_id, Client.id, Client.name)
    .join(Client, Client.id == SquareCustomer.client_id)
    .where(SquareCustomer.square_customer_id.in_(bindparam("square_ids", expanding=True)))
)
_USABLE = Prepared(
    select(Course.id).where(
        Course.client_id.in_(bindparam("client_ids", expanding=True)), Course.closed_as.is_(None)
    )
)
_ALLOWANCES = Prepared(
    select(Entry.id, Entry.allowance_id).where(Entry.id.in_(bindparam("entry_ids", expanding=True)))
)


def _loose_charges(session: Session, client_ids: Sequence[str], day: date) -> dict[str, list[DayCharge]]:
    loose: dict[str, list[DayCharge]] = defaultdict(list)
    for charge in charges_that_day(session, client_ids, day):
        if charge.booking_id is None:
            loose[charge.client_id].append(charge)
    return loose


def _charged_elsewhere(row: Row[Any], loose: list[DayCharge], chosen: NextSession | None) -> DayCharge | None:
    """Remove and return the charge that a use for this booking would double; it matches one booking only."""
    if row.outcome is not None or row.status in CALLED_OFF:
        return None
    found = next((each for each in loose if _goes_with(each, row.service_name, chosen)), None)
    if found is not None:
        loose.remove(found)
    return found


def _goes_with(charge: DayCharge, service: str, chosen: NextSession | None) -> bool:
    if is_same_name(charge.treatment, service) or chosen is None:
        return True
    # No treatment has the service's name: it uses main sessions, or what the desk would be offered now.
    of_main = charge.kind == "main" or charge.treatment == chosen.allowance.treatment
    return not chosen.is_named and of_main


def _arrival(row: Row[Any], known: _Known, now: datetime, zone: ZoneInfo) -> Arrival:
    client_id, name = known.owners.get(row.square_customer_id or "", (None, row.customer_name))
    chosen = _chosen(row, known, client_id)
    return Arrival(
        booking_id=row.square_booking_id,
        state=_state(row),
        start_at=row.start_at,
        is_pending=row.status == "PENDING",
        is_called_off=row.status in CALLED_OFF,
        has_begun=row.start_at <= now,
        is_due=-DUE_WITHIN <= row.start_at - now <= DUE_WITHIN,
        arrived_at=row.arrived_at,
        client_id=client_id,
        name=name,
        service=row.service_name,
        practitioner=row.team_member_name,
        practitioner_id=practitioner_named(known.practitioners, row.team_member_name),
        course=chosen.course if chosen else None,
        allowance=chosen.allowance if chosen else None,
        is_named=chosen is not None and chosen.is_named,
        sold_apart=_sold_apart(chosen.course, known, zone) if chosen else None,
        charged_elsewhere=_charged_elsewhere(row, known.loose[client_id or ""], chosen),
        settled_on=day_at(row.outcome_at, zone) if row.outcome_at else None,
        offer=_offer(chosen.course, known) if chosen else None,
        balance=balance_of(known.courses.get(client_id or "", ())),
    )


def _state(row: Row[Any]) -> State:
    if row.outcome is not None:
        outcome: State = row.outcome
        return outcome
    if row.status in CALLED_OFF:
        return "canceled"
    return "no_show" if row.status == NO_SHOW else "expected"


def _sold_apart(course: CourseSummary, known: _Known, zone: ZoneInfo) -> date | None:
    alike = (each for each in known.courses.get(course.client_id or "", ()) if each.id != course.id)
    is_alone = all(each.package_name != course.package_name for each in alike)
    return None if is_alone else day_at(course.sold_at, zone)


def _chosen(row: Row[Any], known: _Known, client_id: str | None) -> NextSession | None:
    if row.course_id is None:
        return next_session(known.courses.get(client_id or "", ()), row.service_name)
    course = known.by_id[row.course_id]
    used = [each for each in course.allowances if each.id == known.allowances.get(row.entry_id or "")]
    return NextSession(course, (used or course.allowances)[0], is_named=True)


def _offer(course: CourseSummary, known: _Known) -> NoShowOffer:
    return no_show_offer(course.terms, known.forgiven.get(course.id, 0))


NEXT_WITHIN = timedelta(hours=2)


class Part(StrEnum):
    """Now: here, due or overdue. Next: within two hours. Later: the rest of the day. Done: settled or canceled."""

    NOW = "now"
    NEXT = "next"
    LATER = "later"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ArrivalGroup:
    """The arrivals of one part of the day, by time."""

    part: Part
    arrivals: tuple[Arrival, ...]


def grouped(arrivals: Sequence[Arrival], now: datetime) -> tuple[ArrivalGroup, ...]:
    """Return the parts of the day that have arrivals, in their order."""
    by_part: dict[Part, list[Arrival]] = {part: [] for part in Part}
    for each in arrivals:
        by_part[part_of(each, now)].append(each)
    # Who is here is seen to before who is only due.
    by_part[Part.NOW].sort(key=lambda each: each.arrived_at is None)
    return tuple(ArrivalGroup(part, tuple(found)) for part, found in by_part.items() if found)


def part_of(arrival: Arrival, now: datetime) -> Part:
    """Return the part of the day an arrival belongs to."""
    if arrival.state in ("used", "charged", "forgiven", "canceled"):
        return Part.DONE
    if arrival.arrived_at is not None or arrival.start_at - now <= DUE_WITHIN:
        return Part.NOW
    return Part.NEXT if arrival.start_at - now <= NEXT_WITHIN else Part.LATER
