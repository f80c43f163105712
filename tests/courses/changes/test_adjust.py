"""Goodwill, sessions taken away, and sessions used before they were paid."""

from dataclasses import replace
from typing import Any

import pytest

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.changes.adjust import give_goodwill
from plugin.courses.sales.sales import Came, Sale
from plugin.errors import InvalidField, NoneLeft, NotAllowed, NotFound, Refused
from tests.courses.changes.changing import Changes
from tests.courses.desk import DEB, OLGA, Desk


@pytest.fixture
def changes(desk: Desk) -> Changes:
    return Changes(desk)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def test_a_goodwill_session_is_granted_and_worth_nothing(desk: Desk, changes: Changes) -> None:
    course_id = desk.sell()
    given = give_goodwill(desk.store, desk.act(OLGA), course_id).course
    assert (given.left, given.granted, given.value_left.amount) == (13, 13, 198000)
    assert (given.entries[-1].kind, given.entries[-1].reason) == (Kind.ADJUSTED, "Goodwill")
    desk.use(course_id, sessions=13)
    assert desk.balance(course_id) == (0, 0)


def test_goodwill_sessions_can_all_be_used_before_the_course_is_paid(desk: Desk, changes: Changes) -> None:
    course_id, _sale = desk.sell_by_invoice(deposit=49500, net=198000)
    assert desk.course(course_id).usable_now == 3
    assert changes.adjust(course_id, 2).course.usable_now == 5


def test_a_goodwill_session_wakes_a_finished_course(desk: Desk, changes: Changes) -> None:
    course_id = desk.sell()
    desk.use(course_id, sessions=12)
    assert changes.adjust(course_id, 1).course.status is Status.OPEN
    assert desk.use(course_id).entry.value_delta.amount == 0


@pytest.mark.parametrize(
    ("sessions", "how", "left", "granted", "value"),
    [
        (2, {}, 11, 14, 148500),
        (2, {"value": usd(33000)}, 11, 14, 181500),
        (-2, {}, 7, 12, 115500),
        (-2, {"keeps_value": True}, 7, 10, 148500),
        (-9, {}, 0, 12, 0),
    ],
)
def test_sessions_come_and_go_with_their_value_or_without(
    desk: Desk, changes: Changes, sessions: int, how: dict[str, Any], left: int, granted: int, value: int
) -> None:
    course_id = desk.sell(paid=198000)
    desk.use(course_id, sessions=3)
    course = changes.adjust(course_id, sessions, **how).course
    assert (course.left, course.granted, course.value_left.amount) == (left, granted, value)


def test_what_is_out_of_bounds_is_refused_in_words(desk: Desk, changes: Changes) -> None:
    course_id = desk.sell()
    cases: list[tuple[int, Any, str]] = [
        (0, {}, "1 to 50"),
        (51, {}, "1 to 50"),
        (1, {"value": usd(16501)}, r"worth \$165\.00 at most"),
        (1, {"value": usd(-1)}, "at most"),
        (1, {"value": Money(1, "EUR")}, "This course is in USD"),
        (-1, {"value": usd(1)}, "their own part"),
        (-12, {"keeps_value": True}, "No session is left to keep the value"),
    ]
    for sessions, how, why in cases:
        with pytest.raises(InvalidField, match=why):
            changes.adjust(course_id, sessions, **how)
    with pytest.raises(NoneLeft, match="Only 12 left"):
        changes.adjust(course_id, -13)
    with pytest.raises(NotFound):
        changes.adjust(course_id, 1, allowance_id="x")
    with pytest.raises(NotAllowed):
        changes.adjust(course_id, 1, actor=DEB)
    for _ in range(19):
        changes.adjust(course_id, 50)
    with pytest.raises(InvalidField, match="999 sessions"):
        changes.adjust(course_id, 38)
    assert desk.balance(course_id) == (962, 198000)


def part_paid(desk: Desk, came: int = 49500) -> tuple[Sale, str]:
    """Sell a course of twelve for $1,980.00 of which so much is paid."""
    sale = desk.sale(desk.line(desk.package()), order="INVOICED")
    return sale, desk.book(replace(sale, came=(Came(usd(came), desk.clock()),))).opened[0]


def pay(desk: Desk, sale: Sale, *sums: int) -> None:
    desk.book(replace(sale, came=tuple(Came(usd(each), desk.clock()) for each in sums)))


def test_sessions_allowed_ahead_are_used_and_earned_when_their_money_comes(
    desk: Desk, changes: Changes
) -> None:
    sale, course_id = part_paid(desk)
    desk.use(course_id, sessions=3)
    with pytest.raises(Refused, match="3 of 12 sessions are paid for"):
        desk.use(course_id)
    allowed = changes.allow(course_id, 2).course
    assert allowed.allowances[0].unlocked == 5
    assert allowed.happenings[-1].text.startswith("2 sessions of Facial acupuncture")
    ahead = desk.use(course_id, sessions=2)
    assert desk.balance(course_id) == (7, 0)
    with pytest.raises(
        Refused, match=r"5 of 12 sessions may be used so far\. .* once \$495\.00 more is paid"
    ):
        desk.use(course_id)
    pay(desk, sale, 49500, 66000)
    # $165.00 was paid: all of it for a session used before.
    assert desk.balance(course_id) == (7, 0)
    pay(desk, sale, 49500, 66000, 198000)
    assert desk.balance(course_id) == (7, 7 * 16500)
    # Undone, the sessions return with all their value, whatever was earned meanwhile.
    desk.undo(ahead.entry.id)
    assert desk.balance(course_id) == (9, 9 * 16500)


def test_money_that_comes_when_no_session_is_left_is_earned(desk: Desk, changes: Changes) -> None:
    sale, course_id = part_paid(desk)
    changes.allow(course_id, 9)
    desk.use(course_id, sessions=12)
    pay(desk, sale, 49500, 198000)
    course = desk.course(course_id)
    assert (course.left, course.value_left.amount, course.paid.amount) == (0, 0, 198000)
    assert course.entries[-1].reason == "Earned: for sessions used before it was paid"


def test_goodwill_needs_no_money(desk: Desk, changes: Changes) -> None:
    _, course_id = part_paid(desk)
    desk.use(course_id, sessions=3)
    changes.adjust(course_id, 1)
    assert desk.use(course_id).sessions_left == 9
    with pytest.raises(Refused, match="4 of 13 sessions may be used so far"):
        desk.use(course_id)


def test_only_what_is_locked_can_be_allowed(desk: Desk, changes: Changes) -> None:
    _, course_id = part_paid(desk)
    for wrong in (0, 10):
        with pytest.raises(InvalidField, match="Allow 1 to 9 more"):
            changes.allow(course_id, wrong)
    with pytest.raises(NotFound):
        changes.allow(course_id, 1, allowance_id="x")
    with pytest.raises(Refused, match="is paid"):
        changes.allow(desk.sell(), 1)


def test_a_part_paid_course_is_not_transferred(desk: Desk, changes: Changes) -> None:
    _, course_id = part_paid(desk)
    with pytest.raises(Refused, match=r"\$1,485\.00 of this course is not paid"):
        changes.transfer(course_id, desk.client("Bea Wong"))
