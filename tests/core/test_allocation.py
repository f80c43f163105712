"""How a price is spread: whatever the price, the parts add up to it (docs/rules.md, rule 8)."""

from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from plugin.core.money import allocate, session_value

# A dollar's cents, whole yen, a dinar's thousandths: up to what anybody pays for a course.
TOTALS = st.one_of(
    st.integers(0, 1_000_000),
    st.integers(0, 300_000),
    st.sampled_from([0, 1, 2, 99, 100, 101, 165_000, 198_000, 1_650_000]),
    st.integers(0, 10**15),
)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(TOTALS, WEIGHTS)
@example(1, [1, 1, 1])
@example(0, [0])
@example(10**15, [10**9] * 12)
def test_the_parts_add_up_to_the_price(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert min(parts) >= 0


@settings(max_examples=150, deadline=None)
@given(TOTALS, WEIGHTS)
def test_each_part_is_within_one_unit_of_its_exact_share(total: int, weights: list[int]) -> None:
    assume(sum(weights) > 0)
    for part, weight in zip(allocate(total, weights), weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


@settings(max_examples=150, deadline=None)
@given(TOTALS, WEIGHTS)
def test_what_weighs_nothing_gets_nothing(total: int, weights: list[int]) -> None:
    assume(sum(weights) > 0)
    assert all(
        part == 0 for part, weight in zip(allocate(total, weights), weights, strict=True) if weight == 0
    )


@settings(max_examples=150, deadline=None)
@given(TOTALS, WEIGHTS)
def test_a_heavier_weight_never_gets_less(total: int, weights: list[int]) -> None:
    assume(sum(weights) > 0)
    by_weight = sorted(zip(weights, allocate(total, weights), strict=True))
    assert all(
        lighter[1] <= heavier[1] for lighter, heavier in pairwise(by_weight) if lighter[0] < heavier[0]
    )


@settings(max_examples=200, deadline=None)
@given(TOTALS, st.integers(1, 100))
def test_equal_weights_differ_by_one_unit_at_most_and_the_earlier_gets_it(total: int, count: int) -> None:
    parts = allocate(total, [7] * count)
    assert max(parts) - min(parts) <= 1
    assert list(parts) == sorted(parts, reverse=True)


@settings(max_examples=150, deadline=None)
@given(TOTALS, st.integers(1, 100))
def test_weights_that_are_all_zero_share_equally(total: int, count: int) -> None:
    assert allocate(total, [0] * count) == allocate(total, [1] * count)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (198000, [12 * 16500, 2 * 16500], (169714, 28286)),
        (10000, [1, 1, 1], (3334, 3333, 3333)),
        (100, [3, 0, 1], (75, 0, 25)),
        (2, [0, 0, 0], (1, 1, 0)),
        (0, [1, 2], (0, 0)),
    ],
)
def test_worked_examples_stand(total: int, weights: list[int], parts: tuple[int, ...]) -> None:
    assert allocate(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, []), (1, [-1]), (1, [2, -1])])
def test_it_refuses_what_can_not_be_spread(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        allocate(total, weights)


def use_up(paid: int, sessions: int, *, unpaid: int = 0) -> list[int]:
    parts, value = [], paid
    for left in range(sessions, 0, -1):
        parts.append(session_value(value_left=value, unpaid=unpaid, sessions_left=left))
        value -= parts[-1]
    return parts


@settings(max_examples=200, deadline=None)
@given(TOTALS, st.integers(1, 999))
def test_all_sessions_together_are_worth_what_was_paid(paid: int, sessions: int) -> None:
    parts = use_up(paid, sessions)
    assert sum(parts) == paid
    assert max(parts) - min(parts) <= 1


@settings(max_examples=200, deadline=None)
@given(TOTALS, TOTALS, st.integers(1, 60))
def test_a_part_paid_course_never_earns_more_than_came(paid: int, unpaid: int, sessions: int) -> None:
    parts = use_up(paid, sessions, unpaid=unpaid)
    assert sum(parts) <= paid
    assert min(parts) >= 0


@settings(max_examples=150, deadline=None)
@given(TOTALS, TOTALS, st.integers(1, 60))
def test_a_part_paid_course_earns_a_session_at_its_full_price_while_money_lasts(
    paid: int, unpaid: int, sessions: int
) -> None:
    first = session_value(value_left=paid, unpaid=unpaid, sessions_left=sessions)
    assert first == min(paid, (paid + unpaid) // sessions)


@pytest.mark.parametrize("left", [0, -1])
def test_no_session_has_no_value(left: int) -> None:
    with pytest.raises(ValueError, match="no session"):
        session_value(value_left=1, unpaid=0, sessions_left=left)
