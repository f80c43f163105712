"""Write off what is left: the sessions' value becomes breakage. Only the owner decides it, never a date.

It is undone to the cent by reversing entries, whatever was written since.
"""

from plugin.core.ledger import Kind, gone
from plugin.core.status import Status
from plugin.courses.base.chain import Line, add_history, allowances_of, append, append_reversal, head_of
from plugin.courses.base.words import clinic_money, sessions_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.changes.early_use import earn_ahead
from plugin.courses.changes.frame import (
    Changed,
    CourseChange,
    change_course,
    checked_reason,
    refuse_closed,
    refuse_waiting_gift,
)
from plugin.errors import Refused
from plugin.store.ledger import Entry
from plugin.wording import _

KINDS = (Kind.EXPIRED, Kind.WRITTEN_OFF)


@allowed()
def write_off_course(work: Work, course_id: str, reason: str) -> Changed:
    """Write off what is left of a course; an expired one's as expired. Raises Refused or NotFound."""
    said = checked_reason(reason)

    def do(change: CourseChange) -> None:
        refuse_closed(change.view)
        refuse_waiting_gift(change.view)
        if change.view.status is Status.FROZEN:
            raise Refused(_("This course is frozen. Unfreeze it first."), code="frozen")
        _write_off(change, said)

    return change_course(work, course_id, do, what="write_off", request={"reason": said})


@allowed()
def undo_write_off(work: Work, course_id: str, reason: str) -> Changed:
    """Undo the last write-off, to the cent. Raises Refused where there was none, or NotFound."""
    said = checked_reason(reason)

    def do(change: CourseChange) -> None:
        refuse_closed(change.view)
        standing = [each for each in change.view.entries if each.kind in KINDS and each.reversed_by is None]
        if not standing:
            raise Refused(_("Nothing of this course is written off."), code="not_written_off")
        last = max(each.written_at for each in standing)
        for each in standing:
            if each.written_at == last:
                entry = change.session.get_one(Entry, each.id)
                append_reversal(change, entry, said)
                earn_ahead(change, [entry.allowance_id])

    return change_course(work, course_id, do, what="undo_write_off", request={"reason": said})


def _write_off(change: CourseChange, reason: str) -> None:
    kind = Kind.EXPIRED if change.view.status is Status.EXPIRED else Kind.WRITTEN_OFF
    sessions = 0
    for allowance in allowances_of(change.session, change.row.id):
        head = head_of(change.session, allowance.id)
        if head.sessions == 0 and head.value == 0:
            continue
        line = Line(f"write-off:{change.act.key}:{allowance.position}", change.now, reason=reason)
        append(change, allowance.id, head, gone(kind, head), line)
        sessions += head.sessions
    if sessions == 0 and change.view.value_left.amount == 0:
        raise Refused(_("Nothing of this course is left to write off."), code="none_left")
    value = clinic_money(change.session, change.view.value_left)
    text = _("Written off: {sessions} worth {value}", sessions=sessions_text(sessions), value=value)
    add_history(change, change.row.id, "written_off", text, reason=reason)
