"""What the client paid, tax included, is recorded beside the net price: part by part and over units."""

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.core.money import Money
from plugin.courses.base.work import Work
from plugin.courses.exchange.credit import credit_of
from plugin.courses.lists.outcomes import Why
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.courses.reports.books import Line
from plugin.courses.reports.follow_ups import follow_ups
from plugin.courses.reports.liability import liability
from plugin.courses.reports.period import Period
from plugin.courses.sales.sales import Came
from plugin.errors import Refused
from plugin.store.ledger import Course
from tests.courses.appointments import Appointments
from tests.courses.changes.changing import Changes
from tests.courses.desk import Desk

NET, TAX, GROSS = 165000, 33000, 198000


@pytest.fixture
def desk(lite: Appointments) -> Desk:
    return lite.desk


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def test_a_deposit_is_known_to_the_cent_though_its_net_is_rounded(desk: Desk) -> None:
    course_id, sale = desk.sell_by_invoice(deposit=50000, net=137500, tax=27500, tax_in_price=27500)
    course = desk.course(course_id)
    assert (course.paid, course.gross_paid, course.gross_price) == (usd(41666), usd(50000), usd(165000))
    assert course.due == usd(115000)
    desk.book(sale)
    course = desk.course(course_id)
    assert (course.paid, course.gross_paid, course.due) == (usd(137500), usd(165000), usd(0))


def test_what_is_due_and_what_unlocks_the_next_session_are_told_with_tax(desk: Desk) -> None:
    course_id, _ = desk.sell_by_invoice(deposit=50000, net=NET, tax=TAX)
    [one] = follow_ups(desk.store, desk.clock())
    assert [each.due for each in one.reasons if each.why is Why.PART_PAID] == [usd(148000)]
    for _ in range(3):
        desk.use(course_id)
    with pytest.raises(Refused, match=r"once \$160\.00 more"):
        desk.use(course_id)


def test_a_canceled_invoice_asks_nobody_for_money_though_it_is_not_paid(desk: Desk) -> None:
    course_id, sale = desk.sell_by_invoice(deposit=50000, net=NET, tax=TAX)
    end = desk.act()
    desk.store.transact(lambda session: end_collection(Work(session, desk.store, end), sale.square_order_id))
    assert follow_ups(desk.store, desk.clock()) == ()
    [item] = desk.questions()
    assert item.proposal == (
        "$500.00 pays for 3 of 12 sessions: keep 3 sessions, refund it, or leave the package open."
    )
    desk.answer(item.id, "keep_sessions")
    course = desk.course(course_id)
    # The price is what was paid, and so is the tax: a refund returns the deposit, no more.
    assert (course.gross_price, course.gross_paid, course.left) == (usd(50000), usd(50000), 3)
    assert refund_quote(desk.store, course_id, today=desk.today).most == usd(50000)


def test_liability_stays_net_and_adds_up_over_refunds_and_canceled_invoices(desk: Desk) -> None:
    refunded = desk.sell(desk.package(), order="O", paid=137500, tax=27500, tax_in_price=27500)
    desk.refund("O", 82500, total=165000, return_order=None)
    desk.answer(desk.questions()[0].id, "take_sessions", sessions=6)
    course_id, sale = desk.sell_by_invoice(desk.package(touch_ups=2), deposit=66000, net=NET, tax=TAX)
    end = desk.act()
    desk.store.transact(lambda session: end_collection(Work(session, desk.store, end), sale.square_order_id))
    desk.answer(desk.questions()[0].id, "keep_sessions")
    [total] = liability(desk.store, Period(desk.today, desk.today)).totals
    values = {each.line: each.value.amount for each in total.lines}
    sessions = {each.line: each.sessions for each in total.lines}
    for each in (values, sessions):
        assert 2 * each[Line.CLOSING] == sum(each.values())
    assert (values[Line.PAID], values[Line.REFUNDED]) == (137500 + 55000, -68750)
    left = [desk.course(each) for each in (refunded, course_id)]
    assert values[Line.CLOSING] == sum(each.value_left.amount for each in left)


