"""What we owe Square, brought about by the worker: one errand for each kind of effect in the outbox.

An errand asks Square with keys made of its subject, so that a lost answer and a second try do one thing.
"""

from __future__ import annotations

from plugin.courses.documents.owed import RECORD_SALE
from plugin.courses.people.client_profile import CUSTOMER
from plugin.courses.people.erasure import COMPACT, LEAVE_PROFILE
from plugin.courses.queues.outbox import PROFILE
from plugin.courses.refunds.desk_refunds import REFUND
from plugin.courses.selling.checkout_letter import LETTER
from plugin.courses.selling.checkouts import CHECKOUT
from plugin.courses.selling.linking import LOOK_AT_SALE
from plugin.courses.selling.listings import LOOK_AT_ITEM, PUBLISH
from plugin.square import desk_refunds
from plugin.square.catalog import publish_owed
from plugin.square.catalog_changes import look_at_item
from plugin.square.checkout.errand import give_up_checkout, run_checkout
from plugin.square.checkout.mail import give_up_letter, mail_checkout
from plugin.square.connection.refresh import REFRESH, refresh
from plugin.square.customers import write_customer
from plugin.square.errand import Errand, Later
from plugin.square.leaving import compact, leave_profile
from plugin.square.profiles import write_profile
from plugin.square.recorded_sales import record_sale
from plugin.square.unlinked_sales import look_at_sale

__all__ = ["ERRANDS", "Errand", "Later"]

ERRANDS: dict[str, Errand] = {
    CHECKOUT: Errand(run_checkout, give_up_checkout),
    LETTER: Errand(mail_checkout, give_up_letter),
    CUSTOMER: Errand(write_customer),
    PUBLISH: Errand(publish_owed),
    LOOK_AT_ITEM: Errand(look_at_item),
    LOOK_AT_SALE: Errand(look_at_sale),
    PROFILE: Errand(write_profile),
    REFUND: Errand(desk_refunds.run, desk_refunds.give_up),
    RECORD_SALE: Errand(record_sale),
    REFRESH: Errand(refresh),
    LEAVE_PROFILE: Errand(leave_profile),
    COMPACT: Errand(compact),
}
