"""Every change of a chain by its literal values, and the sentence of every refusal."""

from collections.abc import Callable

import pytest

from plugin.core.ledger import (
    START,
    Change,
    Head,
    Kind,
    adjusted,
    advance,
    gone,
    paid,
    part_value,
    sold,
    transferred_in,
    transferred_out,
    used,
)
from plugin.errors import LedgerBroken, NoneLeft

# Five of twelve sessions left, worth $7.01.
HEAD = Head(seq=9, sessions=5, value=701, granted=12)


def test_each_change_says_its_kind_its_sessions_its_value_and_what_it_grants() -> None:
    assert sold(12) == Change(Kind.SOLD, sessions=12, value=0, granted=12)
    assert paid(198000) == Change(Kind.PAID, sessions=0, value=198000, granted=0)
    assert used(HEAD, 2) == Change(Kind.USED, sessions=-2, value=-280, granted=0)
    assert gone(Kind.EXPIRED, HEAD) == Change(Kind.EXPIRED, sessions=-5, value=-701, granted=0)
    assert gone(Kind.WRITTEN_OFF, HEAD) == Change(Kind.WRITTEN_OFF, sessions=-5, value=-701, granted=0)
    assert transferred_out(HEAD, 2) == Change(Kind.TRANSFERRED_OUT, sessions=-2, value=-280, granted=0)


def test_a_part_is_rounded_down_and_all_that_is_left_takes_the_rest() -> None:
    assert [part_value(HEAD, sessions) for sessions in range(6)] == [0, 140, 280, 420, 560, 701]
    # Where nothing is left a value may stay over: it goes with the last part too.
    assert part_value(Head(seq=1, sessions=0, value=3, granted=1), 0) == 3


@pytest.mark.parametrize(
    ("returning", "granted"),
    [(0, 2), (1, 1), (2, 0), (3, 0)],
)
def test_what_is_taken_in_is_what_the_other_let_go_and_grants_what_had_not_been_here(
    returning: int, granted: int
) -> None:
    out = transferred_out(HEAD, 2)
    expected = Change(Kind.TRANSFERRED_IN, sessions=2, value=280, granted=granted)
    assert transferred_in(out, returning=returning) == expected


@pytest.mark.parametrize(
    ("sessions", "value", "granted"),
    [
        (1, 0, 1),
        (1, 500, 1),
        (3, 500, 3),
        (0, 0, 0),
        # Taken away without value: never owed, so never granted.
        (-2, 0, -2),
        # Taken away with its value: granted and gone.
        (-2, -280, 0),
        (-1, 1, 0),
        (-5, -701, 0),
    ],
)
def test_an_adjustment_grants_what_it_corrects(sessions: int, value: int, granted: int) -> None:
    assert adjusted(HEAD, sessions, value=value) == Change(
        Kind.ADJUSTED, sessions=sessions, value=value, granted=granted
    )


@pytest.mark.parametrize(
    "refused",
    [
        lambda: adjusted(HEAD, -6, value=0),
        lambda: part_value(HEAD, 6),
        lambda: used(HEAD, 6),
        lambda: transferred_out(HEAD, 6),
        lambda: advance(HEAD, Change(Kind.USED, sessions=-6)),
    ],
)
def test_one_more_than_is_left_is_refused_with_both_numbers(refused: Callable[[], object]) -> None:
    with pytest.raises(NoneLeft) as refusal:
        refused()
    assert str(refusal.value) == "Only 5 left, 6 asked for. Use fewer sessions."


def test_where_nothing_is_left_the_refusal_says_what_to_do() -> None:
    with pytest.raises(NoneLeft) as refusal:
        used(START, 1)
    assert str(refusal.value) == "No session is left. Sell a new course, or choose another one."


def test_more_than_was_granted_and_value_below_zero_break_the_ledger_in_words() -> None:
    with pytest.raises(LedgerBroken) as refusal:
        advance(HEAD, Change(Kind.REVERSED, sessions=8))
    assert str(refusal.value) == "A reversed entry would leave 13 of 12 sessions."
    assert advance(HEAD, Change(Kind.REVERSED, sessions=7)).sessions == 12
    with pytest.raises(LedgerBroken):
        advance(HEAD, Change(Kind.ADJUSTED, value=-702))
    assert advance(HEAD, Change(Kind.ADJUSTED, value=-701)).value == 0
