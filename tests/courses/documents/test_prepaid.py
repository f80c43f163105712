"""The statement of prepaid balance: what is unused, its value, and a code only the clinic can make."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from invoices.pages.fit import fit
from invoices.papers import Money, PaperRefused
from plugin.core.terms import RefundFormula, Terms
from plugin.courses.audit import audit
from plugin.courses.documents.client_statement import check_code
from plugin.store import Store
from tests.papers.clinic import SINGLE, PaperClinic
from tests.papers.receipts import DUE, SOLD, prepaid, prepaid_of


@pytest.fixture
def clinic(lite_store: Store) -> Iterator[PaperClinic]:
    yield PaperClinic(lite_store)
    assert audit(lite_store) == ()


def test_it_says_what_is_unused_and_its_value_and_of_a_gift_no_price(clinic: PaperClinic) -> None:
    paper = prepaid(clinic)
    # Touch-ups are priced as visits: nine of fourteen.
    assert [(each.sessions[0].unused, each.sessions[0].granted, each.value) for each in paper.courses] == [
        (7, 12, Money(127286, "USD")),
        (12, 12, None),
    ]
    assert paper.total.amount == 127286
    assert (paper.number, paper.billed_to.name) == ("PRE-0001", "Harriet Vale")
    assert fit(paper)


def test_the_value_is_by_the_formula_of_the_package(clinic: PaperClinic) -> None:
    terms = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED)
    package = clinic.package("Dear single visits", *clinic.contents(12), price=150000, terms=terms)
    course_id = clinic.sell(package_id=package, price=150000)
    clinic.come(course_id, 5)
    paper = prepaid_of(clinic, clinic.client_of(course_id))
    assert paper.total.amount == 150000 - 5 * SINGLE


def test_of_a_part_paid_course_only_what_was_paid_counts(clinic: PaperClinic) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    assert prepaid_of(clinic, clinic.client_of(course_id)).total.amount == 99000


def test_asked_for_again_it_is_the_same_and_after_a_visit_another(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    client_id = clinic.client_of(course_id)
    first = prepaid_of(clinic, client_id)
    assert prepaid_of(clinic, client_id) == first
    clinic.come(course_id, 1, first=date(2026, 10, 1))
    assert prepaid_of(clinic, client_id).number == "PRE-0002"


def test_its_code_is_the_clinics_and_of_this_content_alone(clinic: PaperClinic) -> None:
    paper = prepaid_of(clinic, clinic.client_of(clinic.sell()), "the clinic’s")
    assert check_code(paper, "the clinic’s") == paper.check_code
    assert check_code(paper, "a guess") != paper.check_code
    assert check_code(replace(paper, total=Money(1, "USD")), "the clinic’s") != paper.check_code


def test_nothing_unused_is_said_as_well(clinic: PaperClinic) -> None:
    paper = prepaid_of(clinic, clinic.desk.client("Bea Cruz"))
    assert (paper.courses, paper.total.amount) == ((), 0)
    assert fit(paper)
    with pytest.raises(PaperRefused, match="does not add up"):
        fit(replace(paper, total=Money(1, "USD")))
