"""The year for the tax return, and unused balances: the sums of the ledger, by either method, and nothing by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest

from invoices.pages.sums import check_year
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.changes.adjust import write_off_course
from plugin.courses.clients.contacts import Buyer
from plugin.courses.journal.keep import keep_money
from plugin.courses.journal.year import Year, year_end, year_paper, year_sheet
from plugin.courses.lists.balances import region_of
from plugin.courses.lists.listing import keep_listing
from plugin.courses.reports.books import close_books
from plugin.courses.reports.breakage import UnusedBalance, unused_balances, unused_page, unused_sheet
from plugin.courses.reports.totals import keep_totals, make_totals_again
from plugin.errors import InvalidField
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk, back


@pytest.fixture
def two_years(desk: Desk, clock: HandMovedClock) -> Desk:
    """Sell in 2025 and 2026, use in both, refund and write off in the second."""
    clock.set(datetime(2025, 11, 3, 18, tzinfo=UTC))
    old = desk.sell(tax=17325)
    lapsed = desk.sell()
    desk.use(old, sessions=2)
    clock.set(datetime(2026, 2, 3, 18, tzinfo=UTC))
    desk.use(old, sessions=3)
    refunded = desk.sell(order="BACK")
    desk.use(refunded, sessions=2)
    desk.refund("BACK", 150000, back())
    write_off_course(desk.store, desk.act(OLGA), lapsed, "Moved abroad")
    keep_money(desk.store, clock)
    return desk


def amounts(found: Year) -> dict[str, int]:
    return {kind: amount.amount for kind, amount in found.lines.items() if amount.amount}


def test_a_year_by_the_cash_and_by_the_accrual_method(two_years: Desk, clock):
    found = year_end(two_years.store, 2026, now=clock())
    assert amounts(found) == {
        "received": 198000,
        "refunded": -150000,
        "earned": 5 * 16500,
        "written_off": 198000,
        # Ten sessions left, at $165.00, of which $1,500.00 was refunded.
        "kept": 15000,
    }
    assert (found.cash_income.amount, found.accrual_income.amount) == (48000, 82500 + 198000 + 15000)
    before = year_end(two_years.store, 2025, now=clock())
    assert (before.cash_income.amount, before.accrual_income.amount) == (396000, 33000)
    assert amounts(before)["tax"] == 17325


def test_a_package_carries_over_what_is_not_used_yet(two_years: Desk, clock):
    rows = year_end(two_years.store, 2026, now=clock()).rows
    assert sum(row.carried_in.amount for row in rows) == 396000 - 33000
    assert sum(row.carried_over.amount for row in rows) == 7 * 16500
    # All of it was sold in the year before.
    assert sum(row.older.amount for row in rows) == 7 * 16500
    assert sum(row.other.amount for row in rows) == -198000
    check_year(year_paper(two_years.store, 2026, now=clock()))


def test_the_totals_say_the_same_as_all_entries(two_years: Desk, clock: HandMovedClock) -> None:
    store = two_years.store

    def years() -> list[Year]:
        return [year_end(store, year, now=clock()) for year in (2025, 2026)]

    of_entries = years()
    keep_totals(store)
    assert years() == of_entries
    two_years.undo(two_years.use(two_years.sell(), sessions=2).entry.id)
    clock.set(datetime(2026, 3, 3, 18, tzinfo=UTC))
    two_years.use(two_years.sell(buyer=Buyer("CUSTOMER-BO", name="Bo Li")), sessions=4)
    some_waiting = years()
    assert some_waiting != of_entries
    with store.writing() as session:
        make_totals_again(session)
    assert years() == some_waiting


def test_the_sheet_has_both(two_years: Desk, clock):
    found = year_end(two_years.store, 2026, now=clock())
    rows = list(year_sheet(found).rows)
    assert len(rows) == len(found.rows) + 9
    assert [rows[len(found.rows)][8], rows[len(found.rows) + 2][8]] == ["cash: received", "accrual: earned"]


def test_a_year_that_has_not_begun_is_refused(desk, clock):
    with pytest.raises(InvalidField):
        year_end(desk.store, 2027, now=clock())


def test_a_closed_year_says_so(two_years: Desk, clock):
    close_books(two_years.store, two_years.act(OLGA), date(2025, 12, 31))
    assert year_end(two_years.store, 2025, now=clock()).is_closed
    assert not year_end(two_years.store, 2026, now=clock()).is_closed


CALIFORNIA = Buyer(
    "C-1",
    name="Ana Souza",
    email="ana@example.org",
    address="1 Main St\nSanta Monica, CA 90401",
    country="US",
)


def left(desk: Desk, clock: HandMovedClock, years: int) -> list[UnusedBalance]:
    keep_listing(desk.store, clock)
    return list(unused_balances(desk.store, day_at(clock(), read_clinic(desk.store).zone), years=years))


def test_unused_balances_are_listed_by_their_last_activity_and_state(desk, clock):
    course = desk.sell(buyer=CALIFORNIA)
    desk.use(course)
    clock.advance(days=800)
    desk.sell(buyer=Buyer("C-2", name="Bea Lund"))
    (old,) = left(desk, clock, 2)
    assert (old.name, old.country, old.region) == ("Ana Souza", "US", "CA")
    assert (old.sessions, old.value) == (11, Money(181500, "USD"))
    assert left(desk, clock, 3) == []
    everyone = left(desk, clock, 0)
    assert [each.name for each in everyone] == ["Ana Souza", "Bea Lund"]
    page = unused_page(desk.store, day_at(clock(), read_clinic(desk.store).zone), years=0, limit=1)
    assert (list(page.rows), page.number) == (everyone[:1], 2)
    assert [(each.region, each.clients) for each in page.regions] == [("", 1), ("CA", 1)]
    assert len(list(unused_sheet(everyone).rows)) == 2


def test_what_is_used_up_or_written_off_is_no_balance(desk, clock):
    course = desk.sell()
    write_off_course(desk.store, desk.act(OLGA), course, "Moved abroad")
    clock.advance(seconds=timedelta(days=1100).total_seconds())
    assert left(desk, clock, 1) == []


@pytest.mark.parametrize("years", [-1, 31])
def test_years_out_of_range_are_refused(desk, years):
    with pytest.raises(InvalidField):
        unused_balances(desk.store, date(2026, 11, 22), years=years)


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("1 Main St\nSanta Monica, CA 90401", "CA"),
        ("1 King St W\nToronto, ON M5H 1A1", "ON"),
        ("2 George St\nSydney, NSW 2000", "NSW"),
        ("Lindenstr. 4\n10969 Berlin", ""),
        ("", ""),
        ("PO BOX 12\nReno", ""),
    ],
)
def test_the_state_is_read_from_the_address(address, region):
    assert region_of(address) == region


def test_on_the_29th_of_february_the_term_is_over_a_day_before(desk):
    assert unused_balances(desk.store, date(2028, 2, 29), years=1) == ()
