"""A course as one value: what is left, usable, locked and due, and the number of every session."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.core.course import (
    AllowanceFacts,
    CourseFacts,
    CourseState,
    Totals,
    Use,
    WaitingGift,
    balance_of,
)
from plugin.core.money import Money
from plugin.core.status import Status

TODAY = date(2026, 11, 22)
PRICE = 165000
GIFT = WaitingGift("g", "7KQMX3FD92HT", "Bea Wong", None)  # type: ignore[arg-type]


def part(
    left: int, *, granted: int = 10, used: int = 0, kind: str = "main", paid: int = PRICE, **more: Any
) -> AllowanceFacts:
    facts = {each: more.pop(each) for each in ("usable_from_session", "ahead", "id") if each in more}
    totals = Totals(granted, left, 1000, used, paid=paid, **more)
    return AllowanceFacts(facts.pop("id", kind), "Facial", kind, 16500, PRICE, **facts, totals=totals)


def course(*parts: AllowanceFacts, uses: tuple[Use, ...] = (), **facts: Any) -> CourseState:
    return CourseState(CourseFacts("c", PRICE, "USD", **facts), parts or (part(10),), TODAY, uses)


def use(number: int, day: int = 0, *, sessions: int = 1, of: str = "main", **more: bool) -> Use:
    return Use(f"e{number:02}", of, sessions, TODAY + timedelta(day), **more)


@pytest.mark.parametrize(
    ("paid", "used", "usable", "locked", "due"),
    [
        (0, 0, 0, 10, 165000),
        (16499, 0, 0, 10, 148501),
        (16500, 0, 1, 9, 148500),
        (50000, 0, 3, 7, 115000),
        (50000, 2, 1, 7, 115000),
        (50000, 3, 0, 7, 115000),
        (50000, 4, 0, 6, 115000),
        (164999, 0, 9, 1, 1),
        (165000, 0, 10, 0, 0),
        (165001, 0, 10, 0, 0),
    ],
)
def test_sessions_are_locked_until_they_are_paid_for(
    paid: int, used: int, usable: int, locked: int, due: int
) -> None:
    """B16."""
    state = course(part(10 - used, used=used, paid=paid), balance_due_on=date(2026, 12, 28))
    assert (state.usable_now, state.locked, state.due) == (usable, locked, Money(due, "USD"))
    assert state.left == usable + locked == 10 - used
    assert state.due_on == (date(2026, 12, 28) if due else None)
    assert state.why_not == (None if usable else "not_paid_for")


@pytest.mark.parametrize(("days", "is_overdue"), [(-1, True), (0, False), (1, False)])
def test_it_is_overdue_from_the_day_after(days: int, is_overdue: bool) -> None:
    state = course(part(10, paid=50000), balance_due_on=TODAY + timedelta(days))
    assert state.is_overdue == is_overdue


def test_goodwill_needs_no_money_and_what_is_allowed_ahead_is_usable() -> None:
    given_free = course(part(12, granted=12, paid=50000, adjusted=2))
    assert (given_free.usable_now, given_free.locked) == (3 + 2, 7)
    allowed = course(part(10, paid=50000, ahead=5))
    assert (allowed.usable_now, allowed.locked, allowed.due.amount) == (5, 5, 115000)


def test_sessions_taken_away_for_good_leave_what_is_paid_for_to_the_rest() -> None:
    """Of 8 instead of 10 sessions $500 of $1,650 pays for 2, not for 1."""
    state = course(part(8, granted=8, paid=50000, adjusted=-2))
    assert (state.usable_now, state.locked) == (2, 6)


YESTERDAY = TODAY - timedelta(1)
REASONS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"has_owner": False}, "unassigned"),
    ({"waiting_gift": GIFT}, "waits_as_gift"),
    ({"closed_as": "refunded"}, "refunded"),
    ({"closed_as": "transferred"}, "transferred"),
    ({"frozen_on": YESTERDAY}, "frozen"),
    ({"frozen_on": YESTERDAY, "expires_on": YESTERDAY}, "frozen"),
    ({"expires_on": YESTERDAY}, "expired"),
    ({"expires_on": TODAY}, None),
    ({"waiting_gift": GIFT, "expires_on": YESTERDAY}, "waits_as_gift"),
]


@pytest.mark.parametrize(("facts", "why"), REASONS)
def test_nothing_is_usable_while_something_keeps_it_closed(facts: dict[str, Any], why: str | None) -> None:
    """B18."""
    state = course(**facts)
    assert (state.why_not, state.is_live, state.is_usable) == (why, why is None, why is None)
    assert (state.left, state.usable_now) == (10, 0 if why else 10)


def test_a_visit_in_time_is_entered_late() -> None:
    state = course(expires_on=YESTERDAY)
    assert [state.why_closed(TODAY - timedelta(days)) for days in (0, 1, 2)] == ["expired", None, None]


def test_nothing_is_due_of_what_is_closed_or_was_never_sold() -> None:
    closed = course(part(0, paid=50000), closed_as="refunded")
    void = course(part(0, granted=0, paid=0))
    assert (closed.due.amount, void.due.amount, void.is_void) == (0, 0, True)


def test_used_up_is_finished_and_says_so_whatever_else() -> None:
    state = course(part(0, used=10), expires_on=YESTERDAY)
    assert (state.status, state.why_not, state.next_session) == (Status.FINISHED, "none_left", None)


@pytest.mark.parametrize(
    ("used", "left", "is_open"), [(10, 2, False), (11, 1, False), (12, 0, True), (7, 0, True)]
)
def test_touch_ups_open_with_their_session_or_when_no_other_is_left(
    used: int, left: int, is_open: bool
) -> None:
    main = part(left, granted=12, used=used)
    touch_ups = part(2, granted=2, kind="touch_up", paid=0, usable_from_session=12)
    state = course(main, touch_ups)
    (waiting,) = state.touch_ups
    assert (waiting.is_open, waiting.usable_now) == (is_open, 2 if is_open else 0)
    assert state.is_usable


def test_sessions_are_numbered_by_the_day_of_the_visit_and_an_undone_one_frees_its_number() -> None:
    """B17: never below one, whatever was granted, undone or entered late."""
    uses = (use(1), use(2, is_undone=True), use(3, day=-5), use(4, day=1, sessions=2), use(5, day=2))
    state = course(part(6, granted=11, used=5, adjusted=1), uses=uses)
    assert [state.number_of(each.entry_id) for each in uses] == [2, 3, 1, 4, 5]
    assert state.days_used() == {
        1: TODAY - timedelta(5),
        2: TODAY,
        3: TODAY + timedelta(1),
        4: TODAY + timedelta(1),
        5: TODAY + timedelta(2),
    }


def test_touch_ups_are_numbered_by_themselves_and_main_treatments_together() -> None:
    face, body = part(5, granted=6, used=1, id="face"), part(3, granted=4, used=1, id="body")
    touch_ups = part(1, granted=2, used=1, kind="touch_up")
    uses = (use(1, of="face"), use(2, of="touch_up"), use(3, of="body"))
    state = course(face, body, touch_ups, uses=uses)
    assert [state.number_of(each.entry_id) for each in uses] == [1, 1, 2]
    assert [state.main_number_of(each.entry_id) for each in uses] == [1, None, 2]
    assert (state.left, state.granted, state.next_session) == (8, 10, 3)


def test_touch_ups_that_came_alone_count_as_the_courses_own() -> None:
    state = course(part(1, granted=2, used=1, kind="touch_up"), uses=(use(1, of="touch_up"),))
    assert (state.left, state.granted, state.number_of("e01"), state.main_number_of("e01")) == (1, 2, 1, 1)


def test_sessions_used_before_an_import_have_numbers_but_no_days() -> None:
    uses = (use(1, sessions=7, is_used_before=True), use(2, day=1))
    state = course(part(4, granted=12, used=8, used_before=7), uses=uses)
    assert (state.number_of("e02"), state.days_used()) == (8, {8: TODAY + timedelta(1)})


USES = st.lists(
    st.tuples(st.integers(-30, 0), st.integers(1, 3), st.booleans(), st.sampled_from(["main", "touch_up"])),
    max_size=20,
)


@given(USES)
def test_the_uses_that_stand_are_numbered_from_one_without_a_gap(drawn: list[Any]) -> None:
    uses = tuple(
        use(number, day, sessions=many, of=of, is_undone=is_undone)
        for number, (day, many, is_undone, of) in enumerate(drawn)
    )
    standing = [each for each in uses if not each.is_undone]
    state = course(part(10), part(10, kind="touch_up"), uses=uses)
    for of, allowance in (("main", None), ("touch_up", state.allowances[1])):
        total = sum(each.sessions for each in standing if each.allowance_id == of)
        assert sorted(state.days_used(allowance)) == list(range(1, total + 1))
        last = max(
            (state.number_of(each.entry_id) or 0 for each in standing if each.allowance_id == of), default=0
        )
        assert last == total
    assert all((state.number_of(each.entry_id) or 0) >= each.sessions for each in uses)


def test_a_client_s_balance_counts_what_is_in_hand_alone() -> None:
    """B18."""
    gift, frozen = course(waiting_gift=GIFT), course(frozen_on=YESTERDAY)
    expired, half_paid = course(expires_on=YESTERDAY), course(part(9, used=1, paid=50000), expires_on=TODAY)
    finished = course(part(0, used=10))
    assert balance_of([gift, finished]).left == balance_of([gift]).courses == 0
    assert balance_of([gift]).waits_for == "Bea Wong"
    whole = balance_of([gift, frozen, expired, half_paid, finished])
    assert (whole.left, whole.granted, whole.usable_now, whole.locked) == (19, 20, 2, 7)
    assert (whole.on_hold, whole.on_hold_since, whole.courses) == (10, YESTERDAY, 2)
    assert (whole.not_used, whole.expired_on, whole.expires_on) == (10, YESTERDAY, TODAY)


def test_an_allowance_says_what_it_is_made_of() -> None:
    state = course(part(8, used=2, paid=82500))
    (only,) = state.allowances
    assert state.allowance("main") is only
    assert (only.currency, only.goodwill, only.paid_for, only.unlocked) == ("USD", 0, 5, 5)
    extra = course(part(10, granted=12, used=2, adjusted=2)).allowances[0]
    assert (extra.goodwill, extra.paid_for, extra.unlocked) == (2, 10, 12)


def test_an_allowance_is_found_by_its_id() -> None:
    state = course(part(10), part(2, granted=2, kind="touch_up"))
    assert state.allowance("touch_up").kind == "touch_up"
    assert state.allowance("main").kind == "main"


@pytest.mark.parametrize(
    ("paid", "used", "sessions", "missing"),
    [
        (165000, 0, 10, 0),
        (0, 0, 1, 16500),
        (0, 0, 10, 165000),
        (16500, 1, 1, 16500),
        (50000, 3, 1, 16000),
        (50000, 3, 0, -500),
    ],
)
def test_what_must_be_paid_before_more_sessions_are(
    paid: int, used: int, sessions: int, missing: int
) -> None:
    state = course(part(10 - used, used=used, paid=paid))
    assert state.missing_for(state.allowances[0], sessions) == Money(missing, "USD")


def test_what_must_be_paid_is_with_tax_and_rounded_up() -> None:
    state = course(part(10, paid=0), tax=10001)
    assert state.missing_for(state.allowances[0], 1) == Money(17501, "USD")
    goodwill = course(part(12, granted=12, paid=0, adjusted=2))
    assert goodwill.missing_for(goodwill.allowances[0], 2) == Money(0, "USD")
    assert goodwill.missing_for(goodwill.allowances[0], 3) == Money(16500, "USD")


def test_a_balance_names_the_first_gift_that_waits_and_counts_touch_ups_beside() -> None:
    gift = course(part(10), waiting_gift=GIFT)
    held = course(part(4, used=6), part(2, granted=2, kind="touch_up"))
    touch_ups_alone = course(part(0, used=10), part(1, granted=2, used=1, kind="touch_up"))
    balance = balance_of([held, touch_ups_alone, gift])
    assert (balance.left, balance.granted, balance.touch_ups_left, balance.courses) == (4, 10, 3, 2)
    assert balance_of([touch_ups_alone]).left == 0
    assert balance.waits_for == "Bea Wong"
    assert balance_of([held]).waits_for == ""


def test_a_balance_tells_of_sessions_that_expired_unused_alone() -> None:
    yesterday = TODAY - timedelta(1)
    expired = course(part(3, used=7), expires_on=yesterday)
    used_up = course(part(0, used=10), expires_on=yesterday)
    closed = course(part(3, used=7), expires_on=yesterday, closed_as="refunded")
    balance = balance_of([expired, used_up, closed])
    assert (balance.not_used, balance.expired_on, balance.courses) == (3, yesterday, 0)


def test_touch_ups_that_came_alone_are_no_main_sessions_of_a_balance() -> None:
    balance = balance_of([course(part(2, granted=2, kind="touch_up"))])
    assert (balance.left, balance.granted, balance.usable_now, balance.touch_ups_left) == (0, 0, 0, 2)
