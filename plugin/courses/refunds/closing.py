"""Close a course as refunded: every session left is removed from the balance."""

from plugin.core.ledger import refunded
from plugin.courses.base.chain import Line, add_history, allowances_of, append, course_for_change, head_of
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.words import sessions_text
from plugin.courses.base.work import Work
from plugin.wording import _


def close_course(work: Work, course_id: str, *, closed_by: str, reason: str) -> bool:
    """Close a course as refunded, removing every session left. False where it was closed before."""
    course = course_for_change(work.session, course_id)
    if course.closed_as is not None:
        return False
    gone = 0
    for allowance in allowances_of(work.session, course.id):
        head = head_of(work.session, allowance.id)
        if head.sessions == 0 and head.value == 0:
            continue
        # The seq, as a course may be closed, reopened when the refund fails, and closed by the next attempt.
        key = f"refund:{closed_by}:{course.id}:{allowance.position}:{head.seq + 1}"
        line = Line(key, work.now, reason=reason)
        append(work, allowance.id, head, refunded(head), line)
        gone += head.sessions
    course.closed_as, course.closed_at, course.closed_by = "refunded", work.now, closed_by
    text = (
        _("Refunded; {sessions} left the balance", sessions=sessions_text(gone))
        if gone
        else _("Refunded; no session was left")
    )
    add_history(work, course.id, "closed", text, reason=reason)
    publish(work, CourseChanged(course.id))
    work.session.flush()
    return True
