"""The phrases of invoice and credit note."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccountPhrases:
    """Plain phrases; none of these papers counts anything in words."""

    invoice: str
    credit_note: str
    title: str
    issued_on: str
    sold_on: str
    to_invoice: str

    billed_to: str
    billed_by: str
    tax_id: str

    paid_in_full: str
    paid_in_full_on: str
    still_to_pay: str
    still_to_pay_by: str
    part_paid: str
    nothing_paid: str
    nothing_to_pay: str
    given_back: str
    given_back_on: str
    credited: str
    part_given_back: str
    reason: str

    bought: str
    taken_back: str
    description: str
    quantity: str
    unit_price: str
    discount: str
    tax: str
    amount: str

    subtotal: str
    tax_of: str
    tax_included: str
    tip: str
    service_charge: str
    total: str
    total_credited: str
    paid: str
    balance_due: str
    balance_due_by: str
    overpaid: str

    payments: str
    returned: str
    date: str
    how: str
    by_card: str
    by_cash: str
    by_gift_card: str
    by_bank: str
    by_wallet: str
    by_other: str

    reference: str
    electronic: str
    payable_now: str
    untaxed: str
