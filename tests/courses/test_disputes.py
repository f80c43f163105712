"""Disputes: every state, in whatever order it is reported; one item for each, and no sale without its flag."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.base.work import Work
from plugin.courses.refunds.disputes import DisputeRecord, save_dispute
from plugin.errors import InvalidField
from tests.clock import START
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk

ORDER = "ORDER-D"
FIRST = DisputeRecord(
    "D1",
    "EVIDENCE_REQUIRED",
    Money(198000, "USD"),
    "NOT_RECEIVED",
    START + timedelta(days=14),
    "P1",
    ORDER,
    1,
    START,
)


@pytest.fixture
def desk(lite: Appointments) -> Desk:
    return lite.desk


def tell(desk: Desk, state: str, version: int | None = None, **more: Any) -> str:
    told = replace(FIRST, state=state, version=version, **more)
    act = desk.act()
    return desk.store.transact(lambda session: save_dispute(Work(session, desk.store, act), told))


def open_kinds(desk: Desk) -> list[str]:
    return [item.kind for item in desk.questions()]


@pytest.mark.parametrize(
    ("state", "is_flagged", "is_lost", "proposed"),
    [
        ("INQUIRY_EVIDENCE_REQUIRED", True, False, "keep_sessions"),
        ("INQUIRY_PROCESSING", True, False, "keep_sessions"),
        ("EVIDENCE_REQUIRED", True, False, "keep_sessions"),
        ("PROCESSING", True, False, "keep_sessions"),
        ("LOST", True, True, "close_course"),
        ("ACCEPTED", True, True, "close_course"),
        ("WON", False, False, None),
        ("INQUIRY_CLOSED", False, False, None),
        ("SOMETHING_NEW", False, False, "keep_sessions"),
    ],
)
def test_each_state_flags_and_asks(
    desk: Desk, state: str, is_flagged: bool, is_lost: bool, proposed: str | None
) -> None:
    course = desk.sell(order=ORDER)
    tell(desk, state)
    flag = desk.course(course).dispute
    assert (flag is not None) == is_flagged
    assert (flag is not None and flag.is_lost) == is_lost
    assert [item.proposed_decision for item in desk.questions()] == ([proposed] if proposed else [])
    # A warning, never a lock.
    assert desk.use(course).sessions_left == 11


@pytest.mark.parametrize("order", list(itertools.permutations(range(1, 4))))
@pytest.mark.parametrize("end", ["WON", "LOST"])
def test_word_in_any_order_ends_the_same(desk: Desk, order: tuple[int, ...], end: str) -> None:
    course = desk.sell(order=ORDER)
    states = {1: "EVIDENCE_REQUIRED", 2: "PROCESSING", 3: end}
    for version in (*order, order[0]):
        tell(desk, states[version], version, updated_at=START + timedelta(hours=version))
    flag = desk.course(course).dispute
    if end == "WON":
        assert (flag, desk.questions()) == (None, ())
        settled = [item.answer for item in desk.questions(resolved=True)]
        assert settled in ([], ["The bank decided for the clinic"])
    else:
        assert flag is not None
        assert flag.is_lost
        assert [item.proposed_decision for item in desk.questions()] == ["close_course"]


def test_without_a_version_the_time_decides(desk: Desk) -> None:
    desk.sell(order=ORDER)
    tell(desk, "LOST", updated_at=START + timedelta(hours=2))
    assert "Later word" in tell(desk, "PROCESSING", updated_at=START + timedelta(hours=1))


def test_what_was_kept_is_asked_again_once_it_is_lost(desk: Desk) -> None:
    course = desk.sell(order=ORDER)
    tell(desk, "EVIDENCE_REQUIRED", 1)
    desk.answer(desk.questions()[0].id, "keep_sessions")
    tell(desk, "PROCESSING", 2)
    assert desk.questions() == ()
    tell(desk, "LOST", 3)
    item = desk.questions()[0]
    assert (item.proposed_decision, item.proposed_course_id) == ("close_course", course)
    desk.answer(item.id, "close_course")
    view = desk.course(course)
    assert (view.status, view.left, view.value_left.amount) == (Status.REFUNDED, 0, 0)
    assert view.dispute is None
    # The same event once more opens no item.
    tell(desk, "LOST", 3)
    assert desk.questions() == ()
    assert len(desk.questions(resolved=True)) == 1


def test_kept_though_lost_it_warns_no_longer(desk: Desk) -> None:
    course = desk.sell(order=ORDER)
    tell(desk, "LOST", 1)
    desk.answer(desk.questions()[0].id, "keep_sessions")
    view = desk.course(course)
    assert (view.dispute, view.left) == (None, 12)
    assert "Disputed payment: all sessions kept" in [each.text for each in view.happenings]
    tell(desk, "LOST", 1)
    assert desk.questions() == ()


def test_of_two_courses_one_can_be_closed(desk: Desk) -> None:
    package = desk.package()
    first, second = desk.book(desk.sale(desk.line(package, paid=396000, quantity=2), order=ORDER)).opened
    tell(desk, "LOST", 1)
    item = desk.questions()[0]
    assert item.proposed_course_id is None
    with pytest.raises(InvalidField):
        desk.answer(item.id, "close_course", course_id="another")
    desk.answer(item.id, "close_course", course_id=first)
    assert [desk.course(each).left for each in (first, second)] == [0, 12]
    assert open_kinds(desk) == ["dispute"]
    desk.answer(item.id, "close_course")
    assert desk.course(second).left == 0
    assert open_kinds(desk) == []


def test_a_sale_refunded_meanwhile_leaves_nothing_to_decide(desk: Desk) -> None:
    desk.sell(order=ORDER)
    tell(desk, "EVIDENCE_REQUIRED", 1)
    desk.refund(ORDER, 198000)
    tell(desk, "PROCESSING", 2)
    assert open_kinds(desk) == []


def test_a_sale_booked_after_the_dispute_is_flagged(desk: Desk) -> None:
    assert "opened no course" in tell(desk, "EVIDENCE_REQUIRED", 1)
    course = desk.sell(order=ORDER)
    assert desk.course(course).dispute is not None
    # The next sync reports the same again, and now there is something to ask.
    tell(desk, "EVIDENCE_REQUIRED", 1)
    assert open_kinds(desk) == ["dispute"]


def test_of_two_disputes_of_a_sale_the_lost_one_is_shown(desk: Desk) -> None:
    course = desk.sell(order=ORDER)
    tell(desk, "LOST", 1)
    tell(desk, "EVIDENCE_REQUIRED", 1, square_dispute_id="D2", updated_at=START + timedelta(days=1))
    flag = desk.course(course).dispute
    assert flag is not None
    assert flag.is_lost
    assert open_kinds(desk) == ["dispute", "dispute"]
