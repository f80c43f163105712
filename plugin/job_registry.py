"""Every kind of outbox job, declared once. To add one: add it here, and `enqueue` it where it is caused.

A job that calls Square uses keys made of its subject, so that a lost answer and a retry have one effect.
"""

from plugin.alarms.notices import ALARM_MAIL, ALARM_WEBHOOK, mail_notice, post_notice
from plugin.backups.standing import BACKUP, BACKUP_LEASE_S, BACKUPS, run_backup_job
from plugin.core.acts import COURSEKEEPER
from plugin.courses.accounts.staff import ALERT
from plugin.courses.accounts.staff_edits import EMAIL_CODE, FORGOTTEN, LINK
from plugin.courses.agreements.signing import AGREEMENT_LINK
from plugin.courses.base.outbox import PAPERS, PROFILE, Job
from plugin.courses.catalog.links import LOOK_AT_ITEM, PUBLISH
from plugin.courses.clients.profile_notes import CUSTOMER
from plugin.courses.clients.wallet_passes import APPLE, GOOGLE, UPDATE, WITHDRAW, enqueue_updates
from plugin.courses.documents import files
from plugin.courses.documents.issuing import run_document_job
from plugin.courses.documents.paper_emails import PAPER_MAIL
from plugin.courses.documents.statement import FIND_PAY_ADDRESS
from plugin.courses.handouts.batch_run import BATCH_LEASE_S, Printer, fail_batch, run_batch
from plugin.courses.handouts.batches import BATCH
from plugin.courses.handouts.cache import fill_cache
from plugin.courses.handouts.visit_email import VISIT_MAIL
from plugin.courses.imports.batches import CHECK, IMPORT
from plugin.courses.imports.run import IMPORT_LEASE_S, fail_import, run_import
from plugin.courses.letters.sending import CLIENT_LETTER
from plugin.courses.lists.bulk import BULK, BULK_LEASE_S, fail_bulk, run_bulk
from plugin.courses.privacy.erasure import COMPACT, LEAVE_PROFILE
from plugin.courses.refunds.desk_refunds import REFUND
from plugin.courses.sales.checkouts import CHECKOUT, CHECKOUT_EMAIL
from plugin.courses.sales.linking import LOOK_AT_SALE
from plugin.courses.sales.public_orders import PUBLIC_ORDER
from plugin.courses.sales.tips import TIP
from plugin.courses.visits.plan_bookings import PLANNED_BOOKING
from plugin.emails.client_letter import give_up_letter as give_up_client_letter
from plugin.emails.client_letter import mail_letter
from plugin.emails.paper_email import give_up_paper_mail, mail_agreement_link, mail_paper
from plugin.emails.staff_mail import give_up_link, mail_alert, mail_email_code, mail_forgotten, mail_link
from plugin.emails.visit_email import give_up_visit_mail, mail_visit
from plugin.jobs import JobKind
from plugin.services import Services
from plugin.square.catalog import look_at_item, publish_again
from plugin.square.checkout.job import give_up_checkout, run_checkout
from plugin.square.checkout.link import (
    give_up_letter,
    give_up_public_link,
    give_up_tip,
    mail_checkout,
    make_public_link,
    run_tip,
)
from plugin.square.connection.tokens import REFRESH, refresh
from plugin.square.customers import write_customer
from plugin.square.pay_address import find_pay_address
from plugin.square.planned_bookings import give_up_planned_booking, run_planned_booking
from plugin.square.profiles import compact, leave_profile, write_profile
from plugin.square.refunds import give_up_refund, run_refund
from plugin.square.sales import look_at_sale, record_sale
from plugin.square.sync.requested import SWEEP, SYNC_LEASE_S, requested_sync
from plugin.wallet.jobs import update_apple, update_google, withdraw_google
from plugin.wording import N_


def _fill_cache(services: Services, job: Job) -> str:
    public_url, now = services.settings.public_url, services.clock()
    # Here, and not where the course changes: a use has no statement for what few clients have.
    enqueue_updates(services.store, job.act(COURSEKEEPER, now), job.subject)
    made = fill_cache(services.store, services.render, job.subject, now=now, public_url=public_url)
    return f"{made} papers made ready."


def _document(services: Services, job: Job) -> str:
    return run_document_job(services.store, services.render, job, now=services.clock())


def _import(services: Services, job: Job) -> str:
    return run_import(services.store, services.clock, job)


def _fail_import(services: Services, job: Job, _sentence: str) -> None:
    fail_import(services.store, job)


def _batch(services: Services, job: Job) -> str | None:
    printer = Printer(services.store, services.render, services.settings.public_url)
    return run_batch(printer, services.clock, job)


def _fail_batch(services: Services, job: Job, _sentence: str) -> None:
    fail_batch(services.store, job, services.clock())


def _bulk(services: Services, job: Job) -> str | None:
    return run_bulk(services.store, services.clock, job, has_mail=services.mail.is_ready)


def _fail_bulk(services: Services, job: Job, _sentence: str) -> None:
    fail_bulk(services.store, job, services.clock())


def _documents_kind(kind: str, title: str) -> JobKind:
    # An invoice is retried until it is issued, such as once the clinic has its address: never given up.
    return JobKind(kind, title, _document, loop="documents", most_tries=None, is_refusable=False)


