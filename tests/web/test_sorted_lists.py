"""Lists of documents, packages and backups: sorted by the address, paged and exported in the same order."""

import csv
import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from plugin.courses.clients.contacts import Buyer
from plugin.web.desk import documents
from tests.courses.desk import Desk
from tests.courses.documents.sales import Papers
from tests.web.visitor import Visitor

NUMBER = re.compile(r'<span class="row-main"><bdi>([\w-]+)</bdi>')
NEXT = re.compile(r'href="([^"]+)" rel="next"')


def _shown(visitor: Visitor, address: str) -> list[str]:
    """Return the numbers of every page from this address on."""
    shown, pages = [], 0
    following = [address]
    while following and pages < 9:
        text = visitor.get(following[0]).text
        shown += NUMBER.findall(text)
        following = [each.replace("&amp;", "&") for each in NEXT.findall(text)]
        pages += 1
    return shown


def _column(visitor: Visitor, address: str, heading: str) -> list[str]:
    return [row[heading] for row in csv.DictReader(io.StringIO(visitor.get(address).text.lstrip("\ufeff")))]


def test_documents_are_sorted_over_all_pages_and_in_the_file(
    small_olga: Visitor, small_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = Papers(small_desk)
    for order in "ABCDE":
        papers.sell(order)
        papers.work()
        small_desk.clock.advance(minutes=1)
    monkeypatch.setattr(documents, "SHOWN", 2)
    numbers = [f"INV-{n:04}" for n in range(1, 6)]
    for sort, expected in (("-issued", numbers), ("issued", numbers[::-1]), ("number", numbers)):
        query = f"?kind=invoice&sort={sort}"
        assert _shown(small_olga, f"/documents{query}") == expected, sort
        assert _column(small_olga, f"/documents.csv{query}", "Number") == expected, sort
    assert sorted(_shown(small_olga, "/documents?kind=invoice&sort=total")) == numbers
    for sort, expected in (("client", numbers), ("-client", numbers[::-1])):
        assert _shown(small_olga, f"/documents?kind=invoice&sort={sort}") == expected
    first = small_olga.get("/documents?kind=invoice&sort=number&q=INV").text
    (following,) = (parse_qs(urlsplit(each.replace("&amp;", "&")).query) for each in NEXT.findall(first))
    assert (following["sort"], following["kind"], following["q"]) == (["number"], ["invoice"], ["INV"])
    cursor = following["after"][0]
    for wrong in (f"sort=total&after={cursor}", "after=gone", f"after={'x' * 9000}"):
        assert small_olga.get(f"/documents?{wrong}").status_code == 422, wrong[:40]


def test_documents_are_listed_by_client(
    small_olga: Visitor, small_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = Papers(small_desk)
    for name in ("Mei", "Ana", "Zoe"):
        papers.sell(name, buyer=Buyer(f"CUSTOMER-{name}", name=name))
    papers.work()
    monkeypatch.setattr(documents, "SHOWN", 1)
    names = _column(small_olga, "/documents.csv?kind=invoice&sort=client", "Client")
    assert names == ["Ana", "Mei", "Zoe"]
    by_number = dict(
        zip(_column(small_olga, "/documents.csv?kind=invoice&sort=client", "Number"), names, strict=True)
    )
    for sort, expected in (("client", names), ("-client", names[::-1])):
        shown = _shown(small_olga, f"/documents?kind=invoice&sort={sort}")
        assert [by_number[each] for each in shown] == expected


def test_packages_are_searched_sorted_and_saved_as_a_file(small_olga: Visitor, small_desk: Desk) -> None:
    small_desk.package(name="Zen course", sessions=6)
    small_desk.package(name="Aurora course", sessions=12)

    def names(query: str) -> list[str]:
        return re.findall(r"<h2>(\w+) course</h2>", small_olga.get(f"/packages?{query}").text)

    assert names("sort=name") == ["Aurora", "Zen"]
    assert names("sort=-name") == ["Zen", "Aurora"]
    assert names("sort=price") == ["Aurora", "Zen"]
    assert names("q=zen") == ["Zen"]
    assert "No package fits that" in small_olga.page("/packages?q=nothing").text
    assert _column(small_olga, "/packages.csv?sort=-price&q=course", "Package") == [
        "Zen course",
        "Aurora course",
    ]
    assert small_olga.get("/packages.exe").status_code == 404


def test_the_sums_of_tips_are_sorted_and_saved_as_a_file(small_olga: Visitor) -> None:
    assert small_olga.get("/tips?sort=-amount").status_code == 200
    made = small_olga.get("/tips/by-month.csv?sort=-amount").text.lstrip("\ufeff")
    assert made.startswith("Month,Practitioner,Tips,Amount,Currency")
