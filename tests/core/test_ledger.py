"""The arithmetic of a chain: each change leads from one head to the next or is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.core.ledger import START, Change, Head, Kind, advance, paid, refunded, reversal, sold, used
from plugin.errors import LedgerBroken, NoneLeft


def chain(sessions: int, value: int) -> Head:
    return advance(advance(START, sold(sessions)), paid(value))


def test_a_sale_grants_sessions_and_the_payment_gives_them_their_value() -> None:
    assert advance(START, sold(12)) == Head(seq=1, sessions=12, value=0, granted=12)
    assert chain(12, 198000) == Head(seq=2, sessions=12, value=198000, granted=12)


@pytest.mark.parametrize("asked", [1, 2])
def test_up_to_the_last_session_can_be_used(asked: int) -> None:
    head = chain(2, 33000)
    assert advance(head, used(head, asked)).sessions == 2 - asked


def test_one_more_than_is_left_is_refused_with_the_number_that_is() -> None:
    head = chain(2, 33000)
    with pytest.raises(NoneLeft, match="Only 2 left, 3 asked for"):
        used(head, 3)


def test_none_left_says_what_to_do() -> None:
    head = Head(seq=9, sessions=0, value=0, granted=2)
    with pytest.raises(NoneLeft, match="Sell a new course"):
        used(head, 1)
    with pytest.raises(NoneLeft, match="No session is left"):
        advance(head, Change(Kind.USED, sessions=-1))


def test_the_last_session_takes_the_rest_of_the_value() -> None:
    head = chain(3, 100)
    worth = []
    for _ in range(3):
        change = used(head, 1)
        worth.append(-change.value)
        head = advance(head, change)
    assert worth == [33, 33, 34]
    assert (head.sessions, head.value) == (0, 0)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(0, 10**7), st.data())
def test_several_sessions_at_once_are_worth_what_they_are_one_by_one(
    granted: int, value: int, data: st.DataObject
) -> None:
    head = chain(granted, value)
    together = data.draw(st.integers(1, granted))
    one_by_one = head
    for _ in range(together):
        one_by_one = advance(one_by_one, used(one_by_one, 1))
    at_once = advance(head, used(head, together))
    assert (at_once.sessions, at_once.value) == (one_by_one.sessions, one_by_one.value)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10**7), st.data())
def test_a_reversal_gives_back_to_the_cent_whatever_came_between(
    granted: int, value: int, data: st.DataObject
) -> None:
    head = chain(granted, value)
    uses = []
    for _ in range(data.draw(st.integers(1, granted))):
        uses.append(used(head, 1))
        head = advance(head, uses[-1])
    for change in data.draw(st.permutations(uses)):
        head = advance(head, reversal(change))
    assert (head.sessions, head.value, head.granted) == (granted, value, granted)


@pytest.mark.parametrize(
    "change",
    [
        Change(Kind.SOLD, sessions=12, granted=12),
        Change(Kind.PAID, value=100),
        Change(Kind.USED, sessions=-2, value=-33000),
        Change(Kind.REFUNDED, sessions=-5, value=-1),
        Change(Kind.ADJUSTED, sessions=1, value=0, granted=1),
    ],
    ids=lambda change: change.kind,
)
def test_a_reversal_negates_every_number_of_its_entry(change: Change) -> None:
    undone = reversal(change)
    assert undone == Change(
        Kind.REVERSED, sessions=-change.sessions, value=-change.value, granted=-change.granted
    )


def test_a_refund_takes_all_that_is_left_unless_told_otherwise() -> None:
    head = Head(seq=5, sessions=7, value=115500, granted=12)
    assert refunded(head) == Change(Kind.REFUNDED, sessions=-7, value=-115500)


@pytest.mark.parametrize(("taken", "value"), [(0, 0), (1, -33), (2, -66), (3, -100)])
def test_a_refund_of_some_sessions_takes_their_part_of_the_value(taken: int, value: int) -> None:
    head = Head(seq=2, sessions=3, value=100, granted=3)
    assert refunded(head, taken) == Change(Kind.REFUNDED, sessions=-taken, value=value)


def test_a_refund_of_more_than_is_left_is_refused() -> None:
    with pytest.raises(NoneLeft):
        refunded(Head(seq=2, sessions=3, value=100, granted=3), 4)


@pytest.mark.parametrize(
    "change",
    [Change(Kind.ADJUSTED, sessions=1), Change(Kind.ADJUSTED, value=-101), Change(Kind.ADJUSTED, granted=-1)],
    ids=["more than granted", "less money than none", "grants taken from under the sessions"],
)
def test_the_impossible_is_never_reckoned_on(change: Change) -> None:
    with pytest.raises(LedgerBroken):
        advance(Head(seq=2, sessions=3, value=100, granted=3), change)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 20), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_part_paid_chain_never_goes_below_nothing(sessions: int, came: int, unpaid: int) -> None:
    head = chain(sessions, came)
    while head.sessions:
        head = advance(head, used(head, 1, unpaid=unpaid))
    assert head.value >= 0
