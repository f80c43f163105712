"""The worker's jobs for documents: issue what is pending, then render the file of what was issued."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work, transact
from plugin.courses.documents import enqueue, issue
from plugin.courses.documents.files import MISSING_LETTERS, ask_for_letters, document_bytes, settle_letters
from plugin.courses.documents.receipts import create_receipts
from plugin.courses.handouts.cache import Render
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.documents import Document
from plugin.wording import _


def _invoice(work: Work, square_order_id: str) -> Document | None:
    document = issue.create_invoice(work, square_order_id)
    create_receipts(work, square_order_id)
    return document


def _receipts(work: Work, square_order_id: str) -> Document | None:
    return next(reversed(create_receipts(work, square_order_id)), None)


def _correction(work: Work, square_order_id: str) -> Document | None:
    document = issue.create_correction(work, square_order_id)
    create_receipts(work, square_order_id)
    return document


_ISSUE: dict[str, Callable[[Work, str], Document | None]] = {
    enqueue.ISSUE_INVOICE: _invoice,
    enqueue.ISSUE_RECEIPTS: _receipts,
    enqueue.ISSUE_CREDIT_NOTE: issue.create_credit_note,
    enqueue.ISSUE_VOUCHER: issue.create_voucher,
    enqueue.CORRECT_INVOICE: _correction,
}


def run_document_job(store: Store, render: Render, job: Job, *, now: datetime) -> str:
    """Issue or render one document; return the outcome, in words. Idempotent."""
    actor = replace(SQUARE, name=job.payload.get("by", SQUARE.name))
    act = job.act(actor, now)
    try:
        outcome = _run(store, render, job, act)
    except Refused as refusal:
        if refusal.code == MISSING_LETTERS:
            ask_for_letters(store, act, job, refusal)
        raise
    if job.attempts > 1:
        settle_letters(store, act, job)
    return outcome


def _run(store: Store, render: Render, job: Job, act: Act) -> str:
    if job.kind == enqueue.DOCUMENT:
        document_bytes(store, render, job.subject, now=act.now)
        return _("Drawn.")
    number = transact(store, act, lambda work: _number(_ISSUE[job.kind](work, job.subject)))
    return _("{number} was issued.", number=number) if number else _("Nothing was to be issued.")


def _number(document: Document | None) -> str:
    return document.number if document is not None else ""
