"""The phrases of invoice and credit note."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words.phrases.plural import Plural


@dataclass(frozen=True, kw_only=True)
class AccountPhrases:
    """Plain phrases, and plurals keyed by the language's own categories."""

    invoice: str
    credit_note: str
    title: str
    issued_on: str
    sold_on: str
    to_invoice: str

    billed_to: str
    credited_to: str
    billed_by: str
    tax_id: str
    vat_id: str

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
    unit_price_before_tax: str
    discount: str
    tax: str
    amount: str
    amount_before_tax: str
    with_tax: str
    each_with_tax: str
    less: str
    sessions_unused: Plural
    worked_out: str
    left_with_it: str

    subtotal: str
    subtotal_before_tax: str
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
    prepayment: str

    statement: str
    as_of: str
    activity: str
    entry: str
    payment: str
    canceled: str
    refund: str
    billed: str
    balance: str
    nothing_due: str
    nothing_due_since: str
    in_your_favor: str
    not_frozen: str
