"""Receipts of payments that Square recorded, by what each shows."""

from datetime import date

from invoices.papers import PrepaidBalance, Receipt
from plugin.courses.documents.client_statement import issue_prepaid_balance, read_prepaid
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


def prepaid(clinic: PaperClinic, language: str = "en") -> PrepaidBalance:
    """One course half used, and one that was a gift."""
    own = clinic.sell("Harriet Vale", language=language, email="harriet.vale@example.com")
    clinic.come(own, 5)
    given, code = clinic.sell("Ruth Abara", on=SOLD), f"{language[1:2].upper()}PREPA3FD92H"
    clinic.changes.give(given, code)
    clinic.changes.redeem(code, clinic.client_of(own))
    return prepaid_of(clinic, clinic.client_of(own))


def prepaid_of(clinic: PaperClinic, client_id: str, secret: str = "the clinic’s") -> PrepaidBalance:
    """Return the statement as of now, issued where it was not."""
    document_id = issue_prepaid_balance(clinic.store, clinic.desk.act(), client_id, secret=secret)
    return read_prepaid(clinic.store, document_id)


def whole(clinic: PaperClinic) -> Receipt:
    return clinic.receipts_of(clinic.sell(on=SOLD))[-1]
