"""A sale refunded in Square after sessions of it were transferred: a person decides about those.

The money is returned to the payer, but another client owns the sessions now. None are removed automatically.
"""

from collections.abc import Sequence

from sqlalchemy import select

from plugin.courses.base.attention import open_item
from plugin.courses.base.words import clinic_money
from plugin.courses.base.work import Work
from plugin.courses.refunds.status import GONE
from plugin.courses.sales.sales import Refund
from plugin.store.changes import CourseOrigin
from plugin.store.ledger import Course
from plugin.store.people import Client
from plugin.wording import _

KIND = "refund_after_transfer"


def ask_about_transferred(work: Work, refund: Refund, course_ids: Sequence[str]) -> None:
    """Open an item about the sessions that were transferred out of a sale refunded now."""
    is_tip_alone = 0 < refund.amount.amount == refund.tip
    if refund.status in GONE or is_tip_alone:
        return
    rows = work.session.execute(
        select(Course.id, Client.name)
        .join(CourseOrigin, CourseOrigin.course_id == Course.id)
        .join(Client, Client.id == Course.client_id)
        .where(CourseOrigin.origin_id.in_(course_ids), Course.closed_as.is_(None))
        .order_by(Course.id)
    ).all()
    if not rows:
        return
    amount = clinic_money(work.session, refund.amount)
    names = ", ".join(dict.fromkeys(name for _other, name in rows))
    open_item(
        work,
        kind=KIND,
        dedupe=f"{KIND}:{refund.square_refund_id}",
        summary=_(
            "{amount} of a sale was refunded, sessions of which were transferred to {names}.",
            amount=amount,
            names=names,
        ),
        details={
            "course_ids": [course_id for course_id, _other in rows],
            "proposal": _(
                "They are still there. Write them off on that client's page if they are not to be used."
            ),
        },
        square_order_id=refund.square_order_id,
        square_refund_id=refund.square_refund_id,
    )
