"""The accountant in March: two months as double entry, a correction after closing, and the year on one sheet."""

from datetime import UTC, date, datetime

from plugin.courses.changes.gifts import NewGift, give_course, redeem_gift
from plugin.courses.journal.accounts import Role
from plugin.courses.journal.keep import keep_money
from plugin.courses.journal.month import Journal, JournalFormat, journal, journal_file
from plugin.courses.journal.year import year_end
from plugin.courses.reports.books import Line, close_books
from plugin.courses.reports.liability import liability
from plugin.courses.reports.period import Period, month_of
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk, back

NOVEMBER, DECEMBER = month_of(date(2026, 11, 1)), month_of(date(2026, 12, 1))


def booked(desk: Desk, month: Period) -> Journal:
    keep_money(desk.store, desk.clock)
    return journal(desk.store, month)


def balance(book: Journal, role: Role) -> int:
    """Return what the month added to an account, debits above zero, in cents."""
    lines = [line for entry in book.entries for line in entry.lines]
    return sum(line.net.amount for line in lines if line.account.role is role)


def test_the_accountant_in_march(desk: Desk, clock: HandMovedClock) -> None:
    # November: Ana buys twelve sessions for $1,980.00 and tax, and comes twice.
    clock.set(datetime(2026, 11, 3, 18, tzinfo=UTC))
    ana = desk.sell(order="ANA", tax=17325)
    desk.use(ana)
    second = desk.use(ana)
    # Bea buys the same and gives it to Ruth.
    bea = desk.sell(order="BEA")
    give_course(desk.store, desk.act(), bea, NewGift("Ruth Bell"), make_code=lambda: "7KQMX3FD92HT")
    november = booked(desk, NOVEMBER)
    assert balance(november, Role.CLEARING) == 198000 + 17325 + 198000
    assert balance(november, Role.SALES_TAX) == -17325
    assert balance(november, Role.EARNED) == -33000
    assert balance(november, Role.DEFERRED) == -165000
    assert balance(november, Role.GIFT_VOUCHERS) == -198000
    # What is owed is what the owner's own report says.
    owed = liability(desk.store, NOVEMBER).total("USD").line(Line.CLOSING).value.amount
    assert owed == 165000 + 198000

    # December: the owner closes November and sends it to the accountant.
    clock.set(datetime(2026, 12, 2, 18, tzinfo=UTC))
    close_books(desk.store, desk.act(OLGA), NOVEMBER.last)
    sent = journal_file(november, JournalFormat.XERO).to_bytes()
    # The second visit was never Ana's: it is undone. Ruth redeems. Ana's rest is refunded, $100.00 less than its value.
    desk.undo(second.entry.id)
    redeem_gift(desk.store, desk.act(), "7KQMX3FD92HT", desk.client("Ruth Bell"))
    desk.refund("ANA", 171500, back(), total=198000 + 17325)
    december = booked(desk, DECEMBER)
    assert balance(december, Role.EARNED) == 16500
    assert balance(december, Role.GIFT_VOUCHERS) == 198000
    assert balance(december, Role.DEFERRED) == -16500 - 198000 + 181500
    # The tax in the money refunded is given back with it.
    assert balance(december, Role.SALES_TAX) == 13799
    assert balance(december, Role.REFUND_DIFFERENCE) == -181500 + 171500 - 13799
    # November reads as it was sent.
    assert journal_file(booked(desk, NOVEMBER), JournalFormat.XERO).to_bytes() == sent

    # March: the year by either method, and what the clinic still owes: Ruth's twelve sessions.
    clock.set(datetime(2027, 3, 15, 18, tzinfo=UTC))
    year = year_end(desk.store, 2026, now=clock())
    assert year.cash_income.amount == 2 * 198000 - (171500 - 13799)
    assert year.accrual_income.amount == 16500 + 181500 - (171500 - 13799)
    assert sum(row.carried_over.amount for row in year.rows) == 198000
    assert year.cash_income.amount - year.accrual_income.amount == 198000
