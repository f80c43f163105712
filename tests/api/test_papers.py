"""The calls that print a course's papers."""

import pytest
from sqlalchemy import select

from plugin.store.documents import Document
from tests.api.caller import Caller, refusal
from tests.api.world import Shop


@pytest.mark.parametrize("paper", ["summary", "aftercare"])
def test_it_prints_the_papers_of_a_course(desk: Caller, shop: Shop, paper: str) -> None:
    course_id = shop.course()
    desk.post(f"/courses/{course_id}/redemptions", {}, key="k")
    answer = desk.get(f"/courses/{course_id}/{paper}.pdf", language="en")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].endswith('.pdf"')
    assert answer.get_data().startswith(b"%PDF-")
    assert desk.get(f"/courses/{course_id}/{paper}.pdf").get_data() == answer.get_data()


def test_it_prints_the_aftercare_sheet_of_the_visit_asked_for(desk: Caller, shop: Shop) -> None:
    course_id = shop.course()
    desk.post(f"/courses/{course_id}/redemptions", {}, key="k")
    path = f"/courses/{course_id}/aftercare.pdf"
    assert refusal(desk.get(path, visit_id="another")) == (404, "not_found", None)


def test_there_is_no_aftercare_before_the_first_visit(desk: Caller, shop: Shop) -> None:
    answer = desk.get(f"/courses/{shop.course()}/aftercare.pdf")
    assert refusal(answer)[0] == 409


def test_it_prints_the_invoice_in_the_language_it_was_issued_in(desk: Caller, shop: Shop) -> None:
    path = f"/courses/{shop.course()}/invoice.pdf"
    first = desk.get(path)
    assert (first.status_code, first.mimetype) == (200, "application/pdf")
    assert desk.get(path, language="es").get_data() == first.get_data()
    with shop.services.store.reading() as session:
        assert session.execute(select(Document.number, Document.language)).all() == [("INV-0001", "en")]


def test_an_invoice_that_square_must_tell_of_first_is_not_ready(small_desk: Caller, small_shop: Shop) -> None:
    course_id = small_shop.sell(small_shop.package(), is_recorded=False)
    answer = small_desk.get(f"/courses/{course_id}/invoice.pdf")
    assert refusal(answer) == (409, "invoice_not_ready", None)
    assert "a few seconds" in answer.get_json()["error"]["message"]


def test_it_refuses_what_is_no_language(small_desk: Caller, small_shop: Shop) -> None:
    course_id = small_shop.course()
    for paper in ("summary", "aftercare", "invoice"):
        for language in ("", "e", "english please", "../../etc", "x" * 17, "\x00", "é"):
            answer = small_desk.get(f"/courses/{course_id}/{paper}.pdf", language=language)
            assert refusal(answer) == (422, "invalid_field", "language"), (paper, language)


def test_a_paper_in_a_language_nobody_wrote_comes_all_the_same(small_desk: Caller, small_shop: Shop) -> None:
    assert small_desk.get(f"/courses/{small_shop.course()}/summary.pdf", language="tlh").status_code == 200


def test_it_prints_the_statement_of_account_as_it_stands(desk: Caller, shop: Shop) -> None:
    """Row 2 of the papers' findings."""
    answer = desk.get(f"/courses/{shop.course()}/statement.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.get_data().startswith(b"%PDF-")


def test_the_statement_of_a_client_is_read_and_printed(desk: Caller, shop: Shop) -> None:
    course = shop.course()
    client = desk.get(f"/courses/{course}").json["client_id"]
    assert refusal(desk.get(f"/clients/{client}/statement")) == (404, "not_found", None)
    desk.get(f"/courses/{course}/invoice.pdf")
    statement = desk.get(f"/clients/{client}/statement").json
    assert [each["what"] for each in statement["lines"]] == ["invoice", "payment"]
    assert (statement["balance_due"]["amount"], statement["pay_pages"]) == (0, [])
    assert desk.get(f"/clients/{client}/statement.pdf").mimetype == "application/pdf"


def test_the_prepaid_balance_of_a_client_is_read_and_printed(desk: Caller, shop: Shop) -> None:
    client = desk.get(f"/courses/{shop.course()}").json["client_id"]
    read = desk.get(f"/clients/{client}/prepaid-balance").json
    assert (read["number"], read["total"]) == ("PRE-0001", read["courses"][0]["value"])
    assert desk.get(f"/clients/{client}/prepaid-balance").json == read
    assert desk.get(f"/clients/{client}/prepaid-balance.pdf").mimetype == "application/pdf"


def test_the_receipts_of_a_sale_are_listed_and_printed(desk: Caller, shop: Shop) -> None:
    course = shop.course()
    [receipt] = desk.get(f"/courses/{course}/receipts").json["receipts"]
    assert (receipt["part"], receipt["balance_due"]["amount"]) == ("all", 0)
    answer = desk.get(f"/receipts/{receipt['id']}/receipt.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert desk.get(f"/courses/{course}/receipts").json["receipts"] == [receipt]
    assert refusal(desk.get("/receipts/nothing/receipt.pdf")) == (404, "not_found", None)


@pytest.mark.parametrize(
    "paper", ["receipts", "summary.pdf", "aftercare.pdf", "invoice.pdf", "statement.pdf"]
)
def test_nobodys_course_has_no_papers(desk: Caller, shop: Shop, paper: str) -> None:
    assert refusal(desk.get(f"/courses/{shop.course(to=None)}/{paper}")) == (409, "unassigned", None)
    assert refusal(desk.get(f"/courses/nowhere/{paper}")) == (404, "not_found", None)


def test_it_prints_in_large_type_as_asked_and_as_the_client_prefers(
    small_desk: Caller, small_shop: Shop
) -> None:
    path = f"/courses/{small_shop.course()}/summary.pdf"
    usual = small_desk.get(path).get_data()
    assert small_desk.get(path, large_print="true").get_data() != usual
    assert small_desk.get(path, large_print="false").get_data() == usual
    assert refusal(small_desk.get(path, large_print="huge")) == (422, "invalid_field", "large_print")
