"""Receipts of payments that Square recorded, by what each shows."""

from __future__ import annotations

from datetime import date

from invoices.papers import Receipt
from tests.papers.clinic import PaperClinic

SOLD, PAID, DUE = date(2026, 11, 28), date(2026, 12, 20), date(2026, 12, 28)


def deposit(clinic: PaperClinic, language: str = "en") -> Receipt:
    """The deposit of a course, half of it due a month later."""
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD, language=language)
    return clinic.receipts_of(course_id)[-1]


def balance(clinic: PaperClinic) -> Receipt:
    """The second of two payments, with Square's own receipt."""
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    clinic.receipts_of(course_id)
    clinic.pay_the_rest(course_id, on=PAID)
    return clinic.receipts_of(course_id)[-1]


def whole(clinic: PaperClinic) -> Receipt:
    return clinic.receipts_of(clinic.sell(on=SOLD))[-1]
