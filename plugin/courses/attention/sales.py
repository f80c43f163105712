"""Attention items about sales, exchanges and the items they are sold by; about refunds, disputes, canceled invoices."""

from sqlalchemy import select

from invoices.papers.wire import from_plain
from plugin.core.acts import Role
from plugin.courses.attention.kind import DISMISS, AttentionKind, Decision, Resolution, one_course
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.words import sessions_text
from plugin.courses.base.work import Work
from plugin.courses.catalog.links import PUBLISH, take_from_square_in
from plugin.courses.exchange.complete import exchange_now
from plugin.courses.refunds.basis import close_course
from plugin.courses.refunds.canceled_invoice import (
    course_asked_about,
    keep_paid_sessions,
    leave_open,
    refund_paid,
)
from plugin.courses.refunds.disputes import close_disputed, save_disputed
from plugin.courses.refunds.refund_question import keep_as_tip, reopen, take_sessions
from plugin.courses.sales.assign import assign, ownerless_in, settle_unassigned_in
from plugin.courses.sales.book import book_sale
from plugin.courses.sales.linking import ignore_item_in, link_and_open
from plugin.courses.sales.sales import Sale
from plugin.errors import InvalidField
from plugin.store.tables import Attention, Client, Course
from plugin.wording import N_, _


def _close(work: Work, item: Attention, wish: Resolution) -> None:
    closed_by = f"refund:{item.square_refund_id}:{one_course(item, wish)}"
    close_course(work, one_course(item, wish), closed_by=closed_by, reason=wish.reason)


def _take(work: Work, item: Attention, wish: Resolution) -> None:
    if not wish.sessions or wish.sessions < 1:
        raise InvalidField(_("Enter how many sessions are removed."), field="sessions")
    _remove(work, item, wish, wish.sessions)


def _remove(work: Work, item: Attention, wish: Resolution, sessions: int) -> None:
    amount = item.details["amount"] if wish.amount is None else wish.amount
    if amount > item.details["amount"]:
        raise InvalidField(_("No more leaves than was refunded."), field="amount")
    course_id, refund_id = one_course(item, wish), item.square_refund_id or ""
    take_sessions(work, course_id, sessions, amount, square_refund_id=refund_id, reason=wish.reason)


def _removed(_work: Work, _item: Attention, wish: Resolution) -> str:
    return _("{sessions} removed", sessions=sessions_text(wish.sessions or 0))


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
    lambda work, item, wish: _remove(work, item, wish, 0),
    N_("Kept all sessions"),
    N_("All sessions stay. The refund is noted in the history."),
)
_TIP_ONLY = Decision(
    "tip_only",
    N_("It was the tip"),
    lambda work, item, wish: keep_as_tip(work, item, reason=wish.reason),
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
        lambda work, item, wish: save_disputed(work, item, reason=wish.reason),
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


def _assign(work: Work, item: Attention, wish: Resolution) -> bool:
    if wish.client_id is None:
        raise InvalidField(_("Choose whose sale it was."), field="client_id")
    course_ids = ownerless_in(work.session, item.square_order_id or "")
    if wish.course_id is not None:
        course_ids = [one_course(item, wish)]
    assign(work, course_ids, wish.client_id, reason=wish.reason)
    settle_unassigned_in(work.session, work.act, item.square_order_id or "", {})
    return item.resolved_at is not None


def _assigned(work: Work, item: Attention, _wish: Resolution) -> str:
    """Return who has the sale's courses now: two sisters may have shared it."""
    rows = work.session.scalars(
        select(Client.name)
        .join(Course, Course.client_id == Client.id)
        .where(Course.id.in_(item.details["course_ids"]))
        .order_by(Course.id)
    )
    names = list(dict.fromkeys(rows))
    return _(
        "Assigned to {names}",
        names=" and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names),
    )


def _link_and_open(work: Work, item: Attention, wish: Resolution) -> None:
    link_and_open(work, item, wish.package_id, reason=wish.reason)


def _leave_as_booked(work: Work, item: Attention, wish: Resolution) -> None:
    text = _("Left as it was booked; its sale was changed in Square")
    add_history(work, one_course(item, wish), "kept", text, reason=wish.reason)


def _open_courses(work: Work, item: Attention, _wish: Resolution) -> None:
    # A person has confirmed the payment in another currency.
    book_sale(work, from_plain(Sale, item.details["sale"]), accept_currency=True)


def _take_price(work: Work, item: Attention, _wish: Resolution) -> None:
    take_from_square_in(work.session, item.details["square_variation_id"])


_LINK_AND_OPEN = Decision(
    "link_and_open",
    N_("Link and open the course"),
    _link_and_open,
    N_("Linked, course opened"),
    N_("The course is open."),
    N_("Sold as this package"),
)
_IGNORE_ITEM = Decision(
    "ignore_item",
    N_("Not a package: ignore this item from now on"),
    lambda work, item, _wish: ignore_item_in(work.session, work.act, item),
    N_("Not a package"),
    N_("This item is ignored from now on."),
    N_("Not a package"),
    look="quiet",
)
_LEAVE_COURSE = Decision(
    "leave_course",
    N_("Leave the course as it is"),
    _leave_as_booked,
    N_("Left as it was"),
    N_("The course stays as it was booked."),
    N_("Only the ticket was corrected"),
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
    AttentionKind(
        "unassigned_sale",
        N_("A sale without a client"),
        (Decision("assign", N_("Assign"), _assign, _assigned, N_("Assigned.")),),
        form="assign",
    ),
    AttentionKind(
        "unlinked_sale",
        N_("A sale that looks like a package"),
        (_LINK_AND_OPEN, _IGNORE_ITEM, DISMISS),
        form="unlinked",
    ),
    AttentionKind(
        "changed_sale", N_("A booked sale that was changed in Square"), (_LEAVE_COURSE, CLOSE_COURSE)
    ),
    AttentionKind("unclear_quantity", N_("A sale of a part of a package")),
    AttentionKind(
        "foreign_currency",
        N_("A sale in another currency"),
        (
            Decision(
                "open_courses",
                N_("Open the course"),
                _open_courses,
                N_("Course opened"),
                N_("The course is open."),
            ),
            DISMISS,
        ),
    ),
    AttentionKind("money_for_closed", N_("A payment for a closed course")),
    AttentionKind(
        "changed_exchange",
        N_("A paid exchange of a course that changed meanwhile"),
        (
            Decision(
                "exchange_now",
                N_("Exchange what is left now"),
                lambda work, item, _wish: exchange_now(work, item.details),
                N_("Exchanged what is left"),
                N_("The sessions that were left are exchanged."),
            ),
            DISMISS,
        ),
    ),
    AttentionKind(
        "changed_item",
        N_("An item that was changed in Square"),
        (
            Decision(
                "publish_again",
                N_("Update Square"),
                lambda work, item, _wish: enqueue(work, PUBLISH, item.details["package_id"]),
                N_("Square updated"),
                N_("The package is being updated in Square."),
            ),
            Decision(
                "take_price",
                N_("Use Square’s price"),
                _take_price,
                N_("Square’s price used"),
                N_("The package has Square’s price now."),
                look="quiet",
            ),
            DISMISS,
        ),
    ),
)
