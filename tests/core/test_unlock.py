"""How many sessions a part payment unlocks."""

import pytest

from plugin.core.course import needed_for, unlocked


@pytest.mark.parametrize(
    ("paid", "sessions"),
    [(0, 0), (16499, 0), (16500, 1), (50000, 3), (164999, 9), (165000, 10), (200000, 10)],
)
def test_sessions_unlock_as_money_arrives(paid: int, sessions: int) -> None:
    assert unlocked(granted=10, price=165000, paid=paid) == sessions


def test_a_course_that_cost_nothing_is_unlocked_as_a_whole() -> None:
    assert unlocked(granted=10, price=0, paid=0) == 10


@pytest.mark.parametrize("price", [0, 1, 99, 165000, 198001])
@pytest.mark.parametrize("granted", [1, 3, 7, 12])
def test_the_money_needed_for_a_session_unlocks_it_and_a_cent_less_does_not(granted: int, price: int) -> None:
    for sessions in range(1, granted + 1):
        needed = needed_for(sessions=sessions, granted=granted, price=price)
        assert unlocked(granted=granted, price=price, paid=needed) >= sessions
        if 0 < needed <= price:
            assert unlocked(granted=granted, price=price, paid=needed - 1) < sessions
