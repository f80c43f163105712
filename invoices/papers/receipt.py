"""The receipt of one payment for a sale, as it was when it was paid."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from invoices.papers.account import Party, PaymentLine
from invoices.papers.shared import Clinic, Money

# A payment that leaves nothing due and followed none; the first of several on their own days; the last; another.
ReceiptPart = Literal["all", "deposit", "balance", "part"]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """`balance_due` = `total` less `paid_before` and the payment: what was left to pay after it.

    `total` is that of the invoice; `about` names what was bought. `paid_at` is aware and is shown in the clinic's time
    zone. `receipt_url`: Square's own receipt, "" where it gave none. `replaces`: the number of a receipt of the same
    payment that was made out to the wrong person.
    """

    clinic: Clinic
    number: str
    issued_on: date
    billed_to: Party
    about: str
    payment: PaymentLine
    paid_at: datetime
    part: ReceiptPart
    invoice_number: str
    invoice_issued_on: date
    total: Money
    paid_before: Money
    balance_due: Money
    language: str = "en"
    due_on: date | None = None
    reference: str = ""
    receipt_url: str = ""
    replaces: str = ""
