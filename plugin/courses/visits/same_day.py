"""A second charge for a client, treatment and day: allowed, never by accident (docs/rules.md, rule 13).

A booking and a client's page, two tablets, or a no-show entered twice easily charge one visit twice. Whatever
charges a session checks here before the transaction ends; a refusal then rolls the charge back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select, union_all
from sqlalchemy.orm import Session, aliased

from plugin.core.acts import Source
from plugin.core.course import AllowanceState, CourseState
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.text import is_same_name
from plugin.courses.base.clinic import clinic_in, hours_of
from plugin.courses.base.state import numbered_states
from plugin.courses.base.views import ClinicView, EarlierEntry
from plugin.courses.base.words import day_text, time_text
from plugin.courses.base.work import Work
from plugin.errors import Refused
from plugin.store.prepared import Prepared, all_together
from plugin.store.tables import Allowance, Booking, Client, Course, Entry, SquareCustomer, Visit
from plugin.wording import _, joined


@dataclass(frozen=True, slots=True)
class DayCharge:
    """A valid charge: who attended or missed, for what. `booking_id`: the appointment it settled."""

    entry_id: str
    client_id: str
    course_id: str
    package_name: str
    treatment_id: str
    treatment: str
    kind: str
    visited_on: date | None
    happened_at: datetime
    written_at: datetime
    by: str
    booking_id: str | None

    @property
    def is_no_show(self) -> bool:
        """Return whether the visit was missed."""
        return self.visited_on is None


class AlreadyCharged(Refused):
    """Ask the desk first: this client, treatment and day have charges that it did not know of."""

    code = "already_used_today"

    def __init__(self, message: str, charges: tuple[DayCharge, ...]) -> None:
        super().__init__(message)
        self.charges = charges


def charges_that_day(
    session: Session, client_ids: Sequence[str], day: date, *before: Prepared
) -> list[DayCharge]:
    """Return the charges of these clients on that clinic day that were not undone, in order of entry.

    `before`: queries of the same clients to run right before.
    """
    begins, ends = hours_of(day, clinic_in(session).zone)
    wanted = {"client_ids": list(client_ids), "day": day, "begins": begins, "ends": ends}
    *_before, rows = all_together(session.connection(), wanted, *before, _THAT_DAY)
    return sorted((DayCharge(*row) for row in rows), key=lambda each: each.entry_id)


def ask_in(
    work: Work, new: CourseState, allowance: AllowanceState, client_id: str, day: date, *, known_charges: int
) -> tuple[EarlierEntry, ...]:
    """Return the valid charges for a new charge's client, treatment and day, each with its session number.

    Raises AlreadyCharged where the desk knew of fewer. A program gets them in the response.
    """
    # Two tablets with two courses of one client lock different courses: the later one must see the earlier
    # charge. SQLite has one writer at a time.
    lock = () if work.store.is_sqlite else (_LOCK_CLIENTS,)
    same_day = charges_that_day(work.session, [client_id], day, *lock)
    others = tuple(each for each in same_day if _is_same_treatment(each, allowance))
    if not others:
        return ()
    states = numbered_states(work.session, list({each.course_id for each in others}), today=new.today)
    if work.act.actor.source is Source.DESK and len(others) > known_charges:
        clinic = clinic_in(work.session)
        # A sentence about a late act is read on another day.
        today = None if work.act.tapped_at else new.today
        said = [_sentence(each, new.facts.id, states[each.course_id], clinic, day, today) for each in others]
        raise AlreadyCharged(joined(said), others)
    return tuple(
        EarlierEntry(
            each.entry_id, each.happened_at, each.by, states[each.course_id].number_of(each.entry_id)
        )
        for each in others
    )


_LOCK_CLIENTS = Prepared(
    select(Client.id)
    .where(Client.id.in_(bindparam("client_ids", expanding=True)))
    .with_for_update(key_share=True)
)


def confirmed(known_charges: int) -> dict[str, int]:
    """Return what a confirmed second charge adds to its request; {} for any other, to keep its digest."""
    return {"known_charges": known_charges} if known_charges else {}


def earlier_entries_in(
    session: Session, numbered: Iterable[tuple[str, int | None]]
) -> tuple[EarlierEntry, ...]:
    """Return the entries listed in a stored result, with the session numbers they had then."""
    found = [(session.get_one(Entry, entry_id), number) for entry_id, number in numbered]
    return tuple(EarlierEntry(entry.id, entry.happened_at, entry.by, number) for entry, number in found)


def _client_id() -> ColumnElement[str]:
    # The booking has who missed it: with a shared course this need not be the owner.
    return func.coalesce(Visit.client_id, SquareCustomer.client_id, Course.client_id)


def _charges() -> Select[Any]:
    undoing = aliased(Entry)
    columns: tuple[Any, ...] = (
        Entry.id,
        _client_id(),
        Course.id,
        Course.package_name,
        Allowance.treatment_id,
        Allowance.treatment,
        Allowance.kind,
        Visit.visited_on,
        Entry.happened_at,
        Entry.written_at,
        Entry.by,
        Booking.square_booking_id,
    )
    return (
        select(*columns)
        .select_from(Entry)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .outerjoin(Visit, Visit.id == Entry.visit_id)
        .outerjoin(Booking, Booking.entry_id == Entry.id)
        .outerjoin(SquareCustomer, SquareCustomer.square_customer_id == Booking.square_customer_id)
        .where(Entry.kind == Kind.USED.value, ~exists().where(undoing.reverses == Entry.id))
    )


_CAME = _charges().where(
    Visit.client_id.in_(bindparam("client_ids", expanding=True)), Visit.visited_on == bindparam("day")
)
# As the index of these entries has it. Sessions used before an import have no day.
IS_MISSED: tuple[ColumnElement[bool], ...] = (
    # Not IS NULL: SQLite would read all sales and payments by the index of visits.
    func.coalesce(Entry.visit_id, "") == "",
    Entry.kind == Kind.USED.value,
    Entry.source != Source.IMPORT.value,
)
_MISSED = _charges().where(
    *IS_MISSED,
    Entry.happened_at >= bindparam("begins"),
    Entry.happened_at < bindparam("ends"),
    _client_id().in_(bindparam("client_ids", expanding=True)),
)
_THAT_DAY = Prepared(union_all(_CAME, _MISSED))


def _is_same_treatment(charge: DayCharge, allowance: AllowanceState) -> bool:
    is_same = charge.treatment_id == allowance.facts.treatment_id
    return is_same or is_same_name(charge.treatment, allowance.treatment)


def _sentence(
    charge: DayCharge,
    new_course_id: str,
    course: CourseState,
    clinic: ClinicView,
    day: date,
    today: date | None,
) -> str:
    """Return "Already used today at 10:02 AM by A. Kim (session 6 of 12)."."""
    number = course.main_number_of(charge.entry_id)
    on = _("today") if day == today else _("on {day}", day=day_text(day, clinic))
    # For a visit entered on a later day the hour is unknown.
    at = (
        _(" at {time}", time=time_text(charge.written_at, clinic))
        if day_at(charge.written_at, clinic.zone) == day
        else ""
    )
    what = _("Already charged as a no-show") if charge.is_no_show else _("Already used")
    which = (
        _("session {number} of {granted}", number=number, granted=course.granted)
        if number
        else charge.treatment
    )
    of = "" if charge.course_id == new_course_id else f", {charge.package_name}"
    return _(
        "{what} {on}{at} by {by} ({which}{of}).", what=what, on=on, at=at, by=charge.by, which=which, of=of
    )
