"""The owner's reports on screen: figures to the cent, files of the same, and words where there is nothing yet."""

import csv
import io
import re
from datetime import UTC, date, datetime

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.clients.contacts import Buyer
from plugin.courses.lists.listing import keep_listing
from plugin.web.reports import by_month
from plugin.web.reports.people import SHOWN
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.page import Page
from tests.web.visitor import Visitor

PAGES = ["/overview", "/reports/liability", "/reports/usage", "/reports/pay", "/people"]


@pytest.mark.parametrize("address", PAGES)
def test_an_empty_clinic_is_told_what_to_do_next(small_olga: Visitor, small_desk: Desk, address: str):
    page = small_olga.page(address)
    assert "Balance after Nov 30" in page.text or 'class="empty"' in page.html


def test_the_overview_shows_the_year_and_what_is_owed(small_olga: Visitor, small_desk: Desk):
    small_desk.use(small_desk.sell())
    page = small_olga.page("/overview")
    assert "Deferred revenue (unused sessions) $1,815.00 11 sessions left" in page.text
    assert "November 2026 12 $1,980.00 1 $165.00" in page.text
    assert "Facial acupuncture, course of 12 11 $1,815.00" in page.text
    # The list behind it begins with the largest.
    assert any(link.startswith("/courses?package=") and link.endswith("&sort=value") for link in page.links())
    drawn = [each.attributes["class"] for each in page.elements if each.tag == "rect"]
    assert {"col-sold", "col-used", "length"} <= set(drawn)
    assert any(each.tag == "svg" and each.attributes.get("role") == "img" for each in page.elements)


def test_money_owed_is_rolled_forward_for_the_chosen_days(small_olga: Visitor, small_desk: Desk):
    small_desk.use(small_desk.sell())
    page = small_olga.page("/reports/liability?from=2026-11-22&to=2026-11-22")
    assert "Balance before Nov 22 0 $0.00" in page.text
    assert "Used -1 -$165.00" in page.text
    assert "Balance after Nov 22 11 $1,815.00" in page.text
    assert "Close the books" not in page.text


def test_sessions_by_the_thousand_are_written_as_amounts_are(small_olga: Visitor, small_desk: Desk):
    package = small_desk.package(sessions=50)
    for _ in range(21):
        small_desk.sell(package)
    page = small_olga.page("/reports/liability")
    assert "Balance after Nov 30 1,050 $" in page.text
    behind = small_olga.page(next(link for link in page.links() if "line=closing" in link))
    assert "Balance after Nov 30" in behind.text
    assert "Sessions 1,050" in behind.text


def test_the_entries_behind_a_figure_are_sorted_on_the_page_and_in_the_file(
    small_olga: Visitor, small_desk: Desk
):
    for name in ("B", "A"):
        small_desk.sell(small_desk.package(name=name))
    asked = "from=2026-11-01&to=2026-11-30&line=sold&currency=USD"
    page = small_olga.page(f"/reports/entries?{asked}")
    by_package = next(link for link in page.links() if link.endswith("sort=package"))
    page = small_olga.page(by_package)
    (saved,) = [link for link in page.links() if ".csv" in link]
    rows = list(csv.DictReader(io.StringIO(small_olga.get(saved).get_data(as_text=True).lstrip("\ufeff"))))
    assert [row["Package"] for row in rows] == ["A", "B"]
    assert re.findall(r"Sold ([AB]) ", page.text) == ["A", "B"]


def test_closing_the_books_says_so_and_keeps_the_days(
    small_olga: Visitor, small_desk: Desk, clock: HandMovedClock
):
    small_desk.sell()
    clock.set(datetime(2026, 12, 2, 18, tzinfo=UTC))
    small_olga.sign_in_again()
    days = "?from=2026-11-01&to=2026-11-30"
    form = small_olga.page(f"/reports/liability{days}").form("/reports/books")
    page = small_olga.after(form)
    assert "The books are closed through Nov 30, 2026." in page.text
    assert "the figures above stay as they are" in page.text
    refused = small_olga.send(form, through="2027-01-01")
    assert refused.status_code == 422
    assert "Only days that are over can be closed." in refused.text


