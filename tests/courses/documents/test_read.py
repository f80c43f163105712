"""Finding documents: of a course, by number or client, newest first, page by page, and as a table."""

from decimal import Decimal

import pytest

from plugin.courses.changes.gifts import NewGift, give_course
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.merge import merge_clients
from plugin.courses.documents.read import (
    document_by_number,
    document_sheet,
    documents_of_courses,
    find_documents,
    read_document,
)
from plugin.errors import InvalidField, NotFound
from tests.courses.desk import back
from tests.courses.documents.sales import Papers

BEA = Buyer("CUSTOMER-BEA", name="Bea Cruz", email="bea@example.org")


@pytest.fixture
def course(papers: Papers) -> str:
    """Ana's course, refunded; before it Bea's, given away."""
    beas = papers.sell("O1", buyer=BEA)
    give_course(papers.store, papers.desk.act(), beas, NewGift("Cleo"), make_code=lambda: "ABCDEFGH2345")
    papers.work()
    papers.desk.clock.advance(minutes=1)
    anas = papers.sell("O2")
    papers.work()
    papers.desk.clock.advance(minutes=1)
    papers.refund("O2", 198000, back())
    papers.work()
    return anas


def _numbers(papers: Papers, q: str = "", **more: str) -> list[str]:
    return [each.number for each in find_documents(papers.store, q, **more).rows]  # type: ignore[arg-type]


def test_they_are_found_by_number_name_kind_and_code(papers: Papers, course: str) -> None:
    assert _numbers(papers) == ["CN-0001", "INV-0002", "ABCDEFGH2345", "REC-0001", "INV-0001"]
    assert _numbers(papers, "souza") == ["CN-0001", "INV-0002"]
    assert _numbers(papers, "inv-0001") == ["INV-0001"]
    assert _numbers(papers, "abcd-efgh-2345") == ["ABCDEFGH2345"]
    assert _numbers(papers, "bea", kind="invoice") == ["INV-0001"]
    assert _numbers(papers, "%") == []


def test_a_course_knows_its_own(papers: Papers, course: str) -> None:
    invoice, note = documents_of_courses(papers.store, [course])[course]
    assert (invoice.number, invoice.called, invoice.money.amount) == ("INV-0002", "Invoice", 198000)
    assert (note.number, note.refers_to_number, note.total) == ("CN-0001", "INV-0002", -198000)
    assert (note.client_name, note.course_ids) == ("Ana Souza", (course,))


def test_of_two_made_one_the_documents_are_the_ones_they_are_now(papers: Papers, course: str) -> None:
    ana, bea = (find_documents(papers.store, q, kind="invoice").rows[0].client_id for q in ("souza", "bea"))
    merge_clients(papers.store, papers.desk.act(), bea, ana)
    assert _numbers(papers, "souza", kind="invoice") == ["INV-0002", "INV-0001"]
    assert {each.client_id for each in find_documents(papers.store).rows} == {ana}


def test_a_list_goes_on_where_the_page_ended(papers: Papers, course: str) -> None:
    first = find_documents(papers.store, limit=3)
    rest = find_documents(papers.store, limit=3, cursor=first.cursor)
    assert [each.number for each in (*first.rows, *rest.rows)] == _numbers(papers)
    assert rest.cursor is None
    with pytest.raises(InvalidField, match="Start at the first page"):
        find_documents(papers.store, cursor="gone")


def test_one_is_read_by_id_or_number(papers: Papers, course: str) -> None:
    note = document_by_number(papers.store, "CN-0001")
    assert read_document(papers.store, note.id) == note
    for wrong in ("CN-9", ""):
        with pytest.raises(NotFound):
            document_by_number(papers.store, wrong)


def test_the_table_holds_what_the_list_shows(papers: Papers, course: str) -> None:
    rows = [row[:6] for row in document_sheet(papers.store, "souza").rows]
    assert [(row[0], row[1], row[3], row[4], row[5]) for row in rows] == [
        ("Credit note", "CN-0001", "Ana Souza", Decimal("-1980.00"), "USD"),
        ("Invoice", "INV-0002", "Ana Souza", Decimal("1980.00"), "USD"),
    ]
