"""How a credit note explains its refund, for refunds made in Square POS as well."""

from collections.abc import Iterator
from datetime import date

import pytest

from invoices.papers import CreditNote, RefundWorking
from plugin.courses.audit import audit
from plugin.store import Store
from tests.papers.clinic import SINGLE, PaperClinic

BACK_ON = date(2026, 11, 10)


@pytest.fixture
def clinic(lite_store: Store) -> Iterator[PaperClinic]:
    yield PaperClinic(lite_store)
    assert audit(lite_store) == ()


def ten(clinic: PaperClinic, *, price: int = 10 * SINGLE, visits: int = 2) -> str:
    package = clinic.package("Facial acupuncture, course of 10", *clinic.contents(10), price=price)
    course_id = clinic.sell(package_id=package, price=price)
    clinic.come(course_id, visits)
    clinic.invoice_of(course_id)
    return course_id


def note_of(clinic: PaperClinic, course_id: str, amount: int) -> CreditNote:
    clinic.refund(course_id, amount, on=BACK_ON)
    return clinic.credit_note_of(course_id)


def working_of(note: CreditNote) -> RefundWorking:
    (working,) = note.workings
    return working


@pytest.mark.parametrize(
    ("amount", "formula"),
    [
        (140000 * 8 // 10, "prorated"),
        (140000 - 2 * SINGLE, "discount_forfeited"),
        (100000, ""),
    ],
)
def test_a_refund_at_the_till_names_the_formula_that_gives_its_amount(
    clinic: PaperClinic, amount: int, formula: str
) -> None:
    """Row 8 of the papers' findings: an amount that a person chose has none."""
    working = working_of(note_of(clinic, ten(clinic, price=140000), amount))
    assert (working.formula, working.paid.amount) == (formula, 140000)
    assert [(each.used, each.removed) for each in working.sessions] == [(2, 8)]


def test_a_part_of_a_line_that_the_return_names_has_its_credit_note(clinic: PaperClinic) -> None:
    """Row 8: less than the price of the one unit returned was refused, and retried for ever."""
    note = note_of(clinic, ten(clinic), 8 * SINGLE)
    (line,) = note.lines
    assert (line.is_part, line.total.amount, note.total.amount) == (True, -132000, -132000)


def test_a_line_that_comes_back_as_a_whole_keeps_its_price_of_one(clinic: PaperClinic) -> None:
    note = note_of(clinic, ten(clinic, visits=0), 10 * SINGLE)
    (line,) = note.lines
    assert (line.is_part, line.unit_price.amount, line.quantity) == (False, -165000, "1")
