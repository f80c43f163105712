"""The subscribers to a sale, a change, a visit or a refund, called in the same transaction and in this order.

The only list of them: the use cases publish an event (`plugin.courses.base.events`) and know no subscriber.
"""

from collections.abc import Mapping, Sequence

from plugin.courses.agreements.public_signing import agree_publicly
from plugin.courses.base import events
from plugin.courses.base.outbox import enqueue_papers_and_profile
from plugin.courses.documents import files
from plugin.courses.exchange.complete import complete_exchanges
from plugin.courses.handouts.visit_email import enqueue_visit_emails
from plugin.courses.sales.checkout_views import settle_checkouts
from plugin.courses.sales.public_orders import settle_public_order
from plugin.courses.visits.plan_bookings import cancel_plan_of_frozen

SUBSCRIBERS: Mapping[type[events.Event], Sequence[events.Subscriber]] = {
    # A checkout is paid before its exchange can be completed.
    events.SaleBooked: (
        files.issue_invoice,
        files.issue_receipts,
        settle_checkouts,
        settle_public_order,
        agree_publicly,
        complete_exchanges,
    ),
    events.CourseAssigned: (files.issue_invoice,),
    events.CourseReassigned: (files.correct_invoice,),
    events.CourseChanged: (enqueue_papers_and_profile,),
    events.CourseFrozen: (cancel_plan_of_frozen,),
    events.CourseGiven: (files.issue_voucher,),
    events.VisitRecorded: (enqueue_visit_emails,),
    events.Refunded: (files.issue_credit_note,),
}

events.subscribe(SUBSCRIBERS)