@pytest.mark.parametrize(
    "address",
    [
        "/reports/usage?by=",
        "/reports/usage.csv?by=",
        "/reports/entries?line=",
        "/reports/entries?late=",
        "/reports/planned?by=",
        "/reports/activity?what=",
        "/reports/activity?source=",
        "/reports/activity.csv?what=",
        "/overview?by=",
        "/overview/courses?outcome=completed,",
        "/overview/courses?again=",
        "/overview/courses?visits=",
        "/people?why=",
        "/people.csv?why=",
        "/documents?kind=",
        "/documents.csv?kind=",
        "/clinic/events?state=",
    ],
)
def test_an_unknown_filter_is_refused_and_does_not_show_everything(small_olga: Visitor, address: str) -> None:
    answer = small_olga.get(f"{address}nonsense")
    assert answer.status_code == 422
    assert "“nonsense” is not among the choices." in Page(answer.text).text


@pytest.mark.parametrize(
    ("address", "field", "typed", "says"),
    [
        ("/reports/liability", "to", "2026-10-01", "The last day is before the first day."),
        ("/reports/usage", "to", "soon", "Through: enter a date such as 2026-11-30."),
        ("/reports/pay", "rate", "a lot", "The share is a percentage such as 40 or 42.5."),
        ("/reports/pay", "rate", "101", "The share is 0 to 100 percent."),
        ("/reports/pay", "rate", "12.345", "The share has two decimals at most."),
    ],
)
def test_a_refused_question_comes_back_filled_in(
    small_olga: Visitor, small_desk: Desk, address: str, field: str, typed: str, says: str
):
    asked = {"from": "2026-11-05", "to": "2026-11-06", field: typed}
    answer = small_olga.get(address, query_string=asked)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert says in page.text
    kept = page.form(address).fields
    assert {name: kept[name] for name in asked} == asked


def test_used_can_be_told_four_ways_and_sorted(small_olga: Visitor, small_desk: Desk):
    small_desk.use(small_desk.sell())
    for by, name in (
        ("package", "Facial acupuncture, course of 12"),
        ("treatment", "Facial acupuncture, 60 min"),
        ("practitioner", "Unassigned"),
        ("month", "November 2026"),
    ):
        page = small_olga.page(f"/reports/usage?by={by}&sort=value")
        assert f"{name} 1 $165.00 $165.00 All 1 $165.00 $165.00" in page.text
        assert 'aria-sort="descending"' in page.html


def test_pay_is_reckoned_and_its_sessions_can_be_looked_at(small_olga: Visitor, small_desk: Desk):
    small_desk.use(small_desk.sell())
    page = small_olga.page("/reports/pay?basis=session&rate=55")
    assert "$55.00 a session" in page.text
    assert "Unassigned 1 $165.00 none" in page.text
    assert page.html.count('<tr class="none">') == 1
    sessions = small_olga.page("/reports/pay/none?basis=list&rate=42.5%25")
    assert "Nov 22 Ana Souza Facial acupuncture, 60 min 1 $165.00 $165.00" in sessions.text
    assert small_olga.get("/reports/pay/unknown").status_code == 404


def test_the_desk_finds_the_people_to_call(small_as, small_desk: Desk):
    small = small_desk.package(sessions=2)
    for name, phone in (("Ana Souza", "+14155550123"), ("Inês Reis", "")):
        small_desk.sell(small, paid=33000, buyer=Buyer(f"C-{name}", name=name, phone=phone or None))
    deb = small_as(Role.DESK)
    page = deb.page("/people")
    assert "2 of 2 left" in page.text
    assert "tel:+14155550123" in page.links()
    assert "Overview" not in page.text
    found = deb.page("/people?q=ines&sort=name")
    assert ("Inês Reis" in found.text, "Ana Souza" in found.text) == (True, False)
    assert "No matches" in deb.page("/people?q=nobody&why=low").text


