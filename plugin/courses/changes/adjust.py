"""Adjustments by the owner: goodwill sessions, sessions removed with or without their value, and writing off.

What is left and written off becomes breakage: only the owner decides it, never a date, and it is undone to the cent by
reversing entries, whatever was written since.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.ledger import Change, Head, Kind, adjusted, gone, part_value
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.base import chain
from plugin.courses.base.chain import Line, add_history, append, head_of, main_of
from plugin.courses.base.words import clinic_money, sessions_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.catalog.packages import MOST_SESSIONS
from plugin.courses.changes import frame
from plugin.courses.changes.frame import Changed, CourseChange, change_course, checked_reason, refuse_closed
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.tables import Allowance, AllowedAhead, Entry
from plugin.wording import N_, _

EARNED = N_("Earned: for sessions used before it was paid")
_KEY = "earned:"


@allowed()
def allow_ahead(
    work: Work, course_id: str, sessions: int, *, reason: str, allowance_id: str | None = None
) -> Changed:
    """Allow more sessions of a part-paid course ahead of payment; raises Refused or InvalidField."""
    said = checked_reason(reason)

    def do(change: CourseChange) -> None:
        refuse_closed(change.view)
        if not change.view.is_part_paid:
            raise Refused(_("This course is paid; no session of it is locked."), code="not_part_paid")
        chosen = allowance_id or main_of(change.view.allowances).id
        view = next((each for each in change.view.allowances if each.id == chosen), None)
        if view is None:
            raise NotFound(_("That course has no such allowance."))
        if not 1 <= sessions <= view.granted - view.unlocked:
            locked = view.granted - view.unlocked
            most = (
                _("Allow 1 to {locked} more.", locked=locked)
                if locked
                else _("All its sessions may be used already.")
            )
            raise InvalidField(most, field="sessions")
        highest = view.unlocked - view.goodwill + sessions
        change.session.add(
            AllowedAhead(
                id=change.new_id(),
                allowance_id=view.id,
                sessions=highest,
                at=change.now,
                by=work.act.actor.name,
                reason=said,
            )
        )
        text = _(
            "{sessions} of {treatment} may be used before they are paid",
            sessions=sessions_text(sessions),
            treatment=view.treatment,
        )
        add_history(change, course_id, "allowed", text, reason=said)

    asked = {"sessions": sessions, "reason": said, "allowance_id": allowance_id}
    return change_course(work, course_id, do, what="allow_ahead", request=asked)


def earn_ahead(work: Work, allowance_ids: Sequence[str]) -> None:
    """Move payments for sessions used ahead from liability to revenue, or back where such a use was undone.

    Money paid when no session is left covers no future session: all of it is earned.
    """
    for allowance in work.session.scalars(_EARNING, {"allowance_ids": list(allowance_ids)}).all():
        _earn_ahead(work, allowance)


# Most allowances have no such sessions: one query selects those that do.
_EARNING = select(Allowance).where(
    Allowance.id.in_(bindparam("allowance_ids", expanding=True)),
    or_(
        exists().where(AllowedAhead.allowance_id == Allowance.id),
        exists().where(
            Entry.allowance_id == Allowance.id,
            or_(Entry.sessions_after == 0, Entry.kind == Kind.ADJUSTED.value),
        ),
    ),
)


def _earn_ahead(work: Work, allowance: Allowance) -> None:
    entries = list(
        work.session.scalars(select(Entry).where(Entry.allowance_id == allowance.id).order_by(Entry.seq))
    )
    before = -sum(row.value_delta for row in entries if row.idempotency_key.startswith(_KEY))
    head = head_of(work.session, allowance.id)
    wanted = (
        _missing(entries, allowance, head.granted) if before or _is_allowed(work.session, allowance) else 0
    )
    if head.sessions == 0:
        wanted = max(wanted, before + head.value)
    now = min(wanted, before + head.value)
    if now == before:
        return
    change = Change(Kind.ADJUSTED, value=before - now)
    line = Line(f"{_KEY}{allowance.id}:{head.seq + 1}", work.now, reason=EARNED)
    append(work, allowance.id, head, change, line)


def is_earned_ahead(key: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that the entry with this idempotency key earned money paid after the use."""
    return key.startswith(_KEY)


def _is_allowed(session: Session, allowance: Allowance) -> bool:
    return (
        session.scalar(select(AllowedAhead.id).where(AllowedAhead.allowance_id == allowance.id)) is not None
    )


