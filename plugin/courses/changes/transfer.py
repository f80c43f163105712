"""Transferring what is left of a course to another client, with its value to the cent.

The receiver gets a course of their own under the same terms; the money stays with the sale of the first one. Given
back to the client it came from, it goes into the course it came from: only there can it be refunded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sqlalchemy import select

from plugin.core.acts import Act, require
from plugin.core.course import AllowanceState
from plugin.core.ledger import START, Change, Kind, transferred_in, transferred_out
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.base.chain import (
    Line,
    add_history,
    allowances_of,
    append,
    course_for_change,
    head_of,
)
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.words import money_text, sessions_text
from plugin.courses.base.work import Work
from plugin.courses.changes.frame import (
    Changed,
    CourseChange,
    change_course,
    checked_reason,
    refuse_closed,
    refuse_ownerless,
    refuse_waiting_gift,
)
from plugin.courses.clients.clients import living_client_in
from plugin.errors import InvalidField, NoneLeft, NotFound, Refused
from plugin.store import Store
from plugin.store.changes import CourseOrigin
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.people import Client
from plugin.store.selling import DeskRefund


@dataclass(frozen=True, slots=True)
class Transfer:
    """To whom, and how many: `sessions` of the main treatment, `parts` by allowance; neither: all that is left."""

    client_id: str
    reason: str
    sessions: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """The sessions of one allowance that go, as the change they are to its chain."""

    allowance: Allowance
    view: AllowanceState
    change: Change


def transfer_course(store: Store, act: Act, course_id: str, wish: Transfer) -> Changed:
    """Transfer what is left, or some of it; answers the receiver's course.

    Raises InvalidField, NoneLeft, Refused or NotFound. The same act again answers the same course.
    """
    require(act.actor)
    reason = checked_reason(wish.reason)

    def work(held: CourseChange) -> str:
        to = living_client_in(held.session, wish.client_id)
        _may_be_transferred(held, to)
        leaving = _leaving(held, _counts(held, wish))
        return _move(held, to, leaving, reason)

    asked = {**asdict(wish), "parts": dict(wish.parts)}
    return change_course(store, act, course_id, ("transfer", asked), work)


def _may_be_transferred(held: CourseChange, to: Client) -> None:
    course = held.view
    refuse_closed(course)
    refuse_ownerless(course)
    refuse_waiting_gift(course)
    if to.id == course.client_id:
        raise Refused(f"This course is {to.name}'s already.", code="already_theirs")
    if course.status is Status.FROZEN:
        raise Refused("This course is frozen. Thaw it first.", code="frozen")
    if course.status is Status.EXPIRED:
        raise Refused("This course has expired. Extend it first.", code="expired")
    if course.is_part_paid:
        rest = _written(held, course.gross_price - course.gross_paid)
        said = f"{rest} of this course is not paid. It can be transferred once it is paid."
        raise Refused(said, code="part_paid")
    under_way = select(DeskRefund.id).where(DeskRefund.under_way == course.id)
    if held.session.scalar(under_way) is not None:
        raise Refused("A refund of this course is under way.", code="refund_under_way")


def _counts(held: CourseChange, wish: Transfer) -> dict[str, int]:
    allowances = held.view.allowances
    known = {each.id for each in allowances}
    if unknown := set(wish.parts) - known:
        raise NotFound(f"That course has no allowance {sorted(unknown)[0]}.")
    if wish.parts:
        return dict(wish.parts)
    if wish.sessions is None:
        return {each.id: each.left for each in allowances}
    main = next((each for each in allowances if each.kind == "main"), allowances[0])
    return {main.id: wish.sessions}


def _leaving(held: CourseChange, counts: Mapping[str, int]) -> list[_Leaving]:
    if any(count < 0 for count in counts.values()):
        raise InvalidField("Transfer one session or more.", field="sessions")
    if not any(counts.values()):
        if not any(each.left for each in held.view.allowances):
            raise NoneLeft("No session is left to transfer.")
        raise InvalidField("Choose how many sessions are transferred.", field="sessions")
    views = {each.id: each for each in held.view.allowances}
    rows = [row for row in allowances_of(held.session, held.row.id) if counts.get(row.id)]
    return [
        _Leaving(row, views[row.id], transferred_out(head_of(held.session, row.id), counts[row.id]))
        for row in rows
    ]


def _move(held: CourseChange, to: Client, leaving: list[_Leaving], reason: str) -> str:
    origin = _origin_at(held, to)
    receiver = origin or _open_course(held, to)
    taken_in = {each.treatment_id: each for each in allowances_of(held.session, receiver.id)}
    for each in leaving:
        _write_out(held, each, reason)
        into = taken_in.get(each.allowance.treatment_id) or _open_allowance(held, receiver, each)
        _write_in(held, into, each, reason)
    is_all = _close_if_empty(held)
    _tell(held, receiver, to, leaving, reason, is_all=is_all)
    return receiver.id


def _origin_at(held: CourseChange, to: Client) -> Course | None:
    """Return the course the sessions came from, where they go back to the client who has it."""
    origin = held.view.origin
    if origin is None or origin.client_id != to.id:
        return None
    row = course_for_change(held.session, origin.course_id)
    if row.client_id != to.id or row.closed_as == Status.REFUNDED.value:
        return None
    if row.closed_as is not None:
        row.closed_as = row.closed_at = None
    return row


def _open_course(held: CourseChange, to: Client) -> Course:
    given, session = held.row, held.session
    course = Course(
        id=held.store.new_id(),
        client_id=to.id,
        package_id=given.package_id,
        package_name=given.package_name,
        package_version=given.package_version,
        terms=given.terms,
        # Nothing was paid for it: the value came with the sessions.
        price=0,
        currency=given.currency,
        sold_at=given.sold_at,
        booked_at=held.act.now,
        expires_on=given.expires_on,
        square_location_id=given.square_location_id,
    )
    session.add(course)
    session.flush()
    session.add(CourseOrigin(course_id=course.id, origin_id=given.id, transferred_at=held.act.now))
    session.flush()
    return course


def _open_allowance(held: CourseChange, receiver: Course, leaving: _Leaving) -> Allowance:
    given = leaving.allowance
    allowance = Allowance(
        id=held.store.new_id(),
        course_id=receiver.id,
        position=given.position,
        treatment_id=given.treatment_id,
        treatment=given.treatment,
        kind=given.kind,
        single_price=given.single_price,
        price=0,
        usable_from_session=_opens_at(held, leaving.view),
    )
    held.session.add(allowance)
    held.session.flush()
    return allowance


def _opens_at(held: CourseChange, view: AllowanceState) -> int | None:
    """Return after how many sessions more the allowance opens: those used before count for the receiver too."""
    if view.usable_from_session is None or view.is_usable:
        return None
    used = sum(each.used for each in held.view.allowances if each.kind == "main")
    return max(1, view.usable_from_session - used)


def _write_out(held: CourseChange, leaving: _Leaving, reason: str) -> None:
    allowance = leaving.allowance
    line = Line(f"transfer:{held.act.key}:{allowance.position}:out", held.act.now, reason=reason)
    head = head_of(held.session, allowance.id)
    append(Work(held.session, held.store, held.act), allowance.id, head, leaving.change, line)


def _write_in(held: CourseChange, into: Allowance, leaving: _Leaving, reason: str) -> None:
    head = head_of(held.session, into.id)
    away = 0 if head == START else _sessions_away(held, into.id)
    change = transferred_in(leaving.change, returning=away)
    line = Line(f"transfer:{held.act.key}:{into.position}:in", held.act.now, reason=reason)
    append(Work(held.session, held.store, held.act), into.id, head, change, line)


def _sessions_away(held: CourseChange, allowance_id: str) -> int:
    """Count the sessions that were transferred from here and have not come back."""
    rows = held.session.scalars(
        select(Entry).where(
            Entry.allowance_id == allowance_id,
            Entry.kind.in_((Kind.TRANSFERRED_OUT.value, Kind.TRANSFERRED_IN.value)),
        )
    )
    return sum(row.granted_after - row.granted_before - row.sessions_delta for row in rows)


def _close_if_empty(held: CourseChange) -> bool:
    heads = [head_of(held.session, row.id) for row in allowances_of(held.session, held.row.id)]
    if any(head.sessions or head.value for head in heads):
        return False
    held.row.closed_as, held.row.closed_at = Status.TRANSFERRED.value, held.act.now
    return True


def _tell(
    held: CourseChange, receiver: Course, to: Client, leaving: list[_Leaving], reason: str, *, is_all: bool
) -> None:
    sessions = sessions_text(-sum(each.change.sessions for each in leaving))
    value = _written(held, Money(-sum(each.change.value for each in leaving), held.row.currency))
    rest = ", all that was left" if is_all else ""
    session, store, act = held.session, held.store, held.act
    out = f"Transferred to {to.name}: {sessions} worth {value}{rest}"
    add_history(Work(session, store, act), held.row.id, "transferred", out, reason=reason)
    into = f"Transferred from {held.view.client_name}: {sessions} worth {value}"
    add_history(Work(session, store, act), receiver.id, "transferred", into, reason=reason)


def _written(held: CourseChange, money: Money) -> str:
    clinic = clinic_in(held.session)
    return money_text(money, language=clinic.language, country=clinic.country)
