"""Which letter a course gives reason for, day by day, at the edges of each rule."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from plugin.core.letters import LetterFacts, LetterKind, LetterRules, choose, may_write, occasion

TODAY = date(2026, 11, 22)
RULES = LetterRules()
ZONE = ZoneInfo("America/Los_Angeles")
OPEN = LetterFacts(
    course_id="course",
    client_id="ana",
    status="open",
    main_granted=12,
    main_used=5,
    main_left=7,
    left=9,
    has_touch_ups=True,
    is_due=False,
    due_on=None,
    sold_on=TODAY - timedelta(weeks=10),
    expires_on=None,
    last_visit_on=TODAY - timedelta(days=4),
    last_seen_on=TODAY - timedelta(days=4),
    due_back_on=TODAY + timedelta(weeks=5),
    client_left=7,
    booked_on=None,
)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def mark(kind: LetterKind, **changes: object) -> str | None:
    found = occasion(kind, replace(OPEN, **changes), TODAY, RULES)  # type: ignore[arg-type]
    return found.mark if found else None


def left(number: int, **changes: object) -> dict[str, object]:
    return {"main_left": number, "main_used": 12 - number, "client_left": number, **changes}


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, None), (0, "7"), (7, "7"), (8, "30"), (30, "30"), (31, "60"), (60, "60"), (61, None)],
)
def test_a_course_that_ends_is_told_60_30_and_7_days_before(days: int, expected: str | None) -> None:
    wanted = f"{expected}:{in_days(days)}" if expected else None
    assert mark(LetterKind.EXPIRING, expires_on=in_days(days)) == wanted


def test_a_course_that_was_bought_this_week_is_not_said_to_end() -> None:
    assert mark(LetterKind.EXPIRING, expires_on=in_days(30), sold_on=in_days(-6)) is None
    assert mark(LetterKind.EXPIRING, expires_on=in_days(30), sold_on=in_days(-7)) is not None


@pytest.mark.parametrize(
    ("number", "low", "two"), [(0, None, None), (1, "left:1", None), (2, None, "left:2"), (3, None, None)]
)
def test_the_last_and_the_last_but_one_are_told(number: int, low: str | None, two: str | None) -> None:
    assert mark(LetterKind.LOW, **left(number)) == low
    assert mark(LetterKind.TWO_LEFT, **left(number)) == two


def test_few_left_is_not_said_with_another_course_in_hand_or_of_a_short_one() -> None:
    assert mark(LetterKind.LOW, **left(1, client_left=11)) is None
    assert mark(LetterKind.TWO_LEFT, **left(2, main_granted=3)) is None
    assert mark(LetterKind.TWO_LEFT, **left(2, main_granted=4)) == "left:2"
    # On the day itself the e-mail after the visit says it.
    assert mark(LetterKind.TWO_LEFT, **left(2, last_visit_on=TODAY)) is None


@pytest.mark.parametrize(("days", "expected"), [(2, None), (3, "finished"), (30, "finished"), (31, None)])
def test_a_finished_course_is_told_once_the_visit_has_settled(days: int, expected: str | None) -> None:
    facts = left(0, status="finished", last_visit_on=in_days(-days))
    assert mark(LetterKind.FINISHED, **facts) == expected


def test_what_was_refunded_or_expired_is_not_called_finished() -> None:
    for status in ("refunded", "expired", "transferred", "gift"):
        assert mark(LetterKind.FINISHED, **left(0, status=status)) is None


@pytest.mark.parametrize(
    ("days", "expected"),
    [(4, None), (3, "due"), (0, "due"), (-2, None), (-3, "overdue"), (-33, "overdue"), (-34, None)],
)
def test_a_balance_is_told_before_and_after_its_day(days: int, expected: str | None) -> None:
    wanted = f"{expected}:{in_days(days)}" if expected else None
    assert mark(LetterKind.BALANCE_DUE, is_due=True, due_on=in_days(days)) == wanted
    assert mark(LetterKind.BALANCE_DUE, is_due=False, due_on=in_days(days)) is None


@pytest.mark.parametrize(("days", "expected"), [(41, False), (42, True), (42 + 60, True), (42 + 61, False)])
def test_who_stays_away_is_written_to_unless_that_is_long_ago(days: int, expected: bool) -> None:
    facts = {"last_seen_on": in_days(-days), "due_back_on": in_days(-1)}
    assert (mark(LetterKind.LAPSED, **facts) is not None) == expected
    assert mark(LetterKind.LAPSED, **facts, booked_on=in_days(9)) is None
    # The practitioner asked them back for a later day.
    assert mark(LetterKind.LAPSED, **{**facts, "due_back_on": TODAY}) is None


def test_a_touch_up_is_told_when_its_time_has_come() -> None:
    over = left(0, due_back_on=TODAY, left=2)
    assert mark(LetterKind.TOUCH_UP, **over) == f"since:{OPEN.last_visit_on}"
    assert mark(LetterKind.TOUCH_UP, **{**over, "left": 0}) is None
    assert mark(LetterKind.TOUCH_UP, **{**over, "due_back_on": in_days(1)}) is None
    assert mark(LetterKind.TOUCH_UP, **over, booked_on=in_days(1)) is None


def test_the_most_urgent_letter_comes_first_and_none_twice() -> None:
    facts = replace(OPEN, is_due=True, due_on=TODAY, expires_on=in_days(5))
    first = choose([facts], TODAY, RULES, set(LetterKind), ())
    assert first is not None
    assert first.kind is LetterKind.BALANCE_DUE
    second = choose([facts], TODAY, RULES, set(LetterKind), {first.key})
    assert second is not None
    assert second.kind is LetterKind.EXPIRING
    assert choose([facts], TODAY, RULES, set(LetterKind), {first.key, second.key}) is None
    assert choose([facts], TODAY, RULES, (), ()) is None


def test_a_client_gets_one_letter_a_week() -> None:
    assert may_write(None, TODAY)
    assert not may_write(in_days(-6), TODAY)
    assert may_write(in_days(-7), TODAY)


def test_letters_keep_to_the_hours_of_the_clinic() -> None:
    def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
        return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)

    open_at = [hour for hour in range(24) if RULES.is_open(at(hour).astimezone(UTC), ZONE)]
    assert open_at == list(range(9, 19))
    assert RULES.next_open(at(8, 59), ZONE) == at(9)
    assert RULES.next_open(at(12), ZONE) == at(12)
    assert RULES.next_open(at(19), ZONE) == at(9, day=23)


@pytest.mark.parametrize(("days", "expected"), [(0, None), (1, "review"), (7, "review"), (8, None)])
def test_everybody_is_asked_for_a_review_in_the_days_after_a_visit(days: int, expected: str | None) -> None:
    facts = replace(OPEN, last_visit_on=in_days(-days))
    for rules, wanted in ((RULES, None), (replace(RULES, has_reviews=True), expected)):
        found = occasion(LetterKind.REVIEW, facts, TODAY, rules)
        assert (found.mark if found else None) == wanted
