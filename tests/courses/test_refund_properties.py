"""What must be true of every refund, whatever was sold: taxes in the price or added to it, discounts, tips, several
courses on a ticket, payment in parts, sessions used, either formula."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin.core.acts import SQUARE
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.core.terms import RefundFormula
from plugin.courses.audit import audit
from plugin.courses.base.views import AttentionView, CourseView
from plugin.courses.refunds.desk_refunds import RefundQuote, refund_quote
from plugin.courses.refunds.refund import refund_sale
from plugin.courses.sales.sales import Came, Refund, Sale
from plugin.errors import CoursekeeperError, Refused
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.thorough import examples

SESSIONS = 6
ALIKE = settings(
    max_examples=examples(15, 40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Ticket:
    """What is rung up: by line the units, net, tax, and how much of the tax the listed price contains."""

    lines: tuple[tuple[int, int, int, int], ...]
    tip: int
    retail: int
    # How much of the total is paid at once, each in thousandths of it; all of it in one where there are none.
    parts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(net + tax for _, net, tax, _ in self.lines) + self.tip + self.retail

    @property
    def sums(self) -> list[int]:
        """Return what is paid after each payment; the last is never all of it, unless there is one alone."""
        return [self.total * each // 1000 for each in accumulate(self.parts)]


@st.composite
def tickets(draw: st.DrawFn, *, is_whole: bool = False, alone: bool = False) -> Ticket:
    lines = []
    for _ in range(draw(st.integers(1, 1 if alone else 2))):
        net = draw(st.integers(SESSIONS, 200_000) | st.sampled_from([137500, 165000, 148500]))
        tax = draw(st.sampled_from([0, net // 5, net * 8875 // 100_000]))
        lines.append((1 if alone else draw(st.integers(1, 2)), net, tax, draw(st.sampled_from([0, tax]))))
    parts = () if is_whole else tuple(draw(st.lists(st.integers(1, 300), max_size=3)))
    beside = (0, 0) if alone else (draw(st.sampled_from([0, 1, 33000])), draw(st.sampled_from([0, 5400])))
    return Ticket(tuple(lines), *beside, parts)


class Till(Desk):
    """Rings up tickets, one order each, and refunds of them."""

    package_id = ""
    order = ""

    def ring_up(self, ticket: Ticket) -> list[str]:
        return list(self.book(paid_in_parts(self.sale_of(ticket), ticket.sums)).opened)

    def sale_of(self, ticket: Ticket) -> Sale:
        """Return the ticket as a sale on an order of its own, all of it paid."""
        self.order = f"O-{next(self._numbers)}"
        lines = [
            replace(
                self.line(self.package_id, paid=net, quantity=units, uid=f"L{at}"),
                tax=tax,
                tax_in_price=in_price,
            )
            for at, (units, net, tax, in_price) in enumerate(ticket.lines)
        ]
        return self.sale(*lines, order=self.order, total=ticket.total)

    def quote(self, course_id: str) -> RefundQuote | None:
        try:
            return refund_quote(self.store, course_id, today=self.today)
        except Refused as refused:
            if refused.code != "nothing_to_refund":
                raise
            return None

    def give_back(
        self, amount: int, total: int, number: int = 0, *, status: str = "COMPLETED", **tip: Any
    ) -> str:
        """Refund an amount in Square POS; the same number again reports the same refund."""
        refund_id, money = f"R-{self.order}-{number}", Money(amount, "USD")
        whole, now = Money(total, "USD"), self.clock()
        back = Refund(refund_id, self.order, None, money, whole, status, now, "", **tip)
        return refund_sale(self.store, self.act(SQUARE), back)

    def asked(self) -> AttentionView | None:
        return next((item for item in self.questions() if item.square_order_id == self.order), None)

    def taken_out(self, course_id: str) -> int:
        """Return the net value that valid refunds took out of the ledger."""
        entries = self.course(course_id).entries
        return -sum(
            each.value_delta.amount
            for each in entries
            if each.kind is Kind.REFUNDED and each.reversed_by is None
        )


@pytest.fixture(scope="module")
def till(module_store: Store) -> Iterator[Till]:
    opened = Till(module_store, HandMovedClock())
    opened.package_id = opened.package(sessions=SESSIONS)
    yield opened
    assert audit(module_store) == ()


def paid_in_parts(sale: Sale, sums: list[int]) -> Sale:
    return replace(sale, came=tuple(Came(Money(each, "USD"), sale.paid_at) for each in sums))


def use_up_to(till: Till, course_id: str, sessions: int) -> None:
    for _ in range(sessions):
        try:
            till.use(course_id)
        except CoursekeeperError:
            return


def sums(quote: RefundQuote) -> tuple[int, int]:
    prorated, forfeited = (quote.values[each].amount.amount for each in RefundFormula)
    return prorated, forfeited


@ALIKE
@given(ticket=tickets(), used=st.integers(0, SESSIONS))
def test_what_may_be_refunded_is_what_was_paid_and_never_more(till: Till, ticket: Ticket, used: int) -> None:
    courses = till.ring_up(ticket)
    use_up_to(till, courses[0], used)
    paid = ticket.sums[-1] if ticket.parts else ticket.total
    views = [till.course(each) for each in courses]
    assert sum(each.gross_paid.amount for each in views) <= paid
    for view in views:
        assert 0 <= view.gross_paid.amount <= view.gross_price.amount
        assert view.is_part_paid == (view.gross_paid < view.gross_price)
        quote = till.quote(view.id)
        if quote is not None:
            assert quote.most == view.gross_paid
            assert all(0 <= each <= quote.most.amount for each in sums(quote))
            if not view.used:
                assert sums(quote) == (quote.most.amount,) * 2
    if not ticket.parts:
        for_courses = ticket.total - ticket.tip - ticket.retail
        assert sum(each.gross_paid.amount for each in views) == for_courses
    if len(ticket.lines) == 1 and not ticket.tip and not ticket.retail:
        assert sum(each.gross_paid.amount for each in views) == paid


@ALIKE
@given(ticket=tickets(is_whole=True, alone=True), kept=st.integers(1, SESSIONS - 1))
def test_an_amount_at_the_till_is_the_sessions_whose_prorated_quote_it_is(
    till: Till, ticket: Ticket, kept: int
) -> None:
    """For every k of n: the amount quoted for k unused sessions proposes to remove just k."""
    [used_course] = till.ring_up(ticket)
    use_up_to(till, used_course, kept)
    quote = till.quote(used_course)
    amount = sums(quote)[0] if quote is not None else 0
    [course_id] = till.ring_up(ticket)
    till.give_back(amount, ticket.total)
    item = till.asked()
    assert item is not None
    assert (item.proposed_decision, item.proposed_sessions) == ("take_sessions", SESSIONS - kept)
    before = till.course(course_id)
    till.answer(item.id, "take_sessions", sessions=SESSIONS - kept)
    after = till.course(course_id)
    assert till.taken_out(course_id) == before.charge.net_of(amount)
    assert (after.left, after.value_left.amount) == (kept, before.paid.amount - before.charge.net_of(amount))
    rest = till.quote(course_id)
    assert rest is None or sums(rest) == (ticket.total - amount,) * 2
    # The refund failed after all: everything is as it was, to the cent.
    till.give_back(amount, ticket.total, status="FAILED")
    restored = till.course(course_id)
    assert (restored.left, restored.value_left) == (before.left, before.value_left)
    assert sums_of(till, course_id) == (ticket.total,) * 2


def taxes(courses: list[CourseView]) -> list[int]:
    """Return the tax paid so far for each course."""
    return [course.gross_paid.amount - course.paid.amount for course in courses]


def sums_of(till: Till, course_id: str) -> tuple[int, int] | None:
    quote = till.quote(course_id)
    return sums(quote) if quote is not None else None


@ALIKE
@given(
    ticket=tickets(is_whole=True, alone=True),
    shares=st.lists(st.integers(1, 400), min_size=1, max_size=4),
    sessions=st.integers(0, 2),
)
def test_refunds_bit_by_bit_give_back_and_keep_together_what_was_paid(
    till: Till, ticket: Ticket, shares: list[int], sessions: int
) -> None:
    [course_id] = till.ring_up(ticket)
    given_back = 0
    for place, share in enumerate(shares):
        amount = ticket.total * share // 1000 + place
        if amount == 0 or given_back + amount >= ticket.total:
            break
        till.give_back(amount, ticket.total, place)
        given_back += amount
        item = till.asked()
        assert item is not None
        left = till.course(course_id).left
        said: dict[str, Any] = {"sessions": min(sessions, left)} if sessions and left else {}
        till.answer(item.id, "take_sessions" if said else "keep_sessions", **said)
        quote = till.quote(course_id)
        kept = quote.most.amount if quote is not None else 0
        assert given_back + kept == ticket.total
    course = till.course(course_id)
    assert till.taken_out(course_id) + course.value_left.amount == course.paid.amount
    assert till.taken_out(course_id) <= course.paid.amount


@ALIKE
@given(ticket=tickets(is_whole=True, alone=True), tip=st.integers(1, 50_000), named=st.booleans())
def test_a_tip_given_back_moves_no_session_and_no_cent_of_a_course(
    till: Till, ticket: Ticket, tip: int, named: bool
) -> None:
    ticket = replace(ticket, tip=tip)
    [course_id] = till.ring_up(ticket)
    before = till.course(course_id)
    till.give_back(tip, ticket.total, tip=tip if named else 0, order_tip=tip)
    item = till.asked()
    assert (item is None) == named
    if item is not None:
        assert item.proposed_decision == "tip_only"
        till.answer(item.id, "tip_only")
    after = till.course(course_id)
    assert (after.entries, after.left) == (before.entries, before.left)
    assert sums_of(till, course_id) == (before.gross_paid.amount,) * 2
    # The rest of the sale closes it: all that was paid is refunded.
    till.give_back(ticket.total - tip, ticket.total, 1, order_tip=tip)
    assert till.course(course_id).status is Status.REFUNDED


@ALIKE
@given(ticket=tickets())
def test_payments_told_one_by_one_or_together_make_the_same_tax(till: Till, ticket: Ticket) -> None:
    together = [till.course(each) for each in till.ring_up(ticket)]
    sale, opened = till.sale_of(ticket), list[str]()
    for many in range(1, len(ticket.sums) + 1):
        opened += till.book(paid_in_parts(sale, ticket.sums[:many])).opened
    one_by_one = [till.course(each) for each in opened]
    assert not ticket.parts or taxes(one_by_one) == taxes(together)
    opened += till.book(sale).opened
    for each in opened:
        course = till.course(each)
        assert (course.gross_paid, course.is_part_paid) == (course.gross_price, False)
