"""Invoices, credit notes and vouchers at the desk: one tap beside the other papers, the same bytes for ever."""

import re

import pytest

from plugin.courses.changes.gifts import NewGift, give_course
from plugin.services import Services
from tests.courses.desk import Desk, back
from tests.courses.documents.sales import PDF as DRAWN
from tests.courses.documents.sales import Papers
from tests.web.conftest import PDF
from tests.web.visitor import Visitor


@pytest.fixture
def papers(small_desk: Desk) -> Papers:
    return Papers(small_desk)


def _links(visitor: Visitor, papers: Papers, course: str) -> dict[str, str]:
    """The papers on the client's page: what each is called, and where it leads."""
    page = visitor.get(f"/clients/{papers.desk.course(course).client_id}").text
    found = re.findall(r'<a href="(/(?:documents|courses|gifts)/[^"]+\.pdf)"[^>]*><span>(.*?)</span><', page)
    return {re.sub(r"<[^>]+>", "", called): address for address, called in found}


def test_the_client_page_links_what_was_issued(small_deb: Visitor, papers: Papers) -> None:
    course = papers.sell("O")
    papers.work()
    papers.refund("O", 198000, back())
    papers.work()
    links = _links(small_deb, papers, course)
    assert {"Invoice INV-0001", "Credit note CN-0001"} <= set(links)
    answer = small_deb.get(links["Invoice INV-0001"])
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", DRAWN)
    assert answer.headers["Content-Disposition"] == 'inline; filename="Invoice INV-0001, Ana Souza.pdf"'


def test_an_invoice_nobody_has_asked_for_is_issued_by_the_tap(small_deb: Visitor, papers: Papers) -> None:
    course = papers.sell("O")
    address = _links(small_deb, papers, course)["Invoice"]
    assert address == f"/courses/{course}/invoice.pdf"
    leads_to = small_deb.get(address)
    assert leads_to.status_code == 303
    assert small_deb.get(leads_to.headers["Location"]).data == PDF
    assert [row.by for row in papers.rows()] == ["Deb Lane"]


def test_each_payment_has_its_receipt_and_one_from_before_receipts_is_issued_by_the_tap(
    small_deb: Visitor, papers: Papers
) -> None:
    course = papers.sell("O")
    small_deb.get(_links(small_deb, papers, course)["Invoice"])
    address = _links(small_deb, papers, course)["Receipt"]
    assert small_deb.get(small_deb.get(address).headers["Location"]).data == PDF
    assert "Receipt REC-0001" in _links(small_deb, papers, course)
    small_deb.get(address)
    assert [row.number for row in papers.rows("receipt")] == ["REC-0001"]


def test_the_statement_of_all_courses_is_printed_for_who_was_billed(
    small_deb: Visitor, papers: Papers
) -> None:
    course = papers.sell("O")
    client_id = papers.desk.course(course).client_id
    assert f"/clients/{client_id}/statement.pdf" not in small_deb.get(f"/clients/{client_id}").text
    assert small_deb.get(f"/clients/{client_id}/statement.pdf").status_code == 404
    small_deb.get(_links(small_deb, papers, course)["Invoice"])
    assert f"/clients/{client_id}/statement.pdf" in small_deb.get(f"/clients/{client_id}").text
    assert small_deb.get(f"/clients/{client_id}/statement.pdf").data == PDF


def test_the_prepaid_balance_is_issued_by_the_tap_once(small_deb: Visitor, papers: Papers) -> None:
    client_id = papers.desk.course(papers.sell("O")).client_id
    address = f"/clients/{client_id}/prepaid-balance.pdf"
    assert address in small_deb.get(f"/clients/{client_id}").text
    assert small_deb.get(small_deb.get(address).headers["Location"]).data == PDF
    small_deb.get(address)
    assert [row.number for row in papers.rows("prepaid_balance")] == ["PRE-0001"]


def test_an_invoice_that_square_must_tell_of_first_says_so(small_deb: Visitor, papers: Papers) -> None:
    course = papers.desk.sell(papers.package)
    answer = small_deb.get(f"/courses/{course}/invoice.pdf")
    assert answer.status_code == 409
    assert "Try again in a few seconds" in answer.text
    assert f'href="/courses/{course}/invoice.pdf' in answer.text


def test_a_gift_is_printed_from_the_client_page_and_from_its_code(small_deb: Visitor, papers: Papers) -> None:
    course = papers.sell("O")
    act = papers.desk.act()
    give_course(papers.store, act, course, NewGift("Cleo"), make_code=lambda: "ABCDEFGH2345")
    address = _links(small_deb, papers, course)["Gift voucher"]
    assert small_deb.get(small_deb.get(address).headers["Location"]).data == PDF
    assert "Gift voucher ABCD-EFGH-2345" in _links(small_deb, papers, course)
    letter = small_deb.get(_links(small_deb, papers, course)["Letter for the voucher"])
    assert (letter.data, "voucher letter" in letter.headers["Content-Disposition"]) == (PDF, True)
    form = small_deb.page("/gifts").form("/gifts")
    assert address in small_deb.send(form, code="ABCD-EFGH-2345").text


def test_what_was_never_issued_is_not_found(small_deb: Visitor, small_house: Services) -> None:
    for address in (
        "/documents/none.pdf",
        "/courses/none/invoice.pdf",
        "/gifts/none/voucher.pdf",
        "/gifts/none/letter.pdf",
    ):
        assert small_deb.get(address).status_code == 404