def test_a_course_whose_tax_no_data_gives_says_so_in_its_refund(desk: Desk) -> None:
    course_id = desk.sell(desk.package(), paid=137500)
    with desk.store.writing() as session:
        course = session.get_one(Course, course_id)
        course.tax = course.tax_in_price = course.tax_paid = None
    quote = refund_quote(desk.store, course_id, today=desk.today)
    unknown = "The tax of this sale is not known here: the amounts are without tax."
    assert (quote.most, quote.values[quote.formula].working[0]) == (usd(137500), unknown)


def test_sessions_transferred_away_take_their_tax_with_them(desk: Desk) -> None:
    course_id = desk.sell(desk.package(), paid=NET, tax=TAX)
    Changes(desk).transfer(course_id, desk.client("Bea Wong"), sessions=3)
    quote = refund_quote(desk.store, course_id, today=desk.today)
    assert quote.most == usd(GROSS * 9 // 12)
    assert "$495.00 left with sessions" in " ".join(quote.working)


@pytest.mark.parametrize(
    ("tax_in_price", "credit", "goes_back"),
    [(TAX, GROSS, 5000), (0, NET, 6000)],
    ids=["in the price", "added"],
)
def test_the_credit_of_an_exchange_is_as_prices_are_listed(
    desk: Desk, tax_in_price: int, credit: int, goes_back: int
) -> None:
    course_id = desk.sell(desk.package(), paid=NET, tax=TAX, tax_in_price=tax_in_price)
    worth = credit_of(desk.store, course_id, today=desk.today)
    assert worth.amount == usd(credit)
    # What is refunded is money, with its tax.
    cheaper = usd(credit - 5000)
    assert (worth.to_pay(cheaper), worth.goes_back(cheaper)) == (usd(0), usd(goes_back))
    kept = worth.kept_for(cheaper)
    assert kept["into"] + kept["back"] == desk.course(course_id).value_left.amount


def test_what_was_transferred_bears_the_tax_of_the_sale_it_came_from(desk: Desk) -> None:
    course_id = desk.sell(desk.package(), paid=NET, tax=TAX, tax_in_price=TAX)
    moved = Changes(desk).transfer(course_id, desk.client("Bea Wong"), sessions=3).course.id
    assert credit_of(desk.store, moved, today=desk.today).amount == usd(GROSS // 4)


def test_no_more_ever_came_than_was_agreed(desk: Desk) -> None:
    """What `prorated` relies on: the price of a course is never below what was paid for it."""
    course_id, sale = desk.sell_by_invoice(deposit=50000, net=NET, tax=TAX)
    for so_far in (50000, GROSS, GROSS + 33000):
        later = sale.paid_at + timedelta(hours=1)
        desk.book(replace(sale, came=(Came(usd(so_far), later),)))
        course = desk.course(course_id)
        assert course.gross_paid <= course.gross_price


def test_small_payments_of_two_lines_never_add_up_to_more_than_was_paid(desk: Desk) -> None:
    """Found by chance: the parts of what is paid, rounded down each, once fell short of their tax by a cent."""
    package = desk.package()
    lines = [replace(desk.line(package, paid=460, uid=uid), tax=40) for uid in ("L1", "L2")]
    sale = desk.sale(*lines, total=1000)
    opened: tuple[str, ...] = ()
    for so_far in (1, 2, 3, 2):
        payments = tuple(Came(usd(each), sale.paid_at) for each in range(1, so_far + 1))
        opened += desk.book(replace(sale, came=payments)).opened
        assert sum(desk.course(each).gross_paid.amount for each in opened) <= max(so_far, 2)
    desk.book(sale)
    assert [desk.course(each).gross_paid for each in opened] == [usd(500)] * 2
