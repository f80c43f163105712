"""Documents of courses that changed hands: the giver's invoice is never a tap away on the recipient's page."""

import re
from datetime import date

import pytest

from tests.papers.clinic import PaperClinic
from tests.web.conftest import PDF
from tests.web.visitor import Visitor


@pytest.fixture
def clinic(small_desk: object) -> PaperClinic:
    return PaperClinic(small_desk.store)  # type: ignore[attr-defined]


def links(visitor: Visitor, client_id: str) -> dict[str, str]:
    page = visitor.get(f"/clients/{client_id}").text
    found = re.findall(r'<a href="(/(?:documents|courses|gifts)/[^"]+\.pdf)"[^>]*><span>(.*?)</span><', page)
    return {re.sub(r"<[^>]+>", "", called): address for address, called in found}


def money_papers(visitor: Visitor, client_id: str) -> set[str]:
    return {each for each in links(visitor, client_id) if re.match("Invoice|Credit|Statement", each)}


def sold(clinic: PaperClinic, *, is_issued: bool = True) -> tuple[str, str]:
    course_id = clinic.sell("Harriet Vale", on=date(2026, 11, 20))
    if is_issued:
        clinic.invoice_of(course_id)
    return course_id, clinic.client_of(course_id)


@pytest.mark.parametrize("is_issued", [True, False], ids=["issued", "not issued"])
def test_a_gifts_recipient_has_no_paper_that_tells_its_price(
    small_deb: Visitor, clinic: PaperClinic, is_issued: bool
) -> None:
    """Row 3 of the papers' findings."""
    course_id, giver = sold(clinic, is_issued=is_issued)
    clinic.give(course_id, to="Ruth Abara")
    recipient = clinic.client_of(course_id)
    assert recipient != giver
    assert money_papers(small_deb, recipient) == set()
    assert {"Course summary"} <= set(links(small_deb, recipient))


def test_the_giver_finds_the_papers_of_what_they_gave_away(small_deb: Visitor, clinic: PaperClinic) -> None:
    """Row 3."""
    course_id, giver = sold(clinic)
    number = clinic.invoice_of(course_id).number
    clinic.give(course_id, to="Ruth Abara")
    found = links(small_deb, giver)
    assert {f"Invoice {number}", f"Statement of account {number}"} <= set(found)
    assert small_deb.get(found[f"Statement of account {number}"]).data == PDF


def test_sessions_that_were_passed_on_bring_no_invoice_along(small_deb: Visitor, clinic: PaperClinic) -> None:
    """Row 3."""
    course_id, giver = sold(clinic)
    number = clinic.invoice_of(course_id).number
    other = clinic.desk.client("Nora Vale")
    clinic.changes.transfer(course_id, other)
    assert money_papers(small_deb, other) == set()
    assert money_papers(small_deb, giver) == {f"Invoice {number}", "Statement of account"}


def test_whoever_shares_a_course_has_no_paper_of_its_price(small_deb: Visitor, clinic: PaperClinic) -> None:
    """Row 3."""
    course_id, _ = sold(clinic)
    guest = clinic.desk.client("Nora Vale")
    clinic.changes.share(course_id, guest)
    assert money_papers(small_deb, guest) == set()


def test_the_statement_is_one_tap_from_the_client_page_and_from_the_list(
    small_deb: Visitor, clinic: PaperClinic
) -> None:
    """Row 2."""
    course_id, client_id = sold(clinic)
    address = links(small_deb, client_id)["Statement of account"]
    assert address == f"/courses/{course_id}/statement.pdf"
    answer = small_deb.get(address)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", PDF)
    saved_as = answer.headers["Content-Disposition"]
    assert re.search(r'filename="Harriet Vale, statement of account, \d{4}-\d\d-\d\d\.pdf"', saved_as)
    assert f'href="{address}"' in small_deb.get("/documents").text
    assert small_deb.get("/courses/none/statement.pdf").status_code == 404