def _missing(entries: list[Entry], allowance: Allowance, granted: int) -> int:
    """Return by how much the valid uses fell short of their part of the price."""
    undone = {row.reverses for row in entries}
    used = [row for row in entries if row.kind == Kind.USED.value and row.id not in undone]
    return sum(max(0, allowance.price * -row.sessions_delta // granted + row.value_delta) for row in used)


# Beyond this it is another course.
MOST_AT_ONCE = 50
GOODWILL = N_("Goodwill")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A number of sessions more (+) or fewer (-); no allowance: the main treatment.

    More: `value` is their value, None for goodwill. Fewer: they are removed with their part of the value
    unless `keeps_value`; it then remains with the sessions left.
    """

    sessions: int
    reason: str
    allowance_id: str | None = None
    value: Money | None = None
    keeps_value: bool = False


@allowed()
def adjust_course(work: Work, course_id: str, wish: Adjustment) -> frame.Changed:
    """Adjust an allowance by an entry with its reason; raises InvalidField, NoneLeft, Refused or NotFound."""
    reason = frame.checked_reason(wish.reason)

    def do(change: frame.CourseChange) -> None:
        frame.refuse_closed(change.view)
        frame.refuse_ownerless(change.view)
        allowance = _allowance(change, wish.allowance_id)
        head = chain.head_of(change.session, allowance.id)
        _check(change, allowance, head, wish)
        line = chain.Line(f"adjust:{work.act.key}", work.now, reason=reason)
        chain.append(
            change, allowance.id, head, adjusted(head, wish.sessions, value=_value(head, wish)), line
        )

    return frame.change_course(work, course_id, do, what="adjust", request=asdict(wish))


def give_goodwill(store: Store, act: Act, course_id: str) -> frame.Changed:
    """Add one goodwill session of the main treatment, free of charge."""
    return adjust_course(store, act, course_id, Adjustment(1, GOODWILL))


def _allowance(change: frame.CourseChange, allowance_id: str | None) -> Allowance:
    rows = chain.allowances_of(change.session, change.row.id)
    if allowance_id is None:
        return chain.main_of(rows)
    chosen = next((row for row in rows if row.id == allowance_id), None)
    if chosen is None:
        raise NotFound(_("That course has no such allowance."))
    return chosen


def _check(change: frame.CourseChange, allowance: Allowance, head: Head, wish: Adjustment) -> None:
    if not 1 <= abs(wish.sessions) <= MOST_AT_ONCE:
        raise InvalidField(
            _("Adjust by 1 to {most_at_once} sessions at once.", most_at_once=MOST_AT_ONCE), field="sessions"
        )
    if head.granted + wish.sessions > MOST_SESSIONS:
        raise InvalidField(
            _("A course holds {most_sessions} sessions of a treatment at most.", most_sessions=MOST_SESSIONS),
            field="sessions",
        )
    _check_value(change, allowance, wish)
    if wish.keeps_value and head.value and -wish.sessions >= head.sessions:
        said = _("No session is left to keep the value. Remove the value with the sessions.")
        raise InvalidField(said, field="keeps_value")


def _check_value(change: frame.CourseChange, allowance: Allowance, wish: Adjustment) -> None:
    if wish.value is None:
        return
    if wish.sessions < 0:
        raise InvalidField(_("Sessions that are removed take their own part of the value."), field="value")
    if wish.value.currency != change.row.currency:
        raise InvalidField(_("This course is in {currency}.", currency=change.row.currency), field="value")
    most = Money(wish.sessions * allowance.single_price, change.row.currency)
    if not 0 <= wish.value.amount <= most.amount:
        written = clinic_money(change.session, most)
        raise InvalidField(
            _("They are worth {written} at most, at the single price.", written=written), field="value"
        )


def _value(head: Head, wish: Adjustment) -> int:
    if wish.sessions > 0:
        return wish.value.amount if wish.value else 0
    return 0 if wish.keeps_value else -part_value(head, -wish.sessions)


KINDS = (Kind.EXPIRED, Kind.WRITTEN_OFF)


@allowed()
def write_off_course(work: Work, course_id: str, reason: str) -> frame.Changed:
    """Write off what is left of a course; an expired one's as expired. Raises Refused or NotFound."""
    said = frame.checked_reason(reason)

    def do(change: frame.CourseChange) -> None:
        frame.refuse_closed(change.view)
        frame.refuse_waiting_gift(change.view)
        if change.view.status is Status.FROZEN:
            raise Refused(_("This course is frozen. Unfreeze it first."), code="frozen")
        _write_off(change, said)

    return frame.change_course(work, course_id, do, what="write_off", request={"reason": said})


@allowed()
def undo_write_off(work: Work, course_id: str, reason: str) -> frame.Changed:
    """Undo the last write-off, to the cent. Raises Refused where there was none, or NotFound."""
    said = frame.checked_reason(reason)

    def do(change: frame.CourseChange) -> None:
        frame.refuse_closed(change.view)
        standing = [each for each in change.view.entries if each.kind in KINDS and each.reversed_by is None]
        if not standing:
            raise Refused(_("Nothing of this course is written off."), code="not_written_off")
        last = max(each.written_at for each in standing)
        for each in standing:
            if each.written_at == last:
                entry = change.session.get_one(Entry, each.id)
                chain.append_reversal(change, entry, said)
                earn_ahead(change, [entry.allowance_id])

    return frame.change_course(work, course_id, do, what="undo_write_off", request={"reason": said})


def _write_off(change: frame.CourseChange, reason: str) -> None:
    kind = Kind.EXPIRED if change.view.status is Status.EXPIRED else Kind.WRITTEN_OFF
    sessions = 0
    for allowance in chain.allowances_of(change.session, change.row.id):
        head = chain.head_of(change.session, allowance.id)
        if head.sessions == 0 and head.value == 0:
            continue
        line = chain.Line(f"write-off:{change.act.key}:{allowance.position}", change.now, reason=reason)
        chain.append(change, allowance.id, head, gone(kind, head), line)
        sessions += head.sessions
    if sessions == 0 and change.view.value_left.amount == 0:
        raise Refused(_("Nothing of this course is left to write off."), code="none_left")
    value = clinic_money(change.session, change.view.value_left)
    text = _("Written off: {sessions} worth {value}", sessions=sessions_text(sessions), value=value)
    chain.add_history(change, change.row.id, "written_off", text, reason=reason)
