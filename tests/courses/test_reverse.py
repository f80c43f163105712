"""Undo: once, to the cent, with a reason; both lines stay."""

from itertools import permutations

import pytest

from plugin.core.acts import SQUARE
from plugin.core.ledger import Kind
from plugin.courses.visits.reverse import reverse
from plugin.errors import AlreadyReversed, InvalidField, KeyReused, NotFound, Refused
from tests.courses.desk import Desk, back
from tests.databases import sqlite_alone


def test_an_undo_gives_the_session_and_its_money_back_and_shows_both_lines(desk: Desk) -> None:
    course_id = desk.sell()
    used = desk.use(course_id)
    undone = desk.undo(used.entry.id)
    assert undone.sessions_left == 12
    assert desk.balance(course_id) == (12, 198000)
    course = desk.course(course_id)
    assert (undone.course_id, undone.client_id) == (course_id, course.client_id)
    assert [entry.kind for entry in course.entries] == [Kind.SOLD, Kind.PAID, Kind.USED, Kind.REVERSED]
    assert course.entries[2].reversed_by == course.entries[3].id
    assert course.entries[3].reverses == course.entries[2].id
    assert course.entries[3].reason == "Wrong client"
    assert course.visits == ()


def test_a_second_undo_is_refused(desk: Desk) -> None:
    course_id = desk.sell()
    used = desk.use(course_id)
    desk.undo(used.entry.id)
    with pytest.raises(AlreadyReversed) as refusal:
        desk.undo(used.entry.id)
    assert refusal.value.status == 409
    assert desk.balance(course_id) == (12, 198000)


def test_the_same_undo_again_gives_the_first_answer(desk: Desk) -> None:
    course_id = desk.sell()
    used = desk.use(course_id)
    first = desk.undo(used.entry.id, key="tap")
    desk.use(course_id)
    again = desk.undo(used.entry.id, key="tap")
    assert (again.entry, again.sessions_left, again.is_repeat) == (first.entry, 12, True)
    assert desk.balance(course_id)[0] == 11


def test_its_key_for_another_reason_or_entry_is_refused(desk: Desk) -> None:
    course_id = desk.sell()
    one, two = desk.use(course_id), desk.use(course_id)
    desk.undo(one.entry.id, key="tap")
    with pytest.raises(KeyReused):
        desk.undo(two.entry.id, key="tap")
    with pytest.raises(KeyReused):
        desk.undo(one.entry.id, key="tap", reason="Another")


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_in_any_order_the_money_comes_back_to_the_cent(desk: Desk, order: tuple[int, ...]) -> None:
    course_id = desk.sell(desk.package(sessions=3), paid=100)
    used = [desk.use(course_id) for _ in range(3)]
    assert [-each.entry.value_delta.amount for each in used] == [33, 33, 34]
    for place in order:
        desk.undo(used[place].entry.id)
    assert desk.balance(course_id) == (3, 100)
    assert sum(-desk.use(course_id).entry.value_delta.amount for _ in range(3)) == 100


def test_several_sessions_come_back_together(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=7), paid=100)
    used = desk.use(course_id, sessions=5)
    desk.use(course_id)
    assert desk.undo(used.entry.id).sessions_left == 6


def test_after_a_refund_nothing_is_given_back(desk: Desk) -> None:
    course_id = desk.sell(order="O")
    used = desk.use(course_id)
    desk.refund("O", 198000, back())
    with pytest.raises(Refused, match="was refunded") as refusal:
        desk.undo(used.entry.id)
    assert refusal.value.code == "refunded"
    assert desk.balance(course_id) == (0, 0)


def test_only_a_used_session_can_be_undone(desk: Desk) -> None:
    course_id = desk.sell(order="O")
    used = desk.use(course_id)
    undone = desk.undo(used.entry.id)
    desk.refund("O", 16500, return_order=None)
    desk.answer(desk.questions()[0].id, "take_sessions", sessions=1)
    course = desk.course(course_id)
    others = [entry.id for entry in course.entries if entry.kind is not Kind.USED]
    assert undone.entry.id in others
    assert len(others) == 4
    for entry_id in others:
        with pytest.raises(Refused) as refusal:
            desk.undo(entry_id)
        assert refusal.value.code == "not_reversible"


@pytest.mark.parametrize("reason", ["", "   ", "\u200b", "x" * 301], ids=ascii)
@sqlite_alone
def test_it_wants_a_reason_of_some_words(desk: Desk, reason: str) -> None:
    used = desk.use(desk.sell())
    with pytest.raises(InvalidField) as refusal:
        desk.undo(used.entry.id, reason=reason)
    assert refusal.value.field == "reason"


def test_an_entry_that_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no such entry"):
        reverse(desk.store, desk.act(SQUARE), "nothing", "A reason")


def test_a_session_given_back_on_a_finished_course_can_be_used_again(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=1))
    used = desk.use(course_id)
    desk.undo(used.entry.id)
    assert desk.use(course_id).sessions_left == 0
