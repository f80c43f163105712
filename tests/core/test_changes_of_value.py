"""Value in is value out: a price over contents and sessions, and every change of a chain, in three currencies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    reversal,
    sold,
    transferred_in,
    transferred_out,
    used,
)
from plugin.core.money import allocate, minor_digits
from plugin.errors import NoneLeft
from tests.thorough import examples

CONTENTS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 400)), min_size=1, max_size=6)


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
@settings(max_examples=examples(50, 150), deadline=None)
@given(st.integers(0, 5_000), st.integers(0, 999), CONTENTS)
def test_a_price_over_contents_and_sessions_adds_up(
    currency: str, major: int, minor: int, contents: list[tuple[int, int]]
) -> None:
    """Whatever was agreed, in cents, whole yen or thousandths of a dinar: used one by one, all of it is earned."""
    unit = 10 ** minor_digits(currency)
    price = major * unit + minor % unit
    shares = allocate(price, [sessions * single * unit for sessions, single in contents])
    earned = 0
    for (sessions, _), share in zip(contents, shares, strict=True):
        head = advance(advance(START, sold(sessions)), paid(share))
        while head.sessions:
            after = advance(head, used(head, 1))
            assert 0 <= head.value - after.value <= -(-share // sessions)
            earned, head = earned + head.value - after.value, after
        assert head.value == 0
    assert earned == price


DEEDS = st.lists(
    st.tuples(st.sampled_from(["use", "move", "back", "more", "fewer", "correct", "off"]), st.integers(1, 4)),
    max_size=30,
)


@settings(max_examples=examples(50, 150), deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), DEEDS)
def test_value_in_is_value_out_whatever_is_done(
    price: int, sessions: int, deeds: list[tuple[str, int]]
) -> None:
    here, there = advance(advance(START, sold(sessions)), paid(price)), START
    away, out = 0, 0
    for deed, count in deeds:
        try:
            if deed == "move":
                leaving = transferred_out(here, count)
                here, there = advance(here, leaving), advance(there, transferred_in(leaving))
                away += count
            elif deed == "back":
                leaving = transferred_out(there, count)
                there = advance(there, leaving)
                here = advance(here, transferred_in(leaving, returning=away))
                away = max(0, away - count)
            else:
                after = advance(here, _change(here, deed, count))
                out, here = out + here.value - after.value, after
        except NoneLeft:
            continue
        assert here.value + there.value + out == price
        assert min(here.sessions, there.sessions, here.value, there.value) >= 0
        assert here.sessions <= here.granted
        assert there.sessions <= there.granted


def _change(head: Head, deed: str, count: int) -> Change:
    if deed == "use":
        return used(head, count)
    if deed == "more":
        return adjusted(head, count, value=0)
    if deed == "fewer":
        return adjusted(head, -count, value=-part_value(head, count))
    if deed == "correct":
        if count >= head.sessions:
            raise NoneLeft("the value needs a session to stay with")
        return adjusted(head, -count, value=0)
    return gone(Kind.WRITTEN_OFF, head)


def test_a_reversal_gives_back_what_was_written_off_to_the_unit() -> None:
    head = advance(advance(START, sold(7)), paid(100_001))
    lost = gone(Kind.EXPIRED, head)
    assert advance(advance(head, lost), reversal(lost)).value == 100_001
