"""Transferring what is left: the value to the cent, the way back, and what a refund makes of it."""

from datetime import timedelta

import pytest

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.courses.base.read import recent_sales
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.errors import InvalidField, KeyReused, NoneLeft, NotAllowed, NotFound, Refused
from tests.courses.changes.changing import Changes
from tests.courses.desk import DEB, Desk, back


@pytest.fixture
def changes(desk: Desk) -> Changes:
    return Changes(desk)


@pytest.fixture
def bea(desk: Desk) -> str:
    return desk.client("Bea Wong")


def test_all_that_is_left_goes_with_its_value_to_the_cent(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell(desk.package(sessions=7, touch_ups=2), paid=100001)
    desk.use(course_id, sessions=3)
    before = desk.course(course_id)
    received = changes.transfer(course_id, bea).course
    assert [(a.left, a.value_left, a.granted) for a in received.allowances] == [
        (a.left, a.value_left, a.left) for a in before.allowances
    ]
    assert (received.client_name, received.status, received.square_order_id) == (
        "Bea Wong",
        Status.OPEN,
        None,
    )
    assert (received.terms, received.package_name) == (before.terms, before.package_name)
    assert received.origin is not None
    assert (received.origin.course_id, received.origin.client_name) == (course_id, "Ana Souza")
    given = desk.course(course_id)
    assert (given.status, given.left, given.value_left.amount, given.used) == (Status.TRANSFERRED, 0, 0, 3)
    assert given.happenings[-1].text == "Transferred to Bea Wong: 6 sessions worth $666.68, all that was left"
    assert received.happenings[-1].text == "Transferred from Ana Souza: 6 sessions worth $666.68"
    assert desk.use(received.id).sessions_left == 3
    assert [row.course_id for row in recent_sales(desk.store, limit=9, today=desk.today)] == [course_id]


def test_no_visit_was_before_the_sessions_were_transferred(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell(paid_at=desk.clock() - timedelta(days=9))
    received = changes.transfer(course_id, bea).course
    with pytest.raises(InvalidField, match="were transferred on Nov 22, 2026"):
        desk.use(received.id, visited_on=desk.today - timedelta(days=1))
    assert desk.use(received.id, visited_on=desk.today).sessions_left == 11


def test_some_sessions_take_their_part_and_the_rest_adds_up(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell(desk.package(sessions=7), paid=100000)
    received = changes.transfer(course_id, bea, sessions=3).course
    assert (received.left, received.value_left.amount) == (3, 42857)
    assert desk.balance(course_id) == (4, 57143)
    assert desk.course(course_id).status is Status.OPEN


def test_each_allowance_may_go_by_itself_and_what_was_used_opens_touch_ups_there_too(
    desk: Desk, changes: Changes, bea: str
) -> None:
    course_id = desk.sell(desk.package(sessions=7, touch_ups=2))
    main, touch_ups = desk.course(course_id).allowances
    desk.use(course_id, sessions=4)
    received = changes.transfer(course_id, bea, parts={main.id: 1, touch_ups.id: 2}).course
    assert [(a.kind, a.left, a.usable_from_session) for a in received.allowances] == [
        ("main", 1, None),
        ("touch_up", 2, 3),
    ]
    desk.use(received.id)
    assert desk.course(received.id).allowances[1].is_usable


def test_given_back_it_goes_into_the_course_it_came_from(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell(desk.package(sessions=7), paid=100001)
    desk.use(course_id, sessions=2)
    whole = desk.balance(course_id)
    received = changes.transfer(course_id, bea).course
    changes.adjust(received.id, 3)
    ana = desk.course(course_id).client_id or ""
    again = changes.transfer(received.id, ana).course
    assert again.id == course_id
    assert (again.status, again.used, again.left, again.granted) == (Status.OPEN, 2, whole[0] + 3, 10)
    assert again.value_left.amount == whole[1]
    assert desk.course(received.id).status is Status.TRANSFERRED
    # Every use of it can still be undone.
    for entry in [each for each in again.entries if each.kind is Kind.USED]:
        desk.undo(entry.id)
    assert desk.course(course_id).left == 10


def test_the_same_act_transfers_once(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    first = changes.transfer(course_id, bea, key="k", sessions=2)
    again = changes.transfer(course_id, bea, key="k", sessions=2)
    assert (again.course.id, again.is_repeat) == (first.course.id, True)
    with pytest.raises(KeyReused):
        changes.transfer(course_id, bea, key="k", sessions=3)
    assert desk.course(course_id).left == 10


def test_what_can_not_be_transferred_is_refused_in_words(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    ana = desk.course(course_id).client_id or ""
    with pytest.raises(Refused, match="Ana Souza’s already"):
        changes.transfer(course_id, ana)
    with pytest.raises(NotAllowed):
        changes.transfer(course_id, bea, actor=DEB)
    with pytest.raises(NotFound):
        changes.transfer(course_id, "nobody")
    with pytest.raises(NotFound, match="no allowance"):
        changes.transfer(course_id, bea, parts={"x": 1})
    with pytest.raises(NoneLeft, match="Only 12 left"):
        changes.transfer(course_id, bea, sessions=13)
    for wrong in (0, -1):
        with pytest.raises(InvalidField):
            changes.transfer(course_id, bea, sessions=wrong)
    changes.freeze(course_id)
    with pytest.raises(Refused, match="Unfreeze it first"):
        changes.transfer(course_id, bea)
    changes.thaw(course_id)
    changes.transfer(course_id, bea)
    with pytest.raises(Refused, match="was transferred"):
        changes.transfer(course_id, bea)
    with pytest.raises(Refused, match="was transferred"):
        desk.use(course_id)


def test_the_quote_leaves_out_what_was_transferred_and_the_receiver_has_none(
    desk: Desk, changes: Changes, bea: str
) -> None:
    course_id = desk.sell(paid=198000)
    desk.use(course_id, sessions=5)
    received = changes.transfer(course_id, bea, sessions=3).course
    quote = refund_quote(desk.store, course_id, today=desk.today)
    assert [quote.values[each].amount.amount for each in quote.in_order] == [66000, 66000]
    said = "$1,980.00 paid, $495.00 left with sessions that were transferred or removed: $1,485.00."
    assert quote.values[quote.formula].working[0] == said
    with pytest.raises(Refused, match="came from Ana Souza"):
        refund_quote(desk.store, received.id, today=desk.today)
    changes.transfer(course_id, bea)
    with pytest.raises(Refused, match="transfer the sessions back first"):
        refund_quote(desk.store, course_id, today=desk.today)


def test_a_sale_refunded_in_square_after_a_transfer_is_asked_about(
    desk: Desk, changes: Changes, bea: str
) -> None:
    course_id = desk.sell(order="TICKET")
    received = changes.transfer(course_id, bea).course
    desk.refund("TICKET", 198000, back())
    (item,) = desk.questions()
    assert item.summary == "$1,980.00 of a sale was refunded, sessions of which were transferred to Bea Wong."
    assert (item.course_ids, item.decisions) == ((received.id,), ("dismiss",))
    assert desk.course(received.id).left == 12
