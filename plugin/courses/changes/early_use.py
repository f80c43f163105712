"""Sessions used before they are paid for, where the owner allows it, and the revenue of their later payment.

A session used ahead moves no value, because none was paid. Money paid for it later is earned already: it
leaves deferred revenue at once, by an adjusting entry.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from plugin.core.ledger import Change, Kind
from plugin.courses.base.chain import Line, add_history, append, head_of, main_of
from plugin.courses.base.words import sessions_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.changes.frame import Changed, CourseChange, change_course, checked_reason, refuse_closed
from plugin.errors import InvalidField, NotFound, Refused
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
