"""What we owe Square, brought about by the worker: one errand for each kind of effect in the outbox.

An errand asks Square with keys made of its subject, so that a lost answer and a second try do one thing.
"""

from __future__ import annotations

from plugin.courses.base.outbox import PROFILE
from plugin.courses.catalog.links import LOOK_AT_ITEM, PUBLISH
from plugin.courses.clients.client_profile import CUSTOMER
from plugin.courses.documents.enqueue import RECORD_SALE
from plugin.courses.privacy.erasure import COMPACT, LEAVE_PROFILE
from plugin.courses.refunds.desk_refunds import REFUND
from plugin.courses.sales.checkout_email import LETTER
from plugin.courses.sales.checkouts import CHECKOUT
from plugin.courses.sales.linking import LOOK_AT_SALE
from plugin.square import desk_refunds
from plugin.square.backfill_sale import record_sale
from plugin.square.catalog import publish_owed
from plugin.square.catalog_changes import look_at_item
from plugin.square.checkout.email import give_up_letter, mail_checkout
from plugin.square.checkout.job import give_up_checkout, run_checkout
from plugin.square.connection.refresh import REFRESH, refresh
from plugin.square.customers import write_customer
from plugin.square.erasure_jobs import compact, leave_profile
from plugin.square.job import JobHandler, RunAgain
from plugin.square.profiles import write_profile
from plugin.square.unlinked_sales import look_at_sale

__all__ = ["JOBS", "JobHandler", "RunAgain"]

JOBS: dict[str, JobHandler] = {
    CHECKOUT: JobHandler(run_checkout, give_up_checkout),
    LETTER: JobHandler(mail_checkout, give_up_letter),
    CUSTOMER: JobHandler(write_customer),
    PUBLISH: JobHandler(publish_owed),
    LOOK_AT_ITEM: JobHandler(look_at_item),
    LOOK_AT_SALE: JobHandler(look_at_sale),
    PROFILE: JobHandler(write_profile),
    REFUND: JobHandler(desk_refunds.run, desk_refunds.give_up),
    RECORD_SALE: JobHandler(record_sale),
    REFRESH: JobHandler(refresh),
    LEAVE_PROFILE: JobHandler(leave_profile),
    COMPACT: JobHandler(compact),
}
