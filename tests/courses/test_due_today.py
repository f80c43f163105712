"""What falls due today: balances by today, courses that expire within a week; what is closed or paid is neither."""

from datetime import date, timedelta

import pytest

from plugin.core.terms import Terms
from plugin.courses.lists.listing import keep_listing
from plugin.courses.reports.overview import due_today
from plugin.store.ledger import Course
from plugin.store.selling import Checkout
from tests.courses.desk import Desk


def asked_until(desk: Desk, course_id: str, due_on: date, *, state: str = "waiting") -> None:
    """Have the course's invoice ask for the rest until a day."""
    course = desk.course(course_id)
    with desk.store.writing() as session:
        session.add(
            Checkout(
                id=desk.store.new_id(),
                client_id=course.client_id,
                package_id=course.package_id,
                way="invoice",
                state=state,
                amount=198000,
                currency="USD",
                came=50000,
                square_order_id=course.square_order_id,
                balance_due_on=due_on,
                created_at=desk.clock(),
                by="Deb",
                ended_at=None if state == "waiting" else desk.clock(),
            )
        )


@pytest.mark.parametrize(("days", "is_due"), [(-30, True), (0, True), (1, False)])
def test_a_balance_is_due_from_its_day_on(desk: Desk, days: int, is_due: bool) -> None:
    course_id, _ = desk.sell_by_invoice(deposit=50000, net=198000)
    asked_until(desk, course_id, desk.today + timedelta(days=days))
    due = due_today(desk.store, desk.today)
    assert [each.course_id for each in due.balances] == ([course_id] if is_due else [])
    if is_due:
        assert (due.balances[0].client_name, due.balances[0].state.due.amount) == ("Ana Souza", 148000)


def test_what_is_paid_or_canceled_is_not_asked_for(desk: Desk) -> None:
    paid = desk.sell()
    asked_until(desk, paid, desk.today)
    canceled, _ = desk.sell_by_invoice(deposit=50000, net=198000)
    asked_until(desk, canceled, desk.today, state="canceled")
    assert due_today(desk.store, desk.today).balances == ()


@pytest.mark.parametrize(("days", "is_shown"), [(8, False), (7, True), (0, True), (-1, False)])
def test_a_course_is_shown_in_the_week_before_it_expires(desk: Desk, days: int, is_shown: bool) -> None:
    last = desk.today + timedelta(days=30)
    course_id = desk.sell(desk.package(terms=Terms(expires_on=last)))
    desk.clock.advance(days=30 - days)
    found = due_today(desk.store, desk.today).expiring
    assert [each.course_id for each in found] == ([course_id] if is_shown else [])


def test_what_is_used_up_expires_unsaid(desk: Desk) -> None:
    terms = Terms(expires_on=desk.today + timedelta(days=3))
    course_id = desk.sell(desk.package(sessions=1, terms=terms), paid=16500)
    desk.use(course_id)
    assert due_today(desk.store, desk.today).expiring == ()


def test_the_next_to_expire_are_shown_and_all_are_counted(desk: Desk) -> None:
    package = desk.package(terms=Terms(expires_on=desk.today + timedelta(days=3)))
    first, second, third = (desk.sell(package) for _ in range(3))
    on_hold, unassigned = desk.sell(package), desk.sell(package, buyer=None)
    with desk.store.writing() as session:
        session.get_one(Course, on_hold).frozen_at = desk.clock()
        session.get_one(Course, first).expires_on = desk.today + timedelta(days=1)
    due = due_today(desk.store, desk.today, limit=2)
    assert [each.course_id for each in due.expiring] == [first, min(second, third)]
    assert (due.expiring_count, unassigned in {each.course_id for each in due.expiring}) == (3, False)
    keep_listing(desk.store, desk.clock)
    assert due_today(desk.store, desk.today, limit=2) == due
    # What changed since the list was made is seen at once.
    with desk.store.writing() as session:
        session.get_one(Course, second).frozen_at = desk.clock()
        session.get_one(Course, on_hold).frozen_at = None
    due = due_today(desk.store, desk.today)
    assert {each.course_id for each in due.expiring} == {first, third, on_hold}
    assert due.expiring_count == 3