def test_of_more_people_than_anybody_calls_the_page_shows_the_first_and_the_file_all(
    small_as, small_desk: Desk
):
    small = small_desk.package(sessions=2)
    for number in range(SHOWN + 1):
        small_desk.sell(small, paid=33000, buyer=Buyer(f"C-{number}", name=f"Ana {number}"))
    keep_listing(small_desk.store, small_desk.clock)
    deb = small_as(Role.DESK)
    page = deb.page("/people")
    assert page.html.count('<li id="call-') == SHOWN
    (more,) = [link for link in page.links() if "skip=" in link]
    assert "Next page" in page.text
    assert deb.page(more).html.count('<li id="call-') == 1
    for skip in ("-1", "x", "9" * 40):
        assert deb.page(f"/people?skip={skip}").html.count('<li id="call-') == SHOWN
    assert len(deb.get("/people.csv").text.splitlines()) == SHOWN + 2


@pytest.mark.parametrize(
    "address",
    [
        "/reports/liability",
        "/reports/usage",
        "/reports/pay",
        "/reports/pay/none/sessions",
        "/people",
        "/exports/courses",
        "/exports/entries",
    ],
)
def test_every_list_can_be_saved(small_olga: Visitor, small_desk: Desk, address: str):
    small_desk.use(small_desk.sell(buyer=Buyer("C-1", name='=HYPERLINK("http://x")', phone="+14155550123")))
    saved = small_olga.get(f"{address}.csv")
    assert saved.mimetype == "text/csv"
    assert "attachment" in saved.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(saved.data.decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]
    book = small_olga.get(f"{address}.xlsx")
    assert book.data.startswith(b"PK")
    assert small_olga.get(f"{address}.pdf").status_code == 404


def test_the_overview_counts_the_people_to_call(small_olga: Visitor, small_desk: Desk):
    course = small_desk.sell(small_desk.package(sessions=2))
    small_desk.use(course)
    assert "Follow-ups 1 person to call" in small_olga.page("/overview").text
    assert "Few left 1 of 2 left" in small_olga.page("/people").text
    small_desk.clock.advance(hours=30)
    small_desk.use(course)
    small_olga.sign_in_again()
    assert "None left All 2 used" in small_olga.page("/people").text


def test_expired_courses_are_shown_page_by_page(small_olga: Visitor, small_desk: Desk, monkeypatch):
    monkeypatch.setattr(by_month, "EXPIRED_SHOWN", 2)
    package = small_desk.package(terms=Terms(expires_on=date(2026, 11, 23)))
    courses = [small_desk.sell(package) for _ in range(3)]
    small_desk.clock.advance(days=5)
    small_olga.sign_in_again()
    first = small_olga.page("/reports/liability")
    (more,) = [link for link in first.links() if "after=" in link]
    assert f"after={courses[1]}" in more
    assert "First page" in small_olga.page(more).text
    assert small_olga.get("/reports/liability?after=made-up").status_code == 404


def test_the_overview_leads_from_its_figures_to_what_is_behind_them(small_olga: Visitor, small_desk: Desk):
    small_desk.use(small_desk.sell())
    page = small_olga.page("/overview?month=2026-11")
    assert "November 2026 compared" in page.text
    assert "its days so far stand beside whole months" in page.text
    figures = {link for link in page.links() if link.startswith(("/reports/entries", "/overview/courses"))}
    assert len(figures) >= 4
    for link in figures:
        assert small_olga.get(link).status_code == 200
    sold = next(link for link in figures if "line=sold" in link)
    assert "2 entries" in small_olga.page(sold).text or "1 entry" in small_olga.page(sold).text
    for month, says in (
        ("2027-01", "That month has not started yet."),
        ("x", "A month is written such as 2026-11."),
    ):
        answer = small_olga.get(f"/overview?month={month}")
        assert (answer.status_code, says in answer.text) == (422, True)


def test_until_the_totals_are_made_the_overview_says_so(
    small_olga: Visitor, small_desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    small_desk.sell()
    monkeypatch.setattr("plugin.courses.reports.totals.MOST_UNTOTALLED", 0)
    page = small_olga.page("/overview")
    assert "The sums of all entries are being calculated" in page.text
    assert "How courses go" in page.text