def _import_kind(kind: str, title: str) -> JobKind:
    return JobKind(
        kind,
        title,
        _import,
        _fail_import,
        loop="imports",
        lease_s=IMPORT_LEASE_S,
        most_tries=4,
        is_refusable=False,
    )


_BATCH = JobKind(
    BATCH,
    N_("Papers for many clients"),
    _batch,
    _fail_batch,
    loop="batches",
    lease_s=BATCH_LEASE_S,
    most_tries=3,
    is_refusable=False,
)

_BULK = JobKind(
    BULK,
    N_("A change of many courses"),
    _bulk,
    _fail_bulk,
    loop="imports",
    lease_s=BULK_LEASE_S,
    most_tries=4,
    is_refusable=False,
)

JOBS: dict[str, JobKind] = {
    each.kind: each
    for each in (
        JobKind(CHECKOUT, N_("A sale begun at the desk"), run_checkout, give_up_checkout),
        JobKind(ALARM_MAIL, N_("An alarm by e-mail"), mail_notice),
        JobKind(ALARM_WEBHOOK, N_("An alarm to the webhook"), post_notice, most_tries=14),
        JobKind(CHECKOUT_EMAIL, N_("An e-mail with a payment link"), mail_checkout, give_up_letter),
        JobKind(AGREEMENT_LINK, N_("An e-mail with an agreement to sign"), mail_agreement_link),
        JobKind(CUSTOMER, N_("A client to add or change in Square"), write_customer),
        JobKind(PUBLISH, N_("A package to publish in Square"), publish_again),
        JobKind(LOOK_AT_ITEM, N_("An item to compare with Square"), look_at_item),
        JobKind(LOOK_AT_SALE, N_("A sale to look at in Square"), look_at_sale),
        JobKind(PROFILE, N_("A balance on a Square profile"), write_profile),
        JobKind(REFUND, N_("A refund begun at the desk"), run_refund, give_up_refund),
        JobKind(FIND_PAY_ADDRESS, N_("Where a balance is paid"), find_pay_address),
        JobKind(files.RECORD_SALE, N_("A sale to be invoiced"), record_sale),
        JobKind(REFRESH, N_("Renewing the permission"), refresh),
        JobKind(LEAVE_PROFILE, N_("A Square profile of an erased client"), leave_profile),
        JobKind(COMPACT, N_("Removing erased data from the database file"), compact),
        JobKind(VISIT_MAIL, N_("An e-mail after a visit"), mail_visit, give_up_visit_mail),
        JobKind(PUBLIC_ORDER, N_("A payment link of the public page"), make_public_link, give_up_public_link),
        JobKind(
            PLANNED_BOOKING,
            N_("An appointment of a planned visit"),
            run_planned_booking,
            give_up_planned_booking,
        ),
        JobKind(TIP, N_("A tip by payment link"), run_tip, give_up_tip),
        JobKind(CLIENT_LETTER, N_("A letter to a client"), mail_letter, give_up_client_letter),
        JobKind(PAPER_MAIL, N_("A paper by e-mail"), mail_paper, give_up_paper_mail),
        JobKind(UPDATE[GOOGLE], N_("A pass in Google Wallet"), update_google),
        JobKind(UPDATE[APPLE], N_("A pass in Apple Wallet"), update_apple),
        JobKind(WITHDRAW, N_("A pass to withdraw from Google Wallet"), withdraw_google),
        JobKind(LINK, N_("A link to set a password"), mail_link, give_up_link),
        JobKind(FORGOTTEN, N_("A link for a forgotten password"), mail_forgotten),
        JobKind(ALERT, N_("An alert about staff access"), mail_alert),
        JobKind(EMAIL_CODE, N_("A code for a new e-mail address"), mail_email_code),
        JobKind(PAPERS, N_("Papers to draw"), _fill_cache, loop="papers", most_tries=8, is_refusable=False),
        _documents_kind(files.ISSUE_INVOICE, N_("An invoice to issue")),
        _documents_kind(files.ISSUE_RECEIPTS, N_("Receipts to issue")),
        _documents_kind(files.ISSUE_CREDIT_NOTE, N_("A credit note to issue")),
        _documents_kind(files.ISSUE_VOUCHER, N_("A gift voucher to issue")),
        _documents_kind(files.CORRECT_INVOICE, N_("An invoice to correct")),
        _documents_kind(files.DOCUMENT, N_("An issued paper to draw")),
        _import_kind(CHECK, N_("An import file to check")),
        _import_kind(IMPORT, N_("An import file to write")),
        _BATCH,
        _BULK,
        JobKind(SWEEP, N_("Syncing with Square"), requested_sync, loop="sync", lease_s=SYNC_LEASE_S),
        JobKind(
            BACKUP, N_("A backup to make"), run_backup_job, loop=BACKUPS, lease_s=BACKUP_LEASE_S, most_tries=3
        ),
    )
}


def kinds_of(loop: str) -> tuple[str, ...]:
    """Return the kinds of jobs that a loop of the worker runs."""
    return tuple(each.kind for each in JOBS.values() if each.loop == loop)
