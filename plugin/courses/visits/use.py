"""Using a session: one key, one entry; the database refuses an overdraw whoever races."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.core.course import AllowanceState
from plugin.core.ledger import used
from plugin.core.text import NOTE_LENGTH, optional
from plugin.courses.base.chain import Line, append, course_for_change, head_of
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.events import CourseChanged, VisitRecorded, publish
from plugin.courses.base.read import course_in, entry_in
from plugin.courses.base.state import numbered_states
from plugin.courses.base.views import ClinicView, CourseView, Used
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work, transact
from plugin.courses.changes.expiry import first_used_on, follow_first_use
from plugin.courses.clients.clients import living_client_in
from plugin.courses.visits.same_day import ask_in, confirmed, earlier_entries_in
from plugin.errors import InvalidField, NoneLeft, NotFound, Refused
from plugin.store import Store
from plugin.store.ledger import Course, Visit
from plugin.store.people import Staff

MOST_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class UseSession:
    """What to use. Without an allowance: the main treatment first, then touch-ups that have opened.

    `visited_on` is the clinic's day, today unless said otherwise; `client_id` is who came.
    """

    course_id: str
    allowance_id: str | None = None
    sessions: int = 1
    visited_on: date | None = None
    client_id: str | None = None
    practitioner_id: str | None = None
    focus: str = ""
    note: str = ""


def use_session(
    store: Store, act: Act, wish: UseSession, *, known_charges: int = 0, has_mail: bool = False
) -> Used:
    """Use sessions of a course; raises NoneLeft, Refused (with the rule in words), InvalidField or NotFound.

    The same act again gives the first answer and changes nothing; its key for another wish raises KeyReused.
    `known_charges`: of how many charges for that client, treatment and day the desk knows; of more it is asked.
    `has_mail`: letters can be sent here, so whom the visit concerns is owed one.
    """
    require(act.actor, Role.DESK, Role.PRACTITIONER)

    def do(work: Work) -> Used:
        course = course_for_change(work.session, wish.course_id)
        answer: Used | None = None

        def use() -> dict[str, Any]:
            nonlocal answer
            entry_id = record_use(work, wish, course, has_mail=has_mail)
            earlier = ask_in(work.session, work.act, entry_id, known_charges=known_charges)
            answer = used_answer(work.session, entry_id, earlier=earlier, is_repeat=False)
            # Both change with what is undone or entered since; the same key gives the first answer.
            return {"entry_id": entry_id, "session_number": answer.session_number, "earlier": earlier}

        first = work.once("use", asdict(wish) | confirmed(known_charges), use).answer
        numbers = first.get("session_number"), first.get("earlier", ())
        return answer or used_answer(work.session, first["entry_id"], *numbers, is_repeat=True)

    return transact(store, act, do)


def record_use(work: Work, wish: UseSession, course: Course, *, has_mail: bool = False) -> str:
    """Use sessions within the caller's transaction, which holds the course; return the entry."""
    clinic = clinic_in(work.session)
    today = local_date(clinic, work.now)
    view = course_in(work.session, course, today=today)
    visited_on = _visit_day(view, clinic, wish.visited_on or today, today)
    _may_be_used(view, visited_on)
    client_id = _who_came(work.session, view, wish.client_id, visited_on)
    allowance = _allowance(work.session, view, wish)
    visit = Visit(
        id=work.new_id(),
        client_id=client_id,
        course_id=course.id,
        visited_on=visited_on,
        practitioner_id=_practitioner(work.session, work.act, wish.practitioner_id),
        focus=optional(wish.focus, field="focus", called="The focus", most=NOTE_LENGTH),
        note=optional(wish.note, field="note", called="The note", most=NOTE_LENGTH),
        created_at=work.now,
    )
    work.session.add(visit)
    work.session.flush()
    if has_mail:
        owner_id = course.client_id or client_id
        publish(work, VisitRecorded(visit.id, course.id, client_id, owner_id, visited_on, today))
    happened_at = work.now if visited_on == today else _noon(visited_on, clinic)
    line = Line(f"use:{work.act.key}", happened_at, visit_id=visit.id)
    return _write(work, course, allowance, wish.sessions, line)


def charge_in(
    work: Work,
    course: Course,
    allowance_id: str | None,
    *,
    happened_at: datetime,
    reason: str,
) -> str:
    """Use one session for a visit that did not take place: an entry without a visit. Returns the entry."""
    clinic = clinic_in(work.session)
    view = course_in(work.session, course, today=local_date(clinic, work.now))
    _may_be_used(view, local_date(clinic, happened_at))
    allowance = _allowance(work.session, view, UseSession(course.id, allowance_id))
    line = Line(f"no-show:{work.act.key}", happened_at, reason=reason)
    return _write(work, course, allowance, 1, line)


def _write(
    work: Work,
    course: Course,
    allowance: AllowanceState,
    sessions: int,
    line: Line,
) -> str:
    before = first_used_on(work.session, course)
    head = head_of(work.session, allowance.id)
    change = used(head, sessions, unpaid=allowance.unpaid.amount)
    entry = append(work, allowance.id, head, change, line)
    follow_first_use(work, course, before)
    publish(work, CourseChanged(course.id))
    return entry.id


