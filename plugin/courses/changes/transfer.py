"""Transfer what is left of a course to another client, with its value to the cent.

The recipient gets a course of their own under the same terms; the money stays with the original sale.
Sessions returned to their previous owner go back into the original course: only there can they be refunded.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sqlalchemy import select

from plugin.core.course import AllowanceState
from plugin.core.ledger import START, Change, Kind, transferred_in, transferred_out
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.base import chain
from plugin.courses.base.course_extras import is_refunding_in
from plugin.courses.base.words import clinic_money, sessions_text
from plugin.courses.base.work import Work, allowed
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
from plugin.store.tables import Allowance, Client, Course, CourseOrigin, Entry
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class Transfer:
    """To whom, and how many: `sessions` of the main treatment, `parts` by allowance; neither: all left."""

    client_id: str
    reason: str
    sessions: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """The sessions of one allowance to transfer, as the change to its chain."""

    allowance: Allowance
    view: AllowanceState
    change: Change


@allowed()
def transfer_course(work: Work, course_id: str, wish: Transfer) -> Changed:
    """Transfer what is left, or some of it; return the recipient's course.

    Raises InvalidField, NoneLeft, Refused or NotFound. The same act again returns the same course.
    """
    reason = checked_reason(wish.reason)

    def do(change: CourseChange) -> str:
        to = living_client_in(change.session, wish.client_id)
        _may_be_transferred(change, to)
        leaving = _leaving(change, _counts(change, wish))
        return _move(change, to, leaving, reason)

    asked = {**asdict(wish), "parts": dict(wish.parts)}
    return change_course(work, course_id, do, what="transfer", request=asked)


def _may_be_transferred(change: CourseChange, to: Client) -> None:
    course = change.view
    refuse_closed(course)
    refuse_ownerless(course)
    refuse_waiting_gift(course)
    if to.id == course.client_id:
        raise Refused(_("This course is {to}’s already.", to=to.name), code="already_theirs")
    if course.status is Status.FROZEN:
        raise Refused(_("This course is frozen. Unfreeze it first."), code="frozen")
    if course.status is Status.EXPIRED:
        raise Refused(_("This course has expired. Extend it first."), code="expired")
    if course.is_part_paid:
        rest = _written(change, course.gross_price - course.gross_paid)
        said = _("{rest} of this course is not paid. It can be transferred once it is paid.", rest=rest)
        raise Refused(said, code="part_paid")
    if is_refunding_in(change.session, course.id):
        raise Refused(_("A refund of this course is pending."), code="refund_under_way")


def _counts(change: CourseChange, wish: Transfer) -> dict[str, int]:
    allowances = change.view.allowances
    known = {each.id for each in allowances}
    if unknown := set(wish.parts) - known:
        raise NotFound(_("That course has no allowance {sorted}.", sorted=sorted(unknown)[0]))
    if wish.parts:
        return dict(wish.parts)
    if wish.sessions is None:
        return {each.id: each.left for each in allowances}
    return {chain.main_of(allowances).id: wish.sessions}


def _leaving(change: CourseChange, counts: Mapping[str, int]) -> list[_Leaving]:
    if any(count < 0 for count in counts.values()):
        raise InvalidField(_("Transfer one session or more."), field="sessions")
    if not any(counts.values()):
        if not any(each.left for each in change.view.allowances):
            raise NoneLeft(_("No session is left to transfer."))
        raise InvalidField(_("Choose how many sessions are transferred."), field="sessions")
    views = {each.id: each for each in change.view.allowances}
    rows = [row for row in chain.allowances_of(change.session, change.row.id) if counts.get(row.id)]
    return [
        _Leaving(row, views[row.id], transferred_out(chain.head_of(change.session, row.id), counts[row.id]))
        for row in rows
    ]


def _move(change: CourseChange, to: Client, leaving: list[_Leaving], reason: str) -> str:
    origin = _origin_at(change, to)
    receiver = origin or _open_course(change, to)
    taken_in = {each.treatment_id: each for each in chain.allowances_of(change.session, receiver.id)}
    for each in leaving:
        _write_out(change, each, reason)
        into = taken_in.get(each.allowance.treatment_id) or _open_allowance(change, receiver, each)
        _write(change, into, each, reason)
    is_all = _close_if_empty(change)
    _add_histories(change, receiver, to, leaving, reason=reason, is_all=is_all)
    return receiver.id


def _origin_at(change: CourseChange, to: Client) -> Course | None:
    """Return the original course of the sessions, where they are returned to the client who owns it."""
    origin = change.view.origin
    if origin is None or origin.client_id != to.id:
        return None
    row = chain.course_for_change(change.session, origin.course_id)
    if row.client_id != to.id or row.closed_as == Status.REFUNDED.value:
        return None
    if row.closed_as is not None:
        row.closed_as = row.closed_at = None
    return row


def _open_course(change: CourseChange, to: Client) -> Course:
    given = change.row
    course = Course(
        id=change.new_id(),
        client_id=to.id,
        package_id=given.package_id,
        package_name=given.package_name,
        package_version=given.package_version,
        terms=given.terms,
        # Nothing was paid for it: the value was transferred with the sessions.
        price=0,
        currency=given.currency,
        sold_at=given.sold_at,
        booked_at=change.now,
        expires_on=given.expires_on,
        square_location_id=given.square_location_id,
    )
    change.add(course)
    change.add(CourseOrigin(course_id=course.id, origin_id=given.id, transferred_at=change.now))
    return course


def _open_allowance(change: CourseChange, receiver: Course, leaving: _Leaving) -> Allowance:
    given = leaving.allowance
    allowance = Allowance(
        id=change.new_id(),
        course_id=receiver.id,
        position=given.position,
        treatment_id=given.treatment_id,
        treatment=given.treatment,
        kind=given.kind,
        single_price=given.single_price,
        price=0,
        usable_from_session=_opens_at(change, leaving.view),
    )
    change.add(allowance)
    return allowance


def _opens_at(change: CourseChange, view: AllowanceState) -> int | None:
    """Return after how many more sessions the allowance opens; those used before count for the recipient."""
    if view.usable_from_session is None or view.is_usable:
        return None
    used = sum(each.used for each in change.view.allowances if each.kind == "main")
    return max(1, view.usable_from_session - used)


def _write_out(change: CourseChange, leaving: _Leaving, reason: str) -> None:
    allowance = leaving.allowance
    line = chain.Line(f"transfer:{change.act.key}:{allowance.position}:out", change.now, reason=reason)
    head = chain.head_of(change.session, allowance.id)
    chain.append(change, allowance.id, head, leaving.change, line)


def _write(change: CourseChange, into: Allowance, leaving: _Leaving, reason: str) -> None:
    head = chain.head_of(change.session, into.id)
    away = 0 if head == START else _sessions_away(change, into.id)
    incoming = transferred_in(leaving.change, returning=away)
    line = chain.Line(f"transfer:{change.act.key}:{into.position}:in", change.now, reason=reason)
    chain.append(change, into.id, head, incoming, line)


def _sessions_away(change: CourseChange, allowance_id: str) -> int:
    """Count the sessions that were transferred from here and not back."""
    rows = change.session.scalars(
        select(Entry).where(
            Entry.allowance_id == allowance_id,
            Entry.kind.in_((Kind.TRANSFERRED_OUT.value, Kind.TRANSFERRED_IN.value)),
        )
    )
    return sum(row.granted_after - row.granted_before - row.sessions_delta for row in rows)


def _close_if_empty(change: CourseChange) -> bool:
    heads = [
        chain.head_of(change.session, row.id) for row in chain.allowances_of(change.session, change.row.id)
    ]
    if any(head.sessions or head.value for head in heads):
        return False
    change.row.closed_as, change.row.closed_at = Status.TRANSFERRED.value, change.now
    return True


def _add_histories(
    change: CourseChange, receiver: Course, to: Client, leaving: list[_Leaving], *, reason: str, is_all: bool
) -> None:
    sessions = sessions_text(-sum(each.change.sessions for each in leaving))
    value = _written(change, Money(-sum(each.change.value for each in leaving), change.row.currency))
    if is_all:
        out = _(
            "Transferred to {to}: {sessions} worth {value}, all that was left",
            to=to.name,
            sessions=sessions,
            value=value,
        )
    else:
        out = _("Transferred to {to}: {sessions} worth {value}", to=to.name, sessions=sessions, value=value)
    chain.add_history(change, change.row.id, "transferred", out, reason=reason)
    into = _(
        "Transferred from {client_name}: {sessions} worth {value}",
        client_name=change.view.client_name,
        sessions=sessions,
        value=value,
    )
    chain.add_history(change, receiver.id, "transferred", into, reason=reason)


def _written(change: CourseChange, money: Money) -> str:
    return clinic_money(change.session, money)
