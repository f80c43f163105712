"""The calls about receipts: those of a course's sale, and printing one."""

from __future__ import annotations

from datetime import date
from typing import Literal

from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.on_demand import receipts_of_course
from plugin.courses.documents.read import read_document
from plugin.errors import NotFound
from plugin.web.api.answers import Answer, Id, Moment, Money, example_id, shown, usd
from plugin.web.api.calls import THE_DESK, Reply, Request, call
from plugin.wording import _


class Receipt(Answer):
    """The receipt of one payment, as it was issued."""

    id: Id = shown(example_id(8))
    number: str = shown("REC-0001", at="paper.number")
    issued_at: Moment = shown("2026-11-28T18:00:00Z")
    paid_at: Moment = shown("2026-11-28T18:00:00Z", at="paper.paid_at")
    amount: Money = shown(usd(99000), "Its tip included.", at="paper.payment.amount")
    part: Literal["all", "deposit", "balance", "part"] = shown(
        "deposit", "`all` paid the sale whole; `part` is another part of it.", at="paper.part"
    )
    how: Literal["card", "cash", "gift_card", "bank", "wallet", "other"] = shown(
        "card", at="paper.payment.how"
    )
    label: str = shown("Visa", "Such as the brand of the card; never a number.", at="paper.payment.label")
    invoice_number: str = shown("INV-0010", at="paper.invoice_number")
    total: Money = shown(usd(198000), "That of the invoice.", at="paper.total")
    balance_due: Money = shown(usd(99000), "What was left to pay after it.", at="paper.balance_due")
    due_on: date | None = shown("2026-12-28", at="paper.due_on")
    square_receipt_url: str = shown(
        "https://squareup.com/receipt/preview/x",
        "Square's own receipt; empty where unknown.",
        at="paper.receipt_url",
    )
    replaces: str = shown("", "The number of one made out to the wrong person.", at="paper.replaces")
    content_sha256: str = shown("9f2c…", "Of the content, which never changes.")


class Receipts(Answer):
    """The receipts of the sale of a course, in the order they were issued."""

    receipts: list[Receipt]


@call("GET", "/courses/{course_id}/receipts", Receipts, roles=THE_DESK, refusals=(409,))
def list_receipts(request: Request, course_id: str) -> Reply:
    """List the receipts of a course's sale; those of payments before receipts were issued are issued now."""
    receipts = receipts_of_course(request.store, request.act, course_id)
    return Reply(Receipts.of({"receipts": receipts}))


@call("GET", "/receipts/{receipt_id}/receipt.pdf", None, roles=THE_DESK, refusals=(409,))
def print_receipt(request: Request, receipt_id: str) -> Reply:
    """Print a receipt, always the same bytes."""
    services = request.services
    if read_document(services.store, receipt_id).kind != "receipt":
        raise NotFound(_("There is no such document."))
    pdf = document_bytes(services.store, services.render, receipt_id, now=request.act.now)
    return Reply(pdf=pdf, filename="receipt.pdf")
