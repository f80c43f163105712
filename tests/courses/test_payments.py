"""A part-paid course: paid payment by payment, reported in any order."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.sales.sales import Came, Sale
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import Refused
from tests.clock import START
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk

PAYMENTS = (50000, 120001, 198000)


@pytest.fixture
def desk(lite: Appointments) -> Desk:
    return lite.desk


def came(*sums: int, currency: str = "USD") -> tuple[Came, ...]:
    return tuple(Came(Money(one, currency), paid_at(place)) for place, one in enumerate(sums))


def paid_at(place: int) -> datetime:
    return START - timedelta(days=9 - place)


def invoiced(desk: Desk, *, quantity: int = 1) -> Sale:
    line = desk.line(desk.package(touch_ups=2), quantity=quantity)
    return desk.sale(line, order="INVOICED", paid_at=paid_at(0))


def entries(desk: Desk, course_id: str) -> list[tuple[Kind, int, datetime]]:
    return [(one.kind, one.value_delta.amount, one.happened_at) for one in desk.course(course_id).entries]


def test_a_deposit_opens_the_course_and_unlocks_what_it_pays_for(desk: Desk) -> None:
    course_id = desk.book(replace(invoiced(desk), came=came(50000))).opened[0]
    course = desk.course(course_id)
    assert (course.status, course.paid, course.price) == (
        Status.PART_PAID,
        Money(50000, "USD"),
        Money(198000, "USD"),
    )
    assert [(one.granted, one.unlocked) for one in course.allowances] == [(12, 3), (2, 0)]
    for _ in range(3):
        desk.use(course_id)
    with pytest.raises(
        Refused, match=r"3 of 12 sessions are paid for\. The next .* \$160\.00 more"
    ) as refused:
        desk.use(course_id)
    assert refused.value.code == "not_paid_for"


def test_the_rest_opens_the_course_and_the_parts_end_at_their_price_to_the_cent(desk: Desk) -> None:
    sale = invoiced(desk)
    course_id = desk.book(replace(sale, came=came(50001))).opened[0]
    desk.use(course_id)
    assert desk.book(replace(sale, came=came(50001, 198000))).paid == (course_id,)
    course = desk.course(course_id)
    assert (course.status, course.paid) == (Status.OPEN, course.price)
    by_part = {
        part.id: sum(
            one.value_delta.amount
            for one in course.entries
            if one.allowance_id == part.id and one.kind is Kind.PAID
        )
        for part in course.allowances
    }
    assert list(by_part.values()) == [169714, 28286]


def test_the_payments_make_one_ledger_in_whatever_steps_they_become_known(desk: Desk) -> None:
    """Reported at once, late, twice, or all at the end: each payment is recorded with its own day."""
    told = []
    steps = [(1, 2, 3), (3,), (1, 3), (2, 3), *permutations((1, 2, 3)), (3, 3, 1, 2, 2)]
    for number, seen in enumerate(steps):
        sale = replace(invoiced(desk, quantity=2), square_order_id=f"INVOICED-{number}")
        opened = desk.book(replace(sale, came=came(*PAYMENTS[: seen[0]]))).opened
        for many in seen[1:]:
            desk.book(replace(sale, came=came(*PAYMENTS[:many])))
        told.append([entries(desk, course_id) for course_id in opened])
    assert all(one == told[0] for one in told)
    assert {at for lines in told[0] for kind, _, at in lines if kind is Kind.PAID} == {
        paid_at(one) for one in range(3)
    }


def test_a_sale_told_without_its_payments_completes_a_part_paid_one(desk: Desk) -> None:
    sale = invoiced(desk)
    course_id = desk.book(replace(sale, came=came(50000))).opened[0]
    assert desk.book(sale).paid == (course_id,)
    assert desk.book(sale).paid == ()
    assert desk.course(course_id).status is Status.OPEN


def test_money_for_a_course_that_was_refunded_is_asked_about(desk: Desk) -> None:
    sale = invoiced(desk)
    course_id = desk.book(replace(sale, came=came(50000))).opened[0]
    desk.refund("INVOICED", amount=50000, total=50000)
    assert desk.course(course_id).status is Status.REFUNDED
    desk.book(replace(sale, came=came(50000, 198000)))
    assert desk.course(course_id).paid == Money(50000, "USD")
    assert [one.summary for one in desk.questions()] == [
        "$1,480.00 was paid for a course that is closed. It belongs to no session."
    ]


def test_a_currency_without_a_minor_unit_unlocks_by_whole_yen(desk: Desk) -> None:
    save_clinic(desk.store, desk.act(OLGA), replace(read_clinic(desk.store), currency="JPY"))
    line = desk.line(desk.package(sessions=3, currency="JPY"), paid=10000, currency="JPY")
    sale = replace(desk.sale(line), came=came(3333, currency="JPY"))
    course = desk.course(desk.book(sale).opened[0])
    assert course.allowances[0].unlocked == 0
    with pytest.raises(Refused, match="once ¥1 more is paid"):
        use_session(desk.store, desk.act(), UseSession(course.id))
