"""The subscribers to a sale, a change, a visit or a refund, called in the same transaction and in this order.

The only list of them: the use cases publish an event (`plugin.courses.base.events`) and know no subscriber.
"""

from collections.abc import Mapping, Sequence

from plugin.courses.agreements.public_signing import agree_publicly
from plugin.courses.base.events import (
    CourseAssigned,
    CourseChanged,
    CourseGiven,
    CourseReassigned,
    Event,
    Refunded,
    SaleBooked,
    Subscriber,
    VisitRecorded,
    subscribe,
)
from plugin.courses.base.outbox import enqueue_papers_and_profile
from plugin.courses.documents.enqueue import (
    correct_invoice,
    issue_credit_note,
    issue_invoice,
    issue_receipts,
    issue_voucher,
)
from plugin.courses.exchange.complete import complete_exchanges
from plugin.courses.handouts.visit_email import enqueue_visit_emails
from plugin.courses.sales.checkout_outcome import settle_checkouts
from plugin.courses.sales.public_orders import settle_public_order

SUBSCRIBERS: Mapping[type[Event], Sequence[Subscriber]] = {
    # A checkout is paid before its exchange can be completed.
    SaleBooked: (
        issue_invoice,
        issue_receipts,
        settle_checkouts,
        settle_public_order,
        agree_publicly,
        complete_exchanges,
    ),
    CourseAssigned: (issue_invoice,),
    CourseReassigned: (correct_invoice,),
    CourseChanged: (enqueue_papers_and_profile,),
    CourseGiven: (issue_voucher,),
    VisitRecorded: (enqueue_visit_emails,),
    Refunded: (issue_credit_note,),
}

subscribe(SUBSCRIBERS)
