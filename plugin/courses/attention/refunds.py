"""Attention items about refunds, disputes and canceled invoices."""

from plugin.core.acts import Role
from plugin.courses.attention.kind import AttentionKind, Decision, Resolution, one_course
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.words import sessions_text
from plugin.courses.base.work import Work
from plugin.courses.refunds.basis import close_course
from plugin.courses.refunds.canceled_invoice import (
    course_asked_about,
    keep_paid_sessions,
    leave_open,
    refund_paid,
)
from plugin.courses.refunds.disputes import close_disputed, save_disputed
from plugin.courses.refunds.refund_question import keep_as_tip, reopen, take_sessions
from plugin.errors import InvalidField
from plugin.store.queues import Attention
from plugin.wording import N_, _


def _close(work: Work, item: Attention, wish: Resolution) -> None:
    closed_by = f"refund:{item.square_refund_id}:{one_course(item, wish)}"
    close_course(work, one_course(item, wish), closed_by=closed_by, reason=wish.reason)


def _take(work: Work, item: Attention, wish: Resolution) -> None:
    if not wish.sessions or wish.sessions < 1:
        raise InvalidField(_("Say how many sessions leave."), field="sessions")
    _remove(work, item, wish, wish.sessions)


def _keep(work: Work, item: Attention, wish: Resolution) -> None:
    _remove(work, item, wish, 0)


def _remove(work: Work, item: Attention, wish: Resolution, sessions: int) -> None:
    amount = item.details["amount"] if wish.amount is None else wish.amount
    if amount > item.details["amount"]:
        raise InvalidField(_("No more leaves than was refunded."), field="amount")
    course_id, refund_id = one_course(item, wish), item.square_refund_id or ""
    take_sessions(work, course_id, sessions, amount, square_refund_id=refund_id, reason=wish.reason)


def _removed(_work: Work, _item: Attention, wish: Resolution) -> str:
    return _("{sessions} removed", sessions=sessions_text(wish.sessions or 0))


def _tip(work: Work, item: Attention, wish: Resolution) -> None:
    keep_as_tip(work, item, reason=wish.reason)


def _reopen(work: Work, item: Attention, wish: Resolution) -> None:
    course = course_for_change(work.session, one_course(item, wish))
    # The item remains resolved: the same return reported again must not close the course once more.
    dedupe = item.dedupe
    reopen(work, course, text=_("Open again, as decided under Attention"), reason=wish.reason)
    item.dedupe = dedupe


def _stay_closed(work: Work, item: Attention, wish: Resolution) -> None:
    text = _("Given back after it had been used, as meant")
    add_history(work, one_course(item, wish), "kept", text, reason=wish.reason)


def _close_disputed(work: Work, item: Attention, wish: Resolution) -> bool:
    return close_disputed(work, item, course_id=wish.course_id, reason=wish.reason)


def _keep_disputed(work: Work, item: Attention, wish: Resolution) -> bool:
    return save_disputed(work, item, reason=wish.reason)


def _keep_paid(work: Work, item: Attention, wish: Resolution) -> None:
    keep_paid_sessions(work, course_asked_about(item), wish.sessions, reason=wish.reason)


def _refund_paid(work: Work, item: Attention, wish: Resolution) -> None:
    refund_paid(work, course_asked_about(item), wish.amount, reason=wish.reason)


def _leave_open(work: Work, item: Attention, wish: Resolution) -> None:
    leave_open(work, course_asked_about(item), reason=wish.reason)


CLOSE_COURSE = Decision(
    "close_course",
    N_("Cancel package"),
    _close,
    N_("Package canceled"),
    N_("The package is canceled. Its sessions were removed."),
    look="stop",
)
_TAKE = Decision(
    "take_sessions", N_("Remove these sessions"), _take, _removed, N_("The sessions were removed.")
)
_KEEP = Decision(
    "keep_sessions",
    N_("Keep all sessions"),
    _keep,
    N_("Kept all sessions"),
    N_("All sessions stay. The refund is noted in the history."),
)
_TIP_ONLY = Decision(
    "tip_only",
    N_("It was the tip"),
    _tip,
    N_("It was the tip; kept all sessions"),
    N_("All sessions stay. The tip is noted in the history."),
)
_USED_COURSE = (
    Decision(
        "keep_closed",
        N_("Keep it closed"),
        _stay_closed,
        N_("Stays closed"),
        N_("The course stays closed."),
        N_("Meant so"),
    ),
    Decision(
        "reopen",
        N_("Open it again"),
        _reopen,
        N_("Course opened again"),
        N_("The course is open again, with all it had left."),
        look="quiet",
    ),
)
_DISPUTE = (
    Decision(
        "keep_sessions",
        N_("Keep all sessions"),
        _keep_disputed,
        N_("Kept all sessions"),
        N_("All sessions stay. The decision is noted in the history."),
    ),
    Decision(
        "close_course",
        N_("Cancel package"),
        _close_disputed,
        N_("Package canceled"),
        N_("The package is canceled. Its sessions were removed."),
        look="stop",
    ),
)
_CANCELED = (
    Decision(
        "keep_sessions",
        N_("Keep the paid sessions"),
        _keep_paid,
        N_("Kept the sessions that are paid for"),
        N_("The sessions that are paid for are kept. The others were removed."),
    ),
    Decision(
        "refund",
        N_("Refund"),
        _refund_paid,
        N_("Refund started"),
        N_("The refund is pending."),
        N_("The invoice was canceled"),
        look="stop",
        role=Role.OWNER,
    ),
    Decision(
        "leave_open",
        N_("Leave open"),
        _leave_open,
        N_("Left open"),
        N_("The package stays open. Nothing more is due."),
        N_("The invoice was canceled"),
    ),
)

KINDS = (
    AttentionKind(
        "unclear_refund",
        N_("A partial refund that names no item"),
        (CLOSE_COURSE, _TAKE, _KEEP),
        optional=(_TIP_ONLY,),
        form="refund",
    ),
    AttentionKind(
        "refunded_used_course", N_("A course refunded in Square after sessions were used"), _USED_COURSE
    ),
    AttentionKind("refund_after_transfer", N_("A refund of a sale whose sessions were transferred")),
    AttentionKind("dispute", N_("A disputed payment"), _DISPUTE, form="dispute"),
    AttentionKind(
        "canceled_part_paid", N_("A canceled invoice that was paid in part"), _CANCELED, form="canceled"
    ),
    AttentionKind("canceled_invoice", N_("A canceled invoice")),
    AttentionKind("failed_refund", N_("A refund that failed")),
    AttentionKind("part_failed_refund", N_("A refund that failed in part")),
)