def _may_be_used(course: CourseView, day: date) -> None:
    if code := course.state.why_closed(day):
        raise Refused(_refusal(course, code), code=code)


def _refusal(course: CourseView, code: str) -> str:
    if course.gift is not None:
        said = f"This course waits as a gift for {course.gift.recipient_name}."
        return f"{said} Redeem its voucher, or take the gift back."
    return {
        "unassigned": "Nobody owns this course yet. Assign it to a client first.",
        "refunded": "This course was refunded; it has no sessions to use.",
        "transferred": "This course was transferred; look for it with the other client.",
        "expired": "This course has expired. The owner can extend it.",
        "frozen": "This course is frozen. Thaw it first.",
    }[code]


def _visit_day(course: CourseView, clinic: ClinicView, day: date, today: date) -> date:
    if day > today:
        raise InvalidField("A visit can't lie in the future.", field="visited_on")
    if day < local_date(clinic, course.sold_at):
        raise InvalidField("The visit was before the course was sold.", field="visited_on")
    if course.origin is not None and day < local_date(clinic, course.origin.transferred_at):
        raise InvalidField("The visit was before these sessions were transferred.", field="visited_on")
    return day


def _who_came(session: Session, course: CourseView, client_id: str | None, day: date) -> str:
    owner = course.client_id or ""
    came = owner if client_id is None else living_client_in(session, client_id).id
    if came == owner:
        return owner
    share = course.share_of(came)
    if share is None:
        raise Refused("This course belongs to another client.", code="not_theirs")
    if not share.holds_on(day):
        said = f"This course was shared with {share.client_name} for visits until an earlier day."
        raise Refused(said, code="not_theirs")
    return came


def _allowance(session: Session, course: CourseView, wish: UseSession) -> AllowanceState:
    if not 1 <= wish.sessions <= MOST_AT_ONCE:
        raise InvalidField(f"Sessions are 1 to {MOST_AT_ONCE}.", field="sessions")
    wanted = wish.allowance_id or _proposed(course)
    chosen = next((each for each in course.allowances if each.id == wanted), None)
    if chosen is None:
        raise NotFound("That course has no such allowance.")
    _is_paid_for(session, course, chosen, wish.sessions)
    if not chosen.is_open and chosen.left > 0:
        said = f"{chosen.treatment} opens with session {chosen.usable_from_session} of the course."
        raise Refused(said, code="not_open_yet")
    return chosen


def _is_paid_for(session: Session, course: CourseView, chosen: AllowanceState, sessions: int) -> None:
    if sessions <= chosen.left - chosen.locked or sessions > chosen.left:
        return
    clinic = clinic_in(session)
    missing = course.state.missing_for(chosen, sessions)
    come = money_text(missing, clinic)
    how = "are paid for" if chosen.paid_for == chosen.unlocked else "may be used so far"
    then = f"The next can be used once {come} more has come."
    if course.state.facts.due_ended_on is not None:
        then = "The invoice was canceled. Decide what happens to the others under Attention."
    said = f"{chosen.unlocked} of {chosen.granted} sessions {how}. {then}"
    raise Refused(said, code="not_paid_for")


def _proposed(course: CourseView) -> str:
    """Return the allowance to use when the desk did not choose: main treatments first, then what has opened."""
    usable = [each for each in course.allowances if each.is_usable]
    if not usable:
        raise NoneLeft("No session is left. Sell a new course, or choose another one.")
    return next((each for each in usable if each.kind == "main"), usable[0]).id


def _practitioner(session: Session, act: Act, practitioner_id: str | None) -> str | None:
    if practitioner_id is None:
        return act.actor.staff_id if act.actor.role is Role.PRACTITIONER else None
    if session.scalar(select(Staff.id).where(Staff.id == practitioner_id)) is None:
        raise InvalidField("There is no such practitioner.", field="practitioner_id")
    return practitioner_id


def _noon(day: date, clinic: ClinicView) -> datetime:
    # A back-dated visit has no time of day; noon at the clinic is on that day in every list.
    return datetime.combine(day, time(12), ZoneInfo(clinic.time_zone)).astimezone(UTC)


def used_answer(
    session: Session,
    entry_id: str,
    number: int | None = None,
    earlier: Iterable[tuple[str, int | None]] = (),
    *,
    is_repeat: bool,
) -> Used:
    """Return what is told of a use that stands in the ledger.

    `number`: which session it was when it was first told, else now; `earlier`: as `ask_in` returned it.
    """
    entry, course = entry_in(session, entry_id)
    # Neither depends on the day it is asked.
    state = numbered_states(session, [course.id], today=entry.happened_at.date())[course.id]
    number = number or state.number_of(entry_id)
    return Used(
        entry=replace(entry, session_number=number),
        sessions_left=entry.sessions_after,
        course_id=course.id,
        client_id=course.client_id or "",
        session_number=number or 0,
        granted=state.allowance(entry.allowance_id).granted,
        is_repeat=is_repeat,
        earlier=earlier_entries_in(session, earlier),
    )
