"""Attention items about sales, exchanges and the Square items they are sold by."""

from sqlalchemy import select

from invoices.papers.wire import from_plain
from plugin.courses.attention.kind import DISMISS, AttentionKind, Decision, Resolution, one_course
from plugin.courses.attention.refunds import CLOSE_COURSE
from plugin.courses.base.chain import add_history
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.catalog.links import PUBLISH, take_from_square_in
from plugin.courses.exchange.complete import exchange_now
from plugin.courses.sales.assign import assign, ownerless_in, settle_unassigned_in
from plugin.courses.sales.book import book_sale
from plugin.courses.sales.linking import ignore_item_in, link_and_open
from plugin.courses.sales.sales import Sale
from plugin.errors import InvalidField
from plugin.store.tables import Attention, Client, Course
from plugin.wording import N_, _


def _assign(work: Work, item: Attention, wish: Resolution) -> bool:
    if wish.client_id is None:
        raise InvalidField(_("Say whose sale it was."), field="client_id")
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


def _ignore_item(work: Work, item: Attention, _wish: Resolution) -> None:
    ignore_item_in(work.session, work.act, item)


def _leave_as_booked(work: Work, item: Attention, wish: Resolution) -> None:
    text = _("Left as it was booked; its sale was changed in Square")
    add_history(work, one_course(item, wish), "kept", text, reason=wish.reason)


def _open_courses(work: Work, item: Attention, _wish: Resolution) -> None:
    # A person has confirmed the payment in another currency.
    book_sale(work, from_plain(Sale, item.details["sale"]), accept_currency=True)


def _exchange_now(work: Work, item: Attention, _wish: Resolution) -> None:
    exchange_now(work, item.details)


def _publish_again(work: Work, item: Attention, _wish: Resolution) -> None:
    enqueue(work, PUBLISH, item.details["package_id"])


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
    _ignore_item,
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
                _exchange_now,
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
                _publish_again,
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
